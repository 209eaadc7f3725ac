"""Real workers, killed in the middle: nothing is lost, no number comes twice, equal bits."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from service.client import Client
from service.states import StudyState
from tests.support.processes import children, command_line, kill_all, process, served
from tests.support.studies import network

TRIALS = 40


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
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One server for all of them."""
    with served(tmp_path_factory.mktemp("served")) as address:
        yield address


@pytest.fixture(scope="module")
def undisturbed(server: str) -> list[tuple[Any, ...]]:
    """The table of a study trained by one process, alone."""
    with Client(server) as client:
        client.create_study(study("alone"))
        with process("work", "--server", server, "--jobs", "1", "--study", "alone") as worker:
            assert worker.wait(timeout=90) == 0  # a worker of one study ends with it
        assert client.study("alone").state == StudyState.COMPLETED
        return table(client, "alone")


def test_two_workers_of_two_processes_give_the_same_table(
    server: str, undisturbed: list[tuple[Any, ...]]
) -> None:
    with Client(server) as client:
        client.create_study(study("together"))
        options = ("--server", server, "--jobs", "2", "--study", "together")
        with process("work", *options, "--name", "a"), process("work", *options, "--name", "b"):
            client.wait("together", timeout_seconds=90)
        assert table(client, "together") == undisturbed
        assert [row[0] for row in undisturbed] == list(range(TRIALS))


@pytest.mark.parametrize("what", ["worker", "pool process", "everything"])
def test_a_killed_worker_loses_nothing(
    server: str, undisturbed: list[tuple[Any, ...]], what: str
) -> None:
    name = f"killed-{what.replace(' ', '-')}"
    options = ("--server", server, "--jobs", "2", "--study", name, "--lease-seconds", "2")
    with Client(server) as client:
        client.create_study(study(name))
        with process("work", *options) as first:
            wait_until_half_way(client, name)
            kill(first, what)
            assert client.study(name).progress.finished < TRIALS
            with process("work", *options):
                client.wait(name, timeout_seconds=90)
        assert table(client, name) == undisturbed


PRUNED = {"pruner": {"kind": "successive_halving", "eta": 3, "min_epochs": 4}}


@pytest.fixture(scope="module")
def undisturbed_and_pruned(server: str) -> list[tuple[Any, ...]]:
    """The table of a pruned study trained by one process, alone."""
    with Client(server) as client:
        client.create_study(study("alone-pruned") | PRUNED)
        options = ("--server", server, "--jobs", "1", "--study", "alone-pruned")
        with process("work", *options) as worker:
            assert worker.wait(timeout=90) == 0
        return table(client, "alone-pruned")


KILLS = int(os.environ.get("CAVIAR_FAULTS", "2"))


@pytest.mark.parametrize("seed", range(KILLS))
def test_killed_at_random_moments_a_pruned_study_ends_with_the_same_table(
    server: str, undisturbed_and_pruned: list[tuple[Any, ...]], seed: int
) -> None:
    """Checkpoints are left all the time; the worker, or one process of its pool, dies five times.

    A trial that is at work may be lost three times only, so those moments are kept apart.
    """
    generator = random.Random(seed)
    name = f"random-{seed}"
    options = ("--server", server, "--jobs", "2", "--study", name, "--lease-seconds", "2")
    with Client(server) as client:
        client.create_study(study(name) | PRUNED)
        for _ in range(5):
            before = client.study(name).progress.epochs_trained
            with process("work", *options, "--checkpoint-seconds", "0.05") as worker:
                wait_for_epochs(client, name, before + generator.randint(40, 160))
                if client.study(name).state == StudyState.COMPLETED:
                    break
                kill(worker, generator.choice(["worker", "pool process", "everything"]))
        with process("work", *options, "--checkpoint-seconds", "0.05"):
            client.wait(name, timeout_seconds=90)
        assert table(client, name) == undisturbed_and_pruned


def wait_for_epochs(client: Client, name: str, epochs: int) -> None:
    """Wait until so many epochs were trained, or all is done."""
    deadline = time.monotonic() + 60
    while True:
        found = client.study(name)
        if found.progress.epochs_trained >= epochs or found.state == StudyState.COMPLETED:
            return
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
