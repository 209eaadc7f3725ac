"""Functions in real workers: one that kills its process harms no other trial; little is lost."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from caviar.service.client import Client
from tests.factories.studies import external
from tests.faults import tally
from tests.faults.conftest import Watched
from tests.objectives import reference
from tests.processes import CAVIAR, PATIENCE_SECONDS, is_alive, kill_worker, process, until

pytestmark = [pytest.mark.both_databases, pytest.mark.processes]


def study(client: Client, name: str, *, trials: int, epochs: int) -> None:
    """Create a study for a function."""
    objective = {"kind": "external", "epochs": epochs, "metric": "loss"}
    client.create_study(external(name, trials=trials, objective=objective))


def options(server: str, name: str, function: str, *more: str) -> tuple[str, ...]:
    """The command that works on a study with a function."""
    return ("work", "--server", server, "--study", name, "--objective", reference(function), *more)


def last_kept(client: Client, name: str, number: int) -> int:
    """The epoch of a trial's newest checkpoint; 0 without one."""
    return max((each.epoch for each in client.trial(name, number).checkpoints), default=0)


@pytest.mark.smoke(database_kind="sqlite")
@pytest.mark.parametrize("seed", range(tally.FAULTS))
def test_poison_fails_and_the_others_are_unharmed(
    watched: Watched, client: Client, seed: int
) -> None:
    name = f"poisoned-{seed}"
    jobs = "1" if (watched.place.kind == "sqlite") == (seed % 2 == 0) else "2"
    study(client, name, trials=10, epochs=1)
    command = options(watched.server, name, "poisoned", "--jobs", jobs, "--trial-seconds", "4")
    done = subprocess.run(
        [*CAVIAR, *command], capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
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


@pytest.mark.smoke(database_kind="sqlite", what="worker")
@pytest.mark.parametrize("seed", range(tally.FAULTS))
@pytest.mark.parametrize("what", ["worker", "everything"])
def test_a_killed_workers_trial_goes_on_from_its_checkpoint(
    watched: Watched, client: Client, tmp_path: Path, what: str, seed: int
) -> None:
    name = f"killed-{what}-{seed}"
    study(client, name, trials=2, epochs=40)
    gate = tmp_path / "gate"
    more = ("--jobs", "2", "--checkpoint-seconds", "0")
    command = options(watched.server, name, "gated", *more)
    environment = {"CAVIAR_TEST_GATE": str(gate)}
    with process(*command, environment=environment) as first:
        until(lambda: [trial.epoch for trial in client.trials(name)] == [10, 10])
        # A checkpoint is left just after the report of its epoch.
        until(lambda: all(last_kept(client, name, number) == 10 for number in range(2)))
        kill_worker(first, alone=what == "worker")
        watched.place.age_leases()
        gate.touch()
        with process(*command, environment=environment) as second:
            assert second.wait(timeout=PATIENCE_SECONDS) == 0
    watched.check(name, f"kill -9 under a function: {what}")
    for trial in client.trials(name):
        assert (trial.state, trial.attempt, trial.epoch) == ("completed", 2, 40)
        curve = client.curve(name, trial.number)
        assert curve.epoch == list(range(1, 41))
        assert curve.metrics["begun"] == [0] * 10 + [10] * 30
        loss = 1.0
        for reported in curve.metrics["loss"]:
            loss = loss / 2 + trial.params["learning_rate"]  # type: ignore[operator]
            assert reported == loss  # as if nothing had happened


@pytest.mark.smoke(database_kind="sqlite")
def test_what_a_function_has_started_ends_with_it(
    watched: Watched, client: Client, tmp_path: Path
) -> None:
    study(client, "children", trials=1, epochs=1)
    note = tmp_path / "child"
    command = options(watched.server, "children", "starts_and_hangs", "--trial-seconds", "4")
    environment = {"CAVIAR_TEST_CHILD": str(note)}
    with process(*command, "--jobs", "1", environment=environment) as worker:
        assert worker.wait(timeout=PATIENCE_SECONDS) == 0
    assert client.trial("children", 0).reason == "timeout: it trained for more than 4 seconds"
    until(lambda: not is_alive(int(note.read_text())))


@pytest.mark.smoke(database_kind="sqlite")
def test_a_worker_told_to_stop_gives_its_trials_back(watched: Watched, client: Client) -> None:
    study(client, "stopped", trials=1, epochs=10_000)
    more = ("--jobs", "1", "--checkpoint-seconds", "0")
    with process(*options(watched.server, "stopped", "slow", *more)) as worker:
        until(lambda: any(trial.epoch >= 10 for trial in client.trials("stopped")))
        worker.terminate()
        assert worker.wait(timeout=PATIENCE_SECONDS) == 0
    [trial] = client.trials("stopped")
    assert (trial.state, trial.attempt) == ("waiting", 0)
    assert trial.epoch >= 10  # from there on it goes on
