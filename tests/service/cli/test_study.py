"""`caviar study`: its trials, importance, replicas, exports and enqueued trials."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from caviar.service.cli import sources
from caviar.service.client import Client
from caviar.service.contract.schemas import Result
from caviar.service.local.place import Place
from caviar.service.server.store.database import Database
from tests.commands import fails, run, write
from tests.factories.studies import external
from tests.fakes.apps import listening
from tests.fakes.searches import search


def test_trials_are_enqueued_shown_and_exported(database: Database, tmp_path: Path) -> None:
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


def test_reasons_are_counted(database: Database) -> None:
    with listening(database) as server, Client(server) as client:
        client.create_study(external(trials=5))
        for trial in client.ask("outside", count=4).trials:
            raised = f'error: Traceback\n  File "train.py"\nValueError: {trial.number} [is wrong]'
            state, reason = ("failed", raised) if trial.number else ("diverged", "loss became NaN")
            told = {"number": trial.number, "lease": trial.lease.token, "state": state}
            client.tell("outside", [Result.model_validate({**told, "reason": reason})])
        printed = run("study", "show", "outside", "--server", server).splitlines()
        assert "3 failed: ValueError: 1 [is wrong] (trial 1)" in printed
        assert "1 diverged: loss became NaN (trial 0)" in printed
        shown = json.loads(run("study", "show", "outside", "--server", server, "--json"))
        assert [reason["count"] for reason in shown["reasons"]] == [3, 1]


def test_studies_are_read_without_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sources, "_answers", lambda server: False)
    assert "--data" in fails("study", "list")
    assert "--data" in fails("study", "list", "--data", "elsewhere")
    assert list(tmp_path.iterdir()) == []
    with Place().client() as client:
        client.create_study(external(trials=3))
        search(client, "outside")
    assert "outside" in run("study", "list")
    for command in ("show", "importance", "export", "replicates", "journal"):
        assert run("study", command, "outside", *(["--json"] if command != "export" else []))
    assert json.loads(run("trial", "show", "outside", "2", "--json"))["number"] == 2
    assert "round 0" in run("rounds", "show", "outside", "--data", "caviar-data")
    assert "keeps no checkpoint" in fails("trial", "model", "outside", "0", "model.bin")
