"""Choices of any JSON on the command line: typed, zoomed to and shown as in JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from caviar.service.cli.trial import read_params, split_changes
from caviar.service.client import Client
from caviar.service.contract.errors import Invalid
from caviar.service.server.store.database import Database
from tests.commands import fails, run, write
from tests.factories.studies import external
from tests.fakes.apps import listening

SPACE: dict[str, Any] = {
    "sizes": {"type": "categorical", "choices": [None, [64, 32], [16]], "ordered": True},
    "C": {"type": "categorical", "choices": [0.5, 1.0]},
    "x": {"type": "float", "low": 300, "high": 301},
}


def test_a_value_is_read_as_json() -> None:
    read = read_params(["a=null", "b=[64, 32]", 'c={"d": 1.0}', "e=adam", "f=0.1", 'g="1"'])
    assert read == {"a": None, "b": [64, 32], "c": {"d": 1.0}, "e": "adam", "f": 0.1, "g": "1"}
    assert split_changes("a=0.1,b=[64, 32],c={}") == ["a=0.1", "b=[64, 32]", "c={}"]
    with pytest.raises(Invalid, match="not of the form"):
        read_params(["a"])


def test_choices_on_the_command_line(database: Database, tmp_path: Path) -> None:
    with listening(database) as server, Client(server) as client:
        client.create_study(external(trials=30, space=SPACE))
        at = ("--server", server)
        params = write(tmp_path, [{"sizes": [64, 32], "C": 1.0, "x": 300.1234567}])
        run("study", "enqueue", "outside", params, *at)
        client.ask("outside", lease_seconds=600)
        assert "300.123" in run("trial", "show", "outside", "0", *at)
        card = run("trial", "adjust", "outside", "0", "sizes=[16]", "C=0.5", *at)
        assert "[16]" in card
        assert "must be null, [64, 32] or [16]" in fails(
            "trial", "adjust", "outside", "0", "sizes=[8]", *at
        )
        journal = run("trial", "journal", "outside", "0", *at)
        assert "to [16], C 1.0" in journal
        zoomed = run("rounds", "zoom", "outside", "sizes=[64, 32]:[16]", "x=300.2:300.25", *at)
        assert "sizes from [64, 32] to [16]" in zoomed
        assert "x from 300.2 to 300.25" in zoomed


def test_a_preview_writes_choices_and_steps_in_full(tmp_path: Path) -> None:
    space = {**SPACE, "step": {"type": "float", "low": 1000, "high": 1002, "step": 0.5}}
    lines = run("space", "preview", write(tmp_path, space))
    assert "sizes (categorical): null: 33 %, [64, 32]: 33 %, [16]: 33 %" in lines
    assert "C (categorical): 0.5: 50 %, 1.0: 50 %" in lines
    assert "step (linear): 1000: 20 %, 1000.5: 20 %, 1001: 20 %" in lines
    shown = json.loads(run("space", "preview", write(tmp_path, space), "--json"))
    assert shown["parameters"]["sizes"]["histogram"]["values"] == [None, [64, 32], [16]]
