"""The record of a trial in one segment: the points of its curve, and its best."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

from caviar.service.contract import limits, schemas
from caviar.service.worker.tasks import LeasedTask

State: TypeAlias = Literal["completed", "paused", "failed", "diverged", "waiting"]
"""How a segment of a trial may end."""


class Record:
    """What is known of a trial: its epoch, the points to report, the best so far.

    The best is over every epoch. Of the curve about a thousand points are kept, evenly spread: the
    first epoch noted in each stride, the first and the last epoch of all, and one that diverges.

    Attributes:
        epoch: the last epoch noted; at first the segment's start epoch.
        metrics: the finite metrics of that epoch.
        best: the best of the trial, over its earlier segments, too.
        diverged: why the trial diverged, or None. Nothing is noted after that.
    """

    def __init__(self, task: LeasedTask, trial: schemas.LeasedTrial) -> None:
        self._objective = task.objective
        self._maximize = task.maximize
        self._trial = trial
        self._stride = math.ceil(task.objective.epochs / limits.CURVE_POINTS)
        self._kept = trial.start_epoch
        self._points: dict[int, dict[str, float]] = {}
        self.epoch = trial.start_epoch
        self.metrics: dict[str, float] = {}
        self.best = trial.best
        self.diverged: str | None = None

    @property
    def any_reported(self) -> bool:
        """Whether an epoch of this segment was noted."""
        return self.epoch > self._trial.start_epoch

    def note(
        self, epoch: int, metrics: Mapping[str, float], *, diverged: str | None = None
    ) -> None:
        """Note metrics of an epoch; those of epochs before the segment are left out.

        Args:
            epoch: the epoch, at least that of the call before.
            metrics: metrics by name; an epoch may be noted in several calls.
            diverged: the metric that is not finite, where the trial diverged. Without it the
                trial has diverged if the objective's metric is NaN or infinite.
        """
        if epoch <= self._trial.start_epoch or self.diverged is not None:
            return
        if epoch > self.epoch:
            self.epoch, self.metrics = epoch, {}
        finite = {name: value for name, value in metrics.items() if math.isfinite(value)}
        self.metrics |= finite
        name = self._objective.metric
        if diverged is None and name in metrics and name not in finite:
            diverged = name
        if diverged is not None:
            self.diverged = f"{diverged} became NaN or infinite in epoch {epoch}"
        elif name in metrics:
            self._note_best(epoch, metrics[name])
        elif self.best is not None and self.best.epoch == epoch:
            self._note_best(epoch, self.best.value)
        if self._is_point(epoch):
            self._points[epoch] = dict(self.metrics)
            self._kept = epoch

    def _is_point(self, epoch: int) -> bool:
        return (
            epoch // self._stride > self._kept // self._stride
            or epoch in (1, self._kept, self._trial.stop_epoch)
            or self.diverged is not None
        )

    def _note_best(self, epoch: int, value: float) -> None:
        best = self.best
        if (
            best is None
            or best.epoch == epoch
            or self._objective.value == "last"
            or (value > best.value if self._maximize else value < best.value)
        ):
            self.best = schemas.Best(value=value, epoch=epoch, metrics=dict(self.metrics))

    def take(self, *, adjusted_at: int | None = None) -> list[schemas.Report]:
        """The reports not taken yet: at least one of the current epoch, which renews the lease.

        An epoch that was taken before and has more metrics now is reported again, completely.

        Args:
            adjusted_at: the epoch of the adjustments that the current epoch's report confirms.
        """
        points: dict[int, dict[str, float]] = {self.epoch: {}, **self._points}
        self._points = {}
        return [
            schemas.Report(
                number=self._trial.number,
                lease=self._trial.lease.token,
                epoch=epoch,
                metrics=points[epoch],
                adjusted_at=adjusted_at if epoch == self.epoch else None,
            )
            for epoch in sorted(points)
        ]

    def put_back(self, reports: Sequence[schemas.Report]) -> None:
        """Put back reports that did not reach the server."""
        for report in reports:
            if report.metrics:
                self._points.setdefault(report.epoch, dict(report.metrics))

    def result(self, state: State, **fields: Any) -> schemas.Result:
        """A result of the trial, at the current epoch unless `fields` says otherwise."""
        given = {"epoch": self.epoch, **fields}
        return schemas.Result(
            number=self._trial.number, lease=self._trial.lease.token, state=state, **given
        )

    def best_result(self, state: State, **fields: Any) -> schemas.Result:
        """A result whose value is the best so far."""
        best = self.best
        return self.result(
            state,
            value=None if best is None else best.value,
            best_epoch=None if best is None else best.epoch,
            metrics={} if best is None else best.metrics,
            **fields,
        )
