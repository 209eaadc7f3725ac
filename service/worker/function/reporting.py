"""What a function has reported of its trial: the points of the curve, and the best of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from caviar.service.contract import limits, schemas
from caviar.service.worker.function.tasks import FunctionTask


class Record:
    """The reports of one segment: thinned, with the best over all of them.

    About a thousand points of a curve are kept, evenly, however many are reported.
    """

    def __init__(self, task: FunctionTask) -> None:
        self._objective = task.objective
        self._maximize = task.maximize
        self._trial = task.trial
        self._stride = math.ceil(task.objective.epochs / limits.CURVE_POINTS)
        self._kept = task.trial.start_epoch
        self._points: dict[int, dict[str, float]] = {}
        self.epoch = task.trial.start_epoch
        self.metrics: dict[str, float] = {}
        self.best = task.trial.best
        self.diverged: str | None = None

    @property
    def any_reported(self) -> bool:
        """Whether an epoch of this segment was reported."""
        return self.epoch > self._trial.start_epoch

    def note(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Take metrics of an epoch; those of one that is known already are left out."""
        if epoch <= self._trial.start_epoch or self.diverged is not None:
            return
        if epoch > self.epoch:
            self.epoch, self.metrics = epoch, {}
        finite = {name: value for name, value in metrics.items() if math.isfinite(value)}
        self.metrics |= finite
        name = self._objective.metric
        if name in metrics and name not in finite:
            self.diverged = f"{name} became NaN or infinite in epoch {epoch}"
        elif name in metrics:
            self._note_best(epoch, metrics[name])
        elif self.best is not None and self.best.epoch == epoch:
            self._note_best(epoch, self.best.value)
        first_or_last = epoch in (1, self._trial.stop_epoch)
        if epoch - self._kept >= self._stride or first_or_last or epoch in self._points:
            self._points[epoch] = dict(self.metrics)
            self._kept = epoch

    def _note_best(self, epoch: int, value: float) -> None:
        best = self.best
        if (
            best is None
            or best.epoch == epoch
            or self._objective.value == "last"
            or (value > best.value if self._maximize else value < best.value)
        ):
            self.best = schemas.Best(value=value, epoch=epoch, metrics=dict(self.metrics))

    def put_back(self, reports: Sequence[schemas.Report]) -> None:
        """Take reports again that did not reach the server."""
        for report in reports:
            if report.metrics:
                self._points.setdefault(report.epoch, dict(report.metrics))

    def take(self, *, adjusted_at: int | None = None) -> list[schemas.Report]:
        """The reports that were not taken yet: the epoch reached at least, which renews the lease.

        Reports of an epoch that was taken before and has more metrics now come again, complete.
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
