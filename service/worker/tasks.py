"""Tasks: what travels to a process of the pool."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from caviar.service.client import LEASE_SECONDS, Client
from caviar.service.contract import schemas
from caviar.service.contract.errors import CaviarError, NotFound

CHECKPOINT_SECONDS = 30.0
"""How often a long segment saves a checkpoint."""

logger = logging.getLogger("caviar")


class Task:
    """What travels to a process of the pool."""


@dataclass(frozen=True)
class Idle(Task):
    """A short rest: there was nothing to do."""

    seconds: float


@dataclass(frozen=True, kw_only=True)
class LeasedTask(Task):
    """Leased trials of one study, with what training them needs."""

    server: str
    study: str
    objective: schemas.NetworkObjective | schemas.ExternalObjective
    maximize: bool
    trials: tuple[schemas.LeasedTrial, ...]
    lease_seconds: float = LEASE_SECONDS
    checkpoint_seconds: float = CHECKPOINT_SECONDS

    def fail(self, client: Client, reason: str) -> None:
        """Tell the server that none of the trials can be trained."""
        client.tell(self.study, [failure(trial, reason) for trial in self.trials])

    def renew(self, client: Client) -> None:
        """Renew the leases while the task waits for a free process."""
        reports = [
            schemas.Report(
                number=trial.number,
                lease=trial.lease.token,
                epoch=trial.start_epoch,
                prefetched=True,
            )
            for trial in self.trials
        ]
        try:
            client.report(self.study, reports)
        except CaviarError as error:
            logger.debug("leases were not renewed: %s", error.detail)

    def release(self, client: Client) -> None:
        """Release the leases: the trials are not trained here."""
        results = [
            schemas.Result(number=trial.number, lease=trial.lease.token, state="waiting")
            for trial in self.trials
        ]
        try:
            client.tell(self.study, results)
        except CaviarError as error:
            logger.warning("leases were not released: %s", error.detail)


@dataclass(frozen=True)
class Failure:
    """How a trial failed, for the worker's log: the server knows it already."""

    study: str
    number: int
    params: dict[str, schemas.Setting]
    reason: str

    @classmethod
    def of(cls, trial: schemas.LeasedTrial, reason: str) -> Failure:
        """The failure of a leased trial."""
        return cls(trial.study, trial.number, dict(trial.params), reason)


def failure(trial: schemas.LeasedTrial, reason: str) -> schemas.Result:
    """The result of a trial that cannot be trained."""
    return schemas.Result(
        number=trial.number, lease=trial.lease.token, state="failed", reason=f"error: {reason}"
    )


def studies_of(client: Client, leased: Sequence[schemas.LeasedTrial]) -> dict[str, schemas.Study]:
    """The studies of leased trials, by name, without those deleted in the meantime.

    They are read anew each time, because another study may have taken the name.
    """
    studies: dict[str, schemas.Study] = {}
    for name in {trial.study for trial in leased}:
        with suppress(NotFound):
            studies[name] = client.study(name)
    return studies
