"""The results of a function's trial: what the function did, in the words of the contract."""

from __future__ import annotations

import logging
import math

from caviar.service.contract import limits, schemas
from caviar.service.contract.texts import keep_end
from caviar.service.worker.function.messages import Failed, Outcome, Returned
from caviar.service.worker.function.tasks import FunctionTask
from caviar.service.worker.record import Record

logger = logging.getLogger("caviar")


class Results:
    """Makes the result of one trial, with what its function reported."""

    def __init__(self, task: FunctionTask, record: Record) -> None:
        self._trial = task.trial
        self._trial_seconds = task.trial_seconds
        self._metric = task.objective.metric
        self._record = record

    def ended(self, outcome: Outcome, *, was_stopped: bool) -> schemas.Result:
        """The function ended by itself, or because it `was_stopped` by a person's pause."""
        record = self._record
        if record.diverged is not None:
            return self._diverged(record.diverged)
        if isinstance(outcome, Failed):
            return self._failed(f"error: {outcome.reason}")
        if outcome.value is not None and not math.isfinite(outcome.value):
            return self._diverged(f"the function returned {outcome.value} as its value")
        if was_stopped and record.epoch < self._trial.stop_epoch:
            return record.best_result("paused")
        return self._completed(outcome)

    def timed_out(self) -> schemas.Result:
        """It trained for longer than it may."""
        earlier = ", with its earlier segments and attempts" if self._trial.seconds else ""
        return self._failed(
            f"timeout: it trained for more than {self._trial_seconds:g} seconds{earlier}"
        )

    def crashed(self, how: str) -> schemas.Result:
        """The process died: the trial waits for another attempt, if it has any left."""
        attempts = self._trial.attempt
        return self._record.result(
            "waiting",
            epoch=None,
            crashed=True,
            reason=f"{attempts} attempts were lost, the last one when its process ended with {how}",
        )

    def _failed(self, reason: str) -> schemas.Result:
        return self._record.result("failed", reason=_text(reason))

    def _diverged(self, reason: str) -> schemas.Result:
        return self._record.result("diverged", reason=_text(reason))

    def _completed(self, outcome: Returned) -> schemas.Result:
        record = self._record
        if outcome.value is not None:
            finite = {n: v for n, v in outcome.metrics.items() if math.isfinite(v)}
            if lost := outcome.metrics.keys() - finite.keys():
                logger.warning(
                    "trial %s: left out, because they are not finite: %s",
                    *(self._trial.number, ", ".join(sorted(lost))),
                )
            return record.result(
                "completed",
                value=outcome.value,
                epoch=self._epoch(),
                metrics={**record.metrics, **finite, self._metric: outcome.value},
            )
        if record.best is None:
            return self._failed(
                f"error: the function returned nothing, and reported no {self._metric!r} before"
            )
        return record.best_result("completed", epoch=self._epoch())

    def _epoch(self) -> int | None:
        """How far the trial came; None: to the segment's end.

        A function that returns at a rung has trained up to it, whatever it reported last.
        """
        continues = self._trial.leave_checkpoint
        return None if continues or not self._record.any_reported else self._record.epoch


def _text(reason: str) -> str:
    """A reason that every database can hold: without NUL, and without lone surrogates."""
    whole = reason.encode(errors="replace").decode()
    return keep_end(whole.replace("\x00", "␀"), limits.REASON_CHARACTERS)
