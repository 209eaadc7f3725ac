"""The telling trials of a study: the best, the newest, a fair sample, and each improvement."""

from __future__ import annotations

import pytest

from benchmarks.filled import fill
from caviar.service.contract.states import TrialState
from caviar.service.server import store
from caviar.service.server.figures import data
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import TrialRow
from caviar.service.server.store.queries import samples

SIZE = samples.Size(best=40, newest=30, rest=200)


def competing(rows: list[TrialRow]) -> list[TrialRow]:
    """The trials that may be the best."""
    return [
        row
        for row in rows
        if row.state == TrialState.COMPLETED and not row.void and row.replica_of is None
    ]


@pytest.mark.both_databases
@pytest.mark.parametrize("maximize", [False, True])
def test_a_sample_is_what_a_look_at_all_trials_gives(
    database: Database, maximize: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "FIRST", 100)
    fill(database, "filled", 3_000)
    with database.read() as session:
        study = store.studies.get(session, "filled")
        rows = list(store.trials.below(session, study, 3_000))
        telling = samples.telling(session, study, SIZE, maximize=maximize)
        improved = samples.improvements(session, study, maximize=maximize)
        leading = samples.best(session, study, 5, maximize=maximize)
        everything = samples.telling(session, study, samples.Size(0, 0, 3_000), maximize=maximize)
    sign = -1.0 if maximize else 1.0
    ranked = sorted(competing(rows), key=lambda row: (sign * (row.value or 0.0), row.number))
    numbers = [row.number for row in telling]
    best = {row.number for row in ranked[: SIZE.best]}
    assert best | {*range(2_970, 3_000)} | {*samples.fair_numbers(3_000, 200)} == {*numbers}
    assert numbers == sorted(numbers)
    assert [row.number for row in leading] == [row.number for row in ranked[:5]]
    assert [row.number for row in everything] == [*range(3_000)]
    assert telling[0].params == rows[telling[0].number].params
    expected: list[tuple[int, float]] = []
    for row in competing(rows):
        assert row.value is not None
        if not expected or sign * row.value < sign * expected[-1][1]:
            expected.append((row.number, row.value))
    assert improved == expected


def test_a_fair_sample_is_that_of_the_figures_and_grows_with_its_study() -> None:
    chosen = samples.fair_numbers(100_000, 1_000)
    by_hash = sorted(range(100_000), key=data._hash)
    assert chosen == sorted(by_hash[:1_000])
    later = samples.fair_numbers(101_000, 1_000)
    assert len({*chosen} - {*later}) < 20
    assert samples.fair_numbers(3, 1_000) == [0, 1, 2]


def test_equal_trials_have_one_improvement(database: Database) -> None:
    fill(database, "filled", 300)

    def level(session: samples.Session) -> None:
        session.execute(samples.rows.TRIALS.update().values(value=0.5))

    database.write(level)
    with database.read() as session:
        study = store.studies.get(session, "filled")
        first = competing(list(store.trials.below(session, study, 300)))[0]
        for maximize in (False, True):
            improved = samples.improvements(session, study, maximize=maximize)
            assert improved == [(first.number, 0.5)]
            size = samples.Size(best=2, newest=2, rest=2)
            telling = samples.telling(session, study, size, maximize=maximize)
            assert first.number in [row.number for row in telling]
