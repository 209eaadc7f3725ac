"""The command as a person uses it: real processes."""

from __future__ import annotations

import json
import os
import re
import signal
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from caviar.service.cli import options as settings
from caviar.service.client import Client
from caviar.service.contract import schemas
from caviar.service.contract.states import StudyState
from caviar.service.server.operations import studies
from tests.support.processes import (
    fails,
    free_port,
    group_members,
    process,
    run,
    wait_until_ready,
)
from tests.support.studies import external, network
from tests.support.waiting import PATIENCE_SECONDS, until


def write(folder: Path, definition: object) -> str:
    """A definition as a file."""
    path = folder / "study.json"
    path.write_text(json.dumps(definition))
    return str(path)


def test_run_does_a_whole_search_and_prints_the_best(tmp_path: Path) -> None:
    file = write(tmp_path, network(trials=8))
    options = ("--data", str(tmp_path / "data"), "--jobs", "2", "--port", "0")
    printed = run("run", file, *options)
    assert "serving at http://127.0.0.1:" in printed
    assert "8/8 trials" in printed
    assert "the best 5 settings" in printed
    assert "its curve's end" in printed
    assert f"up --data {tmp_path / 'data'}` keeps one running" in printed
    raised = schemas.StudyChange(budget=schemas.BudgetChange(trials=9))
    with closing(settings.open_database(None, tmp_path / "data")) as database:
        studies.change(database, "inside", raised)
    larger = write(tmp_path, network(trials=10))
    assert "has a budget of 9 trials already" in fails("run", larger, *options)
    file = write(tmp_path, network(trials=8))
    again = json.loads(run("run", file, *options, "--json"))  # the same study goes on
    assert again["study"]["progress"]["finished"] == 9
    assert again["study"]["state"] == "completed"
    assert len(again["top"]) == 5
    values = [trial["value"] for trial in again["top"]]
    assert values == sorted(values)
    assert again["best"] == again["top"][0]
    assert f"validation_loss {values[0]:.4g}" in printed


def test_run_with_another_number_of_jobs_gives_the_same_table(tmp_path: Path) -> None:
    definition = network(trials=12, sampler={"kind": "coarse_to_fine"})
    file = write(tmp_path, definition)
    results = []
    for jobs in ("1", "2"):
        options = ("--data", str(tmp_path / jobs), "--jobs", jobs, "--port", "0", "--json")
        results.append(json.loads(run("run", file, *options)))
    one, two = ([(t["number"], t["params"], t["value"]) for t in r["top"]] for r in results)
    assert one == two
    assert results[0]["curve"] == results[1]["curve"]


def test_up_serves_works_and_stops_at_ctrl_c(tmp_path: Path) -> None:
    port = free_port()
    server = f"http://127.0.0.1:{port}"
    options = ("--data", str(tmp_path), "--port", str(port), "--jobs", "1")
    with process("up", *options) as up, Client(server) as client:
        wait_until_ready(server)
        client.create_study(network())
        assert client.wait("inside", timeout_seconds=PATIENCE_SECONDS).state == StudyState.COMPLETED
        listed = json.loads(run("study", "list", "--server", server, "--json"))
        assert [study["name"] for study in listed] == ["inside"]
        assert "inside" in run("study", "show", "inside", "--server", server)
        elsewhere = ("--data", str(tmp_path), "--port", str(free_port()))
        assert "another caviar server" in fails("up", *elsewhere)
        os.killpg(up.pid, signal.SIGINT)
        assert up.wait(timeout=PATIENCE_SECONDS) == 0


def test_a_killed_up_leaves_no_worker_and_goes_on_at_the_next_start(tmp_path: Path) -> None:
    definition = network(trials=40)
    definition["objective"] |= {"dataset": "digits", "epochs": 40}
    port = free_port()
    server = f"http://127.0.0.1:{port}"
    options = ("--data", str(tmp_path), "--port", str(port), "--jobs", "1")
    with Client(server) as client:
        with process("up", *options) as up:
            wait_until_ready(server)
            client.create_study(definition)
            until(lambda: client.study("inside").trials["running"] > 0)
            os.kill(up.pid, signal.SIGKILL)
            until(lambda: not group_members(up.pid))
        with process("up", *options):
            wait_until_ready(server)
            assert (
                client.wait("inside", timeout_seconds=PATIENCE_SECONDS).state
                == StudyState.COMPLETED
            )
        numbers = [trial["number"] for trial in exported(tmp_path)]
    assert numbers == list(range(40))


