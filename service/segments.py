"""Segments in a pool's process: train a group of leased trials, report, tell.

`run` is what the pool calls. It talks to the server itself, so that nothing but the task travels
through the pool.
"""

from __future__ import annotations

import math
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import engine
from service import limits, schemas
from service.client import Client
from service.errors import CaviarError
from service.groups import Group, Idle, Task

REPORT_SECONDS = 0.5
"""The shortest time between two reports of a group."""

TRACEBACK_CHARACTERS = 1_500
"""How much of a traceback a failed trial keeps: its end."""


def run(task: Task) -> None:
    """Do one task in a process of the pool."""
    if isinstance(task, Idle):
        time.sleep(task.seconds)
        return
    assert isinstance(task, Group)
    client = _client(task.server)
    try:
        Segment(client, task).train()
    except CaviarError:
        raise  # the server is away: the leases bring the trials back
    except Exception as error:
        lines = "".join(traceback.format_exception(error))
        task.fail(client, lines[-TRACEBACK_CHARACTERS:])
        raise


@lru_cache(maxsize=4)
def _client(server: str) -> Client:
    """One client for each server and process: connections stay open."""
    return Client(server)


@dataclass
class Best:
    """A trial's value so far, over every epoch that it trained."""

    value: float
    epoch: int
    metrics: Mapping[str, float]


class Segment:
    """One group on its way from its first epoch to its last."""

    def __init__(self, client: Client, group: Group) -> None:
        objective = group.objective
        self._client = client
        self._group = group
        self._stop_epoch = group.trials[0].stop_epoch
        self._leases = {trial.number: trial.lease.token for trial in group.trials}
        self._best: dict[int, Best] = {}
        self._reports: list[schemas.Report] = []
        self._reported_at = time.monotonic()
        # About a thousand points of a curve are kept, evenly, whatever the reports' timing.
        self._stride = math.ceil(objective.epochs / limits.CURVE_POINTS)
        lanes, _ = group.lanes()
        self._training = engine.Training(
            engine.load_dataset(objective.dataset), lanes, seed=group.seed
        )

    def train(self) -> None:
        """Train every lane to the segment's end, and tell the results."""
        self._begin()
        for record in self._training.run(self._stop_epoch):
            self._note(record)
            if record.diverged:
                self._send_reports()
                self._tell_diverged(record)
            elif time.monotonic() - self._reported_at >= REPORT_SECONDS:
                self._send_reports()
        self._send_reports()
        self._tell_completed()

    def _begin(self) -> None:
        """Say that the trials are no longer only held: from here on a lost lease is an attempt."""
        self._reports = [
            self._report(lane.number, self._training.epoch, {}) for lane in self._training.lanes
        ]
        self._send_reports()

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
            self._best[number] = Best(value, epoch, metrics)

    def _is_better(self, value: float, than: float) -> bool:
        return value > than if self._group.maximize else value < than

    def _report(self, number: int, epoch: int, metrics: Mapping[str, float]) -> schemas.Report:
        finite = {name: value for name, value in metrics.items() if math.isfinite(value)}
        return schemas.Report(
            number=number, lease=self._leases[number], epoch=epoch, metrics=finite
        )

    def _send_reports(self) -> None:
        if self._reports:
            decisions = self._client.report(self._group.study, self._reports)
            for decision in decisions:
                if decision.action != "continue":
                    # The lease is another's now, or the trial was ended: discard and go on.
                    self._forget(decision.number)
        self._reports = []
        self._reported_at = time.monotonic()

    def _forget(self, number: int) -> None:
        if self._leases.pop(number, None) and number in {
            lane.number for lane in self._training.lanes
        }:
            self._training.drop(number)

    def _tell_diverged(self, record: engine.EpochRecord) -> None:
        self._tell(
            [
                schemas.Result(
                    number=number,
                    lease=self._leases[number],
                    state="diverged",
                    epoch=record.epoch,
                    reason=f"{metric} became NaN or infinite in epoch {record.epoch}",
                )
                for number, metric in record.diverged.items()
                if number in self._leases
            ]
        )

    def _tell_completed(self) -> None:
        self._tell(
            [
                schemas.Result(
                    number=lane.number,
                    lease=self._leases[lane.number],
                    state="completed",
                    value=self._best[lane.number].value,
                    epoch=self._stop_epoch,
                    best_epoch=self._best[lane.number].epoch,
                    metrics=dict(self._best[lane.number].metrics),
                )
                for lane in self._training.lanes
            ]
        )

    def _tell(self, results: list[schemas.Result]) -> None:
        if results:
            # A refused result is a lost lease: another worker trains the trial, to the same bits.
            self._client.tell(self._group.study, results)
