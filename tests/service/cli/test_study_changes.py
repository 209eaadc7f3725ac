"""`caviar study create`, `pause`, `resume`, `stop`, `budget`, `wait` and `delete`; `workers`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from caviar.service.client import Client
from caviar.service.contract.schemas import Result
from caviar.service.server.store.database import Database
from tests.commands import fails, run, write
from tests.factories.studies import external
from tests.fakes.apps import listening
from tests.fakes.searches import search


@pytest.fixture
def server(database: Database) -> Iterator[str]:
    """The address of a server."""
    with listening(database) as address:
        yield address


def test_a_study_is_created_paused_resumed_and_stopped(server: str, tmp_path: Path) -> None:
    there = ("--server", server)
    file = write(tmp_path, external(trials=9))
    printed = run("study", "create", file, *there, "--name", "own", "--trials", "12")
    assert "study own is created: 12 trials" in printed
    assert "the server has no worker" in printed
    assert f"study wait own --server {server}" in printed
    assert "own" in fails("study", "create", file, *there, "--name", "own")
    assert "study own is paused" in run("study", "pause", "own", *there)
    resumed = json.loads(run("study", "resume", "own", *there, "--json"))
    assert resumed["state"] == "running"
    assert "study own is stopped, with 0/12 trials" in run("study", "stop", "own", *there)
    assert "stopped" in fails("study", "resume", "own", *there)


def test_a_budget_is_shown_and_changed(server: str) -> None:
    with Client(server) as client:
        client.create_study(external(trials=9))
    there = ("study", "budget", "outside", "--server", server)
    assert "running: 9 trials\n" in run(*there)
    raised = run(*there, "--trials", "1200", "--seconds", "90", "--epochs", "5000")
    assert raised.endswith("1,200 trials, 5,000 epochs, 1 min 30 s\n")
    assert "1,200 trials, 5,000 epochs\n" in run(*there, "--remove", "seconds")
    assert json.loads(run(*there, "--remove", "epochs", "--json"))["epochs"] is None


def test_an_ended_study_is_awaited_and_deleted(server: str) -> None:
    there = ("outside", "--server", server)
    with Client(server) as client:
        client.create_study(external(trials=3))
        assert "did not end in 0 seconds" in fails("study", "wait", *there, "--timeout", "0")
        search(client, "outside")
        printed = run("study", "wait", *there)
        assert "outside: 3 trials" in printed
        assert "the best 3 trials" in printed
        outcome = json.loads(run("study", "wait", *there, "--json"))
        assert len(outcome["top"]) == 3
        assert "--yes" in fails("study", "delete", *there)
        assert "study outside is deleted" in run("study", "delete", *there, "--yes")
        assert list(client.studies()) == []
    assert "outside" in fails("study", "delete", *there, "--yes")


def test_idle_workers_are_listed_too(server: str) -> None:
    there = ("workers", "--server", server)
    assert f"caviar work --server {server}" in run(*there)
    with Client(server) as client:
        client.create_study(external(trials=1))
        [trial] = client.ask("outside", worker="busy").trials
        client.ask("outside", worker="waits")
        found = {worker["name"]: worker for worker in json.loads(run(*there, "--json"))}
        assert (found["busy"]["state"], found["busy"]["running"]) == ("training", 1)
        assert (found["waits"]["state"], found["waits"]["running"]) == ("idle", 0)
        assert re.search(r"waits .* idle .* 0 .* \d\d:\d\d:\d\d[+-]\d\d:\d\d", run(*there))
        client.tell("outside", [Result(number=0, lease=trial.lease.token, value=1.0)])
        states = {worker.name: worker.state for worker in client.workers()}
        assert states == {"busy": "idle", "waits": "idle"}


def test_texts_in_brackets_and_times_are_printed_as_they_are(server: str) -> None:
    there = ("--server", server)
    choices = ["[red]a", "[/]", ":smile:"]
    with Client(server) as client:
        space = {"choice": {"type": "categorical", "choices": choices}}
        client.create_study(external(trials=3, space=space, sampler={"kind": "grid"}))
        search(client, "outside", value=lambda params: 0.5)
        client.void("outside", 1, "[bold]wrong[/bold] data", author="[b]")
    shown = run("study", "show", "outside", *there)
    journal = run("study", "journal", "outside", *there)
    assert sum(choice in shown for choice in choices) == 2  # the third trial is void
    assert "[bold]wrong[/bold]" in " ".join(journal.split())
    assert "[b]" in journal
    assert "[bold]wrong[/bold]" in run("trial", "show", "outside", "1", *there)
    with_zone = r" \d\d:\d\d:\d\d[+-]\d\d:\d\d "
    assert re.search(with_zone, run("study", "list", *there))
    assert re.search(with_zone, journal)
    table = run("study", "export", "outside", *there)
    assert re.search(r",\d{4}-\d\d-\d\dT[\d:.]+Z,", table)
