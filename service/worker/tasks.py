"""Tasks: what travels to a process of the pool, and what makes it of leased trials."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from caviar.service.client import Client
from caviar.service.contract import schemas
from caviar.service.contract.errors import CaviarError, NotFound

CHECKPOINT_SECONDS = 30.0
"""How often a segment that lasts leaves a checkpoint on its way."""

logger = logging.getLogger("caviar")


class Task:
    """What travels to a process of the pool."""


class LeasedTask(Task):
    """A task of leased trials of one study of a server."""

    server: str
    study: str
    trials: tuple[schemas.LeasedTrial, ...]

    def fail(self, client: Client, reason: str) -> None:
        """Tell that none of the trials could be trained."""
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
            logger.warning("leases were not renewed: %s", error.detail)

    def release(self, client: Client) -> None:
        """Give the leases back: the trials will not be trained here."""
        results = [
            schemas.Result(number=trial.number, lease=trial.lease.token, state="waiting")
            for trial in self.trials
        ]
        try:
            client.tell(self.study, results)
        except CaviarError as error:
            logger.warning("leases were not given back: %s", error.detail)


@dataclass(frozen=True)
class Idle(Task):
    """A short rest: there was nothing to do."""

    seconds: float


def failure(trial: schemas.LeasedTrial, reason: str) -> schemas.Result:
    """The result of a trial that could not be trained."""
    return schemas.Result(
        number=trial.number, lease=trial.lease.token, state="failed", reason=f"error: {reason}"
    )


def studies_of(client: Client, leased: Sequence[schemas.LeasedTrial]) -> dict[str, schemas.Study]:
    """The studies of leased trials, by name, without those that were deleted meanwhile.

    They are read anew each time: a name may have gone to another study since.
    """
    found: dict[str, schemas.Study] = {}
    for name in {trial.study for trial in leased}:
        with suppress(NotFound):
            found[name] = client.study(name)
    return found


class Tasks(Protocol):
    """What turns leased trials into tasks for a pool."""

    kind: str
    """Of which kind of objective the trials must be."""

    ahead: int
    """How many trials are asked for at once, for each process, before one is free for them; or 0:
    each is asked for when a process is free."""

    def of(self, leased: Sequence[schemas.LeasedTrial]) -> Sequence[LeasedTask]:
        """Tasks of leased trials."""
