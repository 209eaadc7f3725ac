"""Data sets over HTTP: a table that is sent, what is refused, and what is left behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from caviar.service.client import Client
from caviar.service.contract import limits
from caviar.service.contract.errors import Conflict, Invalid, NotFound
from caviar.service.server.http import bodies
from caviar.service.server.store.database import Database
from tests.assertions import assert_problem
from tests.factories.tables import bomb, churn_csv, churn_study
from tests.fakes.workers import train


def folder(database: Database) -> Path:
    assert database.datasets is not None
    return database.datasets


def leftovers(database: Database) -> list[str]:
    """What is in the folder of data sets beside data sets."""
    if not folder(database).exists():
        return []
    return [path.name for path in folder(database).iterdir() if len(path.name) != 32]


def test_a_table_is_added_listed_trained_on_and_removed(client: Client, database: Database) -> None:
    answer = client._http.put(
        "/datasets/churn?target=churn&drop=note",
        content=churn_csv(),
        headers={"Content-Type": "text/csv; charset=utf-8"},
    )
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["task"], made["classes"], made["labels"]) == ("binary", 2, ["no", "yes"])
    assert {column["name"]: column["unused"] for column in made["columns"]} == {
        "customer": "like an id: 400 different texts in 400 rows",
        "age": None,
        "city": None,
        "note": "as asked for",
        "churn": None,
    }
    assert leftovers(database) == []
    shown = client.dataset("churn")
    assert str(shown) == "<data set churn: binary, 400 rows, 6 features, 2 classes>"
    assert "as asked for" in shown._repr_html_()
    again = client._http.put("/datasets/churn?target=churn&drop=note", content=churn_csv())
    assert (again.status_code, again.json()["versions"]) == (200, [made["version"]])
    assert [dataset.name for dataset in client.datasets()][:2] == ["churn", "breast_cancer"]
    study = client.create_study(churn_study("one"))
    assert study.objective["version"] == made["version"]
    assert_problem(client._http.delete("/datasets/churn"), 409)
    train(client, "one")
    assert client.study("one").state == "completed"
    model = client.study("one").best_model()
    assert set(model.predict({"age": [31, 52.0], "city": ["Rome", None]})) <= {"no", "yes"}
    client.remove_dataset("churn")
    assert list(folder(database).iterdir()) == []
    assert client.datasets()[0].name == "breast_cancer"
    with pytest.raises(NotFound, match="caviar data add"):
        client.dataset("churn")
    # A study that has ended is shown without its data set.
    assert client.study("one").state == "completed"


def test_a_study_keeps_the_version_that_it_began_with(client: Client) -> None:
    first = client.add_dataset("churn", {"x": list(range(40)) * 3, "y": [0, 1] * 60})
    client.create_study(churn_study("old"))
    second = client.add_dataset("churn", {"x": list(range(40)) * 3, "y": [1, 1, 0] * 40})
    assert client.dataset("churn").versions == [second.version, first.version]
    assert client.study("old").objective["version"] == first.version
    assert client.create_study(churn_study("new")).objective["version"] == second.version
    chosen = churn_study("chosen", version=first.version)
    assert client.create_study(chosen).objective["version"] == first.version
    train(client, "old")
    assert client.replicate("old", top=1, seeds=1)
    assert client.study("old").objective["version"] == first.version
    with pytest.raises(Invalid, match=r"objective\.version.*has no version 'none'"):
        client.create_study(churn_study("none", version="none"))
    with pytest.raises(Invalid, match=r"objective\.version.*built in"):
        client.create_study(churn_study("builtin", dataset="wine", version=first.version))


def test_an_unknown_set_is_refused_with_the_known_ones_and_how_to_add_one(client: Client) -> None:
    client.add_dataset("mine", np.arange(200.0).reshape(100, 2) % 7, target=["a", "b"] * 50)
    with pytest.raises(Invalid, match=r"objective\.dataset.*wine, mine: .*caviar data add"):
        client.create_study(churn_study("lost"))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> int:
    """A server that takes tables of 4 KiB."""
    monkeypatch.setattr(bodies, "TABLE", replace(bodies.TABLE, limit_bytes=4096, quota=None))
    return 4096


def test_a_table_that_is_too_large_is_refused_whatever_it_announces(
    client: Client, database: Database, small: int
) -> None:
    def parts() -> Iterator[bytes]:
        yield from [b"a" * 1024] * 5

    for content in (b"a" * (small + 1), parts()):
        answer = client._http.put("/datasets/large?target=a", content=content)
        assert_problem(answer, 413)
        assert "4,096 bytes" in answer.json()["detail"]
    assert leftovers(database) == []
    assert_problem(client._http.get("/datasets/large"), 404)
    assert limits.TABLE_BYTES == 64 * 2**20


BAD: dict[str, tuple[str, bytes, dict[str, str], int, str]] = {
    "no target": ("churn", b"a,b\n1,2\n", {}, 422, "name the column to predict"),
    "an unknown target": ("churn?target=c", b"a,b\n1,2\n", {}, 422, "columns are a, b"),
    "an empty body": ("churn?target=a", b"", {}, 422, "empty"),
    "a float target": ("churn?target=a", b"a,b\n1.5,2\n2.5,3\n", {}, 422, "regression"),
    "a built-in name": ("wine?target=a", b"a,b\n1,2\n", {}, 422, "built in"),
    "a name that is no slug": ("My%20Set?target=a", b"a,b\n1,2\n", {}, 422, "lower-case"),
    "another kind": ("churn?target=a&format=parquet", b"a,b\n", {}, 422, "not that of a .parquet"),
    "an unknown kind": ("churn?target=a&format=xlsx", b"a,b\n", {}, 422, "format"),
    "a zip bomb": ("churn", bomb(2**21), {}, 422, "cut off|cannot be read|unpacks"),
    "a form": ("churn?target=a", b"a=1", {"Content-Type": "text/plain"}, 415, "text/csv"),
    "another site": ("churn?target=a", b"a\n1\n", {"Origin": "https://evil.example"}, 403, "site"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_table_that_cannot_be_used_is_refused(
    client: Client, database: Database, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("caviar.engine.data.table_files.MAX_CONTENT_BYTES", 2**20)
    path, content, headers, status, message = BAD[case]
    answer = client._http.put(f"/datasets/{path}", content=content, headers=headers)
    assert_problem(answer, status)
    assert any(part in answer.text for part in message.split("|")), answer.text
    assert leftovers(database) == []
    assert len(client.datasets()) == 6


def test_the_files_of_a_version_are_a_fixed_list(client: Client) -> None:
    made = client.add_dataset("mine", churn_frame(), target="churn")
    where = f"/datasets/mine/versions/{made.version}/files"
    for file in made.files:
        assert len(client._http.get(f"{where}/{file.name}").content) == file.bytes
    for file_name in ("none.npy", "..%2Fdataset.json", "%2Fetc%2Fpasswd"):
        assert_problem(client._http.get(f"{where}/{file_name}"), 404)
    assert_problem(client._http.get("/datasets/mine/versions/..%2F/files/dataset.json"), 404)


def churn_frame() -> dict[str, list[Any]]:
    return {
        "age": [30, 40, None, 50] * 50,
        "city": ["Paris", "Rome"] * 100,
        "churn": [True, False, False, True] * 50,
    }


def test_two_names_share_the_files_of_one_table(client: Client, database: Database) -> None:
    made = client.add_dataset("one", churn_frame(), target="churn")
    assert client.add_dataset("two", churn_frame(), target="churn").version == made.version
    client.remove_dataset("one")
    assert client.dataset("two").version == made.version
    client.create_study(churn_study("on-two", dataset="two"))
    train(client, "on-two")
    client.delete_study("on-two")
    client.remove_dataset("two")
    assert list(folder(database).iterdir()) == []


def test_a_server_without_a_data_folder_says_so(
    client: Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "datasets", None)
    with pytest.raises(Conflict, match="--data FOLDER"):
        client.add_dataset("mine", churn_frame(), target="churn")
    with pytest.raises(Conflict, match="built in"):
        client.remove_dataset("wine")


@pytest.mark.both_databases
def test_data_sets_are_kept_on_both_databases(
    client: Client, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "datasets", tmp_path / "datasets")
    made = client.add_dataset("mine", churn_frame(), target="churn")
    assert client.add_dataset("mine", churn_frame(), target="churn").versions == [made.version]
    client.create_study(churn_study("here", dataset="mine"))
    with pytest.raises(Conflict, match="'here' trains on 'mine'"):
        client.remove_dataset("mine")
    client.change_study("here", state="stopped")
    client.remove_dataset("mine")
    with pytest.raises(NotFound):
        client.remove_dataset("mine")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("target=gone", "target"),
        ("target=churn&drop=gone", "drop"),
        ("target=churn&drop=churn", "drop"),
    ],
)
def test_a_wrong_target_or_dropped_column_is_named(client: Client, query: str, field: str) -> None:
    answer = client._http.put(f"/datasets/churn?{query}", content=churn_csv())
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
