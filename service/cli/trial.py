"""`caviar trial`: one trial, the actions on it, its journal and its network."""

from __future__ import annotations

import getpass
import inspect
import json
from functools import reduce
from operator import or_
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from caviar.service.cli.annotations import trial_note, trial_tag
from caviar.service.cli.journal import print_journal
from caviar.service.cli.options import AsJson, Server, StudyName
from caviar.service.cli.render import trial_card
from caviar.service.cli.sources import GivenData, GivenServer, reading
from caviar.service.cli.terminal import impatient, out, print_json
from caviar.service.cli.trial_table import TrialTable
from caviar.service.client import DEFAULT_SERVER, Client
from caviar.service.contract.errors import Invalid
from caviar.service.contract.schemas.base import Params
from caviar.service.contract.schemas.trial_actions import ANONYMOUS
from caviar.service.contract.states import TrialState
from caviar.service.contract.trial_actions import ACTIONS, TrialAction

trial_app = typer.Typer(help="Show a trial, and control it manually.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="The trial's number.", min=0)]
Reason = Annotated[str | None, typer.Option(help="The reason, for the journal.")]
Author = Annotated[
    str | None, typer.Option(help="The author, for the journal. Default: your user name.")
]
FLAGS = {"epoch": "--at"}
"""The option of a field, where that is not the field's name: `caviar trial pause … --at 10`."""

Changes = Annotated[
    list[str],
    typer.Argument(
        help="The new value of a hyperparameter, such as learning_rate=0.003 or units=[64,32].",
        metavar="NAME=VALUE…",
    ),
]


def read_params(texts: list[str]) -> Params:
    """Params from texts of the form `name=value`: JSON such as 0.1, null or [64, 32], or strings.

    Raises:
        Invalid: a text is not of this form.
    """
    params: Params = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise Invalid(f"{text!r} is not of the form name=value, such as learning_rate=0.003")
        try:
            parsed = json.loads(value)
        except ValueError:
            parsed = value
        params[name] = parsed
    return params


def split_changes(text: str) -> list[str]:
    """The changes of a text such as `rate=0.1,units=[64, 32]`: commas within brackets stay."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "[{") - (character in "]}")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _author(author: str | None) -> str:
    if author is not None:
        return author
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        return ANONYMOUS


def _show(client: Client, study: str, trial: Any, as_json: bool) -> None:
    if as_json:
        print_json(trial.model_dump(mode="json"))
    else:
        out.print(trial_card(trial, client.study(study).space))


trial_app.command("note")(trial_note)
trial_app.command("tag")(trial_tag)


@trial_app.command("list")
def list_trials(
    study: StudyName,
    state: Annotated[
        list[TrialState] | None, typer.Option(help="Only trials in this state; repeatable.")
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(help="A condition, such as 'learning_rate>=0.01'; repeatable."),
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option(help="Only trials with this tag; repeatable.")
    ] = None,
    worker: Annotated[str | None, typer.Option(help="Only trials of this worker.")] = None,
    sort: Annotated[
        str, typer.Option(help="A column, such as value, or -finished_at for the last first.")
    ] = "number",
    limit: Annotated[int, typer.Option(min=1, help="The number of trials at most.")] = 20,
    server: GivenServer = None,
    data: GivenData = None,
    as_json: AsJson = False,
) -> None:
    """List trials: those that pass every filter, sorted."""
    with reading(server, data) as client:
        trials = client.trials(
            study, state=state, where=where, tags=tag, worker=worker, sort=sort, limit=limit
        )
        found = client.study(study)
    if as_json:
        print_json([trial.model_dump(mode="json") for trial in trials])
    elif trials:
        metric = found.objective["metric"]
        out.print(TrialTable(f"trials by {sort}", trials, metric, space=found.space))
    else:
        out.print("no trial passes")


@trial_app.command()
def show(
    study: StudyName,
    number: Number,
    server: GivenServer = None,
    data: GivenData = None,
    as_json: AsJson = False,
) -> None:
    """Show a trial: its state, params, checkpoints and journal."""
    with reading(server, data) as client:
        trial = client.trial(study, number)
        _show(client, study, trial, as_json)
        if trial.journal and not as_json:
            print_journal(trial.journal, as_json, client.study(study).space)


@trial_app.command(help=ACTIONS["adjust"].summary)
def adjust(
    study: StudyName,
    number: Number,
    changes: Changes,
    reason: Reason = None,
    author: Author = None,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Read the changes from `name=value`."""
    params = read_params(changes)
    with impatient(server) as client:
        trial = client.adjust(study, number, params, author=_author(author), reason=reason)
        _show(client, study, trial, as_json)


def _parameters(action: TrialAction) -> list[inspect.Parameter]:
    """The command's parameters: an argument for each required field, an option for any other."""
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = []
    for name, field in action.body.model_fields.items():
        if name == "author":
            continue
        default, annotation = _option(name, field)
        parameters.append(inspect.Parameter(name, keyword, default=default, annotation=annotation))
    return sorted(parameters, key=lambda parameter: parameter.default is not parameter.empty)


def _option(name: str, field: FieldInfo) -> tuple[Any, Any]:
    """The default and the annotation of the parameter for one field of a body."""
    help_text = field.description or {"reason": "The reason, for the journal."}.get(name)
    if not field.is_required():
        flag = FLAGS.get(name, f"--{name.replace('_', '-')}")
        return field.default, Annotated[
            _plain(field.annotation), typer.Option(flag, help=help_text)
        ]
    if name == "reason":
        return inspect.Parameter.empty, Annotated[str, typer.Option(help=help_text)]
    least = next((item.ge for item in field.metadata if hasattr(item, "ge")), None)
    return inspect.Parameter.empty, Annotated[
        _plain(field.annotation), typer.Argument(help=help_text, min=least)
    ]


def _add_command(action: TrialAction) -> None:
    """Add the command of an action whose body has only single values."""

    def command(
        *, study: str, number: int, server: str, as_json: bool, author: str | None, **fields: Any
    ) -> None:
        with impatient(server) as client:
            trial = client.act(study, number, action.name, author=_author(author), **fields)
            _show(client, study, trial, as_json)

    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [
        inspect.Parameter("study", keyword, annotation=StudyName),
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
    """Whether every field of the action's body fits into one option or argument."""
    fields = action.body.model_fields.values()
    kinds = {kind for field in fields for kind in _kinds(field.annotation)}
    return kinds <= {bool, int, float, str, type(None)}


def _kinds(annotation: Any) -> list[Any]:
    """The types of a union, or the one type, without what is annotated to them."""
    if get_origin(annotation) is Annotated:
        return _kinds(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [kind for member in get_args(annotation) for kind in _kinds(member)]
    return [annotation]


def _plain(annotation: Any) -> Any:
    """The type of an option or an argument: what the body does with its text is done later."""
    return reduce(or_, _kinds(annotation))


for action in ACTIONS.values():
    if _has_single_values(action):
        _add_command(action)


@trial_app.command(help=ACTIONS["fork"].summary)
def fork(
    study: StudyName,
    number: Number,
    child: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE,…", help="The changes of one child; repeatable."),
    ] = None,
    count: Annotated[
        int | None, typer.Option(min=1, help="The number of perturbed children.")
    ] = None,
    perturb: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=FACTOR", help="The largest factor of a perturbation; repeatable."
        ),
    ] = None,
    epoch: Annotated[
        int | None, typer.Option(min=0, help="The epoch to fork from. Default: the current one.")
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(
            min=1, help="The number of epochs that they train. Default: as many as the parent."
        ),
    ] = None,
    twin: Annotated[
        bool, typer.Option("--twin", help="Add a child without changes, for comparison.")
    ] = False,
    reason: Reason = None,
    author: Author = None,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Read the children and the factors from `name=value`, and print the children's numbers."""
    factors: dict[str, Any] = read_params(perturb or [])
    children = [read_params(split_changes(text)) for text in child] if child else None
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
    twin_text = "" if forked.twin is None else f" and the twin {forked.twin}"
    out.print(f"trial {number} has the children {numbers}{twin_text}")


@trial_app.command()
def journal(
    study: StudyName,
    number: Number,
    server: GivenServer = None,
    data: GivenData = None,
    as_json: AsJson = False,
) -> None:
    """Show the actions on a trial, with their authors and reasons."""
    with reading(server, data) as client:
        print_journal(client.journal(study, number), as_json, client.study(study).space)


@trial_app.command()
def model(
    study: StudyName,
    number: Number,
    file: Annotated[Path, typer.Argument(help="The file to write, such as best.npz.")],
    server: GivenServer = None,
    data: GivenData = None,
) -> None:
    """Download a trial's trained network, for `caviar.load`."""
    with reading(server, data) as client:
        content = client.model(study, number)
    try:
        file.write_bytes(content)
    except OSError as error:
        raise Invalid(f"{file} cannot be written: {error.strerror}") from error
    out.print(f"{file}: {len(content):,} bytes")
