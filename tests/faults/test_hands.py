"""Many people at one study break no invariant, and the journal gives the same bits again."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import httpx
import pytest

from caviar.service.client import Client
from caviar.service.contract.schemas.base import Setting
from caviar.service.contract.states import TrialState
from caviar.service.server import store
from caviar.service.server.app import create_app
from caviar.service.server.rules import journal
from caviar.service.server.rules.change import Change
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import JournalRow, TrialRow
from tests.fakes.apps import running
from tests.fakes.workers import train, train_with
from tests.faults import tally
from tests.faults.checker import check, read
from tests.faults.hands import NAME, hands, study
from tests.tables import curve

ACTS = 40 if tally.FAULTS > 1 else 12
"""How many things each person does."""


class EitherServer(httpx.BaseTransport):
    """Carries each request to another one of the servers in turn."""

    def __init__(self, servers: Sequence[httpx.BaseTransport]) -> None:
        self._turns = itertools.cycle(servers)
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        with self._lock:
            server = next(self._turns)
        return server.handle_request(request)


@pytest.fixture
def transport(database: Database) -> Iterator[httpx.BaseTransport]:
    """One server on SQLite; two servers of one database on PostgreSQL."""
    with ExitStack() as stack:
        servers = [stack.enter_context(running(create_app(database, reap_seconds=3600)))]
        if not database.is_sqlite:
            other = stack.enter_context(
                closing(Database(database.url.render_as_string(hide_password=False)))
            )
            servers.append(stack.enter_context(running(create_app(other, reap_seconds=0.05))))
        # FastAPI reads its routes at the first request, and then touches the warnings' filters,
        # which two threads must not do at once.
        for server in servers:
            server.handle_request(httpx.Request("GET", "http://localhost/openapi.json"))
        yield EitherServer(servers)


@pytest.mark.both_databases
@pytest.mark.smoke(database_kind="postgresql")
@pytest.mark.usefixtures("each_epoch")
@pytest.mark.parametrize("seed", range(tally.FAULTS))
def test_many_hands(
    database: Database, transport: httpx.BaseTransport, tmp_path: Path, seed: int
) -> None:
    file = tmp_path / "history.jsonl"
    last, done = hands(database, transport, file, seed=seed, acts=ACTS)
    assert check(read(file), last) == []
    with Client("http://localhost", transport=transport, patience_seconds=0) as client:
        assert_journaled(client, done)
        assert_replayed(client)
    kind = database.engine.dialect.name
    tally.count("many people act on trials that are lost, late or told twice", kind)


@pytest.mark.usefixtures("each_epoch")
def test_an_adjustment_that_is_journaled_an_epoch_late_is_seen(
    sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    pending_changes = journal.pending_changes

    def a_late_epoch(change: Change, row: TrialRow) -> dict[str, Setting]:
        before = {entry.id for entry in adjustments(change, row) if entry.epoch is None}
        changes = pending_changes(change, row)
        for entry in adjustments(change, row):
            if entry.id in before and entry.epoch is not None:
                entry.epoch += 1
        return changes

    with (
        running(create_app(sqlite, reap_seconds=3600)) as transport,
        Client("http://localhost", transport=transport, patience_seconds=0) as client,
    ):
        client.create_study(study(seed=0))
        act = partial(client.adjust, NAME, 0, {"learning_rate": 0.09})
        monkeypatch.setattr(journal, "pending_changes", a_late_epoch)
        train_with(client, NAME, {3: act})
        with pytest.raises(AssertionError, match="number=0"):
            assert_replayed(client)


def adjustments(change: Change, row: TrialRow) -> Sequence[JournalRow]:
    """The adjustments of a trial."""
    return store.journal.adjustments(change.session, change.study, row.number)


def assert_journaled(client: Client, done: set[str]) -> None:
    """What was acknowledged is in the journal, once, and nothing that was refused."""
    entries = [entry for entry in client.journal(NAME) if entry.reason is not None]
    assert {entry.reason for entry in entries} == done
    # Children inherit the adjustments of their parents.
    acts = Counter(entry.reason for entry in entries if entry.action != "adjust")
    assert set(acts.values()) <= {1}


def assert_replayed(client: Client) -> None:
    """Train again with one worker, from the journal alone: the same bits."""
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
    """Whether the trial is or was under manual control."""
    trial = client.trial(NAME, number)
    return (
        trial.manual or trial.parent is not None or any(e.action == "adjust" for e in trial.journal)
    )
