"""What trains the trials of a group: their networks, in lock-step, in this process.

`run` is what the pool calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from caviar import engine
from caviar.service.client import Client
from caviar.service.contract import limits, schemas
from caviar.service.contract.errors import NotFound
from caviar.service.worker.attempts import attempt
from caviar.service.worker.network.datasets import dataset_of
from caviar.service.worker.network.groups import Group
from caviar.service.worker.record import Record
from caviar.service.worker.segment import Segment, Sender, Snapshot, Step
from caviar.service.worker.tasks import LeasedTask, Task


def run(task: Task) -> None:
    """Do one task in a process of the pool: a group, or a rest."""
    attempt(task, _train)


def _train(client: Client, task: LeasedTask) -> None:
    assert isinstance(task, Group)
    train(client, task)


def train(client: Client, group: Group) -> None:
    """Train a group to its segment's end, and tell the results.

    Raises:
        NotFound: every checkpoint that the trials continue from is gone.
    """
    Segment(group, NetworkTrainer(client, group), Sender(client, group.study)).train()


class NetworkTrainer:
    """Trains the networks of a group, without trials whose checkpoint is gone: they wait again.

    Raises:
        NotFound: every checkpoint is gone.
    """

    def __init__(self, client: Client, group: Group) -> None:
        self._client = client
        self._group = group
        self._stop_epoch = group.trials[0].stop_epoch
        self._dataset = dataset_of(client, group.objective)
        self._best: dict[int, engine.Weights] = {}
        """The weights of the best epoch of trials, where it is not their current one."""
        lanes, states = self._start()
        self._training = engine.Training(self._dataset, lanes, seed=group.seed, start=states)
        trials = {trial.number: trial for trial in group.trials}
        self.records: Mapping[int, Record] = {
            number: Record(group, trials[number]) for number in self.numbers
        }

    def _start(self) -> tuple[list[engine.Lane], dict[int, engine.LaneState]]:
        """The lanes as they begin here: as new, or as their checkpoints left them."""
        lanes: list[engine.Lane] = []
        states: dict[int, engine.LaneState] = {}
        trials = {trial.number: trial for trial in self._group.trials}
        for lane in self._group.lanes()[0]:
            if not trials[lane.number].start_epoch:
                lanes.append(lane)
            elif checkpoint := self._load(trials[lane.number]):
                lanes.append(replace(lane, recipe=checkpoint.recipe))
                states[lane.number] = checkpoint.state
                if checkpoint.best is not None:
                    self._best[lane.number] = checkpoint.best
        if not lanes:
            raise NotFound("every checkpoint that the trials continue from is gone")
        return lanes, states

    def _load(self, trial: schemas.LeasedTrial) -> engine.Checkpoint | None:
        """The checkpoint that a trial continues from; None if it is gone, as after a rewind."""
        study, number = self._group.study, trial.number
        try:
            content = self._client.checkpoint(study, number, epoch=trial.start_epoch)
        except NotFound as error:
            gone = schemas.Result(
                number=number,
                lease=trial.lease.token,
                state="waiting",
                crashed=True,
                reason=error.detail,
            )
            self._client.tell(study, [gone])
            return None
        return engine.read_checkpoint(content)

    @property
    def numbers(self) -> list[int]:
        """The trials that are still in training."""
        return [lane.number for lane in self._training.lanes]

    @property
    def savable(self) -> list[int]:
        """Every trial, before the segment's end."""
        return self.numbers if self._training.epoch < self._stop_epoch else []

    def steps(self) -> Iterator[Step]:
        """Train to the segment's end, with a step between two epochs."""
        self._keep_best()
        for epoch in self._training.run(self._stop_epoch):
            for number, metrics in epoch.metrics.items():
                diverged = epoch.diverged.get(number)
                self.records[number].note(epoch.epoch, metrics, diverged=diverged)
            if epoch.epoch < self._stop_epoch:
                yield Step.EPOCH
                self._keep_best()

    def _keep_best(self) -> None:
        """Copy the weights of trials whose best epoch is the current one, before the next one."""
        if self._group.objective.value == "best":
            better = [
                number
                for number in self.numbers
                if _best_epoch(self.records[number]) == self._training.epoch
            ]
            self._best |= self._training.weights(better)

    def adjust(self, number: int, changes: Mapping[str, schemas.Setting]) -> None:
        """Change hyperparameters of a trial from the next epoch on."""
        self._training.adjust(number, changes)

    def checkpoint(self, number: int) -> Snapshot | None:
        """A checkpoint of the current epoch; None of a trial that trains no more."""
        for lane in self._training.lanes:
            if lane.number == number:
                record, best = self.records[number], self._best.get(number)
                best_epoch = _best_epoch(record)
                is_before = best_epoch is not None and best_epoch < record.epoch
                if best is not None and not (is_before and best.epoch == best_epoch):
                    best = None
                state = self._training.checkpoint(number)
                checkpoint = engine.make_checkpoint(
                    lane, state, self._dataset, seed=self._group.seed, best=best
                )
                content = engine.write_checkpoint(checkpoint)
                if len(content) > limits.CHECKPOINT_BYTES:  # to continue is worth more
                    content = engine.write_checkpoint(replace(checkpoint, best=None))
                return Snapshot(content, record.best)
        return None

    def checkpoint_saved(self, number: int) -> None:
        """Do nothing: a checkpoint is made anew each time."""

    def pause(self, number: int) -> bool:
        """Do nothing: between two epochs a network can be left where it is."""
        return True

    def drop(self, number: int) -> None:
        """Train a trial no more."""
        if number in self.numbers:
            self._training.drop(number)

    def result(self, number: int) -> schemas.Result:
        """The best so far, at the segment's end."""
        return self.records[number].best_result("completed")


def _best_epoch(record: Record) -> int | None:
    return None if record.best is None else record.best.epoch
