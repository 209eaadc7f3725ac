"""`caviar trial`: actions on a trial under manual control, its journal, its model.

`caviar study journal` and `caviar study replay` belong to it.
"""

from __future__ import annotations

import getpass
import inspect
import json
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, get_args

import typer
from pydantic.fields import FieldInfo

from caviar.service.cli.options import AsJson, Server
from caviar.service.cli.render import journal_table, trial_card
from caviar.service.cli.study import study_app
from caviar.service.cli.terminal import impatient, out, print_json
from caviar.service.client import DEFAULT_SERVER
from caviar.service.contract import schemas
from caviar.service.contract.errors import Invalid
from caviar.service.contract.schemas.base import Setting
from caviar.service.contract.trial_actions import ACTIONS, TrialAction

trial_app = typer.Typer(help="Look at one trial, and control it manually.", no_args_is_help=True)

Study = Annotated[str, typer.Argument(help="The study's name.")]
Number = Annotated[int, typer.Argument(help="The trial's number.", min=0)]
Reason = Annotated[str | None, typer.Option(help="The reason, for the journal.")]
Author = Annotated[str | None, typer.Option(help="Who does it; else the user's name.")]
Changes = Annotated[
    list[str], typer.Argument(help="Such as learning_rate=0.003.", metavar="NAME=VALUE…")
]


def read_params(texts: list[str]) -> dict[str, Setting]:
    """Values by name from `name=value`: numbers, true, false, or text.

    Raises:
        Invalid: one of the texts is no such pair.
    """
    params: dict[str, Setting] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise Invalid(f"{text!r} is not of the form name=value, such as learning_rate=0.003")
        try:
            parsed = json.loads(value)
        except ValueError:
            parsed = value
        params[name] = parsed if isinstance(parsed, bool | int | float | str) else value
    return params


def _author(author: str | None) -> str:
    if author is not None:
        return author
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        return "a person"


def _show(trial: Any, as_json: bool) -> None:
    if as_json:
        print_json(trial.model_dump(mode="json"))
    else:
        out.print(trial_card(trial))


def _print_journal(entries: list[schemas.JournalEntry], as_json: bool) -> None:
    if as_json:
        print_json([entry.model_dump(mode="json") for entry in entries])
    else:
        out.print(journal_table(entries))


@trial_app.command()
def show(
    study: Study, number: Number, server: Server = DEFAULT_SERVER, as_json: AsJson = False
) -> None:
    """Show a trial: its state, its checkpoints, its rungs, its journal."""
    with impatient(server) as client:
        trial = client.trial(study, number)
    _show(trial, as_json)
    if trial.journal and not as_json:
        _print_journal(trial.journal, as_json)


@trial_app.command(help=ACTIONS["adjust"].summary)
def adjust(
    study: Study,
    number: Number,
    changes: Changes,
    reason: Reason = None,
    author: Author = None,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Read the changes from pairs of name and value."""
    params = read_params(changes)
    with impatient(server) as client:
        _show(client.adjust(study, number, params, author=_author(author), reason=reason), as_json)


def _parameters(action: TrialAction) -> list[inspect.Parameter]:
    """The command's own parameters: a required field is an argument, any other an option."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = []
    for name, field in action.body.model_fields.items():
        if name == "author":
            continue
        default, annotation = _option(name, field)
        parameters.append(inspect.Parameter(name, keyword, default=default, annotation=annotation))
    return sorted(parameters, key=lambda parameter: parameter.default is not parameter.empty)


def _option(name: str, field: FieldInfo) -> tuple[Any, Any]:
    """The default and the annotation of one field of a body."""
    help_text = field.description or {"reason": "The reason, for the journal."}.get(name)
    if not field.is_required():
        flags = [f"--{name.replace('_', '-')}"] if field.annotation is bool else []
        return field.default, Annotated[field.annotation, typer.Option(*flags, help=help_text)]
    if name == "reason":
        return inspect.Parameter.empty, Annotated[str, typer.Option(help=help_text)]
    least = next((item.ge for item in field.metadata if hasattr(item, "ge")), None)
    return inspect.Parameter.empty, Annotated[
        field.annotation, typer.Argument(help=help_text, min=least)
    ]


def _add_command(action: TrialAction) -> None:
    """Add the command of an action whose fields are single values."""

    def command(
        *, study: str, number: int, server: str, as_json: bool, author: str | None, **fields: Any
    ) -> None:
        with impatient(server) as client:
            _show(client.act(study, number, action.name, author=_author(author), **fields), as_json)

    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        inspect.Parameter("study", keyword, annotation=Study),
        inspect.Parameter("number", keyword, annotation=Number),
        *_parameters(action),
        inspect.Parameter("author", keyword, default=None, annotation=Author),
        inspect.Parameter("server", keyword, default=DEFAULT_SERVER, annotation=Server),
        inspect.Parameter("as_json", keyword, default=False, annotation=AsJson),
    ]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    trial_app.command(action.name, help=action.summary)(command)


