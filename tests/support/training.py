"""Training as a worker does it, in this process: ask, group, train, tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from caviar.service.client import Client
from caviar.service.contract import schemas
from caviar.service.worker.network.groups import Group, Grouping
from caviar.service.worker.network.trainer import train as train_group


def train(
    client: Client,
    study: str,
    *,
    count: int = 100,
    checkpoint_seconds: float = 1e9,
    before: Callable[[Group], None] | None = None,
) -> None:
    """Train whatever the study gives, until it gives nothing."""
    grouping = Grouping(client, jobs=1, checkpoint_seconds=checkpoint_seconds)
    while leased := client.ask(study, count=count).trials:
        for group in grouping.of(leased):
            if before is not None:
                before(group)
            train_group(client, group)


class Killed(Exception):
    """The process died here."""


class Dying:
    """A client for a segment that dies after so many reports, as kill -9 would have it."""

    def __init__(self, client: Client, *, reports: int) -> None:
        self._client = client
        self._left = reports

    def report(self, study: str, reports: Sequence[schemas.Report]) -> list[schemas.Decision]:
        """Report, or die."""
        if self._left == 0:
            raise Killed
        self._left -= 1
        return self._client.report(study, reports)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def table(client: Client, study: str) -> list[tuple[Any, ...]]:
    """Everything of a study's trials that must not depend on who trained them, and when."""
    return [
        (
            trial.number,
            trial.state,
            repr(trial.params),
            repr(trial.value),
            trial.epoch,
            trial.best_epoch,
            trial.round,
            trial.reason,
            repr(sorted(trial.metrics.items())),
        )
        for trial in client.trials(study)
    ]


def curve(client: Client, study: str, number: int) -> dict[int, float]:
    """A trial's validation loss by epoch."""
    found = client.curve(study, number)
    losses = found.metrics.get("validation_loss", [])
    return {e: v for e, v in zip(found.epoch, losses, strict=True) if v is not None}


class Interrupted:
    """A client for a segment, to which something is done just before it reports some epochs."""

    def __init__(self, client: Client, acts: dict[int, Callable[[], object]]) -> None:
        self._client = client
        self._acts = acts

    def report(self, study: str, reports: Sequence[schemas.Report]) -> list[schemas.Decision]:
        """Let happen what is due, then report."""
        for epoch in sorted({report.epoch for report in reports}):
            self._acts.pop(epoch, lambda: None)()
        return self._client.report(study, reports)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


def train_with(
    client: Client, study: str, acts: dict[int, Callable[[], object]], *, count: int = 100
) -> None:
    """Train what waits now, in one group, while something is done to it at some epochs."""
    leased = client.ask(study, count=count).trials
    [group] = Grouping(client, jobs=1).of(leased)
    train_group(Interrupted(client, acts), group)  # type: ignore[arg-type]
