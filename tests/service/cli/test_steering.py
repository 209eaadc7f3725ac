"""The commands that show a search and steer it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from caviar.service.client import Client
from caviar.service.server.store.database import Database
from tests.commands import fails, run
from tests.factories.studies import MOMENTUM_SPACE, external
from tests.fakes.apps import listening
from tests.fakes.searches import search

LINEAR = {"learning_rate": {"type": "float", "low": 0.0001, "high": 1.0}}


def write(folder: Path, value: object) -> str:
    """A value as a JSON file."""
    path = folder / "file.json"
    path.write_text(json.dumps(value))
    return str(path)


@pytest.mark.parametrize("whole", [False, True], ids=["a space", "a study"])
def test_a_space_is_previewed_without_a_server(tmp_path: Path, whole: bool) -> None:
    file = write(tmp_path, external() if whole else MOMENTUM_SPACE)
    printed = run("space", "preview", file)
    assert "momentum (reverse_log): 0.9 to 0.99: 50 %, 0.99 to 0.999: 50 %" in printed
    assert printed.count("example: learning_rate") == 20
    preview = json.loads(run("space", "preview", file, "--json"))
    assert len(preview["examples"]) == 20
    other = json.loads(run("space", "preview", file, "--json", "--seed", "5"))
    assert other["examples"] != preview["examples"]


def test_warnings_and_errors_of_a_space(tmp_path: Path) -> None:
    printed = run("space", "preview", write(tmp_path, LINEAR))
    assert "warning: space.learning_rate: on a linear scale 90 % of the draws" in printed
    assert "space.x.low" in fails(
        "space", "preview", write(tmp_path, {"x": {"type": "float", "low": 2, "high": 1}})
    )
    assert "must hold an object" in fails("space", "preview", write(tmp_path, [1]))
    assert "cannot be read" in fails("space", "preview", str(tmp_path / "none"))
    broken = tmp_path / "broken.json"
    broken.write_text('{"x": ')
    assert f"{broken} is not valid JSON" in fails("space", "preview", str(broken))


def test_a_search_is_steered(database: Database, tmp_path: Path) -> None:
    with listening(database) as server, Client(server) as client:
        there = ("--server", server)

        def answer(*arguments: str) -> Any:
            return json.loads(run(*arguments, *there, "--json"))

        client.create_study(external(trials=60, sampler={"kind": "coarse_to_fine"}))
        own = write(tmp_path, [{"learning_rate": 0.01, "momentum": 0.99}] * 2)
        assert [t["number"] for t in answer("study", "enqueue", "outside", own)] == [0, 1]
        body = write(tmp_path, {"trials": [{"params": {"learning_rate": 0.1, "momentum": 0.9}}]})
        assert [t["number"] for t in answer("study", "enqueue", "outside", body)] == [2]
        slip = write(tmp_path, {"trials": [{"params": {}, "value": 1}]})
        assert "trials[0].value" in fails("study", "enqueue", "outside", slip, *there)
        bad = write(tmp_path, {"learning_rate": 7, "momentum": 0.99})
        assert "trials[0].params.learning_rate" in fails("study", "enqueue", "outside", bad, *there)
        search(client, "outside", trials=30)
        zoomed = answer(
            "rounds", "zoom", "outside", "learning_rate=0.001:0.1", "--size", "5", "--author", "Ada"
        )
        assert (zoomed["first_trial"], zoomed["trials"]) == (30, 5)
        shown = run("rounds", "show", "outside", *there)
        assert "Manual zoom (Ada): learning_rate from 0.001 to 0.1." in " ".join(shown.split())
        assert len(answer("rounds", "undo", "outside")) == len(answer("rounds", "show", "outside"))
        for wrong in ("learning_rate", "learning_rate=1", "=1:2", "learning_rate=1:"):
            assert "PARAMETER=LOW:HIGH" in fails("rounds", "zoom", "outside", wrong, *there)
        assert "must be a number" in fails("rounds", "zoom", "outside", "learning_rate=a:b", *there)
        twice = ("learning_rate=0.01:0.02", "learning_rate=0.03:0.04")
        assert "two ranges" in fails("rounds", "zoom", "outside", *twice, *there)
        ordered = {"type": "categorical", "choices": ["s", "m", "l"], "ordered": True}
        client.create_study(external("sizes", trials=20, space={"size": ordered}))
        sized = answer("rounds", "zoom", "sizes", "size=m:l")
        assert sized["reason"].startswith("Manual zoom: size from m to l.")
        odd = {"type": "categorical", "choices": ["16", 32, True, "a:b"], "ordered": True}
        client.create_study(external("odd", trials=20, space={"size": odd}))
        assert answer("rounds", "zoom", "odd", "size=16:32")["ranges"]["size"] == ["16", 32]
        assert answer("rounds", "zoom", "odd", "size=true:a:b")["ranges"]["size"] == [True, "a:b"]
        endless = fails("rounds", "zoom", "outside", "learning_rate=1e400:2", *there)
        assert "box.learning_rate" in endless
        assert "Traceback" not in endless
        assert "box.speed" in fails("rounds", "zoom", "outside", "speed=1:2", *there)
        importance = answer("study", "importance", "outside")
        assert importance["repeats"]["trials"] == 2
        printed = run("study", "show", "outside", *there)
        assert "importance" in printed
        assert "unexplained" in printed
        assert printed.count("whole priority") == 2
        table = run("study", "export", "outside", *there)
        assert len(table.splitlines()) == 31
        file = tmp_path / "table.json"
        run("study", "export", "outside", "--format", "json", "-o", str(file), *there)
        assert len(json.loads(file.read_text())["trials"]) == 30
        assert "--output" in fails("study", "export", "outside", "-o", str(tmp_path), *there)


def test_the_best_trials_are_replicated(database: Database) -> None:
    with listening(database) as server, Client(server) as client:
        client.create_study(external(trials=6))
        there = ("outside", "--server", server)
        assert "nothing to replicate" in fails("study", "replicate", *there)
        assert "Nothing was trained again yet" in run("study", "replicates", *there)
        search(client, "outside")
        asked = json.loads(
            run("study", "replicate", *there, "--top", "2", "--seeds", "2", "--json")
        )
        assert [len(trial["replicas"]) for trial in asked["trials"]] == [2, 2]
        search(client, "outside")
        printed = run("study", "replicates", *there)
        assert printed.count("holds") == 2
        assert f"trial {asked['trials'][0]['number']} stays the best." in printed
        best = json.loads(run("study", "show", *there, "--json"))["top"]
        assert [trial["replica_of"] for trial in best] == [None] * 5
