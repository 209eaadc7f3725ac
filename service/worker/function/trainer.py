"""What trains a trial by a function: the function's process, asked from the pool's process.

`run` is what the pool calls.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from caviar.service.client import Client
from caviar.service.contract import schemas
from caviar.service.contract.errors import NotFound
from caviar.service.worker.attempts import attempt, client_of
from caviar.service.worker.function.host import Died, FunctionProcess, process_of
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
from caviar.service.worker.tasks import LeasedTask, Task

TICK_SECONDS = 0.1
"""How often leases and time limits are checked while a function sends nothing."""

LOST_SECONDS = 30.0
"""How long a function may continue with a trial whose lease is lost."""

REST_SECONDS = 1.0
"""How long a process rests whose function cannot be imported any more."""

logger = logging.getLogger("caviar")


class OutOfTime(Exception):
    """The trial had all its time, with what it had in earlier segments and attempts."""


def run(task: Task) -> None:
    """Do one task in a process of the pool: a trial, or a rest."""
    attempt(task, _train)


def _train(client: Client, task: LeasedTask) -> None:
    assert isinstance(task, FunctionTask)
    train(client, task, brief=client_of(task.server, patient=False))


def train(
    client: Client,
    task: FunctionTask,
    *,
    brief: Client,
    process_of: Callable[[str], FunctionProcess] = process_of,
) -> None:
    """Train a trial to its segment's end, or to the end of its process or of its time.

    Args:
        client: for what must arrive: checkpoints and results.
        task: the trial, and how to train it.
        brief: a client without patience, for reports: the function does not wait for the server.
        process_of: the process that runs a function, started if need be.
    """
    process = process_of(task.function)
    trainer = FunctionTrainer(client, task, process)
    segment = Segment(task, trainer, TolerantSender(client, task.study, brief=brief))
    try:
        reason = trainer.wait_for_function(brief)
        if reason is None:
            segment.train()
        else:
            _release(client, task, process, reason)
    except OutOfTime:
        segment.save()
        segment.tell([trainer.results.timed_out()])
    except Died as how:
        segment.save()
        segment.tell([trainer.results.crashed(str(how))])
    except BaseException:
        process.end()  # it is in the middle of the trial
        raise


def _release(client: Client, task: FunctionTask, process: FunctionProcess, reason: str) -> None:
    """Release a trial that did not begin, for its function cannot be imported.

    The file, or a module that it imports, has changed since the worker started.
    """
    process.end()
    logger.error("the function cannot be imported any more: %s", reason)
    task.release(client)
    time.sleep(REST_SECONDS)


class FunctionTrainer:
    """Trains one trial by a function, at the function's pace.

    A question of the function is a step, which ends with the answer. The answer tells it to stop
    once a person has paused the trial, its metric has diverged, or its lease is lost.
    """

    def __init__(self, client: Client, task: FunctionTask, process: FunctionProcess) -> None:
        self._client = client
        self._task = task
        self._trial = task.trial
        self._process = process
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

    @property
    def numbers(self) -> list[int]:
        """The one trial, while its lease is ours."""
        return [] if self._lost_at is not None else [self._trial.number]

    @property
    def savable(self) -> list[int]:
        """The one trial, if the function saved something that is not on the server."""
        return [] if self._saved is None else [self._trial.number]

    def wait_for_function(self, brief: Client) -> str | None:
        """Wait for the import of the function; why it cannot be imported, or None.

        Leases are renewed meanwhile, and count as prefetched.
        """
        renewed_at = time.monotonic()
        try:
            while not self._process.is_ready and self._process.receive(TICK_SECONDS) is None:
                if is_time(renewed_at, self._task.lease_seconds / 3):
                    renewed_at = time.monotonic()
                    self._task.renew(brief)
        except Died as how:
            return str(how)
        return self._process.unusable

    def steps(self) -> Iterator[Step]:
        """Answer the function until it ends.

        Raises:
            Died: its process ended first.
            OutOfTime: its time ended first.
        """
        self._began_at = time.monotonic()
        if self._is_out_of_time():
            raise OutOfTime
        self._process.send(self._start())
        while True:
            message = self._process.receive(TICK_SECONDS)
            if isinstance(message, Returned | Failed):
                self._process.drain()
                self._outcome = message
                return
            if message is not None:
                self._note(message)
                yield Step.QUESTION
                self._answer()
            yield Step.QUIET
            if self._is_out_of_time():
                self._process.end()
                raise OutOfTime
            if self._lost_at is not None and is_time(self._lost_at, LOST_SECONDS):
                self._process.end()
                return

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
        elif isinstance(message, Saved) and message.epoch > self._trial.start_epoch:
            self._saved = Snapshot(message.content, self._record.best, epoch=message.epoch)

    def _answer(self) -> None:
        stop = self._paused or self._lost_at is not None or self._record.diverged is not None
        self._told_to_stop = self._told_to_stop or stop
        changes, self._changes = self._changes, {}
        self._process.send(Reply(stop=stop, changes=changes))

    def adjust(self, number: int, changes: Mapping[str, schemas.Setting]) -> None:
        """Give the function changed parameters with the next answer."""
        self._changes |= changes

    def checkpoint(self, number: int) -> Snapshot | None:
        """What the function saved last, if it is not on the server."""
        return self._saved

    def checkpoint_saved(self, number: int) -> None:
        """Forget what the function saved last."""
        self._saved = None

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
        was_stopped = self._paused and self._told_to_stop
        return self.results.ended(self._outcome, was_stopped=was_stopped)
