"""Real workers, killed in the middle: nothing is lost, no number comes twice, equal bits."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from typing import Any

import pytest

from service.client import Client
from service.states import StudyState
from tests.faults import tally
from tests.faults.conftest import Place, Watched
from tests.support.processes import children, command_line, kill_all, process
from tests.support.studies import network

TRIALS = 40
PRUNED = {"pruner": {"kind": "successive_halving", "eta": 3, "min_epochs": 4}}
NAMES = {"worker": "the worker", "pool process": "a pool process", "everything": "both"}
"""What can be killed of a worker."""


def study(name: str) -> dict[str, Any]:
    """A study that takes a few seconds."""
    made = network(name, trials=TRIALS, sampler={"kind": "coarse_to_fine"})
    made["space"] |= {"hidden_units": {"type": "int", "low": 64, "high": 128}}
    made["objective"] |= {"dataset": "digits", "epochs": 40, "settings": {"optimizer": "momentum"}}
    return made


def table(client: Client, name: str) -> list[tuple[Any, ...]]:
    """Everything of a study's trials that must not depend on who trained them."""
    return [
        (
            t.number,
            t.state,
            repr(t.params),
            repr(t.value),
            t.epoch,
            t.best_epoch,
            t.round,
            t.metrics,
        )
        for t in client.trials(name)
    ]


@pytest.fixture(scope="module")
def undisturbed(place: Place) -> list[tuple[Any, ...]]:
    """The table of a study trained by one process, alone."""
    return trained_alone(place, study("alone"))


@pytest.fixture(scope="module")
def undisturbed_and_pruned(place: Place) -> list[tuple[Any, ...]]:
    """The table of a pruned study trained by one process, alone."""
    return trained_alone(place, study("alone-pruned") | PRUNED)


