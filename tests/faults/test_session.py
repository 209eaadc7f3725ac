"""A panda session over REST while a real pool trains: acts, journal, forks, and its replay."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import NotFound
from caviar.service.contract.schemas import TrialDetail
from caviar.service.contract.states import TrialState
from tests.factories.studies import network
from tests.faults.conftest import Watched
from tests.processes import PATIENCE_SECONDS, process, until
from tests.tables import curve

pytestmark = [pytest.mark.both_databases, pytest.mark.processes]

EPOCHS = 150


def study() -> dict[str, Any]:
    """One network that trains for many times as long as a report takes to be answered."""
    made = network("session", trials=1, mode="panda")
    made["space"] = {
        "learning_rate": {"type": "constant", "value": 0.05},
        "hidden_units": {"type": "constant", "value": 64},
    }
    made["objective"] |= {"dataset": "digits", "epochs": EPOCHS}
    made["objective"]["settings"] = {
        "optimizer": "momentum",
        "keep_prob": 0.8,
        "hidden_layers": 2,
        "batch_size": 16,
    }
    return made


def until_it(client: Client, number: int, holds: Callable[[TrialDetail], bool]) -> TrialDetail:
    """A trial, once something holds of it."""

    def found() -> TrialDetail | None:
        with suppress(NotFound):  # it is not proposed yet
            if holds(trial := client.trial("session", number)):
                return trial
        return None

    return until(found)


def rests(trial: TrialDetail) -> bool:
    """Whether the trial waits for a person."""
    return trial.state == TrialState.PAUSED


@pytest.mark.smoke(database_kind="postgresql")
def test_a_session(watched: Watched, client: Client) -> None:
    client.create_study(study())
    command = ("work", "--server", watched.server, "--jobs", "2")
    with process(*command, "--checkpoint-seconds", "0.2"):
        until_it(client, 0, lambda trial: trial.epoch >= 20)
        client.adjust("session", 0, {"learning_rate": 0.01}, author="ana", reason="it jumps")
        adjusted = until_it(client, 0, lambda trial: trial.journal[0].confirmed)
        client.pause("session", 0, author="ana")
        paused = until_it(client, 0, rests)
        at = adjusted.journal[0].epoch
        assert at is not None
        assert 20 <= at < paused.epoch
        first = curve(client, "session", 0)

        client.rewind("session", 0, 10, author="ana", reason="again, with care")
        back = until_it(client, 0, rests)
        assert (back.epoch, back.journal[0].undone) == (10, True)
        assert curve(client, "session", 0) == {e: first[e] for e in range(1, 11)}

        forked = client.fork(
            "session", 0, count=3, perturb={"learning_rate": 3.0}, epochs=10, twin=True
        )
        assert (forked.children, forked.twin) == ([1, 2, 3], 4)
        client.resume("session", 0)
        client.adjust("session", 0, {"batch_size": 32})
        client.extend("session", 0, 5)
        until_it(client, 0, lambda trial: rests(trial) and trial.epoch == EPOCHS + 5)
        for number in (1, 2, 3, 4):
            child = until_it(client, number, lambda trial: rests(trial) and trial.epoch == 20)
            losses = curve(client, "session", number)
            assert losses.keys() == set(range(1, 21))
            assert {e: losses[e] for e in range(1, 11)} == {e: first[e] for e in range(1, 11)}
            assert (child.comparison is None) == (number == 4)
        assert curve(client, "session", 4) == {e: first[e] for e in range(1, 21)}

        client.replay("session", "again")
        done = client.wait("again", timeout_seconds=PATIENCE_SECONDS)
        assert done.trials[TrialState.COMPLETED] == 5
    for number in range(5):
        assert curve(client, "again", number) == curve(client, "session", number)
        assert client.trial("again", number).value == client.trial("session", number).value
    acts = [entry.action for entry in client.journal("session", 0)]
    assert acts == ["adjust", "pause", "rewind", "fork", "resume", "adjust", "extend"]
