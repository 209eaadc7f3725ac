"""Many hands at one study leave the invariants whole, and the bits that the journal tells of."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from service import segments
from service.app import create_app
from service.client import Client
from service.database import Database
from service.states import TrialState
from tests.faults import tally
from tests.faults.checker import check, read
from tests.faults.hands import NAME, hands
from tests.support.apps import running
from tests.support.training import curve, train


@pytest.mark.parametrize("seed", range(tally.FAULTS))
def test_many_hands(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(segments, "REPORT_SECONDS", 0.0)
    file = tmp_path / "history.jsonl"
    with running(create_app(database, reap_seconds=3600)) as transport:
        last, done = hands(database, transport, file, seed=seed)
        history = read(file)
        assert check(history, last) == []
        with Client("http://localhost", transport=transport, patience_seconds=0) as client:
            assert_journaled(client, done)
            assert_replayed(client)
    tally.count("many hands: persons steer what is lost, late and told twice", kind(database))


def assert_journaled(client: Client, done: set[str]) -> None:
    """What was acknowledged is in the journal, once, and nothing that was refused."""
    entries = [entry for entry in client.journal(NAME) if entry.why is not None]
    assert {entry.why for entry in entries} == done
    # Children inherit the adjustments of their parents.
    acts = Counter(entry.why for entry in entries if entry.act != "adjust")
    assert set(acts.values()) <= {1}


def kind(database: Database) -> str:
    """The kind of a database."""
    return database.engine.dialect.name


def assert_replayed(client: Client) -> None:
    """Trained again by nobody but one worker, from the journal alone: the same bits."""
    touched = [t for t in client.trials(NAME) if t.epoch and is_touched(client, t.number)]
    client.replay(NAME, "again")
    train(client, "again")
    again = client.trials("again")
    assert len(again) == len(touched)
    for trial, other in zip(touched, again, strict=True):
        was, now = curve(client, NAME, trial.number), curve(client, "again", other.number)
        assert was.items() <= now.items(), trial
        if trial.state == TrialState.COMPLETED:
            assert (other.state, other.value, other.epoch) == (
                "completed",
                trial.value,
                trial.epoch,
            )


def is_touched(client: Client, number: int) -> bool:
    """Whether a person has the trial by the hand, or had it when it was adjusted or forked."""
    trial = client.trial(NAME, number)
    return trial.taken or trial.parent is not None or any(e.act == "adjust" for e in trial.journal)
