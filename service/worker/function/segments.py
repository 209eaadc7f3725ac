"""Segments of a function, in a pool's process: between the function's process and the server."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress

from caviar.service.client import Client
from caviar.service.contract import schemas
from caviar.service.contract.errors import CaviarError, Conflict, Invalid, NotFound
from caviar.service.worker.attempts import REPORT_SECONDS, attempt, client_of, is_time
from caviar.service.worker.function.host import Died, FunctionProcess, process_of
from caviar.service.worker.function.messages import (
    Asked,
    Failed,
    Message,
    Outcome,
    Reply,
    Reported,
    Returned,
    Saved,
    Start,
)
from caviar.service.worker.function.reporting import Record
from caviar.service.worker.function.results import Results
from caviar.service.worker.function.tasks import FunctionTask
from caviar.service.worker.tasks import LeasedTask, Task

RETRY_SECONDS = (1.0, 30.0)
"""The first and the longest wait before a report is tried again that did not reach the server."""

TICK_SECONDS = 0.1
"""How often leases and time limits are looked after while a function says nothing."""

LOST_SECONDS = 30.0
"""How long a function may go on with a trial that is no longer its own."""

REST_SECONDS = 1.0
"""How long a process rests that cannot import its function any more."""

logger = logging.getLogger("caviar")


def run(task: Task) -> None:
    """Do one task in a process of the pool: a trial, or a rest."""
    attempt(task, _train)


def _train(client: Client, task: LeasedTask) -> None:
    assert isinstance(task, FunctionTask)
    # A function should not wait for a server that is away.
    brief = client_of(task.server, patient=False)
    FunctionSegment(client, task, brief=brief).train()


class FunctionSegment:
    """One trial on its way from its start epoch to where the segment stops.

    Args:
        client: for what must arrive: checkpoints and results.
        task: the trial, and how to train it.
        brief: a client without patience, for reports.
        process_of: the process that a function runs in, started if need be.
    """

    def __init__(
        self,
        client: Client,
        task: FunctionTask,
        *,
        brief: Client,
        process_of: Callable[[str], FunctionProcess] = process_of,
    ) -> None:
        self._client = client
        self._brief = brief
        self._task = task
        self._trial = task.trial
        self._process_of = process_of
        self._record = Record(task)
        self._results = Results(client, task, self._record)
        self._params, self._ahead = task.params()
        self._changes: dict[str, schemas.Setting] = {}
        self._adjusted_at: int | None = None
        self._saved: tuple[Saved, schemas.Best | None] | None = None
        self._paused = False
        self._told_to_stop = False
        self._lost_at: float | None = None
        self._kept_at = self._reported_at = self._began_at = time.monotonic()
        self._retry_seconds = 0.0

    def train(self) -> None:
        """Let the function train the trial, and tell what came of it."""
        process = self._process_of(self._task.function)
        try:
            if not self._is_ready(process):
                return
            self._send_reports()  # from here on a lost lease is an attempt
            if self._lost_at is not None:
                return
            self._began_at = time.monotonic()
            if self._is_out_of_time():
                self._tell_timeout()
            elif (outcome := self._follow(process)) is not None:
                process.drain()
                self._end(outcome)
        except Died as how:
            self._leave_checkpoint()
            if self._lost_at is None:
                self._results.crashed(str(how))
        except BaseException:
            process.end()  # it is in the middle of the trial
            raise

    def _is_ready(self, process: FunctionProcess) -> bool:
        """Whether the function is imported; else the trial is given back, for it did not begin.

        The file has changed since the worker started, or what it imports.
        """
        try:
            while not process.is_ready and process.receive(TICK_SECONDS) is None:
                if is_time(self._reported_at, self._task.lease_seconds / 3):
                    self._reported_at = time.monotonic()
                    self._task.renew(self._brief)
            if process.unusable is None:
                return True
            why = process.unusable
        except Died as how:
            why = str(how)
        process.end()
        logger.error("the function cannot be imported any more: %s", why)
        self._task.release(self._client)
        time.sleep(REST_SECONDS)
        return False

    def _start(self) -> Start:
        trial = self._trial
        content: bytes | None = None
        if trial.start_epoch:
            with suppress(NotFound):
                content = self._client.checkpoint(
                    trial.study, trial.number, epoch=trial.start_epoch
                )
        return Start(
            study=trial.study,
            number=trial.number,
            params=self._params,
            seed=trial.seed,
            metric=self._task.objective.metric,
            start_epoch=trial.start_epoch,
            stop_epoch=trial.stop_epoch,
            checkpoint=content,
        )

    def _follow(self, process: FunctionProcess) -> Outcome | None:
        """Answer the function until it ends; None when the trial has ended without a result.

        Raises:
            Died: its process ended first.
        """
        process.send(self._start())
        while True:
            message = process.receive(TICK_SECONDS)
            if isinstance(message, Returned | Failed):
                return message
            if message is not None:
                reply = self._answer(message)
                self._told_to_stop = self._told_to_stop or reply.stop
                process.send(reply)
            elif is_time(self._reported_at, self._task.lease_seconds / 3):
                self._send_reports()
            self._keep_checkpoint()
            if self._is_out_of_time():
                process.end()
                self._leave_checkpoint()
                self._tell_timeout()
                return None
            if self._lost_at is not None and is_time(self._lost_at, LOST_SECONDS):
                process.end()
                return None

    def _is_out_of_time(self) -> bool:
        """Whether the trial had all its time, with what it had in earlier segments and attempts."""
        limit = self._task.trial_seconds
        spent = self._trial.seconds + time.monotonic() - self._began_at
        return limit is not None and spent > limit

    def _tell_timeout(self) -> None:
        if self._lost_at is None:
            earlier = ", with its earlier segments and attempts" if self._trial.seconds else ""
            self._results.failed(
                f"timeout: it trained for more than {self._task.trial_seconds:g} seconds{earlier}"
            )

    def _answer(self, message: Message) -> Reply:
        if isinstance(message, Reported):
            self._record.note(message.epoch, message.metrics)
            self._adjust()
        elif isinstance(message, Saved):
            self._saved = message, self._record.best
        else:
            assert isinstance(message, Asked)
        if is_time(self._reported_at, REPORT_SECONDS):
            self._send_reports()
        changes, self._changes = self._changes, {}
        return Reply(stop=self._should_stop, changes=changes)

    @property
    def _should_stop(self) -> bool:
        return self._paused or self._lost_at is not None or self._record.diverged is not None

    def _send_reports(self) -> None:
        """Report, and do what the decision says; what does not reach the server is said later."""
        if self._lost_at is not None or not is_time(self._reported_at, self._retry_seconds):
            return
        record = self._record
        adjusted_at, self._adjusted_at = self._adjusted_at, None
        reports = record.take(adjusted_at=adjusted_at)
        try:
            for decision in self._brief.report(self._trial.study, reports):
                self._heed(decision)
        except NotFound:
            self._lose()  # the study was deleted
        except (Conflict, Invalid):
            raise
        except CaviarError as error:
            logger.warning("trial %s is not reported: %s", self._trial.number, error.detail)
            record.put_back(reports)
            self._adjusted_at = adjusted_at
            first, longest = RETRY_SECONDS
            self._retry_seconds = min(longest, max(first, 2 * self._retry_seconds))
        else:
            self._retry_seconds = 0.0
        self._reported_at = time.monotonic()

    def _heed(self, decision: schemas.Decision) -> None:
        if decision.action == "stop":
            # The lease is another's now, or the trial was ended: discard and go on.
            self._lose()
        elif decision.action == "pause":
            self._paused = True
        elif decision.adjust_epoch is not None:
            self._changes |= decision.adjustments
            self._adjusted_at = decision.adjust_epoch

    def _lose(self) -> None:
        if self._lost_at is None:
            self._lost_at = time.monotonic()

    def _adjust(self) -> None:
        """Hand on the adjustments of the epochs up to here."""
        for epoch in [epoch for epoch in self._ahead if epoch <= self._record.epoch]:
            self._changes |= self._ahead.pop(epoch)
            self._adjusted_at = epoch

    def _keep_checkpoint(self) -> None:
        """Leave the last checkpoint that was saved, now and then."""
        if self._saved and is_time(self._kept_at, self._task.checkpoint_seconds):
            self._leave_checkpoint()

    def _leave_checkpoint(self) -> None:
        """Leave the last checkpoint that was saved; one that is not taken is a lost lease."""
        if self._saved is None or self._lost_at is not None:
            return
        (saved, best), self._saved = self._saved, None
        if saved.epoch <= self._trial.start_epoch:
            return
        # A checkpoint is of an epoch that was reported.
        self._retry_seconds = 0.0
        self._send_reports()
        try:
            with suppress(Conflict, NotFound):
                self._client.put_checkpoint(
                    self._trial.study,
                    self._trial.number,
                    saved.content,
                    lease=self._trial.lease.token,
                    best=best,
                    epoch=saved.epoch,
                )
        except CaviarError as error:
            if not isinstance(error, Invalid):
                self._saved = saved, best
            logger.warning(
                "trial %s keeps no checkpoint of epoch %s: %s",
                self._trial.number,
                saved.epoch,
                error.detail,
            )
        self._kept_at = time.monotonic()

    def _end(self, outcome: Outcome) -> None:
        """Report what is left, leave the last checkpoint, and tell what came of the trial."""
        if self._lost_at is not None:
            return
        self._retry_seconds = 0.0
        self._send_reports()
        self._leave_checkpoint()
        self._results.ended(outcome, was_stopped=self._paused and self._told_to_stop)
