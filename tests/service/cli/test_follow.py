"""Following a study: through a restart of its server, and past trials that wait for a person."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from rich.console import Console

from caviar.service.cli import follow
from caviar.service.client import Client
from caviar.service.contract.errors import CaviarError, Conflict, Unreachable
from caviar.service.local.listening import address, listen
from caviar.service.server.serving import served
from caviar.service.server.store.database import Database
from tests.factories.studies import external
from tests.fakes.apps import listening
from tests.fakes.searches import search
from tests.processes import free_port, until

PATIENT_SECONDS = 600.0


@pytest.fixture(autouse=True)
def without_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Attempts come at once."""
    monkeypatch.setattr(follow, "RETRY_SECONDS", (0.01, 0.01))
    monkeypatch.setattr(follow, "POLL_SECONDS", 0.01)


@pytest.fixture
def console() -> Console:
    """A console that writes into a text."""
    return Console(file=StringIO(), width=200)


def text(console: Console) -> str:
    """What was printed."""
    file = console.file
    assert isinstance(file, StringIO)
    return file.getvalue()


def test_a_restart_of_the_server_is_outlived_and_said_once(
    database: Database, console: Console
) -> None:
    port = free_port()
    with (
        Client(f"http://127.0.0.1:{port}", patience_seconds=0.1) as follower,
        ThreadPoolExecutor(1) as thread,
    ):
        with listen("127.0.0.1", port) as listener, served(database, listener):
            with Client(address(listener)) as client:
                client.create_study(external(trials=3))
            followed = thread.submit(
                follow.follow, follower, "outside", console, away_seconds=PATIENT_SECONDS
            )
            until(lambda: "0/3 trials" in text(console) or None)
        until(lambda: "trying again" in text(console) or None)
        with listen("127.0.0.1", port) as listener, served(database, listener):
            until(lambda: "answers again" in text(console) or None)
            with Client(address(listener)) as client:
                search(client, "outside")
            outcome = followed.result(timeout=PATIENT_SECONDS)
    assert outcome.study.progress.finished == 3
    assert text(console).count("trying again") == text(console).count("answers again") == 1


def test_a_server_that_stays_away_and_other_errors_end_the_command(console: Console) -> None:
    def refuse() -> None:
        raise Conflict("no")

    def vanish() -> None:
        raise Unreachable("no server answers")

    with pytest.raises(Conflict):
        follow.Patience(console, PATIENT_SECONDS)(refuse)
    for seconds in (0.0, 0.05):
        with pytest.raises(Unreachable):
            follow.Patience(console, seconds)(vanish)
    assert text(console).count("trying again") == 1


def test_a_proxy_without_its_server_is_waited_for(console: Console) -> None:
    answers = iter([502, 503, 504, 200])

    def call() -> str:
        status = next(answers)
        if status != 200:
            error = CaviarError(f"the server answered {status}")
            error.status = status
            raise error
        return "ok"

    assert follow.Patience(console, PATIENT_SECONDS)(call) == "ok"


def test_a_trial_that_pauses_for_a_person_is_named(database: Database, console: Console) -> None:
    with listening(database) as server, Client(server) as client:
        study = client.create_study(
            external(
                objective={"kind": "external", "epochs": 9},
                trials=2,
                pauses=[{"trial": 1, "epoch": 4}],
            )
        )
        notice = follow.PauseNotice(client, study, console)
        notice(client.study("outside"))
        assert text(console) == ""
        search(client, "outside")
        for _ in range(2):
            notice(client.study("outside"))
    command = f"caviar trial resume outside 1 --server {server}"
    assert text(console) == f"trial 1 waits for you at epoch 4; `{command}` continues it\n"
