"""Many people act on trials at random while workers train them, sleep and die."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from caviar.service.client import Client
from caviar.service.contract import schemas
from caviar.service.contract.errors import CaviarError
from caviar.service.contract.schemas import Decision, Recorded, Report, Result
from caviar.service.contract.states import OPEN, StudyState, TrialState
from caviar.service.server.operations import leases
from caviar.service.server.store.database import Database
from caviar.service.worker.network.groups import Group, Grouping
from caviar.service.worker.network.trainer import train as train_group
from tests.factories.studies import network
from tests.fakes.clients import Killed
from tests.fakes.clock import age_leases
from tests.faults.checker import Final
from tests.faults.history import Recording
from tests.faults.standing import integrity, standing
from tests.processes import PATIENCE_SECONDS

NAME = "hands"
EPOCHS = 8
MOST_TRIALS = 30


def study(seed: int) -> dict[str, Any]:
    """Small networks with all that has a state: momentum, dropout, batch norm, rungs."""
    made = network(NAME, trials=8, seed=seed)
    made["objective"]["epochs"] = EPOCHS
    made["objective"]["settings"] |= {"keep_prob": 0.8, "batch_norm": True, "batch_size": 32}
    if seed % 2:
        made["pruner"] = {"kind": "successive_halving", "min_epochs": 2}
    return made


class Stammering:
    """A client for a segment that says things twice, late, or not any more."""

    def __init__(self, client: Client, generator: random.Random, late: list[list[Result]]) -> None:
        self._client = client
        self._random = generator
        self._late = late
        self._dies_after = generator.choice([None, None, None, generator.randint(0, 6)])
        self.twice = generator.random() < 0.5

    def report(self, study: str, reports: Sequence[Report]) -> list[Decision]:
        """Report, perhaps twice, or die."""
        if self._dies_after is not None:
            if self._dies_after == 0:
                raise Killed
            self._dies_after -= 1
        if self.twice:
            self._client.report(study, reports)
        return self._client.report(study, reports)

    def tell(self, study: str, results: Sequence[Result]) -> list[Recorded]:
        """Tell, and perhaps again much later."""
        self._late.append(list(results))
        recorded = self._client.tell(study, results)
        if self.twice:
            self._client.tell(study, results)
        return recorded

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


class Hands:
    """Workers, people and a reaper over one study, until it is told to stop."""

    def __init__(self, database: Database, client: Client, *, seed: int) -> None:
        self._database = database
        self._client = client
        self._seed = seed
        self._late: list[list[Result]] = []
        self._calm = threading.Event()
        self._over = threading.Event()
        self.done: set[str] = set()
        """What people did, each action by its own reason."""

    def work(self, name: int) -> None:
        """Ask and train; while it is not calm, also die, stammer, and speak too late."""
        generator = random.Random(f"{self._seed} worker {name}")
        while not self._over.is_set():
            with suppress(CaviarError):
                count = generator.randint(1, 4)
                leased = self._client.ask(
                    NAME, count=count, worker=f"w{name}", prefetched=generator.random() < 0.5
                ).trials
                for group in Grouping(self._client, jobs=1, checkpoint_seconds=0.0).of(leased):
                    self._train(group, generator)
                if not leased:
                    self._over.wait(0.02)
            if self._late and generator.random() < 0.2:
                with suppress(CaviarError):
                    self._client.tell(NAME, generator.choice(self._late))

    def _train(self, group: Group, generator: random.Random) -> None:
        speaker: Any = self._client
        if not self._calm.is_set():
            speaker = Stammering(self._client, generator, self._late)
        with suppress(CaviarError, Killed):
            train_group(speaker, group)

    def reap(self) -> None:
        """Expire leases; now and then, every worker sleeps for too long."""
        generator = random.Random(f"{self._seed} reaper")
        while not self._over.wait(0.03):
            if self._calm.is_set() or generator.random() < 0.2:
                age_leases(self._database, 30.0)
            leases.reap(self._database)

    def poll(self) -> None:
        """Follow the changes, as the page does."""
        since, looks_again = 0, True
        while looks_again:
            looks_again = not self._over.wait(0.05)
            self._client.study(NAME)
            changed = self._client.trials(NAME, since=since)
            since = max([since, *(trial.revision for trial in changed)])

    def steer(self, name: int, acts: int) -> None:
        """Do one thing after the other to trials that come to mind."""
        generator = random.Random(f"{self._seed} person {name}")
        for count in range(acts):
            reason = f"{name}-{count}"
            verb = generator.choice(VERBS)
            numbers = [trial.number for trial in self._client.trials(NAME)]
            if not numbers:
                self._over.wait(0.01)
                continue
            with suppress(CaviarError):
                if verb(self._client, generator.choice(numbers), generator, reason, len(numbers)):
                    self.done.add(reason)

    def calm_down(self) -> None:
        """Let everything that is open come to its end, then each completed trial go on a little."""
        self._calm.set()
        self._client.change_study(NAME, state="running")
        self._settle()
        for trial in self._client.trials(NAME):
            if trial.state == TrialState.COMPLETED:
                self._client.extend(NAME, trial.number, 1)
        self._settle()
        self._over.set()

    def _settle(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._client.study(NAME).state != StudyState.COMPLETED:
            still = [trial for trial in self._client.trials(NAME) if trial.state in OPEN]
            assert time.monotonic() < deadline, still
            for trial in still:
                if trial.state == TrialState.PAUSED and trial.manual:
                    try:
                        self._client.resume(NAME, trial.number)
                    except CaviarError:  # nothing is left to train, and it has no value
                        with suppress(CaviarError):
                            self._client.extend(NAME, trial.number, 1)
            self._over.wait(0.1)


def _adjust(client: Client, number: int, generator: random.Random, reason: str, _: int) -> bool:
    changes: dict[str, schemas.Setting] = {"learning_rate": generator.uniform(0.001, 0.1)}
    if generator.random() < 0.3:
        changes["batch_size"] = generator.choice([16, 64])
    client.adjust(NAME, number, changes, reason=reason)
    return True


def _pause(client: Client, number: int, _: random.Random, reason: str, __: int) -> bool:
    client.pause(NAME, number, reason=reason)
    return True


def _resume(client: Client, number: int, generator: random.Random, reason: str, _: int) -> bool:
    client.resume(NAME, number, release=generator.random() < 0.4, reason=reason)
    return True


def _rewind(client: Client, number: int, generator: random.Random, reason: str, _: int) -> bool:
    client.rewind(NAME, number, generator.randint(0, EPOCHS), reason=reason)
    return True


def _extend(client: Client, number: int, generator: random.Random, reason: str, _: int) -> bool:
    client.extend(NAME, number, generator.randint(1, 3), reason=reason)
    return True


def _fork(client: Client, number: int, generator: random.Random, reason: str, trials: int) -> bool:
    if trials > MOST_TRIALS:
        return False
    epoch = generator.choice([None, generator.randint(0, EPOCHS)])
    client.fork(
        NAME,
        number,
        count=generator.randint(1, 2),
        perturb={"learning_rate": 3.0},
        epoch=epoch,
        epochs=generator.choice([None, 4]),
        twin=generator.random() < 0.5,
        reason=reason,
    )
    return True


def _cancel(client: Client, number: int, generator: random.Random, reason: str, _: int) -> bool:
    if generator.random() < 0.8:
        return False
    client.cancel(NAME, number, reason=reason)
    return True


def _void(client: Client, number: int, _: random.Random, reason: str, __: int) -> bool:
    client.void(NAME, number, reason)
    return True


def _unvoid(client: Client, number: int, _: random.Random, reason: str, __: int) -> bool:
    client.unvoid(NAME, number, reason=reason)
    return True


def _change_study(client: Client, _: int, generator: random.Random, __: str, trials: int) -> bool:
    if generator.random() < 0.5:
        client.change_study(NAME, state="paused")
        client.change_study(NAME, state="running")
    elif trials < MOST_TRIALS:
        client.change_study(NAME, trials=trials + 1)
    return False


def _replicate(client: Client, _: int, __: random.Random, ___: str, trials: int) -> bool:
    if trials < MOST_TRIALS:
        client.replicate(NAME, top=1, seeds=1)
    return False


Verb = Callable[[Client, int, random.Random, str, int], bool]
VERBS: Sequence[Verb] = (
    *(_adjust, _adjust, _pause, _resume, _resume, _rewind, _rewind, _extend, _fork),
    *(_cancel, _void, _unvoid, _change_study, _replicate),
)


def hands(
    database: Database, transport: httpx.BaseTransport, file: Path, *, seed: int, acts: int
) -> tuple[Final, set[str]]:
    """Let many hands steer one study; how it stands once all have let go, and what they did."""
    recorded = Recording(transport, file)
    with Client("http://localhost", transport=recorded, patience_seconds=0) as client:
        client.create_study(study(seed))
        crowd = Hands(database, client, seed=seed)
        with ThreadPoolExecutor(8) as threads:
            others = [
                threads.submit(crowd.reap),
                threads.submit(crowd.poll),
                *(threads.submit(crowd.work, name) for name in range(3)),
            ]
            try:
                for each in [threads.submit(crowd.steer, name, acts) for name in range(3)]:
                    each.result()
                crowd.calm_down()
            finally:
                crowd._over.set()
            for each in others:
                each.result()
        return standing(client, NAME, integrity(database.engine)), crowd.done
