"""Real workers, killed in the middle: nothing is lost, no number comes twice, equal bits."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from functools import partial
from typing import Any

import pytest

from caviar.service.client import Client
from caviar.service.contract.states import StudyState
from tests.factories.studies import network
from tests.fakes.workers import train
from tests.faults import tally
from tests.faults.conftest import Place, Watched
from tests.processes import PATIENCE_SECONDS, is_alive, kill_worker, pool_processes, process, until
from tests.tables import table

pytestmark = [pytest.mark.both_databases, pytest.mark.processes]

TRIALS = 40 if tally.FAULTS > 1 else 20
JOBS = 2
PRUNED = {"pruner": {"kind": "successive_halving", "eta": 3, "min_epochs": 4}}
KILLS = 5 if tally.FAULTS > 1 else 2
MOMENT = 0.01
"""Seconds between two looks for a moment that passes."""

NAMES = {"worker": "the worker", "pool process": "a pool process", "everything": "both"}
"""What can be killed of a worker."""


def study(name: str) -> dict[str, Any]:
    """A study that takes a few seconds."""
    made = network(name, trials=TRIALS, sampler={"kind": "coarse_to_fine"})
    made["space"] |= {"hidden_units": {"type": "int", "low": 64, "high": 128}}
    made["objective"] |= {"dataset": "digits", "epochs": 40, "settings": {"optimizer": "momentum"}}
    return made


@pytest.fixture(scope="module")
def undisturbed(place: Place) -> list[tuple[Any, ...]]:
    """The table of a study trained in this process, alone."""
    return trained_alone(place, study("alone"))


@pytest.fixture(scope="module")
def undisturbed_and_pruned(place: Place) -> list[tuple[Any, ...]]:
    """The table of a pruned study trained in this process, alone."""
    return trained_alone(place, study("alone-pruned") | PRUNED)


def trained_alone(place: Place, definition: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The table of a study that nothing disturbed."""
    name = definition["name"]
    with Client(place.server) as client:
        client.create_study(definition)
        train(client, name)
        assert client.study(name).state == StudyState.COMPLETED
        return table(client, name)


def options(watched: Watched, name: str, *more: str) -> tuple[str, ...]:
    """The command that works on a study with two processes."""
    return ("work", "--server", watched.server, "--study", name, "--jobs", str(JOBS), *more)


@pytest.mark.smoke(database_kind="postgresql")
def test_two_workers_of_two_processes_give_the_same_table(
    watched: Watched, client: Client, undisturbed: list[tuple[Any, ...]]
) -> None:
    client.create_study(study("together"))
    command = options(watched, "together")
    with process(*command, "--name", "a"), process(*command, "--name", "b"):
        client.wait("together", timeout_seconds=PATIENCE_SECONDS)
    assert table(client, "together") == undisturbed
    assert [row[0] for row in undisturbed] == list(range(TRIALS))
    watched.check("together", "two workers at once")


@pytest.mark.smoke(database_kind="postgresql", what="pool process")
@pytest.mark.parametrize("seed", range(tally.FAULTS))
@pytest.mark.parametrize("what", ["worker", "pool process", "everything"])
def test_a_killed_worker_loses_nothing(
    watched: Watched, client: Client, undisturbed: list[tuple[Any, ...]], what: str, seed: int
) -> None:
    name = f"killed-{what.replace(' ', '-')}-{seed}"
    client.create_study(study(name))
    with process(*options(watched, name)) as first:
        until(lambda: is_half_way(client, name), longest_pause=MOMENT)
        kill(first, what)
        watched.place.age_leases()
        assert client.study(name).progress.finished < TRIALS
        with process(*options(watched, name)):
            client.wait(name, timeout_seconds=PATIENCE_SECONDS)
    assert table(client, name) == undisturbed
    watched.check(name, f"kill -9 of {NAMES[what]}, half way")


