"""The results of a function's trial: what came of it, told to the server in its words."""

from __future__ import annotations

import logging
import math
from contextlib import suppress
from typing import Any

from caviar.service.client import Client
from caviar.service.contract import schemas
from caviar.service.contract.errors import NotFound
from caviar.service.worker.function.messages import Failed, Outcome, Returned
from caviar.service.worker.function.reporting import Record
from caviar.service.worker.function.tasks import FunctionTask

REASON_CHARACTERS = 2_000
"""How long a reason may be."""

logger = logging.getLogger("caviar")


class Results:
    """Tells what came of one trial, with what its function reported.

    A result that is refused is a lost lease: another worker trains the trial.
    """

    def __init__(self, client: Client, task: FunctionTask, record: Record) -> None:
        self._client = client
        self._trial = task.trial
        self._metric = task.objective.metric
        self._record = record

    def ended(self, outcome: Outcome, *, was_stopped: bool) -> None:
        """The function ended by itself, or because it `was_stopped` by a person's pause."""
        record = self._record
        if record.diverged is not None:
            self._diverged(record.diverged)
        elif isinstance(outcome, Failed):
            self.failed(f"error: {outcome.reason}")
        elif outcome.value is not None and not math.isfinite(outcome.value):
            self._diverged(f"the function returned {outcome.value} as its value")
        elif was_stopped and record.epoch < self._trial.stop_epoch:
            self._best("paused", epoch=record.epoch)
        else:
            self._completed(outcome)

    def failed(self, reason: str) -> None:
        """It cannot be trained."""
        self._tell(state="failed", reason=_text(reason), epoch=self._record.epoch)

    def crashed(self, how: str) -> None:
        """The process died: the trial waits for another attempt, if it has any left."""
        attempts = self._trial.attempt
        logger.warning("trial %s: its process ended with %s", self._trial.number, how)
        self._tell(
            state="waiting",
            crashed=True,
            reason=f"{attempts} attempts were lost, the last one when its process ended with {how}",
        )

    def _diverged(self, reason: str) -> None:
        self._tell(state="diverged", reason=_text(reason), epoch=self._record.epoch)

    def _completed(self, outcome: Returned) -> None:
        record = self._record
        if outcome.value is not None:
            finite = {n: v for n, v in outcome.metrics.items() if math.isfinite(v)}
            self._tell(
                state="completed",
                value=outcome.value,
                epoch=self._epoch(),
                metrics={**record.metrics, **finite, self._metric: outcome.value},
            )
        elif record.best is None:
            self.failed(
                f"error: the function returned nothing, and reported no {self._metric!r} before"
            )
        else:
            self._best("completed", epoch=self._epoch())

    def _best(self, state: str, *, epoch: int | None) -> None:
        best = self._record.best
        self._tell(
            state=state,
            value=None if best is None else best.value,
            epoch=epoch,
            best_epoch=None if best is None else best.epoch,
            metrics={} if best is None else best.metrics,
        )

    def _epoch(self) -> int | None:
        """How far the trial came, as far as that is known.

        Who returns at a rung has trained up to it, whatever was reported last.
        """
        goes_on = self._trial.leave_checkpoint
        return None if goes_on or not self._record.any_reported else self._record.epoch

    def _tell(self, **fields: Any) -> None:
        result = schemas.Result(number=self._trial.number, lease=self._trial.lease.token, **fields)
        with suppress(NotFound):  # the study was deleted
            self._client.tell(self._trial.study, [result])


def _text(reason: str) -> str:
    """A reason that every database can hold: without NUL, and of whole characters."""
    whole = reason.encode(errors="replace").decode()
    return whole.replace("\x00", "␀")[:REASON_CHARACTERS]
