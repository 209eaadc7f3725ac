"""`caviar trial`: one trial taken by the hand. `caviar study journal` and `replay` go with it."""

from __future__ import annotations

import getpass
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from caviar.service.cli.options import AsJson, Server
from caviar.service.cli.render import journal_table, trial_card
from caviar.service.cli.study import study_app
from caviar.service.cli.terminal import impatient, out, print_json
from caviar.service.client import DEFAULT_SERVER
from caviar.service.contract import schemas
from caviar.service.contract.errors import Invalid
from caviar.service.contract.schemas.base import Setting

trial_app = typer.Typer(help="Take one trial by the hand.", no_args_is_help=True)

Study = Annotated[str, typer.Argument(help="The study's name.")]
Number = Annotated[int, typer.Argument(help="The trial's number.", min=0)]
Reason = Annotated[str | None, typer.Option(help="The reason, for the journal.")]
Author = Annotated[str | None, typer.Option(help="Who does it; else the user's name.")]
Settings = Annotated[
    list[str], typer.Argument(help="Such as learning_rate=0.003.", metavar="NAME=VALUE…")
]


def read_settings(texts: list[str]) -> dict[str, Setting]:
    """Values by name from `name=value`: numbers, true, false, or text.

    Raises:
        Invalid: one is no such pair.
    """
    found: dict[str, Setting] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise Invalid(f"{text!r} is not of the form name=value, such as learning_rate=0.003")
        try:
            read = json.loads(value)
        except ValueError:
            read = value
        found[name] = read if isinstance(read, bool | int | float | str) else value
    return found


def _author(author: str | None) -> str:
    if author is not None:
        return author
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        return "a person"


def _show(trial: schemas.TrialDetail, as_json: bool) -> None:
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
    """Show a trial: where it stands, its checkpoints, its rungs, what was done to it."""
    with impatient(server) as client:
        trial = client.trial(study, number)
    _show(trial, as_json)
    if trial.journal and not as_json:
        _print_journal(trial.journal, as_json)


@trial_app.command()
def adjust(
    study: Study,
    number: Number,
    settings: Settings,
    reason: Reason = None,
    author: Author = None,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Change hyperparameters from the next epoch on."""
    changes = read_settings(settings)
    with impatient(server) as client:
        _show(client.adjust(study, number, changes, author=_author(author), reason=reason), as_json)


def _plain(verb: str, about: str) -> None:
    """Add a command that needs to know no more than its trial."""

    def command(
        study: Study,
        number: Number,
        reason: Reason = None,
        author: Author = None,
        server: Server = DEFAULT_SERVER,
        as_json: AsJson = False,
    ) -> None:
        with impatient(server) as client:
            _show(
                getattr(client, verb)(study, number, author=_author(author), reason=reason), as_json
            )

    trial_app.command(verb, help=about)(command)


_plain("pause", "Pause a trial after the epoch that it is in.")
_plain("cancel", "End a trial.")
_plain("unvoid", "Let a void trial count again.")


@trial_app.command()
def resume(
    study: Study,
    number: Number,
    release: Annotated[bool, typer.Option("--release", help="To the search.")] = False,
    reason: Reason = None,
    author: Author = None,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Let a trial go on; at its last epoch, that completes it."""
    with impatient(server) as client:
        trial = client.resume(study, number, release=release, author=_author(author), reason=reason)
    _show(trial, as_json)


@trial_app.command()
def rewind(
    study: Study,
    number: Number,
    epoch: Annotated[int, typer.Argument(min=0)],
    reason: Reason = None,
    author: Author = None,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Take a trial back to an epoch, as if nothing had happened since."""
    with impatient(server) as client:
        _show(client.rewind(study, number, epoch, author=_author(author), reason=reason), as_json)


@trial_app.command()
def extend(
    study: Study,
    number: Number,
    epochs: Annotated[int, typer.Argument(min=1, help="How many more.")],
    reason: Reason = None,
    author: Author = None,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Train a trial for more epochs than it was to have."""
    with impatient(server) as client:
        _show(client.extend(study, number, epochs, author=_author(author), reason=reason), as_json)


@trial_app.command()
def void(
    study: Study,
    number: Number,
    reason: Annotated[str, typer.Option(help="Why it should not count.")],
    author: Author = None,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Let a finished trial not count."""
    with impatient(server) as client:
        _show(client.void(study, number, reason, author=_author(author)), as_json)


@trial_app.command()
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
    """Let children go on from a trial, each in its own way."""
    factors: dict[str, Any] = read_settings(perturb or [])
    children = [read_settings(text.split(",")) for text in child] if child else None
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
    shown = ", ".join(map(str, forked.children))
    beside = "" if forked.twin is None else f", and their twin {forked.twin}"
    out.print(f"trial {number} has the children {shown}{beside}", highlight=False)


@trial_app.command()
def journal(
    study: Study, number: Number, server: Server = DEFAULT_SERVER, as_json: AsJson = False
) -> None:
    """Show what was done to a trial, by whom and why."""
    with impatient(server) as client:
        _print_journal(client.journal(study, number), as_json)


@trial_app.command()
def model(
    study: Study,
    number: Number,
    file: Annotated[Path, typer.Argument(help="Where to put it, such as best.npz.")],
    server: Server = DEFAULT_SERVER,
) -> None:
    """Fetch a trial's trained network, for `caviar.load`."""
    with impatient(server) as client:
        content = client.model(study, number)
    try:
        file.write_bytes(content)
    except OSError as error:
        raise Invalid(f"{file} cannot be written: {error.strerror}") from error
    out.print(f"{file}: {len(content):,} bytes", highlight=False)


@study_app.command("journal")
def study_journal(study: Study, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """Show what was done to the trials of a study, by whom and why."""
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
    """Do again what was done to the trials of a study, in a new study."""
    with impatient(server) as client:
        made = client.replay(study, name, seed=seed)
    if as_json:
        print_json(made.model_dump(mode="json"))
    else:
        total = made.progress.total
        out.print(f"study {made.name} trains {total} trials again on seed {made.seed}")
