"""What a worker tells of failed trials, and when it gives a study up."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from caviar.service.client import Client
from caviar.service.contract.schemas import LeasedTrial, Result
from caviar.service.worker.failures import ALIKE, ALIKE_BUT_NUMBERS, Failures
from caviar.service.worker.tasks import Failure
from tests.factories.functions import study

RAISED = 'Traceback (most recent call last):\n  File "train.py", line 3\nValueError: no thing'


class Worker:
    """A worker whose trials end as they are told to."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.given_up = 0
        self.failures = Failures(client, worker="here", give_up=self._give_up)

    def _give_up(self) -> None:
        self.given_up += 1

    def ask(self, worker: str = "here") -> LeasedTrial:
        [trial] = self.client.ask("outside", worker=worker).trials
        return trial

    def tell(self, trial: LeasedTrial, **result: Any) -> None:
        told = Result(number=trial.number, lease=trial.lease.token, **result)
        self.client.tell("outside", [told])

    def fail(self, reason: str = f"error: {RAISED}") -> None:
        trial = self.ask()
        self.tell(trial, state="failed", reason=reason)
        self.failures.note(Failure.of(trial, reason))


@pytest.fixture
def worker(client: Client) -> Worker:
    client.create_study(study(trials=40))
    return Worker(client)


def test_the_first_failure_is_shown_in_full_and_others_in_a_line(
    worker: Worker, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    worker.fail()
    shown = capsys.readouterr().err.splitlines()
    assert shown[0] == "trial 0 of outside failed, the first one of this worker:"
    assert shown[1].split()[0] == "learning_rate"
    assert shown[-3:] == [f"  {line}" for line in RAISED.splitlines()]
    worker.fail()
    assert capsys.readouterr().err == ""
    warned = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert warned == ["trial 1 of outside failed: ValueError: no thing"]


def test_a_study_whose_first_trials_all_fail_alike_is_stopped(
    worker: Worker, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(ALIKE):
        assert worker.given_up == 0
        worker.fail(f"error: ValueError: no <object at {number + 4096:#x}>")
    assert worker.given_up == 1
    assert client.study("outside").state == "stopped"
    said = (
        "the first 5 trials of outside all failed in the same way: ValueError: no <object at 0x…>"
    )
    assert said in capsys.readouterr().err
    worker.failures.note(Failure("outside", 9, {}, "error: one that was in training"))
    assert capsys.readouterr().err == ""
    assert worker.given_up == 1


def test_failures_that_differ_in_numbers_are_alike_after_some_more(
    worker: Worker, client: Client
) -> None:
    for number in range(ALIKE_BUT_NUMBERS):
        assert worker.given_up == 0
        worker.fail(f"error: ValueError: {number + 0.25} is no learning rate")
    assert worker.given_up == 1
    assert client.study("outside").state == "stopped"


@pytest.mark.parametrize("other", ["completes", "diverges", "fails in another way"])
def test_a_study_is_continued_if_any_trial_ended_otherwise(
    worker: Worker, client: Client, other: str, caplog: pytest.LogCaptureFixture
) -> None:
    if other == "completes":
        worker.tell(worker.ask(), value=1.0)
    elif other == "diverges":
        worker.tell(worker.ask(), state="diverged")
    else:
        worker.fail("error: KeyError: 'depth'")
    with caplog.at_level(logging.WARNING, "caviar"):
        for _ in range(2 * ALIKE):
            worker.fail()
    assert worker.given_up == 0
    assert client.study("outside").state == "running"


def test_a_worker_leaves_a_study_that_others_train(
    worker: Worker, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    worker.ask("there")
    for _ in range(ALIKE):
        worker.fail()
    assert worker.given_up == 1
    assert client.study("outside").state == "running"
    assert "others train the study" in capsys.readouterr().err
