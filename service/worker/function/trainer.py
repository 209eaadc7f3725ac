"""What trains a trial by a function: the function's process, asked from the pool's process.

`run` is what the pool calls.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache

from caviar.service.client import Client
from caviar.service.contract import schemas
from caviar.service.contract.errors import NotFound
from caviar.service.worker.attempts import attempt, client_of
from caviar.service.worker.function.host import PROCESSES, Died, FunctionProcess, Processes
from caviar.service.worker.function.messages import (
    Failed,
    Message,
    Outcome,
    Reply,
    Reported,
    Returned,
    Saved,
    Start,
)
from caviar.service.worker.function.reporting import TolerantSender
from caviar.service.worker.function.results import Results
from caviar.service.worker.function.tasks import FunctionTask
from caviar.service.worker.record import Record
from caviar.service.worker.segment import Segment, Snapshot, Step, is_time
from caviar.service.worker.tasks import Failure, LeasedTask, Task

TICK_SECONDS = 0.1
"""How often leases and time limits are checked while a function sends nothing."""

LOST_SECONDS = 30.0
"""How long a function may continue with a trial whose lease is lost."""

REST_SECONDS = 1.0
"""How long a process rests whose function cannot be imported any more."""

logger = logging.getLogger("caviar")


class OutOfTime(Exception):
    """The trial had all its time, with what it had in earlier segments and attempts."""


def run(task: Task) -> Failure | None:
    """Do one task in a process of the pool: a trial, or a rest. Returns how the trial failed."""
    return attempt(task, _train)


def _train(client: Client, task: LeasedTask) -> Failure | None:
    assert isinstance(task, FunctionTask)
    return train(client, task, brief=client_of(task.server, patient=False))


def train(
    client: Client,
    task: FunctionTask,
    *,
    brief: Client,
    processes: Processes = PROCESSES,
) -> Failure | None:
    """Train a trial to its segment's end, or to the end of its process or of its time.

    Args:
        client: for what must arrive: checkpoints and results.
        task: the trial, and how to train it.
        brief: a client without patience, for reports: the function does not wait for the server.
        processes: those that run functions.

    Returns:
        How the trial failed, if it did; the server knows it already.
    """
    trainer = FunctionTrainer(client, task, processes)
    segment = Segment(task, trainer, TolerantSender(client, task.study, brief=brief))
    ended: schemas.Result | None = None
    try:
        reason = trainer.wait_for_function(brief)
        if reason is not None:
            _release(client, task, trainer.process, reason)
            return None
        segment.train()
    except OutOfTime:
        ended = trainer.results.timed_out()
    except Died as how:
        ended = trainer.results.crashed(str(how))
    except BaseException:
        trainer.process.end()  # it is in the middle of the trial
        raise
    if ended is not None:
        segment.save()
        segment.tell([ended])
    trainer.clean_up()
    reason = trainer.failure if ended is None else ended.reason
    return None if reason is None else Failure.of(task.trial, reason)


def _release(client: Client, task: FunctionTask, process: FunctionProcess, reason: str) -> None:
    """Release a trial that did not begin, for its function cannot be imported.

    The file, or a module that it imports, has changed since the worker started.
    """
    process.end()
    _tell_once(reason)
    task.release(client)
    time.sleep(REST_SECONDS)


@lru_cache(maxsize=1)
def _tell_once(reason: str) -> None:
    """Log why the function cannot be imported, once for as long as the reason is the same."""
    logger.error("the function cannot be imported any more, which is tried again: %s", reason)


class FunctionTrainer:
    """Trains one trial by a function, at the function's pace.

    A question of the function is a step, which ends with the answer. The answer tells it to stop
    once a person has paused the trial, its metric has diverged, or its lease is lost.
    """

    def __init__(self, client: Client, task: FunctionTask, processes: Processes) -> None:
        self._client = client
        self._task = task
        self._trial = task.trial
        self._processes = processes
        self.process = processes.of(task.function)
        self._replaced: FunctionProcess | None = None
        self._record = Record(task, task.trial)
        self.records: Mapping[int, Record] = {self._trial.number: self._record}
        self.results = Results(task, self._record)
        self._params = task.params()
        self._changes: dict[str, schemas.Setting] = {}
        self._saved: Snapshot | None = None
        self._paused = False
        self._told_to_stop = False
        self._lost_at: float | None = None
        self._began_at = time.monotonic()
        self._outcome: Outcome = Returned(None)
        self._left_out: set[str] = set()
        self.failure: str | None = None
        """Why the trial failed, once its result is known."""

    @property
    def numbers(self) -> list[int]:
        """The one trial, while its lease is ours."""
        return [] if self._lost_at is not None else [self._trial.number]

    @property
    def savable(self) -> list[int]:
        """The one trial, if the function saved something that is not on the server."""
        return [] if self.checkpoint(self._trial.number) is None else [self._trial.number]

    def wait_for_function(self, brief: Client) -> str | None:
        """Wait for the import of the function; why it cannot be imported, or None.

        Leases are renewed meanwhile, and count as prefetched.
        """
        renewed_at = time.monotonic()
        try:
            while not self.process.is_ready and self.process.receive(TICK_SECONDS) is None:
                if is_time(renewed_at, self._task.lease_seconds / 3):
                    renewed_at = time.monotonic()
                    self._task.renew(brief)
        except Died as how:
            return str(how)
        return self.process.unusable

    def steps(self) -> Iterator[Step]:
        """Answer the function until it ends.

        Raises:
            Died: its process ended first.
            OutOfTime: its time ended first.
        """
        self._began_at = time.monotonic()
        if self._is_out_of_time():
            raise OutOfTime
        self.process.send(self._start())
        while True:
            message = self.process.receive(TICK_SECONDS)
            if isinstance(message, Returned | Failed):
                self.process.drain()
                self._outcome = message
                self._note_outcome(message)
                return
            if message is not None:
                self._note(message)
                yield Step.QUESTION
                self._answer()
            yield Step.QUIET
            if self._is_out_of_time():
                self.process.end()
                raise OutOfTime
            if self._lost_at is not None and is_time(self._lost_at, LOST_SECONDS):
                self.process.end()
                return

    def _note_outcome(self, outcome: Outcome) -> None:
        """Replace the process of a function that raised; else place what it saved at the end."""
        if isinstance(outcome, Failed):
            if outcome.has_raised:
                self._replaced = self._processes.replace(self._task.function)
            return
        self._processes.settle(self._task.function)
        saved, record = self._saved, self._record
        if saved is None or saved.epoch is None or saved.epoch <= record.epoch:
            return
        value = outcome.value
        if self._was_stopped or (value is not None and not math.isfinite(value)):
            self._saved = None  # the segment's end was not reached, or is not worth it
            return
        record.note(saved.epoch, {})
        if value is not None:
            metrics = {name: v for name, v in outcome.metrics.items() if math.isfinite(v)}
            self._saved = replace(saved, best=schemas.Best(value=value, metrics=metrics))

    def clean_up(self) -> None:
        """Wait for the end of a process that was replaced, so that its memory is free again."""
        if self._replaced is not None:
            self._replaced.retire()

    def _is_out_of_time(self) -> bool:
        limit = self._task.trial_seconds
        spent = self._trial.seconds + time.monotonic() - self._began_at
        return limit is not None and spent > limit

    def _start(self) -> Start:
        trial = self._trial
        content: bytes | None = None
        if trial.start_epoch:
            with suppress(NotFound):
                content = self._client.checkpoint(
                    trial.study, trial.number, epoch=trial.start_epoch
                )
        changes, self._changes = self._changes, {}
        return Start(
            study=trial.study,
            number=trial.number,
            params={**self._params, **changes},
            seed=trial.seed,
            metric=self._task.objective.metric,
            start_epoch=trial.start_epoch,
            stop_epoch=trial.stop_epoch,
            checkpoint=content,
        )

    def _note(self, message: Message) -> None:
        if isinstance(message, Reported):
            self._record.note(message.epoch, message.metrics)
            self._tell_left_out(message)
        elif isinstance(message, Saved) and message.epoch > self._trial.start_epoch:
            self._saved = Snapshot(message.content, self._record.best, epoch=message.epoch)

    def _tell_left_out(self, message: Reported) -> None:
        """Log, once for each name, that a metric beside the objective's is not finite."""
        for name, value in message.metrics.items():
            is_new = name != self._task.objective.metric and name not in self._left_out
            if is_new and not math.isfinite(value):
                self._left_out.add(name)
                logger.warning(
                    "trial %s: %s is %s in epoch %s, and is left out wherever it is not finite",
                    *(self._trial.number, name, value, message.epoch),
                )

    def _answer(self) -> None:
        stop = self._paused or self._lost_at is not None or self._record.diverged is not None
        self._told_to_stop = self._told_to_stop or stop
        changes, self._changes = self._changes, {}
        self.process.send(Reply(stop=stop, changes=changes))

    def adjust(self, number: int, changes: Mapping[str, schemas.Setting]) -> None:
        """Give the function changed parameters with the next answer."""
        self._changes |= changes

    def checkpoint(self, number: int) -> Snapshot | None:
        """What the function saved last, if it is not on the server and its epoch is reached."""
        saved = self._saved
        ahead = saved is not None and (saved.epoch or 0) > self._record.epoch
        return None if ahead else saved

    def checkpoint_saved(self, number: int) -> None:
        """Forget what the function saved last."""
        self._saved = None

    @property
    def _was_stopped(self) -> bool:
        return self._paused and self._told_to_stop

    def pause(self, number: int) -> bool:
        """Tell the function to stop with the next answer: it saves what it needs, and returns."""
        self._paused = True
        return False

    def drop(self, number: int) -> None:
        """Give the function some time to stop by itself."""
        if self._lost_at is None:
            self._lost_at = time.monotonic()

    def result(self, number: int) -> schemas.Result:
        """What the function did."""
        result = self.results.ended(self._outcome, was_stopped=self._was_stopped)
        self.failure = result.reason if result.state == "failed" else None
        return result
