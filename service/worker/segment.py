"""The segment: trials of one task on their way from one epoch to another, each under its lease.

There is one such machine. What trains is a `Trainer`: a group of networks in lock-step
(`network.trainer`) or a user's function in a process of its own (`function.trainer`). How calls
reach the server is a `Sender`.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol, TypeAlias

from caviar.service.client import Client
from caviar.service.contract import limits, schemas
from caviar.service.contract.errors import CaviarError, Conflict, NotFound
from caviar.service.contract.numbers import number as in_digits
from caviar.service.logs import about
from caviar.service.worker.record import Record
from caviar.service.worker.tasks import LeasedTask

TOO_LARGE = 413
"""The status of an answer to a body that is larger than the server takes."""

REPORT_SECONDS = 0.5
"""The shortest time between two reports of a segment."""

logger = logging.getLogger("caviar")

Adjustments: TypeAlias = dict[int, dict[str, schemas.Setting]]
"""Changes of parameters by the epoch after which they hold."""


class Step(Enum):
    """What has happened when a trainer gives way to reports, checkpoints and adjustments."""

    EPOCH = auto()  # an epoch was trained, and others follow
    QUESTION = auto()  # a function waits for an answer; checkpoints are saved when it has it
    QUIET = auto()  # time has passed: leases are renewed long before they expire


@dataclass(frozen=True)
class Snapshot:
    """A checkpoint to save."""

    content: bytes
    best: schemas.Best | None
    """The best of the trial up to the checkpoint."""
    epoch: int | None = None
    """The epoch of an opaque checkpoint; that of a network is in its content."""


class Trainer(Protocol):
    """What trains the trials of a segment, all of which start at the same epoch."""

    records: Mapping[int, Record]
    """The record of each trial that it began with, by number. The trainer notes every epoch."""

    @property
    def numbers(self) -> Sequence[int]:
        """The trials that are still in training."""

    @property
    def savable(self) -> Sequence[int]:
        """The trials that have a checkpoint to save when it is time for one."""

    def steps(self) -> Iterator[Step]:
        """Train to the segment's end, with a step wherever the segment may act in between."""

    def adjust(self, number: int, changes: Mapping[str, schemas.Setting]) -> None:
        """Change parameters of a trial from now on."""

    def checkpoint(self, number: int) -> Snapshot | None:
        """The newest checkpoint of a trial, if there is any."""

    def checkpoint_saved(self, number: int) -> None:
        """Note that the newest checkpoint needs no saving any more."""

    def pause(self, number: int) -> bool:
        """Stop a trial; False if it stops by itself later, and has a result then."""

    def drop(self, number: int) -> None:
        """Stop training a trial: its lease is lost, or its segment has ended."""

    def result(self, number: int) -> schemas.Result:
        """The result of a trial at its segment's end."""


class Sender:
    """Sends what must arrive: an error ends the attempt, and the trials wait when leases expire."""

    def __init__(self, client: Client, study: str) -> None:
        self._client = client
        self._study = study

    def is_ready(self, *, urgent: bool) -> bool:
        """Whether reports may be sent now; urgent ones do not wait after an earlier failure."""
        return True

    def report(self, reports: Sequence[schemas.Report]) -> list[schemas.Decision] | None:
        """Send reports; None if they have to be sent again later."""
        return self._client.report(self._study, reports)

    def save(self, number: int, snapshot: Snapshot, *, lease: str) -> bool:
        """Save a checkpoint; False if it has to be sent again later.

        A refused one means a lost lease, and is discarded; so is one that is larger than the
        server's owner allows.
        """
        try:
            self._client.put_checkpoint(
                self._study,
                number,
                snapshot.content,
                lease=lease,
                best=snapshot.best,
                epoch=snapshot.epoch,
            )
        except (Conflict, NotFound):
            pass
        except CaviarError as error:
            if error.status != TOO_LARGE:
                raise
        return True

    def tell(self, results: Sequence[schemas.Result]) -> list[schemas.Recorded]:
        """Tell results. A refused one means a lost lease: another worker trains the trial."""
        return self._client.tell(self._study, results)