def _has_single_values(action: TrialAction) -> bool:
    """Whether an option or an argument holds each field of the action's body."""
    annotations = [field.annotation for field in action.body.model_fields.values()]
    flat = [
        kind
        for annotation in annotations
        for kind in (get_args(annotation) if isinstance(annotation, UnionType) else [annotation])
    ]
    return all(kind in (bool, int, float, str, type(None)) for kind in flat)


for each_action in ACTIONS.values():
    if _has_single_values(each_action):
        _add_command(each_action)


@trial_app.command(help=ACTIONS["fork"].summary)
def fork(
    study: Study,
    number: Number,
    child: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE,…", help="What a child changes; repeatable."),
    ] = None,
    count: Annotated[int | None, typer.Option(min=1, help="How many children, perturbed.")] = None,
    perturb: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=FACTOR", help="A factor to grow or shrink by; repeatable."),
    ] = None,
    epoch: Annotated[int | None, typer.Option(min=0, help="Where they leave; else now.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="How many they train.")] = None,
    twin: Annotated[bool, typer.Option("--twin", help="One more, without a change.")] = False,
    reason: Reason = None,
    author: Author = None,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Read children and factors from pairs of name and value, and print the children's numbers."""
    factors: dict[str, Any] = read_params(perturb or [])
    children = [read_params(text.split(",")) for text in child] if child else None
    with impatient(server) as client:
        forked = client.fork(
            study,
            number,
            children=children,
            count=count,
            perturb=factors,
            epoch=epoch,
            epochs=epochs,
            twin=twin,
            author=_author(author),
            reason=reason,
        )
    if as_json:
        print_json(forked.model_dump(mode="json"))
        return
    numbers = ", ".join(map(str, forked.children))
    twin_text = "" if forked.twin is None else f", and their twin {forked.twin}"
    out.print(f"trial {number} has the children {numbers}{twin_text}", highlight=False)


@trial_app.command()
def journal(
    study: Study, number: Number, server: Server = DEFAULT_SERVER, as_json: AsJson = False
) -> None:
    """Show the actions on a trial, with authors and reasons."""
    with impatient(server) as client:
        _print_journal(client.journal(study, number), as_json)


@trial_app.command()
def model(
    study: Study,
    number: Number,
    file: Annotated[Path, typer.Argument(help="Where to put it, such as best.npz.")],
    server: Server = DEFAULT_SERVER,
) -> None:
    """Download a trial's trained network, for `caviar.load`."""
    with impatient(server) as client:
        content = client.model(study, number)
    try:
        file.write_bytes(content)
    except OSError as error:
        raise Invalid(f"{file} cannot be written: {error.strerror}") from error
    out.print(f"{file}: {len(content):,} bytes", highlight=False)


@study_app.command("journal")
def study_journal(study: Study, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """Show the actions on the trials of a study, with authors and reasons."""
    with impatient(server) as client:
        _print_journal(client.journal(study), as_json)


@study_app.command("replay")
def replay(
    study: Study,
    name: Annotated[str, typer.Argument(help="The name of the new study.")],
    seed: Annotated[int | None, typer.Option(min=0, help="Another seed; else the same.")] = None,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Repeat the actions on the trials of a study in a new study."""
    with impatient(server) as client:
        made = client.replay(study, name, seed=seed)
    if as_json:
        print_json(made.model_dump(mode="json"))
    else:
        total = made.progress.total
        out.print(f"study {made.name} trains {total} trials again on seed {made.seed}")
