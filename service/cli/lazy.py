"""Commands that are imported when they are used.

The client, the schemas and the server take longer to import than most commands run: only the
command that is called pays for what it needs, and the list of commands pays for none of them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from typing import Annotated, Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from caviar.service.contract.keys import KEY_FILE_VARIABLE, KEY_VARIABLE, key_of_file


class Group(TyperGroup):
    """A group of commands, whose help has the first paragraph of each."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the list of commands."""
        rows = [
            (name, cleandoc(command.help or "").split("\n\n")[0].replace("\n", " "))
            for name, command in self.commands.items()
            if not command.hidden
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class LazyGroup(Group):
    """A group whose commands are imported one by one. Subclasses set `sources`."""

    sources: ClassVar[Mapping[str, tuple[str, str]]] = {}
    """By command: the module and the name in it, such as "package.up:up", and its short help."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._lists = False
        for name, (_, summary) in self.sources.items():
            self.commands[name] = TyperCommand(name=name, help=summary)  # its place in the list

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command; only its name and its short help while the shell lists the commands."""
        if self._lists or cmd_name not in self.sources:
            return super().get_command(ctx, cmd_name)
        return load(self.sources[cmd_name][0], cmd_name)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """The commands that begin like this."""
        self._lists = True
        try:
            return super().shell_complete(ctx, incomplete)
        finally:
            self._lists = False


def load(source: str, name: str) -> Any:
    """Import a command, or a group of commands, as the command `name`."""
    module, _, attribute = source.partition(":")
    content = getattr(import_module(module), attribute)
    # A parent with a callback is a group, which makes commands of functions and of groups alike.
    parent = typer.Typer(add_completion=False, callback=lambda: None, rich_markup_mode=None)
    if isinstance(content, typer.Typer):
        content.rich_markup_mode = None  # one look for all commands: see main.py
        parent.add_typer(content, name=name, cls=Group)
    else:
        parent.command(name)(content)
    group: Any = get_command(parent)
    command = group.commands[name]
    _take_key_files(command, _key_file_option())
    return command


def _take_key_files(command: Any, option: Any) -> None:
    """Give --key-file to a command that takes --server, and to those of a group that do."""
    for inner in getattr(command, "commands", {}).values():
        _take_key_files(inner, option)
    for place, parameter in enumerate(command.params):
        if parameter.name == "server":
            command.params.insert(place + 1, option)
            return


def _key_file_option() -> Any:
    """The option --key-file, as typer makes it."""
    app = typer.Typer(add_completion=False)

    @app.command()
    def probe(
        key_file: Annotated[
            Path | None,
            typer.Option(
                "--key-file",
                metavar="FILE",
                envvar=KEY_FILE_VARIABLE,
                callback=_use_key_file,
                expose_value=False,
                help="A file with a key of the server. Default: the key in CAVIAR_KEY.",
            ),
        ] = None,
    ) -> None:
        """Have the option."""

    command: Any = get_command(app)
    return command.params[0]


def _use_key_file(path: Path | None) -> None:
    """Let this process, and those that it starts, use the key in a file.

    A key is never an argument of a command: every user of the machine can list those.
    """
    if path is not None:
        os.environ[KEY_VARIABLE] = key_of_file(path)
