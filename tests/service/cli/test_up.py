"""`caviar up` as real processes: served, interrupted, killed and started again."""

from __future__ import annotations

import json
import os
import signal
from contextlib import closing
from pathlib import Path

import pytest

from caviar.service.client import Client
from caviar.service.contract.states import StudyState
from caviar.service.local.place import open_database
from caviar.service.server.operations import trials
from tests.commands import fails, run
from tests.factories.studies import network
from tests.processes import (
    PATIENCE_SECONDS,
    free_port,
    group_members,
    process,
    until,
    wait_until_ready,
)

pytestmark = pytest.mark.processes


def test_a_server_trains_and_stops_at_ctrl_c(tmp_path: Path) -> None:
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


def test_a_killed_server_leaves_no_worker_and_its_study_continues_at_the_next_start(
    tmp_path: Path,
) -> None:
    definition = network(trials=20)
    definition["objective"] |= {"dataset": "digits", "epochs": 20}
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
            ended = client.wait("inside", timeout_seconds=PATIENCE_SECONDS)
            assert ended.state == StudyState.COMPLETED
    with closing(open_database(None, tmp_path)) as database:
        assert [trial.number for trial in trials.all_of(database, "inside")] == list(range(20))
