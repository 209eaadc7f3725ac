"""The command `caviar` and its subcommands."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

import typer

from caviar.service import __version__, logs
from caviar.service.cli.lazy import LazyGroup
from caviar.service.contract.errors import CaviarError


class Commands(LazyGroup):
    """The commands, in the order of their help. A test compares each text with the command's."""

    sources: ClassVar[Mapping[str, tuple[str, str]]] = {
        "up": (
            "caviar.service.cli.up:up",
            "Start the server, the dashboard and a worker on this machine.",
        ),
        "run": (
            "caviar.service.cli.run:run",
            "Run a study from its definition to its end, and print the best trials.",
        ),
        "serve": (
            "caviar.service.cli.serve:serve",
            "Start the server and the dashboard, without a worker.",
        ),
        "work": (
            "caviar.service.cli.work:work",
            "Start a worker that trains the trials of a server, in a pool of processes.",
        ),
        "workers": ("caviar.service.cli.workers:workers", "List the workers of a server."),
        "study": ("caviar.service.cli.study:study_app", "Create, show, export and steer studies."),
        "trial": ("caviar.service.cli.trial:trial_app", "Show a trial, and control it manually."),
        "rounds": (
            "caviar.service.cli.rounds:rounds_app",
            "Show the rounds of a study, and zoom manually.",
        ),
        "data": ("caviar.service.cli.data:data_app", "Add, list, show and remove data sets."),
        "space": ("caviar.service.cli.space:space_app", "Preview search spaces."),
        "key": ("caviar.service.cli.key:key_app", "Make, list and revoke the keys of a server."),
        "db": ("caviar.service.cli.db:db_app", "Maintain the database."),
    }


app = typer.Typer(
    cls=Commands,
    help="Search the hyperparameters of networks and of your own training functions.",
    no_args_is_help=True,
    rich_markup_mode=None,  # to import what draws frames takes as long as all the rest
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command; an expected error is one line on standard error and exit code 1."""
    logs.configure()
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        messages = _expected(error)
        if not messages:
            raise
        _print_errors(messages)
        sys.exit(1)


def _expected(error: Exception) -> Sequence[object]:
    """The messages of an error that a user can act on; none of any other."""
    if isinstance(error, CaviarError):
        return error.errors or (error.detail,)
    # Importing pydantic for an error that is not its own would take time for nothing.
    if type(error).__name__ == "ValidationError":
        from pydantic import ValidationError

        from caviar.service.contract.field_errors import field_errors

        if isinstance(error, ValidationError):
            return field_errors(error.errors())
    return ()


def _print_errors(messages: Sequence[object]) -> None:
    from rich.text import Text

    from caviar.service.cli.terminal import err

    for message in messages:
        err.print(Text.assemble(("error: ", "red"), str(message)), soft_wrap=True)


def _print_version(requested: bool) -> None:
    if requested:
        typer.echo(f"caviar {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    """Options of the command itself."""