class Segment:
    """The trials of one task on their way from their start epoch to where the segment stops.

    Between two epochs, in this order: the reports, and what the decisions say; a checkpoint, if
    it is time; the adjustments. So the curve up to a checkpoint is on the server before it, and
    a checkpoint precedes the adjustments of its epoch.
    """

    def __init__(self, task: LeasedTask, trainer: Trainer, sender: Sender) -> None:
        self._task = task
        self._trainer = trainer
        self._sender = sender
        by_number = {trial.number: trial for trial in task.trials}
        self._trials = {number: by_number[number] for number in trainer.records}
        """The trials whose leases are ours."""
        self._pending = {
            number: pending_adjustments(trial) for number, trial in self._trials.items()
        }
        self._adjusted: dict[int, int] = {}
        self._reported_at = self._saved_at = time.monotonic()

    def train(self) -> None:
        """Train every trial to the segment's end, and tell the results."""
        self._begin()
        if not self._trials:
            return
        for step in self._trainer.steps():
            self._between_epochs(step)
        self._end()

    def save(self) -> None:
        """Save new checkpoints, after the reports up to them."""
        if self._savable:
            self._report(urgent=True)
            self._save_checkpoints(self._savable)

    def tell(self, results: Sequence[schemas.Result]) -> list[schemas.Recorded]:
        """Tell results of trials whose leases are not lost."""
        ours = [result for result in results if result.number in self._trials]
        if not ours:
            return []
        recorded = self._sender.tell(ours)
        log_results(self._task.study, ours)
        return recorded

    def _begin(self) -> None:
        """Say that prefetched trials begin: from here on a lost lease is an attempt."""
        begun = _named(list(self._trials))
        start = self._task.trials[0].start_epoch
        after = f" after epoch {start}" if start else ""
        extra = about(study=self._task.study, trials=list(self._trials))
        logger.info("%s of %s: training begins%s", begun, self._task.study, after, extra=extra)
        self._report()
        self._apply_adjustments()

    def _between_epochs(self, step: Step) -> None:
        save = (
            step is not Step.QUESTION
            and is_time(self._saved_at, self._task.checkpoint_seconds)
            and bool(self._savable)
        )
        seconds = self._task.lease_seconds / 3 if step is Step.QUIET else REPORT_SECONDS
        if save or self._diverged or is_time(self._reported_at, seconds):
            self._report(urgent=save)
        self._tell_diverged()
        if save:
            self._save_checkpoints(self._savable)
        self._apply_adjustments()

    def _end(self) -> None:
        """Tell the results; save checkpoints where trials continue, or where one is wanted."""
        self._report(urgent=True)
        self._tell_diverged()
        savable = self._savable
        self._save_checkpoints(
            [
                number
                for number in self._trainer.numbers
                if number in savable or self._trials[number].leave_checkpoint
            ]
        )
        recorded = self.tell([self._trainer.result(number) for number in self._trainer.numbers])
        self._save_checkpoints([item.number for item in recorded if item.keep])

    def _report(self, *, urgent: bool = False) -> None:
        """Report at least the epoch of every trial, and apply the decisions."""
        if not self._sender.is_ready(urgent=urgent):
            return
        reports = self._take_reports()
        if reports:
            decisions = self._sender.report(reports)
            if decisions is None:
                self._put_back(reports)
            for decision in decisions or ():
                self._apply_decision(decision)
        self._reported_at = time.monotonic()

    def _take_reports(self) -> list[schemas.Report]:
        """The reports of every trial, epoch by epoch."""
        reports = [
            report
            for number in self._trials
            for report in self._trainer.records[number].take(
                adjusted_at=self._adjusted.pop(number, None)
            )
        ]
        return sorted(reports, key=lambda report: report.epoch)

    def _put_back(self, reports: Sequence[schemas.Report]) -> None:
        for report in reports:
            self._trainer.records[report.number].put_back([report])
            if report.adjusted_at is not None:
                self._adjusted[report.number] = report.adjusted_at

    def _apply_decision(self, decision: schemas.Decision) -> None:
        number = decision.number
        if decision.action == "stop":
            # The lease is another's now, or the trial was ended: discard and continue.
            if number in self._trials and decision.problem is not None:
                extra = about(study=self._task.study, trial=number)
                logger.info("study %s: %s", self._task.study, decision.problem.detail, extra=extra)
            self._drop(number)
        elif number not in self._trainer.numbers:
            return  # it has just diverged
        elif decision.action == "pause":
            if self._trainer.pause(number):
                self._save_checkpoints([number])
                self.tell([self._trainer.records[number].best_result("paused")])
                self._drop(number)
        elif decision.adjust_epoch is not None:
            pending = self._pending[number].setdefault(decision.adjust_epoch, {})
            pending.update(decision.adjustments)

    def _apply_adjustments(self) -> None:
        """Apply what is pending up to the current epoch: all of one epoch as one change."""
        for number in list(self._trainer.numbers):
            pending, epoch = self._pending[number], self._trainer.records[number].epoch
            for due in sorted(due for due in pending if due <= epoch):
                if changes := pending.pop(due):
                    self._trainer.adjust(number, changes)
                    self._adjusted[number] = due

    @property
    def _savable(self) -> list[int]:
        return [number for number in self._trainer.savable if number in self._trials]

    def _save_checkpoints(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            self._save_checkpoint(number)
        self._saved_at = time.monotonic()

    def _save_checkpoint(self, number: int) -> None:
        """Save a checkpoint; a trial with one that is too large starts over when interrupted."""
        trial = self._trials.get(number)
        snapshot = None if trial is None else self._trainer.checkpoint(number)
        if trial is None or snapshot is None or len(snapshot.content) > limits.CHECKPOINT_BYTES:
            return
        if self._sender.save(number, snapshot, lease=trial.lease.token):
            self._trainer.checkpoint_saved(number)

    @property
    def _diverged(self) -> list[int]:
        """The trials that diverged and whose training has ended."""
        training = set(self._trainer.numbers)
        return [number for number in self._trials if number not in training]

    def _tell_diverged(self) -> None:
        diverged = self._diverged
        records = [self._trainer.records[number] for number in diverged]
        self.tell([record.result("diverged", reason=record.diverged) for record in records])
        for number in diverged:
            self._drop(number)

    def _drop(self, number: int) -> None:
        self._trials.pop(number, None)
        self._trainer.drop(number)


def log_results(study: str, results: Sequence[schemas.Result]) -> None:
    """Log what became of trials: of one its value, of several how many ended in which way."""
    if len(results) > 1:
        counts = Counter(result.state for result in results)
        ends = ", ".join(f"{count} {state}" for state, count in counts.items())
        numbers = [result.number for result in results]
        extra = about(study=study, trials=numbers)
        logger.info("%s of %s ended: %s", _named(numbers), study, ends, extra=extra)
        return
    [result] = results
    if result.state != "failed":  # the worker tells of those that failed
        value = "" if result.value is None else f" with {in_digits(result.value)}"
        reason = f": {result.reason}" if result.reason else ""
        how = f"{result.state}{value}{reason}"
        extra = about(study=study, trial=result.number)
        logger.info("trial %s of %s: %s", result.number, study, how, extra=extra)


def _named(numbers: Sequence[int]) -> str:
    """Trials by their numbers: `trial 3`, `trials 3 to 9`, or how many there are."""
    if len(numbers) == 1:
        return f"trial {numbers[0]}"
    low, high = min(numbers, default=0), max(numbers, default=0)
    if high - low + 1 == len(numbers):
        return f"trials {low} to {high}"
    return f"{len(numbers)} trials from {low} to {high}"


def pending_adjustments(trial: schemas.LeasedTrial) -> Adjustments:
    """The adjustments of a trial's history that take effect in this segment, by epoch."""
    adjustments = [] if trial.history is None else trial.history.adjustments
    return {
        adjustment.epoch: dict(adjustment.changes)
        for adjustment in adjustments
        if adjustment.epoch >= trial.start_epoch
    }


def is_time(last: float, seconds: float) -> bool:
    """Whether so many seconds have passed since the last time, of the monotonic clock."""
    return time.monotonic() - last >= seconds