def exported(data: Path) -> list[dict[str, Any]]:
    """The table of trials, through a server of its own."""
    port = free_port()
    with process("serve", "--data", str(data), "--port", str(port)):
        wait_until_ready(f"http://127.0.0.1:{port}")
        with Client(f"http://127.0.0.1:{port}") as client:
            return [trial.model_dump() for trial in client.trials("inside")]


def test_a_wrong_file_is_one_line_that_names_the_field(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "data"))
    assert "cannot be read" in fails("run", str(tmp_path / "none.json"), *data)
    broken = tmp_path / "broken.json"
    broken.write_text('{"name": ')
    assert f"{broken} is not valid JSON" in fails("run", str(broken), *data)
    definition = network()
    definition["space"]["momentum"]["low"] = 2
    assert "space.momentum.low" in fails("run", write(tmp_path, definition), *data)
    assert "epochz" in fails("run", write(tmp_path, network() | {"epochz": 1}), *data)


def test_another_definition_under_a_used_name_is_a_conflict(tmp_path: Path) -> None:
    options = ("--data", str(tmp_path / "data"), "--jobs", "1", "--port", "0")
    run("run", write(tmp_path, network(trials=2)), *options)
    error = fails("run", write(tmp_path, network(trials=3)), *options)
    assert "--name" in error
    assert "serving" in run("run", write(tmp_path, network(trials=3)), *options, "--name", "other")


def test_serving_other_machines_must_be_said(tmp_path: Path) -> None:
    error = fails("serve", "--host", "0.0.0.0", "--data", str(tmp_path))
    assert "--insecure" in re.sub(r"\s+", " ", error)


def test_a_study_that_others_train_is_refused(tmp_path: Path) -> None:
    error = fails("run", write(tmp_path, external()), "--data", str(tmp_path / "data"))
    assert "objective.kind" in error


@pytest.mark.parametrize(
    "url", ["foo", "", "mysql://a/b", "sqlite://", "sqlite:////nonexistent/x.db"]
)
def test_a_database_that_cannot_be_is_one_line(url: str) -> None:
    error = fails("db", "upgrade", "--database", url)
    assert error.startswith("error: ")
    assert error.count("\n") == 1


def test_a_database_that_does_not_answer_is_named() -> None:
    address = f"127.0.0.1:{free_port()}"
    assert address in fails("db", "upgrade", "--database", f"postgresql://u:p@{address}/x")


def test_a_data_folder_that_is_a_file_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert "--data" in fails("db", "upgrade", "--data", str(file))
    assert "--data" in fails("up", "--data", str(file / "below"))


def test_a_file_that_is_no_database_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "caviar.sqlite").write_text("junk " * 1000)
    assert "not an SQLite database" in fails("db", "upgrade", "--data", str(tmp_path))


def test_a_wrong_name_is_shown_whole(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "data"))
    error = fails("run", write(tmp_path, network()), *data, "--name", "Bad Name")
    assert "name: must be of lower-case letters" in error


def test_a_server_that_is_not_there_is_named() -> None:
    server = f"http://127.0.0.1:{free_port()}"
    assert server in fails("study", "list", "--server", server)


def test_a_used_port_is_named(tmp_path: Path) -> None:
    port = str(free_port())
    run("db", "upgrade", "--data", str(tmp_path))
    with process("serve", "--data", str(tmp_path), "--port", port):
        wait_until_ready(f"http://127.0.0.1:{port}")
        assert port in fails("up", "--data", str(tmp_path / "other"), "--port", port)


@pytest.mark.parametrize(
    "command", ["up", "serve", "work", "run", "study", "rounds", "space", "db"]
)
def test_every_command_has_help(command: str) -> None:
    assert "Usage" in run(command, "--help")
