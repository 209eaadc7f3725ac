"""Transactions: whole or not at all, run again after a lost race, 503 when that does not help."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier, Timer

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from caviar.service.contract.errors import Unavailable
from caviar.service.contract.schemas import AskBody, Result, StudyDefinition, TellBody
from caviar.service.contract.states import StudyState
from caviar.service.server.operations import leases, results, studies, trials
from caviar.service.server.store import database as module
from caviar.service.server.store.database import Database, sqlite_url
from tests.databases import Databases
from tests.factories.studies import external

pytestmark = pytest.mark.both_databases


def test_what_fails_half_way_leaves_nothing(database: Database) -> None:
    studies.create(database, StudyDefinition.model_validate(external()))

    def half(session: Session) -> None:
        session.execute(text("UPDATE studies SET revision = 99"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        database.write(half)
    assert studies.show(database, "outside").revision == 1


def test_readers_cannot_write(database: Database) -> None:
    studies.create(database, StudyDefinition.model_validate(external()))
    with pytest.raises((Unavailable, DBAPIError)), database.read() as session:
        session.execute(text("UPDATE studies SET revision = 99"))
    assert studies.show(database, "outside").revision == 1


def test_threads_that_ask_and_tell_at_once_lose_and_repeat_nothing(database: Database) -> None:
    studies.create(database, StudyDefinition.model_validate(external(trials=120)))

    def work(name: str) -> list[int]:
        taken: list[int] = []
        while True:
            answer = leases.ask(database, "outside", AskBody(count=3, worker=name))
            if not answer.trials:
                return taken
            taken += [trial.number for trial in answer.trials]
            ended = [
                Result(number=trial.number, lease=trial.lease.token, value=float(trial.number))
                for trial in answer.trials
            ]
            answers = results.tell(database, "outside", TellBody(results=ended)).results
            assert all(item.recorded for item in answers)

    with ThreadPoolExecutor(8) as threads:
        taken = [n for numbers in threads.map(work, [f"w{i}" for i in range(8)]) for n in numbers]
    assert sorted(taken) == list(range(120))
    shown = studies.show(database, "outside")
    assert shown.state == StudyState.COMPLETED
    assert [t.value for t in trials.all_of(database, "outside")] == [float(n) for n in range(120)]


def test_fifty_copies_of_one_tell_have_one_effect(database: Database) -> None:
    studies.create(database, StudyDefinition.model_validate(external()))
    [trial] = leases.ask(database, "outside", AskBody()).trials

    def tell(value: float) -> bool:
        result = Result(number=0, lease=trial.lease.token, value=value)
        return results.tell(database, "outside", TellBody(results=[result])).results[0].recorded

    with ThreadPoolExecutor(8) as threads:
        taken = list(threads.map(tell, [float(i) for i in range(50)]))
    assert taken.count(True) == 1
    assert trials.show(database, "outside", 0).value == float(taken.index(True))


def test_a_locked_file_is_unavailable_and_work_goes_on_later(
    tmp_path: Path, sqlite: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    studies.create(sqlite, StudyDefinition.model_validate(external()))
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.2)
    impatient = Database(sqlite_url(tmp_path / "caviar.sqlite"))
    other = sqlite3.connect(tmp_path / "caviar.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable):
        leases.ask(impatient, "outside", AskBody())
    assert studies.show(impatient, "outside").trials["running"] == 0  # readers go on
    other.rollback()
    assert len(leases.ask(impatient, "outside", AskBody()).trials) == 1
    other.close()
    impatient.close()


def test_a_new_file_that_another_is_writing_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "new.sqlite"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = Timer(0.2, other.rollback)
    release.start()
    database = Database(sqlite_url(path))
    with database.engine.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
    release.join()
    other.close()
    database.close()


@pytest.mark.postgres
def test_connections_that_died_in_the_pool_are_replaced(
    databases: Databases, tmp_path: Path
) -> None:
    held = 4
    together = Barrier(held)

    def meet(session: Session) -> None:
        session.execute(text("SELECT 1"))
        together.wait(timeout=60)

    with (
        databases.new("postgresql", tmp_path) as url,
        closing(Database(url)) as database,
        closing(Database(url)) as other,
    ):
        studies.create(database, StudyDefinition.model_validate(external()))
        with ThreadPoolExecutor(held) as threads:
            list(threads.map(lambda _: database.write(meet), range(held)))
        with other.read() as session:
            ended = session.scalars(
                text(
                    "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
                    "WHERE pid != pg_backend_pid() AND datname = current_database()"
                )
            ).all()
        assert len(ended) >= held
        answer = leases.ask(database, "outside", AskBody(count=1, worker="w"))
        assert [trial.number for trial in answer.trials] == [0]


def test_a_database_that_is_away_is_unavailable() -> None:
    away = Database("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(Unavailable):
        away.ping()
    away.close()
