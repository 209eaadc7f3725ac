"""The commands of `caviar study` that create a study, change its state or budget, or await it."""

from __future__ import annotations

import sys
from enum import Enum
from typing import Annotated, Literal

import typer

from caviar.service.cli.follow import AWAY_SECONDS, follow
from caviar.service.cli.options import (
    AsJson,
    DefinitionFile,
    NewName,
    NewSeed,
    NewTrials,
    PauseAt,
    Server,
    StudyName,
    read_pauses,
)
from caviar.service.cli.terminal import command_name, err, impatient, out, print_json
from caviar.service.client import DEFAULT_SERVER
from caviar.service.contract import schemas
from caviar.service.contract.definition_file import read_definition
from caviar.service.contract.errors import Conflict, Invalid
from caviar.service.contract.numbers import duration


class Limit(Enum):
    """A limit that a budget may lack."""

    EPOCHS = "epochs"
    SECONDS = "seconds"

    @property
    def field(self) -> Literal["epochs", "seconds"]:
        """Its name in a budget."""
        return "epochs" if self is Limit.EPOCHS else "seconds"


def create(
    file: DefinitionFile,
    name: NewName = None,
    seed: NewSeed = None,
    trials: NewTrials = None,
    pause_at: PauseAt = None,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Create a study on a server, whose workers train it, and return at once."""
    definition = read_definition(
        file, name=name, seed=seed, trials=trials, pauses=read_pauses(pause_at)
    )
    with impatient(server) as client:
        study = client.create_study(definition)
        idle = not client.workers()
    if as_json:
        print_json(study.model_dump(mode="json"))
        return
    for warning in study.warnings:
        out.print(f"warning: {warning.field}: {warning.message}", soft_wrap=True)
    out.print(f"study {study.name} is created: {budget_text(study)}")
    there = "" if server == DEFAULT_SERVER else f" --server {server}"
    if idle:
        out.print(f"the server has no worker: `{command_name()} work{there}` starts one")
    out.print(f"`{command_name()} study wait {study.name}{there}` follows it", soft_wrap=True)


def pause(name: StudyName, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """Pause a study: no new trial starts, running trials finish their segments."""
    _change(name, "paused", server, as_json)


def resume(name: StudyName, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """Resume a paused study."""
    _change(name, "running", server, as_json)


def stop(name: StudyName, server: Server = DEFAULT_SERVER, as_json: AsJson = False) -> None:
    """End a study: its open trials are cancelled, its results stay. It cannot run again."""
    _change(name, "stopped", server, as_json)


def _change(
    name: str, state: Literal["running", "paused", "stopped"], server: str, as_json: bool
) -> None:
    with impatient(server) as client:
        study = client.change_study(name, state=state)
    if as_json:
        print_json(study.model_dump(mode="json"))
    else:
        progress = f"{study.progress.finished}/{study.progress.total} trials"
        out.print(f"study {study.name} is {study.state}, with {progress}")


def delete(
    name: StudyName,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Delete a study with its trials, models and journal."""
    with impatient(server) as client:
        study = client.study(name)
        if not yes:
            _confirm(study)
        client.delete_study(name)
    out.print(f"study {name} is deleted")


def _confirm(study: schemas.Study) -> None:
    """Ask a person whether to delete a study.

    Raises:
        Invalid: the question cannot be asked, because the input is no terminal.
    """
    finished = study.progress.finished
    if not sys.stdin.isatty():
        raise Invalid.field("--yes", f"is required to delete {study.name!r} without being asked")
    typer.confirm(f"Delete study {study.name} and its {finished} finished trials?", abort=True)


def budget(
    name: StudyName,
    trials: Annotated[int | None, typer.Option(min=1, help="The new limit of trials.")] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="The new limit of epochs, all trials together.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=0, help="The new limit of running time, in seconds.")
    ] = None,
    remove: Annotated[
        list[Limit] | None, typer.Option(help="A limit to remove; repeatable.")
    ] = None,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Show the budget of a study, or change the limits that are given."""
    with impatient(server) as client:
        if trials is None and epochs is None and seconds is None and not remove:
            study = client.study(name)
        else:
            study = client.change_study(
                name,
                trials=trials,
                epochs=epochs,
                seconds=seconds,
                remove=[limit.field for limit in remove or ()],
            )
    if as_json:
        print_json(study.budget)
    else:
        out.print(f"study {study.name} is {study.state}: {budget_text(study)}")


def budget_text(study: schemas.Study) -> str:
    """The limits of a study: `60 trials, 1,200 epochs, 10 min 0 s`."""
    limits = schemas.Budget.model_validate(study.budget)
    parts = [f"{limits.trials:,} trials"]
    if limits.on_top:
        parts[0] += f" ({limits.on_top:,} of them replicas and forks)"
    if limits.epochs is not None:
        parts.append(f"{limits.epochs:,} epochs")
    if limits.seconds is not None:
        parts.append(duration(limits.seconds))
    return ", ".join(parts)


def wait(
    name: StudyName,
    timeout: Annotated[
        float | None, typer.Option(min=0, help="The time limit in seconds. Default: none.")
    ] = None,
    server: Server = DEFAULT_SERVER,
    as_json: AsJson = False,
) -> None:
    """Follow a study until it ends, and print its best trials."""
    console = err if as_json else out
    try:
        with impatient(server) as client:
            outcome = follow(
                client, name, console, away_seconds=AWAY_SECONDS, timeout_seconds=timeout
            )
    except TimeoutError as error:
        raise Conflict(f"study {name!r} did not end in {timeout:g} seconds") from error
    if as_json:
        print_json(outcome.as_json())
    else:
        outcome.show(out)