def trained_alone(place: Place, definition: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The table of a study that nothing disturbed."""
    name = definition["name"]
    with Client(place.server) as client:
        client.create_study(definition)
        with process("work", "--server", place.server, "--jobs", "1", "--study", name) as worker:
            assert worker.wait(timeout=240) == 0  # a worker of one study ends with it
        assert client.study(name).state == StudyState.COMPLETED
        return table(client, name)


def options(watched: Watched, name: str, *more: str) -> tuple[str, ...]:
    """The command that works on a study, with leases that soon run out."""
    fixed = ("work", "--server", watched.server, "--study", name, "--jobs", "2")
    return (*fixed, "--lease-seconds", "2", *more)


def test_two_workers_of_two_processes_give_the_same_table(
    watched: Watched, client: Client, undisturbed: list[tuple[Any, ...]]
) -> None:
    client.create_study(study("together"))
    command = options(watched, "together")
    with process(*command, "--name", "a"), process(*command, "--name", "b"):
        client.wait("together", timeout_seconds=240)
    assert table(client, "together") == undisturbed
    assert [row[0] for row in undisturbed] == list(range(TRIALS))
    watched.check("together", "two workers at once")


@pytest.mark.parametrize("seed", range(tally.FAULTS))
@pytest.mark.parametrize("what", ["worker", "pool process", "everything"])
def test_a_killed_worker_loses_nothing(
    watched: Watched, client: Client, undisturbed: list[tuple[Any, ...]], what: str, seed: int
) -> None:
    name = f"killed-{what.replace(' ', '-')}-{seed}"
    client.create_study(study(name))
    with process(*options(watched, name)) as first:
        wait_until_half_way(client, name)
        kill(first, what)
        assert client.study(name).progress.finished < TRIALS
        with process(*options(watched, name)):
            client.wait(name, timeout_seconds=240)
    assert table(client, name) == undisturbed
    watched.check(name, f"kill -9 of {NAMES[what]}, half way")


@pytest.mark.parametrize("seed", range(tally.FAULTS))
def test_killed_at_random_moments_a_pruned_study_ends_with_the_same_table(
    watched: Watched, client: Client, undisturbed_and_pruned: list[tuple[Any, ...]], seed: int
) -> None:
    """Checkpoints are left all the time; the worker, or one process of its pool, dies five times.

    A trial that is at work may be lost three times only, so those moments are kept apart.
    """
    generator = random.Random(seed)
    name = f"random-{seed}"
    command = options(watched, name, "--checkpoint-seconds", "0.05")
    client.create_study(study(name) | PRUNED)
    kills = 0
    for _ in range(5):
        before = client.study(name).progress.epochs_trained
        with process(*command) as worker:
            wait_for_epochs(client, name, before + generator.randint(40, 160))
            if client.study(name).state == StudyState.COMPLETED:
                break
            kill(worker, generator.choice(list(NAMES)))
            kills += 1
    with process(*command):
        client.wait(name, timeout_seconds=240)
    assert table(client, name) == undisturbed_and_pruned
    watched.check(name, "kill -9 at a random moment, pruned and with checkpoints", kills)


@pytest.mark.parametrize("seed", range(tally.FAULTS))
def test_a_worker_that_was_stopped_and_goes_on_is_not_listened_to(
    watched: Watched, client: Client, undisturbed: list[tuple[Any, ...]], seed: int
) -> None:
    """It sleeps until another one has its trials; then it says what it had to say, too late."""
    name = f"asleep-{seed}"
    client.create_study(study(name))
    with process(*options(watched, name, "--name", "sleeper")) as sleeper:
        wait_until_half_way(client, name)
        os.killpg(sleeper.pid, signal.SIGSTOP)
        try:
            with process(*options(watched, name, "--name", "other")):
                wait_until_nobody_holds(client, name, "sleeper")
                os.killpg(sleeper.pid, signal.SIGCONT)
                client.wait(name, timeout_seconds=240)
        finally:
            os.killpg(sleeper.pid, signal.SIGCONT)
        assert sleeper.wait(timeout=60) == 0  # a lost lease is no error
    assert table(client, name) == undisturbed
    watched.check(name, "a worker asleep until its leases are another's")


def wait_for_epochs(client: Client, name: str, epochs: int) -> None:
    """Wait until so many epochs were trained, or all is done."""
    deadline = time.monotonic() + 60
    while True:
        found = client.study(name)
        if found.progress.epochs_trained >= epochs or found.state == StudyState.COMPLETED:
            return
        assert time.monotonic() < deadline
        time.sleep(0.01)


def wait_until_nobody_holds(client: Client, name: str, worker: str) -> None:
    """Wait until none of a study's trials runs at a worker."""
    deadline = time.monotonic() + 60
    while any(t.state == "running" and t.worker == worker for t in client.trials(name)):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def wait_until_half_way(client: Client, name: str) -> None:
    """Wait until a round has ended and another has been given out, with rounds to come.

    Not for a report of it: a group reports twice a second, and may be done before that.
    """
    deadline = time.monotonic() + 60
    while True:
        states = [trial.state for trial in client.trials(name)]
        if "completed" in states and "running" in states:
            assert len(states) < TRIALS, "the study is too short for this test"
            return
        assert time.monotonic() < deadline
        time.sleep(0.01)


def kill(worker: subprocess.Popen[bytes], what: str) -> None:
    """Kill -9 the worker's own process, one process of its pool, or all of them."""
    if what == "worker":
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
    elif what == "everything":
        kill_all(worker)
    else:
        os.kill(_pool_process(worker.pid), signal.SIGKILL)


def _pool_process(pid: int) -> int:
    """A process of the pool."""
    deadline = time.monotonic() + 30
    while True:  # a pool that was broken a moment ago is being rebuilt
        for child in children(pid):
            if "popen_loky_posix" in command_line(child):
                return child
        assert time.monotonic() < deadline, "the worker has no pool process"
        time.sleep(0.01)
