"""Segments of a function, in a pool's process: between the function's process and the server."""

from __future__ import annotations

import logging
import math
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from typing import Any

from service import schemas
from service.client import Client
from service.errors import CaviarError, Conflict, Invalid, NotFound
from service.functions.keeper import Died, FunctionProcess
from service.functions.messages import (
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
from service.functions.process import TRACEBACK_CHARACTERS
from service.functions.records import Record
from service.functions.tasks import FunctionTask
from service.groups import Idle, Task

REPORT_SECONDS = 0.5
"""The shortest time between two reports of a trial."""

RETRY_SECONDS = (1.0, 30.0)
"""The first and the longest wait before a report is tried again that did not reach the server."""

TICK_SECONDS = 0.1
"""How often leases and time limits are looked after while a function says nothing."""

LOST_SECONDS = 30.0
"""How long a function may go on with a trial that is no longer its own."""

REST_SECONDS = 1.0
"""How long a process rests that cannot import its function any more."""

logger = logging.getLogger("caviar")

_processes: dict[str, FunctionProcess] = {}
"""The function's process of this process of the pool, by the function's reference."""


def run(task: Task) -> None:
    """Do one task in a process of the pool."""
    if isinstance(task, Idle):
        time.sleep(task.seconds)
        return
    assert isinstance(task, FunctionTask)
    client = _client(task.server)
    try:
        FunctionSegment(client, task, brief=_brief(task.server)).train()
    except Exception as error:
        if isinstance(error, CaviarError) and not isinstance(error, Invalid):
            raise  # the server is away: the lease brings the trial back
        lines = "".join(traceback.format_exception(error))
        task.fail(client, lines[-TRACEBACK_CHARACTERS:])
        raise


@lru_cache(maxsize=4)
def _client(server: str) -> Client:
    """For what must arrive."""
    return Client(server)


@lru_cache(maxsize=4)
def _brief(server: str) -> Client:
    """For what can be said again: a function should not wait for a server that is away."""
    return Client(server, patience_seconds=0.0)


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
        process_of: Callable[[str], FunctionProcess] | None = None,
    ) -> None:
        self._client = client
        self._brief = brief
        self._task = task
        self._trial = task.trial
        self._process_of = process_of or _process_of
        self._record = Record(task)
        self._params, self._ahead = _params(task.trial)
        self._changes: dict[str, schemas.Setting] = {}
        self._adjusted_at: int | None = None
        self._saved: tuple[Saved, schemas.Best | None] | None = None
        self._paused = False
        self._told_to_stop = False
        self._lost_at: float | None = None
        self._kept_at = self._reported_at = time.monotonic()
        self._retry_seconds = 0.0

    def train(self) -> None:
        """Let the function train the trial, and tell what came of it."""
        process = self._process_of(self._task.function)
        try:
            if not self._is_ready(process):
                return
            self._send_reports()  # from here on a lost lease is an attempt
            if self._lost_at is None and (outcome := self._follow(process)) is not None:
                process.drain()
                self._tell(outcome)
        except Died as how:
            self._leave_checkpoint()
            self._tell_crash(str(how))
        except BaseException:
            process.end()  # it is in the middle of the trial
            raise

    def _is_ready(self, process: FunctionProcess) -> bool:
        """Whether the function is imported; else the trial is given back, for it did not begin.

        The file has changed since the worker started, or what it imports.
        """
        try:
            while not process.is_ready and process.receive(TICK_SECONDS) is None:
                if self._is_time(self._reported_at, self._task.lease_seconds / 3):
                    self._reported_at = time.monotonic()
                    self._task.renew(self._brief)
            if process.unusable is None:
                return True
            why = process.unusable
        except Died as how:
            why = str(how)
        process.end()
        logger.error("the function cannot be imported any more: %s", why)
        self._task.give_back(self._client)
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
        began_at = time.monotonic()
        while True:
            message = process.receive(TICK_SECONDS)
            if isinstance(message, Returned | Failed):
                return message
            if message is not None:
                reply = self._answer(message)
                self._told_to_stop = self._told_to_stop or reply.stop
                process.send(reply)
            elif self._is_time(self._reported_at, self._task.lease_seconds / 3):
                self._send_reports()
            self._keep_checkpoint()
            now = time.monotonic()
            limit = self._task.trial_seconds
            if limit is not None and now - began_at > limit:
                process.end()
                self._leave_checkpoint()
                self._tell_failed(f"timeout: it trained for more than {limit:g} seconds")
                return None
            if self._lost_at is not None and now - self._lost_at > LOST_SECONDS:
                process.end()
                return None

    def _answer(self, message: Message) -> Reply:
        if isinstance(message, Reported):
            self._record.note(message.epoch, message.metrics)
            self._adjust()
        elif isinstance(message, Saved):
            self._saved = message, self._record.best
        else:
            assert isinstance(message, Asked)
        if self._is_time(self._reported_at, REPORT_SECONDS):
            self._send_reports()
        changes, self._changes = self._changes, {}
        return Reply(stop=self._should_stop, changes=changes)

    @property
    def _should_stop(self) -> bool:
        return self._paused or self._lost_at is not None or self._record.diverged is not None

    @staticmethod
    def _is_time(last: float, seconds: float) -> bool:
        return time.monotonic() - last >= seconds

    def _send_reports(self) -> None:
        """Report, and do what the decision says; what does not reach the server is said later."""
        if self._lost_at is not None or not self._is_time(self._reported_at, self._retry_seconds):
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
        if self._saved and self._is_time(self._kept_at, self._task.checkpoint_seconds):
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

    def _tell(self, outcome: Outcome) -> None:
        """Tell what came of the trial."""
        record = self._record
        if self._lost_at is not None:
            return
        self._retry_seconds = 0.0
        self._send_reports()
        self._leave_checkpoint()
        if record.diverged is not None:
            self._tell_diverged(record.diverged)
        elif isinstance(outcome, Failed):
            self._tell_failed(f"error: {outcome.why}")
        elif outcome.value is not None and not math.isfinite(outcome.value):
            self._tell_diverged(f"the function returned {outcome.value} as its value")
        elif self._paused and self._told_to_stop and record.epoch < self._trial.stop_epoch:
            self._tell_best("paused")
        elif outcome.value is None and record.best is None:
            metric = self._task.objective.metric
            self._tell_failed(
                f"error: the function returned nothing, and reported no {metric!r} before"
            )
        elif outcome.value is None:
            self._tell_best("completed")
        else:
            finite = {n: v for n, v in outcome.metrics.items() if math.isfinite(v)}
            self._tell_result(
                state="completed",
                value=outcome.value,
                epoch=self._epoch(),
                metrics={**record.metrics, **finite, self._task.objective.metric: outcome.value},
            )

    def _epoch(self) -> int | None:
        """How far the trial came, as far as that is known.

        Who returns at a rung has trained up to it, whatever was reported last.
        """
        goes_on = self._trial.leave_checkpoint
        return None if goes_on or not self._record.any_reported else self._record.epoch

    def _tell_best(self, state: str) -> None:
        record = self._record
        best = record.best
        self._tell_result(
            state=state,
            value=None if best is None else best.value,
            epoch=record.epoch if state == "paused" else self._epoch(),
            best_epoch=None if best is None else best.epoch,
            metrics={} if best is None else best.metrics,
        )

    def _tell_failed(self, reason: str) -> None:
        self._tell_result(state="failed", reason=_text(reason), epoch=self._record.epoch)

    def _tell_diverged(self, reason: str) -> None:
        self._tell_result(state="diverged", reason=_text(reason), epoch=self._record.epoch)

    def _tell_crash(self, how: str) -> None:
        """The process died: the trial waits for another attempt, if it has any left."""
        attempts = self._trial.attempt
        logger.warning("trial %s: its process ended with %s", self._trial.number, how)
        if self._lost_at is None:
            self._tell_result(
                state="waiting",
                crashed=True,
                reason=f"{attempts} attempts were lost, the last one when its process ended with "
                f"{how}",
            )

    def _tell_result(self, **fields: Any) -> None:
        result = schemas.Result(number=self._trial.number, lease=self._trial.lease.token, **fields)
        # A refused result is a lost lease: another worker trains the trial.
        with suppress(NotFound):
            self._client.tell(self._trial.study, [result])


def _process_of(reference: str) -> FunctionProcess:
    """The process of a function, started anew if it has ended."""
    process = _processes.get(reference)
    if process is None or not process.is_alive:
        process = _processes[reference] = FunctionProcess(reference)
    return process


def _params(
    trial: schemas.LeasedTrial,
) -> tuple[dict[str, schemas.Setting], dict[int, dict[str, schemas.Setting]]]:
    """The parameters that a segment begins with, and the adjustments that it meets, by epoch."""
    if trial.history is None:
        return dict(trial.params), {}
    params = dict(trial.history.params)
    ahead: dict[int, dict[str, schemas.Setting]] = {}
    for step in trial.history.adjustments:
        if step.epoch <= trial.start_epoch:
            params |= step.changes
        else:
            ahead[step.epoch] = dict(step.changes)
    return params, ahead


def _text(reason: str) -> str:
    """A reason that every database can hold: without NUL, and of whole characters."""
    whole = reason.encode(errors="replace").decode()
    return whole.replace("\x00", "␀")[:2_000]
