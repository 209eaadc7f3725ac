"""A search from start to end: create the study, follow it, show its best trials.

`caviar run` imports this file only when it is needed: it imports the server, which takes a while.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from rich.console import Console

from caviar.service.cli.render import trial_table
from caviar.service.client import Client
from caviar.service.contract import schemas
from caviar.service.contract.errors import Conflict, NotFound
from caviar.service.contract.numbers import duration, number, percent, setting
from caviar.service.contract.states import StudyState
from caviar.service.local.listening import address
from caviar.service.local.processes import WORKER_NAME
from caviar.service.local.progress import display
from caviar.service.server.operations import studies
from caviar.service.server.serving import served
from caviar.service.server.store import schema
from caviar.service.server.store.database import Database
from caviar.service.server.store.server_lock import server_lock

TOP = 5
"""The number of trials in the final table, and of values at the end of the curve."""


@dataclass(frozen=True)
class Outcome:
    """The result of a search."""

    study: schemas.Study
    top: list[schemas.Trial]
    curve: schemas.Curve | None

    def as_json(self) -> dict[str, Any]:
        """The result as JSON values."""
        return {
            "study": self.study.model_dump(mode="json"),
            "best": None if self.study.best is None else self.study.best.model_dump(mode="json"),
            "top": [trial.model_dump(mode="json") for trial in self.top],
            "curve": None if self.curve is None else self.curve.model_dump(mode="json"),
        }

    def show(self, console: Console) -> None:
        """Print the best trials, and the end of the curve of the best one."""
        study, best = self.study, self.study.best
        spent = duration(study.progress.seconds)
        console.print(
            f"\n{study.name}: {study.progress.finished} trials in {spent}\n", highlight=False
        )
        if best is None or best.value is None:
            console.print("No trial completed: the table of trials gives the reasons.")
            return
        metric = study.objective["metric"]
        console.print(trial_table(f"the best {len(self.top)} trials", self.top, metric))
        params = ", ".join(f"{name} {setting(value)}" for name, value in best.params.items())
        console.print(f"\nbest: {metric} {number(best.value)} with {params}", highlight=False)
        if "validation_error" in best.metrics:
            error = percent(best.metrics["validation_error"])
            console.print(f"validation_error: {error}", highlight=False)
        if self.curve is not None and metric in self.curve.metrics:
            values = self.curve.metrics[metric][-TOP:]
            last = "  ".join("–" if value is None else number(value) for value in values)
            console.print(f"{metric} of the last epochs: {last}", highlight=False)


def run_here(
    definition: schemas.StudyDefinition,
    database: Database,
    listener: socket.socket,
    console: Console,
    *,
    end_worker: Callable[[], None],
) -> Outcome:
    """Serve until the study ends; the worker has been started before.

    Args:
        definition: the study, created or continued.
        database: where it is stored.
        listener: the socket to serve on.
        console: where progress is shown.
        end_worker: ends the worker, before the server stops.
    """
    with server_lock(database, address(listener)), ExitStack() as stack:
        schema.upgrade(database)
        # Before the server answers, so that the waiting worker finds the study at once.
        start(definition, InDatabase(database))
        stack.enter_context(served(database, listener, worker=WORKER_NAME))
        stack.callback(end_worker)
        console.print(f"serving at [bold]{address(listener)}[/]", highlight=False)
        client = stack.enter_context(Client(address(listener)))
        return follow(client, definition.name, console)


def run_there(definition: schemas.StudyDefinition, client: Client, console: Console) -> Outcome:
    """Run a study on a server that has its own workers."""
    start(definition, client)
    if not client.workers():
        console.print(
            f"the server has no busy worker: `caviar work --server {client.server}` starts one",
            highlight=False,
        )
    return follow(client, definition.name, console)


class Studies(Protocol):
    """Finds, creates and resumes studies: a client, or a database without a server."""

    def study(self, name: str) -> schemas.Study: ...
    def create_study(self, definition: schemas.StudyDefinition) -> schemas.Study: ...
    def change_study(self, name: str, *, state: Literal["running"]) -> schemas.Study: ...


@dataclass(frozen=True)
class InDatabase:
    """The studies of a database that no server has opened."""

    database: Database

    def study(self, name: str) -> schemas.Study:
        """One study."""
        return studies.show(self.database, name)

    def create_study(self, definition: schemas.StudyDefinition) -> schemas.Study:
        """Create a study."""
        return studies.create(self.database, definition)

    def change_study(self, name: str, *, state: Literal["running"]) -> schemas.Study:
        """Resume a paused study."""
        return studies.change(self.database, name, schemas.StudyChange(state=state))


def start(definition: schemas.StudyDefinition, where: Studies) -> None:
    """Create the study, or continue the one of the same name and definition.

    The existing study may have a larger budget.

    Raises:
        Conflict: a study of this name has another definition, or a smaller budget.
    """
    try:
        study = where.study(definition.name)
    except NotFound:
        where.create_study(definition)
        return
    if _without_budget(study) != _without_budget(definition):
        raise Conflict(
            f"a study named {definition.name!r} exists with another definition: "
            "choose another name with --name"
        )
    budget = schemas.Budget.model_validate(study.budget)
    for name, requested in definition.budget:
        limit = getattr(budget, name)
        if limit is not None and (requested is None or requested > limit):
            raise Conflict(
                f"the study {definition.name!r} exists with a budget of {limit:g} {name}: raise it "
                "on its page or with PATCH, or choose another name with --name"
            )
    if study.state == StudyState.PAUSED:
        where.change_study(study.name, state="running")


def _without_budget(study: schemas.Study | schemas.StudyDefinition) -> dict[str, Any]:
    fields = schemas.StudyDefinition.model_fields.keys() - {"budget"}
    return study.model_dump(mode="json", include=fields)


def follow(client: Client, name: str, console: Console) -> Outcome:
    """Show the warnings of a study, then its progress until it ends."""
    for warning in client.study(name).warnings:
        console.print(f"warning: {warning.field}: {warning.message}", highlight=False)
    with display(console) as show:
        study = client.wait(name, poll_seconds=0.4, on_change=show)
    order = "-value" if study.direction == "maximize" else "value"
    top = client.trials(name, state="completed", sort=order, limit=TOP)
    curve = None if study.best is None else client.curve(name, study.best.number)
    return Outcome(study, [trial for trial in top if not trial.void], curve)
