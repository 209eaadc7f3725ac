"""Figures and tables of a study that is too large to be shown whole."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from benchmarks.filled import fill
from caviar.service.client import Client
from caviar.service.server.operations import figures, importance
from caviar.service.server.store.database import Database
from caviar.service.server.store.queries.samples import Size

TRIALS = 3_000


@pytest.mark.both_databases
def test_what_is_shown_of_a_large_study_says_so(
    client: Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importance, "SIZE", Size(best=50, newest=50, rest=200))
    fill(database, "filled", TRIALS)
    best = client.study("filled").best
    assert best is not None
    for name in ("best-so-far", "parameters"):
        figure = client.figure("filled", name).model_dump()
        notes = [note["text"] for note in figure["layout"]["annotations"]]
        assert any("of 3,000 trials: the best, the newest" in note for note in notes)
        stars = [trace for trace in figure["data"] if trace["name"] == "best"]
        assert {number for trace in stars for number in trace["customdata"]} == {best.number}
    traces = client.figure("filled", "best-so-far").data
    line = next(trace for trace in traces if trace["mode"] == "lines")
    assert all(later < earlier for earlier, later in pairwise(line["y"][:-1]))
    assert (line["x"][-2], line["y"][-1]) == (best.number, best.value)
    table = client.importance("filled")
    assert table.parameters is not None
    assert "of 3,000 trials" in table.note
    assert max(table.parameters, key=lambda n: table.parameters[n].share) == "learning_rate"


def test_figures_of_curves_need_no_history(client: Client, database: Database) -> None:
    fill(database, "filled", 200)
    client.ask("filled", count=3)
    _, _, drawn = figures.draw(database, "filled", "curves")
    assert json.loads(drawn)["layout"]["annotations"][0]["text"] == "No epochs reported yet."
