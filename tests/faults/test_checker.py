"""Everything at once leaves the invariants whole; the checker sees every planted bug."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from caviar.service.contract.states import TrialState
from caviar.service.server import store
from caviar.service.server.app import create_app
from caviar.service.server.operations import leases
from caviar.service.server.rules import segments, trial_states
from caviar.service.server.rules.change import Change
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import TrialRow
from tests.databases import Databases
from tests.fakes.apps import running
from tests.faults import tally
from tests.faults.checker import Final, check, read
from tests.faults.history import Recording
from tests.faults.rush import rush


@pytest.fixture
def rushed(database: Database, tmp_path: Path) -> Callable[..., list[str]]:
    """Run a rush; the violations."""

    def run(seed: int = 0, **options: int) -> list[str]:
        file = tmp_path / f"history-{seed}.jsonl"
        with running(create_app(database, reap_seconds=3600)) as transport:
            last = rush(database, transport, file, seed=seed, **options)
        history = read(file)
        assert len(history) > 100
        return check(history, last)

    return run


@pytest.mark.slow
@pytest.mark.both_databases
@pytest.mark.parametrize("seed", range(tally.FAULTS))
def test_a_rush_breaks_nothing(
    database: Database, rushed: Callable[..., list[str]], seed: int
) -> None:
    size = {} if tally.FAULTS > 1 else {"trials": 20, "most_copies": 20}
    assert rushed(seed, **size) == []
    tally.count("a rush: lost leases, late and double tells", database.engine.dialect.name)


def numbers(violations: list[str]) -> set[str]:
    """The invariants that are broken."""
    return {violation.partition(":")[0] for violation in violations}


def no_fence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Accept every message about a running trial, as many queues do."""
    monkeypatch.setattr(
        trial_states, "holds", lambda trial, token: trial is not None and trial.state == "running"
    )


def reaper_without_a_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reclaim whatever was leased, ended or not."""

    def reclaim(change: Change) -> None:
        first = store.trials.by_number(change.session, change.study, range(3))
        for trial in first.values():
            if trial.attempt < 9:
                trial.state = TrialState.WAITING
                trial.lease_expires_at = None
                trial.attempt += 1

    monkeypatch.setattr(leases, "_expire", reclaim)


def deaf_to_late_results(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every result whose lease has run out, although its trial was not leased again."""
    lapse = trial_states.lapse

    def forget(change: Change, trial: TrialRow) -> None:
        lapse(change, trial)
        trial_states.settle(change, trial)

    monkeypatch.setattr(trial_states, "lapse", forget)


def dropped_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some results are acknowledged and never stored."""
    record = segments._end
    count = 0

    def drop(change: Change, row: TrialRow, item: Any) -> None:
        nonlocal count
        if item.value is not None:
            count += 1
            if count == 5:
                item = item.model_copy(update={"value": 0.125})
        record(change, row, item)

    monkeypatch.setattr(segments, "_end", drop)


def forgotten_revision(monkeypatch: pytest.MonkeyPatch) -> None:
    """A result changes its trial and not its revision."""
    record = segments._end

    def forget(change: Change, row: TrialRow, item: Any) -> None:
        before = row.revision
        record(change, row, item)
        row.revision = before

    monkeypatch.setattr(segments, "_end", forget)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("plant", "broken"),
    [
        (no_fence, {"4"}),
        (deaf_to_late_results, {"4"}),
        (reaper_without_a_guard, {"3"}),
        (dropped_commit, {"3"}),
        (forgotten_revision, {"10"}),
    ],
)
def test_a_planted_bug_is_seen(
    rushed: Callable[..., list[str]],
    monkeypatch: pytest.MonkeyPatch,
    plant: Callable[[pytest.MonkeyPatch], None],
    broken: set[str],
) -> None:
    plant(monkeypatch)
    assert broken <= numbers(rushed(most_copies=8))


@pytest.fixture(scope="module")
def whole(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[dict[str, Any]], Final]:
    """A history without violations, and how its study stands."""
    folder = tmp_path_factory.mktemp("rush")
    file = folder / "history.jsonl"
    with (
        databases.new("sqlite", folder) as url,
        closing(Database(url)) as database,
        running(create_app(database, reap_seconds=3600)) as transport,
    ):
        last = rush(database, transport, file, seed=0, trials=8, most_copies=8)
    history = read(file)
    assert check(history, last) == []
    return history, last


class TestTheChecker:
    """By itself, on a history that is edited."""

    @pytest.mark.parametrize(
        ("number", "changes"),
        [
            ("1", {"number": 0}),
            ("2", {"params": {"momentum": 0.9}}),
            ("3", {"value": 0.3333}),
            ("5", {"state": "running"}),
            ("6", {"attempt": 4}),
            ("7", {"value": float("nan")}),
        ],
    )
    def test_sees_a_row_that_is_wrong(
        self, whole: tuple[list[dict[str, Any]], Final], number: str, changes: dict[str, Any]
    ) -> None:
        history, last = whole
        rows = [dict(trial) for trial in last.trials]
        rows[1] |= changes
        assert number in numbers(check(history, Final(last.study, rows)))

    def test_sees_a_late_result_that_is_refused_for_nothing(
        self, whole: tuple[list[dict[str, Any]], Final]
    ) -> None:
        history, last = whole
        told = next(line for line in history if line["path"].endswith("/tell"))
        refused = [{**item, "recorded": False} for item in told["got"]["results"]]
        other = {**told, "got": {"results": refused}}
        edited = [other if line is told else line for line in history]
        assert "4" in numbers(check(edited, last))

    def test_sees_a_wrong_best(self, whole: tuple[list[dict[str, Any]], Final]) -> None:
        history, last = whole
        study = {**last.study, "best": {"number": 7}}
        assert "7" in numbers(check(history, Final(study, last.trials)))

    def test_sees_a_study_that_differs_at_one_revision(
        self, whole: tuple[list[dict[str, Any]], Final]
    ) -> None:
        history, last = whole
        shown = [line for line in history if line["path"] == "/studies/rush"][-1]
        other = {**shown, "got": {**shown["got"], "state": "paused"}}
        assert numbers(check([*history, other], last)) == {"10"}

    def test_sees_what_the_database_says(self, whole: tuple[list[Any], Final]) -> None:
        history, last = whole
        broken = Final(last.study, last.trials, ["row 3 missing from index"])
        assert numbers(check(history, broken)) == {"8"}

    @pytest.mark.parametrize(
        "changes",
        [
            {"status": 500, "type": "application/problem+json", "got": {}},
            {"status": 404, "type": "text/html", "got": "no"},
            {"status": 422, "type": "application/problem+json", "got": {"detail": "Traceback"}},
        ],
    )
    def test_sees_an_answer_that_is_none(
        self, whole: tuple[list[Any], Final], changes: dict[str, Any]
    ) -> None:
        history, last = whole
        line = {**history[0], "path": "/x", "outcome": "fail", **changes}
        assert numbers(check([*history, line], last)) == {"9"}

    def test_reads_what_it_wrote(self, whole: tuple[list[Any], Final], tmp_path: Path) -> None:
        file = tmp_path / "again.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in whole[0]))
        assert read(file) == whole[0]


def test_an_exchange_without_an_answer_is_unknown(tmp_path: Path) -> None:
    def cut(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("cut")

    file = tmp_path / "history.jsonl"
    transport = Recording(httpx.MockTransport(cut), file)
    with httpx.Client(transport=transport) as client, pytest.raises(httpx.ReadError):
        client.get("http://localhost/studies")
    assert [line["outcome"] for line in read(file)] == ["unknown"]
