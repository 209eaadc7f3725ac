"""Segments in a pool's process: train a group of leased trials, report, tell.

`run` is what the pool calls.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Literal

from caviar import engine
from caviar.service.client import Client
from caviar.service.contract import limits, schemas
from caviar.service.contract.errors import Conflict, NotFound
from caviar.service.worker.attempts import REPORT_SECONDS, attempt, is_time
from caviar.service.worker.network.groups import Group
from caviar.service.worker.tasks import LeasedTask, Task


def run(task: Task) -> None:
    """Do one task in a process of the pool: a group, or a rest."""
    attempt(task, _train)


def _train(client: Client, task: LeasedTask) -> None:
    assert isinstance(task, Group)
    Segment(client, task).train()


class Segment:
    """One group on its way from its start epoch to where the segment stops.

    Between two epochs, in this order: the reports, and what the decisions say; a checkpoint, if
    it is time; the adjustments. So a checkpoint's curve is there before it, and it is of the time
    before its epoch's adjustments.
    """

    def __init__(self, client: Client, group: Group) -> None:
        objective = group.objective
        self._client = client
        self._group = group
        self._trials = {trial.number: trial for trial in group.trials}
        self._stop_epoch = group.trials[0].stop_epoch
        self._best = {trial.number: trial.best for trial in group.trials if trial.best}
        self._reports: list[schemas.Report] = []
        self._reported_at = self._kept_at = time.monotonic()
        # About a thousand points of a curve are kept, evenly, whatever the reports' timing.
        self._stride = math.ceil(objective.epochs / limits.CURVE_POINTS)
        self._dataset = engine.load_dataset(objective.dataset)
        lanes, states = self._start()
        self._training = engine.Training(self._dataset, lanes, seed=group.seed, start=states)
        self._ahead = {number: _ahead(trial) for number, trial in self._trials.items()}
        self._adjusted: dict[int, int] = {}

    def _start(self) -> tuple[list[engine.Lane], dict[int, engine.LaneState]]:
        """The lanes as they begin here: as new, or as their checkpoints left them.

        Raises:
            NotFound: every checkpoint is gone.
        """
        whole, _ = self._group.lanes()
        lanes: list[engine.Lane] = []
        states: dict[int, engine.LaneState] = {}
        for lane in whole:
            epoch = self._trials[lane.number].start_epoch
            if not epoch:
                lanes.append(lane)
            elif found := self._checkpoint(lane.number, epoch):
                lanes.append(replace(lane, recipe=found.recipe))
                states[lane.number] = found.state
        if not lanes:
            raise NotFound("the checkpoints that its trials go on from are gone")
        return lanes, states

    def _checkpoint(self, number: int, epoch: int) -> engine.Checkpoint | None:
        """Where a trial goes on; None if it is gone, as after a rewind, and with it the lease."""
        try:
            content = self._client.checkpoint(self._group.study, number, epoch=epoch)
        except NotFound as error:
            lease = self._trials.pop(number).lease.token
            gone = schemas.Result(
                number=number, lease=lease, state="waiting", crashed=True, reason=error.detail
            )
            self._tell([gone])
            return None
        return engine.read_checkpoint(content)

    def train(self) -> None:
        """Train every lane to the segment's end, and tell the results."""
        self._begin()
        for record in self._training.run(self._stop_epoch):
            self._note(record)
            keep = record.epoch < self._stop_epoch and is_time(
                self._kept_at, self._group.checkpoint_seconds
            )
            if keep or record.diverged or is_time(self._reported_at, REPORT_SECONDS):
                self._send_reports()
            self._tell_diverged(record)
            if keep:
                self._keep(self._numbers)
            if record.epoch < self._stop_epoch:
                self._adjust()
        self._end()

    @property
    def _numbers(self) -> list[int]:
        return [lane.number for lane in self._training.lanes]

    def _begin(self) -> None:
        """Say that the trials are no longer only held: from here on a lost lease is an attempt."""
        self._send_reports()
        self._adjust()

    def _note(self, record: engine.EpochRecord) -> None:
        kept = record.epoch % self._stride == 0 or record.epoch in (1, self._stop_epoch)
        for number, metrics in record.metrics.items():
            if number not in record.diverged:
                self._keep_best(number, record.epoch, metrics)
            if kept or number in record.diverged:
                self._reports.append(self._report(number, record.epoch, metrics))

    def _keep_best(self, number: int, epoch: int, metrics: Mapping[str, float]) -> None:
        objective = self._group.objective
        value = metrics[objective.metric]
        best = self._best.get(number)
        if best is None or objective.value == "last" or self._is_better(value, best.value):
            self._best[number] = schemas.Best(value=value, epoch=epoch, metrics=dict(metrics))

    def _is_better(self, value: float, than: float) -> bool:
        return value > than if self._group.maximize else value < than

    def _report(self, number: int, epoch: int, metrics: Mapping[str, float]) -> schemas.Report:
        return schemas.Report(
            number=number,
            lease=self._trials[number].lease.token,
            epoch=epoch,
            metrics={name: value for name, value in metrics.items() if math.isfinite(value)},
            adjusted_at=self._adjusted.pop(number, None),
        )

    def _send_reports(self) -> None:
        """Report, every lane its epoch at least, and do what the decisions say."""
        epoch = self._training.epoch
        told = {report.number for report in self._reports if report.epoch == epoch}
        self._reports += [
            self._report(number, epoch, {}) for number in self._numbers if number not in told
        ]
        if self._reports:
            for decision in self._client.report(self._group.study, self._reports):
                self._heed(decision)
        self._reports = []
        self._reported_at = time.monotonic()

    def _heed(self, decision: schemas.Decision) -> None:
        number = decision.number
        if decision.action == "stop":
            # The lease is another's now, or the trial was ended: discard and go on.
            self._forget(number)
        elif number not in self._numbers:
            return
        elif decision.action == "pause":
            self._keep([number])
            self._tell([self._result(number, "paused")])
            self._forget(number)
        elif decision.adjust_epoch is not None:
            self._ahead[number].setdefault(decision.adjust_epoch, {}).update(decision.adjustments)

    def _adjust(self) -> None:
        """Apply the adjustments of this epoch, all of them as one change."""
        epoch = self._training.epoch
        for number in self._numbers:
            changes = self._ahead[number].pop(epoch, None)
            if changes:
                self._training.adjust(number, changes)
                self._adjusted[number] = epoch

    def _forget(self, number: int) -> None:
        self._trials.pop(number, None)
        if number in self._numbers:
            self._training.drop(number)

    def _keep(self, numbers: Sequence[int]) -> None:
        """Leave checkpoints; one that is not taken is a lost lease, or a network too large."""
        for number in numbers:
            if number in self._numbers:
                self._put_checkpoint(number)
        self._kept_at = time.monotonic()

    def _put_checkpoint(self, number: int) -> None:
        lane = next(lane for lane in self._training.lanes if lane.number == number)
        state = self._training.checkpoint(number)
        kept = engine.make_checkpoint(lane, state, self._dataset, seed=self._group.seed)
        content = engine.write_checkpoint(kept)
        if len(content) > limits.CHECKPOINT_BYTES:
            return
        with suppress(Conflict, NotFound):
            self._client.put_checkpoint(
                self._group.study,
                number,
                content,
                lease=self._trials[number].lease.token,
                best=self._best.get(number),
            )

    def _tell_diverged(self, record: engine.EpochRecord) -> None:
        self._tell(
            [
                schemas.Result(
                    number=number,
                    lease=self._trials[number].lease.token,
                    state="diverged",
                    epoch=record.epoch,
                    reason=f"{metric} became NaN or infinite in epoch {record.epoch}",
                )
                for number, metric in record.diverged.items()
                if number in self._trials
            ]
        )

    def _end(self) -> None:
        """Tell the results; leave checkpoints where trials go on, or where one is wanted."""
        self._send_reports()
        self._keep([n for n in self._numbers if self._trials[n].leave_checkpoint])
        recorded = self._tell([self._result(number, "completed") for number in self._numbers])
        self._keep([item.number for item in recorded if item.keep])

    def _result(self, number: int, state: Literal["completed", "paused"]) -> schemas.Result:
        best = self._best.get(number)
        return schemas.Result(
            number=number,
            lease=self._trials[number].lease.token,
            state=state,
            value=None if best is None else best.value,
            epoch=self._training.epoch,
            best_epoch=None if best is None else best.epoch,
            metrics={} if best is None else best.metrics,
        )

    def _tell(self, results: list[schemas.Result]) -> list[schemas.Recorded]:
        # A refused result is a lost lease: another worker trains the trial, to the same bits.
        return self._client.tell(self._group.study, results) if results else []


def _ahead(trial: schemas.LeasedTrial) -> dict[int, dict[str, schemas.Setting]]:
    """The adjustments that a trial meets in this segment, by epoch."""
    adjustments = [] if trial.history is None else trial.history.adjustments
    return {
        step.epoch: dict(step.changes) for step in adjustments if step.epoch >= trial.start_epoch
    }
