"""The table of trials as a file: whole, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import re

from caviar.service.client import Client
from caviar.service.contract.schemas import Result
from caviar.service.server.operations.export import as_csv
from tests.factories.studies import external
from tests.factories.trials import trial

EVIL = '=HYPERLINK("http://x","y")'


def rows(text: str) -> list[dict[str, str]]:
    """The rows of a CSV file by the names of their columns."""
    return list(csv.DictReader(io.StringIO(text)))


def test_no_text_is_a_formula_and_numbers_stay_numbers() -> None:
    for start in ("=", "+", "-", "@", "\t", "\r"):
        text = f"{start}1+1"
        [row] = rows(as_csv([trial(0, -1.25, reason=text, params={"kind": text, "rate": -0.5})]))
        assert row["reason"] == row["kind"] == f"'{text}"
        assert (row["rate"], row["value"]) == ("-0.5", "-1.25")
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
    lost = Result(number=1, lease=leased[1].lease.token, state="failed", reason='a,\n"b"')
    client.tell("outside", [Result(number=0, lease=leased[0].lease.token, value=1 / 3), lost])
    table = rows(client.export("outside"))
    everything = json.loads(client.export("outside", format="json"))["trials"]
    assert [row["number"] for row in table] == ["0", "1", "2", "3"]
    assert [each["number"] for each in everything] == [0, 1, 2, 3]
    assert (table[0]["kind"], float(table[0]["value"])) == (f"'{EVIL}", 1 / 3)
    assert (table[0]["enqueued"], table[1]["enqueued"]) == ("true", "false")
    assert table[1]["reason"] == 'a,\n"b"'
    assert everything[0]["params"] == {"kind": EVIL, "units": [64, 32]}
    assert table[0]["units"] == "[64, 32]"
    assert {row["units"] for row in table} <= {"null", "[64, 32]", '{"a": 1.0}'}


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
