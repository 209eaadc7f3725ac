"""The table of trials as a file: whole, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from typing import Any

import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import Conflict, NotFound, Unavailable
from caviar.service.contract.schemas import Result, TrialPage
from caviar.service.server import store
from caviar.service.server.http import heavy_reads
from caviar.service.server.operations import export, trials
from caviar.service.server.operations.export import CsvTable
from caviar.service.server.store.database import Database
from tests.factories.studies import external
from tests.factories.trials import trial

EVIL = '=HYPERLINK("http://x","y")'


def as_csv(trials: Sequence[Any]) -> str:
    """A whole CSV file of these trials."""
    table = CsvTable(
        {name for trial in trials for name in trial.params},
        {name for trial in trials for name in trial.metrics},
    )
    return table.head() + table.rows(trials)


def rows(text: str) -> list[dict[str, str]]:
    """The rows of a CSV file by the names of their columns."""
    return list(csv.DictReader(io.StringIO(text)))


def test_no_text_is_a_formula_and_numbers_stay_numbers() -> None:
    for start in ("=", "+", "-", "@", "\t", "\r", "\n", " =", "\u3000=", "＝", "＋", "－", "＠"):
        text = f"{start}1+1"
        [row] = rows(as_csv([trial(0, -1.25, reason=text, params={"kind": text, "rate": -0.5})]))
        assert row["reason"] == row["kind"] == f"'{text}"
        assert (row["rate"], row["value"]) == ("-0.5", "-1.25")
    for text, safe in (
        ("a;=1", "a;'=1"),
        ("a;\t=1; b", "a;'\t'=1; b"),
        ("line\n=1", "line\n'=1"),
        ("a = 1; b-1", "a = 1; b-1"),
    ):
        assert rows(as_csv([trial(0, reason=text)]))[0]["reason"] == safe
    assert (
        as_csv([trial(params={"rate": -0.5}, metrics={"=1": 2.0})])
        .splitlines()[0]
        .endswith(",rate,'=1")
    )


def test_names_that_are_taken_are_told_apart() -> None:
    one = trial(0, -1.25, params={"state": "x", "loss": 1}, metrics={"loss": 0.5, "value": 3.0})
    [row] = rows(as_csv([one]))
    assert (row["state"], row["params.state"]) == ("completed", "x")
    assert (row["loss"], row["metrics.loss"]) == ("1", "0.5")
    assert (row["value"], row["metrics.value"]) == ("-1.25", "3.0")


def test_both_formats_have_every_trial(client: Client) -> None:
    space = {
        "kind": {"type": "categorical", "choices": [EVIL, "plain"]},
        "units": {"type": "categorical", "choices": [None, [64, 32], {"a": 1.0}]},
    }
    client.create_study(external(trials=5, space=space))
    client.enqueue("outside", [{"kind": EVIL, "units": [64, 32]}])
    leased = client.ask("outside", count=4).trials
    lost = Result(number=1, lease=leased[1].lease.token, state="failed", reason='a, "b"')
    client.tell("outside", [Result(number=0, lease=leased[0].lease.token, value=1 / 3), lost])
    table = rows(client.export("outside"))
    everything = json.loads(client.export("outside", format="json"))["trials"]
    assert [row["number"] for row in table] == ["0", "1", "2", "3"]
    assert [each["number"] for each in everything] == [0, 1, 2, 3]
    assert (table[0]["kind"], float(table[0]["value"])) == (f"'{EVIL}", 1 / 3)
    assert (table[0]["enqueued"], table[1]["enqueued"]) == ("true", "false")
    assert table[1]["reason"] == 'a, "b"'
    assert everything[0]["params"] == {"kind": EVIL, "units": [64, 32]}
    assert table[0]["units"] == "[64, 32]"
    assert {row["units"] for row in table} <= {"null", "[64, 32]", '{"a": 1.0}'}


@pytest.mark.both_databases
def test_chunks_make_the_same_file(
    client: Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = {
        "kind": {"type": "categorical", "choices": ["plain", "größe", 'a, "b"']},
        "rate": {"type": "float", "low": 0.0, "high": 1.0, "when": {"kind": ["größe"]}},
        "never": {"type": "float", "low": 0.0, "high": 1.0, "when": {"kind": ["plain"]}},
    }
    client.create_study(external(trials=7, space=both))
    client.enqueue("outside", [{"kind": "größe", "rate": 0.1 + 0.2}, {"kind": 'a, "b"'}] * 3)
    for leased in client.ask("outside", count=5).trials:
        name = f"m{leased.number // 4}"
        result = Result(number=leased.number, lease=leased.lease.token, value=0.5)
        client.tell("outside", [result.model_copy(update={"metrics": {name: 1.0, "é": 2.0}})])
    with database.read() as session:
        rows_ = store.trials.below(session, store.studies.get(session, "outside"), 100)
    everything = trials.all_of(database, "outside")
    assert len(everything) == len(rows_) > 4
    for chunk in (1, 2, 500):
        monkeypatch.setattr(export, "CHUNK", chunk)
        monkeypatch.setattr(export, "NAMES_CHUNK", chunk)
        assert client.export("outside") == as_csv(rows_)
        whole = TrialPage(trials=everything, next_page_token=None, revision=0)
        exported = client.export("outside", format="json")
        assert exported == whole.model_dump_json(include={"trials"})
    assert "never" not in client.export("outside").splitlines()[0]


def test_a_study_without_trials_has_a_file(client: Client) -> None:
    client.create_study(external())
    assert client.export("outside", format="json") == '{"trials":[]}'
    assert client.export("outside").splitlines() == [",".join(export.COLUMNS)]


def test_what_cannot_be_exported_is_a_problem(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for format_ in ("csv", "json"):
        with pytest.raises(NotFound):
            client.export("none", format=format_)
    client.create_study(external(trials=1))
    client.ask("outside")
    monkeypatch.setattr(export, "MAX_NAMES", 1)
    with pytest.raises(Conflict, match="columns"):
        client.export("outside")
    assert client.export("outside", format="json")
    monkeypatch.setattr(heavy_reads, "MAX_STREAMS", 0)
    with pytest.raises(Unavailable):
        client.export("outside", format="json")


def test_numbers_have_no_rounding_noise_and_inactive_parameters_no_cell() -> None:
    params = {"rate": 0.010000000000000004, "third": 1 / 3, "depth": None}
    [first, second] = rows(as_csv([trial(0, 0.5, params=params), trial(1, 0.5, params={})]))
    assert (first["rate"], first["third"], first["depth"]) == ("0.01", repr(1 / 3), "null")
    assert (second["rate"], second["depth"]) == ("", "")


def test_every_time_has_its_zone(client: Client) -> None:
    client.create_study(external(trials=3))
    done, held = client.ask("outside", count=2).trials
    client.tell("outside", [Result(number=0, lease=done.lease.token, value=0.5)])
    client.pause("outside", held.number)
    study = "/studies/outside"
    pages = ("", "/trials", "/trials/1", "/journal", "/export?format=csv", "/export?format=json")
    texts = [client._http.get(study + page).text for page in pages]
    texts += [client._http.get("/workers").text, held.model_dump_json()]
    for text in texts:
        times = re.findall(r"\d{4}-\d\d-\d\dT\d\d:\d\d[^\",\s]*", text)
        assert times, text
        assert all(re.fullmatch(r"[\dT:.-]+Z", time) for time in times), times
