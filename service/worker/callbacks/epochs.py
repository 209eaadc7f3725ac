"""What the callbacks share: the report of an epoch, its checkpoint, and whether to stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

SAVE_SECONDS = 30.0
"""The shortest time between two checkpoints, unless training ends."""


class TrialLike(Protocol):
    """What a callback needs of a trial; `caviar.Trial` has it."""

    stop_epoch: int

    @property
    def should_stop(self) -> bool: ...

    def report(self, epoch: int, /, **metrics: Any) -> None: ...
    def save(self, content: Any, /) -> None: ...


class Epochs:
    """Reports the epochs of a training to a trial.

    Args:
        trial: the trial.
        metrics: the trial's metrics by the names that the library has for them, such as
            `{"loss": "val_loss"}`; None reports all under the library's own names.
        save_seconds: the shortest time between two checkpoints, of which the last epoch always
            leaves one; None saves none.
    """

    def __init__(
        self,
        trial: TrialLike,
        *,
        metrics: Mapping[str, str] | None,
        save_seconds: float | None,
    ) -> None:
        self._trial = trial
        self._metrics = metrics
        self._save_seconds = save_seconds
        self._saved_at = time.monotonic()
        self._epoch = 0
        self._saved_epoch = 0

    def end(self, epoch: int, values: Mapping[str, Any], state: Callable[[], Any]) -> bool:
        """Report an epoch; returns whether training must stop after it.

        Args:
            epoch: the number of epochs trained so far, with those before the trial's checkpoint.
            values: metrics by the library's names; those that are no numbers are left out.
            state: gives what training continues from, as `trial.save` takes it.

        Raises:
            ValueError: the library has none of the metrics that were asked for.
        """
        if epoch > self._trial.stop_epoch:
            return True
        self._trial.report(epoch, **self._named(values))
        self._epoch = epoch
        stop = epoch == self._trial.stop_epoch or self._trial.should_stop
        if stop or self._is_time():
            self.save(state)
        return stop

    def save(self, state: Callable[[], Any]) -> None:
        """Save a checkpoint of the last epoch, unless there is one."""
        if self._save_seconds is None or self._saved_epoch == self._epoch:
            return
        self._trial.save(state())
        self._saved_at, self._saved_epoch = time.monotonic(), self._epoch

    def _is_time(self) -> bool:
        wait = self._save_seconds
        return wait is not None and time.monotonic() - self._saved_at >= wait

    def _named(self, values: Mapping[str, Any]) -> dict[str, float]:
        numbers = {name: value for name, value in values.items() if _is_number(value)}
        if self._metrics is None:
            return {name: float(value) for name, value in numbers.items() if name != "epoch"}
        named = {
            name: float(numbers[theirs])
            for name, theirs in self._metrics.items()
            if theirs in numbers
        }
        if not named:
            wanted = ", ".join(self._metrics.values())
            raise ValueError(f"none of the metrics {wanted} is among {', '.join(numbers)}")
        return named


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return not isinstance(value, str)
