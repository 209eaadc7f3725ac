"""Functions as real workers run them: poison ends nobody else, and killed workers lose little."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from service.client import Client
from tests.faults import tally
from tests.faults.conftest import Watched
from tests.support.objectives import reference
from tests.support.processes import CAVIAR, is_alive, kill_all, process
from tests.support.studies import external


def study(client: Client, name: str, *, trials: int, epochs: int) -> None:
    """Create a study for a function."""
    objective = {"kind": "external", "epochs": epochs, "metric": "loss"}
    client.create_study(external(name, trials=trials, objective=objective))


def options(server: str, name: str, function: str, *more: str) -> tuple[str, ...]:
    """The command that works on a study with a function."""
    return ("work", "--server", server, "--study", name, "--objective", reference(function), *more)


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("seed", range(tally.FAULTS))
def test_poison_fails_and_the_others_are_unharmed(
    watched: Watched, client: Client, seed: int
) -> None:
    name = f"poisoned-{seed}"
    jobs = "1" if (watched.place.kind == "sqlite") == (seed % 2 == 0) else "2"
    study(client, name, trials=10, epochs=1)
    command = options(watched.server, name, "poisoned", "--jobs", jobs, "--trial-seconds", "2")
    done = subprocess.run(
        [*CAVIAR, *command], capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stderr
    assert client.study(name).state == "completed"
    reasons = {1: "exit code 7", 3: "SIGSEGV", 5: "timeout: ", 7: "MemoryError"}
    for trial in client.trials(name):
        if trial.number in reasons:
            assert trial.state == "failed"
            assert reasons[trial.number] in (trial.reason or "")
            assert trial.attempt == (3 if trial.number in (1, 3) else 1)
        else:
            assert (trial.state, trial.value, trial.attempt) == ("completed", trial.number, 1)
        assert f"trial {trial.number}: begins\n" in done.stderr
    watched.check(name, "poison: os._exit, SIGSEGV, an endless loop, out of memory")


@pytest.mark.parametrize("seed", range(tally.FAULTS))
@pytest.mark.parametrize("what", ["worker", "everything"])
def test_a_killed_workers_trial_goes_on_from_its_checkpoint(
    watched: Watched, client: Client, what: str, seed: int
) -> None:
    name = f"killed-{what}-{seed}"
    study(client, name, trials=2, epochs=40)
    more = ("--jobs", "2", "--lease-seconds", "1", "--checkpoint-seconds", "0")
    with process(*options(watched.server, name, "slow", *more)) as first:
        until(lambda: sum(trial.epoch >= 10 for trial in client.trials(name)) == 2)
        # A checkpoint is left just after the report of its epoch.
        until(lambda: all(client.trial(name, number).checkpoints for number in range(2)))
        if what == "worker":
            os.kill(first.pid, signal.SIGKILL)
            first.wait()
        else:
            kill_all(first)
        with process(*options(watched.server, name, "slow", *more)) as second:
            assert second.wait(timeout=240) == 0
    watched.check(name, f"kill -9 under a function: {what}")
    for trial in client.trials(name):
        assert (trial.state, trial.attempt, trial.epoch) == ("completed", 2, 40)
        curve = client.curve(name, trial.number)
        assert curve.epoch == list(range(1, 41))
        begun = [each for each in curve.metrics["begun"] if each is not None]
        assert begun[0] == 0
        assert begun[-1] > 0
        loss = 1.0
        for told in curve.metrics["loss"]:
            loss = loss / 2 + trial.params["learning_rate"]  # type: ignore[operator]
            assert told == loss  # as if nothing had happened


def test_what_a_function_has_started_ends_with_it(
    watched: Watched, client: Client, tmp_path: Path
) -> None:
    study(client, "children", trials=1, epochs=1)
    note = tmp_path / "child"
    command = options(watched.server, "children", "starts_and_hangs", "--trial-seconds", "1")
    environment = {"CAVIAR_TEST_CHILD": str(note)}
    with process(*command, "--jobs", "1", environment=environment) as worker:
        assert worker.wait(timeout=60) == 0
    assert client.trial("children", 0).reason == "timeout: it trained for more than 1 seconds"
    until(lambda: not is_alive(int(note.read_text())))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--study", "refused", "--objective", "nowhere.py:train"), "there is no file"),
        (("--study", "refused", "--objective", reference("missing")), "no function 'missing'"),
        (("--objective", reference("number")), "--study: must name the study"),
        (("--study", "refused", "--trial-seconds", "3"), "--trial-seconds: goes with --objective"),
        (("--study", "refused"), "objective.kind: must be network for this command"),
    ],
)
def test_what_cannot_be_is_told_before_anything_is_leased(
    watched: Watched, client: Client, arguments: tuple[str, ...], says: str
) -> None:
    if "refused" not in {study.name for study in client.studies()}:
        study(client, "refused", trials=3, epochs=1)
    done = subprocess.run(
        [*CAVIAR, "work", "--server", watched.server, "--jobs", "1", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert says in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert client.trials("refused") == []


def test_a_worker_told_to_stop_gives_its_trials_back(watched: Watched, client: Client) -> None:
    study(client, "stopped", trials=1, epochs=10_000)
    more = ("--jobs", "1", "--checkpoint-seconds", "0")
    with process(*options(watched.server, "stopped", "slow", *more)) as worker:
        until(lambda: any(trial.epoch >= 10 for trial in client.trials("stopped")))
        worker.terminate()
        assert worker.wait(timeout=30) == 130
    [trial] = client.trials("stopped")
    assert (trial.state, trial.attempt) == ("waiting", 0)
    assert trial.epoch >= 10  # from there on it goes on
