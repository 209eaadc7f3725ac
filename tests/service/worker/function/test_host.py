"""The host of a function's process: its end, its prints, what stays behind in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from caviar.service.client import Client
from caviar.service.worker.function.tasks import FunctionTasks
from caviar.service.worker.function.trainer import train as train_trial
from tests.factories.functions import study
from tests.fakes.functions import Processes, train
from tests.objectives import reference


@pytest.mark.parametrize("function", ["exits", "crashes"])
def test_a_function_that_kills_its_process_fails_after_three_attempts(
    client: Client, processes: Processes, function: str
) -> None:
    client.create_study(study())
    train(client, processes, function)
    [trial] = client.trials("outside")
    assert (trial.state, trial.attempt) == ("failed", 3)
    how = "exit code 7" if function == "exits" else "SIGSEGV"
    assert trial.reason == (
        f"crash_loop: 3 attempts were lost, the last one when its process ended with {how}"
    )
    assert len(processes.started) == 3


def test_prints_have_the_trials_number_before_them(
    client: Client, processes: Processes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "talks.py"
    file.write_text(
        "import os\nprint('imported')\n"
        "def train(trial):\n"
        "    print('a', trial.number)\n    os.write(2, b'no end of line')\n    return 1.0\n"
    )
    client.create_study(study(trials=2))
    tasks = FunctionTasks(client, f"{file}:train", lease_seconds=60)
    for _ in range(2):
        [task] = tasks.of(client.ask("outside").trials)
        train_trial(client, task, brief=client, processes=processes)
    assert capfd.readouterr().err.splitlines() == [
        "objective: imported",
        "trial 0: a 0",
        "trial 0: no end of line",
        "trial 1: a 1",
        "trial 1: no end of line",
    ]


def test_a_thread_that_stays_behind_spoils_no_other_trial(
    client: Client, processes: Processes, capfd: pytest.CaptureFixture[str]
) -> None:
    client.create_study(study(epochs=1, trials=2))
    tasks = FunctionTasks(client, reference("lingers"), lease_seconds=60)
    printed = ""
    for number in range(2):
        [task] = tasks.of(client.ask("outside").trials)
        train_trial(client, task, brief=client, processes=processes)
        while f"refused: trial {number} is over" not in printed:
            assert processes.started[-1].is_alive
            printed += capfd.readouterr().err
    assert [trial.value for trial in client.trials("outside")] == [0.0, 1.0]
    assert [client.curve("outside", number).epoch for number in range(2)] == [[], []]


LEAKS = """
import time
STATE = []
def train(trial):
    leaked = len(STATE)
    STATE.append(trial.number)
    if trial.number < 3:
        raise ValueError(f"{leaked} things are left of other trials")
    return float(leaked)
"""


def test_a_process_whose_function_raised_trains_no_other_trial(
    client: Client, processes: Processes, tmp_path: Path
) -> None:
    file = tmp_path / "leaks.py"
    file.write_text(LEAKS)
    client.create_study(study(epochs=1, trials=6))
    tasks = FunctionTasks(client, f"{file}:train", lease_seconds=60)
    failures = []
    for number in range(6):
        [task] = tasks.of(client.ask("outside").trials)
        failures.append(train_trial(client, task, brief=client, processes=processes))
        # After a second failure in a row another process starts ahead, until a trial succeeds.
        spares = 1 if number in (1, 2) else 0
        assert sum(process.is_alive for process in processes.started) == 1 + spares
    trials = client.trials("outside")
    assert all("0 things are left" in (trial.reason or "") for trial in trials[:3])
    assert [trial.value for trial in trials[3:]] == [0.0, 1.0, 2.0]
    assert [failure and failure.number for failure in failures] == [0, 1, 2, None, None, None]


def test_a_process_that_is_replaced_ends_as_a_script_does(
    client: Client, processes: Processes, tmp_path: Path
) -> None:
    file, note = tmp_path / "cleans.py", tmp_path / "note"
    file.write_text(
        "import atexit, pathlib\n"
        f"atexit.register(lambda: pathlib.Path({str(note)!r}).write_text('cleaned'))\n"
        "def train(trial): raise ValueError\n"
    )
    client.create_study(study(epochs=1))
    [task] = FunctionTasks(client, f"{file}:train").of(client.ask("outside").trials)
    train_trial(client, task, brief=client, processes=processes)
    assert note.read_text() == "cleaned"
    assert [process.is_alive for process in processes.started] == [False, True]
