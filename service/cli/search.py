"""`caviar run FILE`: a whole search in one call, and its result."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from rich.console import Console

from caviar.service.cli.processes import WORKER_NAME
from caviar.service.cli.progress import display
from caviar.service.cli.render import trial_table
from caviar.service.client import Client
from caviar.service.contract import schemas
from caviar.service.contract.errors import Conflict, NotFound
from caviar.service.contract.numbers import duration, number, percent, setting
from caviar.service.contract.states import StudyState
from caviar.service.server.serving import served
from caviar.service.cli.listening import address
from caviar.service.server.operations import studies
from caviar.service.server.store import schema
from caviar.service.server.store.database import Database, server_lock

TOP = 5
"""How many settings the final table shows."""


@dataclass(frozen=True)
class Outcome:
    """What a finished search found."""

    study: schemas.Study
    top: list[schemas.Trial]
    curve: schemas.Curve | None

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "study": self.study.model_dump(mode="json"),
            "best": None if self.study.best is None else self.study.best.model_dump(mode="json"),
            "top": [trial.model_dump(mode="json") for trial in self.top],
            "curve": None if self.curve is None else self.curve.model_dump(mode="json"),
        }


def run_here(
    definition: schemas.StudyDefinition,
    database: Database,
    listener: socket.socket,
    console: Console,
    *,
    end_worker: Callable[[], None],
) -> Outcome:
    """Serve and search until the study ends, with a worker that is there already."""
    with server_lock(database), ExitStack() as stack:
        schema.upgrade(database)
        # Before anybody is answered, so that a worker that waits for this study finds it.
        start(definition, InDatabase(database))
        stack.enter_context(served(database, listener, worker=WORKER_NAME))
        stack.callback(end_worker)
        console.print(f"serving at [bold]{address(listener)}[/]", highlight=False)
        client = stack.enter_context(Client(address(listener)))
        return follow(client, definition.name, console)


def run_there(definition: schemas.StudyDefinition, client: Client, console: Console) -> Outcome:
    """Search on a server that has workers of its own."""
    start(definition, client)
    if not client.workers():
        console.print(f"no worker is busy there: `caviar work --server {client.server}` starts one")
    return follow(client, definition.name, console)


class Studies(Protocol):
    """Where a study can be found, created and let run: a client, or a database without a server."""

    def study(self, name: str) -> schemas.Study: ...
    def create_study(self, definition: schemas.StudyDefinition) -> schemas.Study: ...
    def change_study(self, name: str, *, state: Literal["running"]) -> schemas.Study: ...


@dataclass(frozen=True)
class InDatabase:
    """The studies of a database that no server has opened yet."""

    database: Database

    def study(self, name: str) -> schemas.Study:
        """One study."""
        return studies.show(self.database, name)

    def create_study(self, definition: schemas.StudyDefinition) -> schemas.Study:
        """Create a study."""
        return studies.create(self.database, definition)

    def change_study(self, name: str, *, state: Literal["running"]) -> schemas.Study:
        """Let a paused study go on."""
        return studies.change(self.database, name, schemas.StudyChange(state=state))


def start(definition: schemas.StudyDefinition, where: Studies) -> None:
    """Create the study, or go on with the one that has this name and definition already.

    Its budget may have been raised since.

    Raises:
        Conflict: the name is taken by a study with another definition, or with a smaller budget.
    """
    try:
        found = where.study(definition.name)
    except NotFound:
        where.create_study(definition)
        return
    if _asks_for(found) != _asks_for(definition):
        raise Conflict(
            f"there is a study named {definition.name!r} with another definition: "
            "choose another name with --name"
        )
    budget = schemas.Budget.model_validate(found.budget)
    for name, wanted in definition.budget:
        limit = getattr(budget, name)
        if limit is not None and (wanted is None or wanted > limit):
            raise Conflict(
                f"the study {definition.name!r} has a budget of {limit:g} {name} already: raise it "
                "on its page or by PATCH, or choose another name with --name"
            )
    if found.state == StudyState.PAUSED:
        where.change_study(found.name, state="running")


def _asks_for(study: schemas.Study | schemas.StudyDefinition) -> dict[str, Any]:
    fields = schemas.StudyDefinition.model_fields.keys() - {"budget"}
    return study.model_dump(mode="json", include=fields)


def follow(client: Client, name: str, console: Console) -> Outcome:
    """Show what is doubtful about a study, then its progress until it ends."""
    for warning in client.study(name).warnings:
        console.print(f"warning: {warning.field}: {warning.message}", highlight=False)
    with display(console) as show:
        study = client.wait(name, poll_seconds=0.4, on_change=show)
    order = "-value" if study.direction == "maximize" else "value"
    top = client.trials(name, state="completed", sort=order, limit=TOP)
    curve = None if study.best is None else client.curve(name, study.best.number)
    return Outcome(study, [trial for trial in top if not trial.void], curve)


def show(outcome: Outcome, console: Console) -> None:
    """Print the best settings and how the best one's curve ended."""
    study, best = outcome.study, outcome.study.best
    spent = duration(study.progress.seconds)
    console.print(f"\n{study.name}: {study.progress.finished} trials in {spent}\n", highlight=False)
    if best is None or best.value is None:
        console.print("No trial completed: the table of trials tells why.")
        return
    metric = study.objective["metric"]
    title = f"the best {len(outcome.top)} settings"
    console.print(trial_table(title, outcome.top, metric))
    params = ", ".join(f"{name} {setting(value)}" for name, value in best.params.items())
    console.print(f"\nbest: {metric} {number(best.value)} with {params}", highlight=False)
    if "validation_error" in best.metrics:
        error = percent(best.metrics["validation_error"])
        console.print(f"its validation error: {error}", highlight=False)
    if outcome.curve is not None and metric in outcome.curve.metrics:
        values = outcome.curve.metrics[metric][-TOP:]
        ends = "  ".join("–" if value is None else number(value) for value in values)
        console.print(f"its curve's end, {metric}: {ends}", highlight=False)