@pytest.mark.smoke(database_kind="postgresql")
@pytest.mark.parametrize("seed", range(tally.FAULTS))
def test_killed_at_random_moments_a_pruned_study_ends_with_the_same_table(
    watched: Watched, client: Client, undisturbed_and_pruned: list[tuple[Any, ...]], seed: int
) -> None:
    """Checkpoints are left all the time; the worker, or a process of its pool, dies several times.

    A trial that is at work may be lost three times only, so those moments are kept apart.
    """
    generator = random.Random(seed)
    name = f"random-{seed}"
    command = options(watched, name, "--checkpoint-seconds", "0.05")
    client.create_study(study(name) | PRUNED)
    kills = 0
    for _ in range(KILLS):
        before = client.study(name).progress.epochs_trained
        with process(*command) as worker:
            until(
                partial(trained, client, name, before + generator.randint(40, 160)),
                longest_pause=MOMENT,
            )
            if client.study(name).state == StudyState.COMPLETED:
                break
            kill(worker, generator.choice(list(NAMES)))
            kills += 1
        watched.place.age_leases()
    with process(*command):
        client.wait(name, timeout_seconds=PATIENCE_SECONDS)
    assert table(client, name) == undisturbed_and_pruned
    watched.check(name, "kill -9 at a random moment, pruned and with checkpoints", kills)


@pytest.mark.smoke(database_kind="postgresql")
@pytest.mark.parametrize("seed", range(tally.FAULTS))
def test_a_worker_that_was_stopped_and_goes_on_is_not_listened_to(
    watched: Watched, client: Client, undisturbed: list[tuple[Any, ...]], seed: int
) -> None:
    """It sleeps until another one has its trials; then it says what it had to say, too late."""
    name = f"asleep-{seed}"
    client.create_study(study(name))
    with process(*options(watched, name, "--name", "sleeper")) as sleeper:

        def sleeps_with_trials() -> bool:
            os.killpg(sleeper.pid, signal.SIGSTOP)
            if is_held_by(client, name, "sleeper"):
                return True
            os.killpg(sleeper.pid, signal.SIGCONT)
            return False

        until(lambda: is_half_way(client, name), longest_pause=MOMENT)
        until(sleeps_with_trials)
        try:
            watched.place.age_leases()
            with process(*options(watched, name, "--name", "other")):
                until(lambda: is_held_by(client, name, "other"))
                os.killpg(sleeper.pid, signal.SIGCONT)
                client.wait(name, timeout_seconds=PATIENCE_SECONDS)
        finally:
            os.killpg(sleeper.pid, signal.SIGCONT)
        assert sleeper.wait(timeout=PATIENCE_SECONDS) == 0  # a lost lease is no error
    assert table(client, name) == undisturbed
    watched.check(name, "a worker asleep until its leases are another's")


def trained(client: Client, name: str, epochs: int) -> bool:
    """Whether so many epochs were trained, or all is done."""
    found = client.study(name)
    return found.progress.epochs_trained >= epochs or found.state == StudyState.COMPLETED


def is_held_by(client: Client, name: str, worker: str) -> bool:
    """Whether any of a study's trials runs at a worker."""
    return any(t.state == "running" and t.worker == worker for t in client.trials(name))


def is_half_way(client: Client, name: str) -> bool:
    """Whether some trials have ended and others are at work, with more to come.

    Not whether it was reported of: a group reports twice a second, and may be done before that.
    """
    states = [trial.state for trial in client.trials(name)]
    begun = "completed" in states and "running" in states
    assert not begun or len(states) < TRIALS, "the study is too short for this test"
    return begun


def kill(worker: subprocess.Popen[bytes], what: str) -> None:
    """Kill -9 the worker's own process, one process of its pool, or all of them.

    When this returns, no process trains what they had.
    """
    if what == "pool process":
        pool = until(lambda: found if len(found := pool_processes(worker.pid)) == JOBS else None)
        os.kill(pool[0], signal.SIGKILL)
        until(lambda: not any(map(is_alive, pool)))
    else:
        kill_worker(worker, alone=what == "worker")
