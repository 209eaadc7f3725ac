"""The commands of the guide to steering work as they are written, on the study of `make demo`."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

from caviar.service.client import Client
from caviar.service.server.store.database import Database
from tests.commands import run
from tests.fakes.apps import listening
from tests.fakes.workers import train

ROOT = Path(__file__).parents[3]
GUIDE = ROOT / "docs" / "guide" / "steering-a-trial.md"
DEMO = ROOT / "examples" / "digits.json"


def blocks() -> list[list[list[str]]]:
    """The commands of each block of the guide, as arguments."""
    fenced = re.findall(r"^```\n(.*?)^```$", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    return [[shlex.split(line)[1:] for line in block.splitlines()] for block in fenced]


def test_the_commands_of_the_guide_work_as_written(database: Database) -> None:
    finished, beforehand = blocks()[:2]
    with listening(database) as server, Client(server) as client:
        definition = json.loads(DEMO.read_text())
        client.create_study(definition | {"budget": {"trials": 8}})
        train(client, "digits")
        for arguments in finished:
            run(*arguments, "--server", server)
            train(client, "digits")
        trial = client.trial("digits", 7)
        assert (trial.state, trial.epoch, trial.last_epoch) == ("completed", 40, 40)
        actions = [entry.action for entry in trial.journal]
        assert actions == ["rewind", "adjust", "fork", "pause", "resume", "extend"]

        create, *steps = beforehand
        assert create[2] == DEMO.relative_to(ROOT).as_posix()
        create[2] = str(DEMO)
        run(*create, "--trials", "8", "--server", server)
        train(client, "steered")
        assert (client.trial("steered", 7).state, client.trial("steered", 7).epoch) == (
            "paused",
            10,
        )
        for arguments in steps:
            run(*arguments, "--server", server)
        train(client, "steered")
        assert client.trial("steered", 7).state == "completed"
        assert client.study("steered").state == "completed"
