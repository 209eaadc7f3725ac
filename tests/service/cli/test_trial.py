"""`caviar trial` and the journal."""

from __future__ import annotations

import json
from pathlib import Path

from caviar.service.client import Client
from caviar.service.contract.schemas import Result
from caviar.service.server.store.database import Database
from tests.commands import fails, run
from tests.factories.studies import external
from tests.fakes.apps import listening


def test_a_trial_is_controlled_manually(database: Database, tmp_path: Path) -> None:
    with listening(database) as server, Client(server) as client:
        client.create_study(external(trials=2))
        leased = client.ask("outside", count=2).trials

        def trial(*arguments: str) -> str:
            return run("trial", *arguments, "--server", server)

        card = trial(
            "adjust", "outside", "0", "momentum=0.95", "--reason", "to see", "--author", "ana"
        )
        assert "0.95" in card
        assert "under manual control" in card
        at_epoch = ("pause", "outside", "0", "--at", "1")
        assert "only networks can return" in fails("trial", *at_epoch, "--server", server)
        shown = json.loads(trial("pause", "outside", "0", "--json"))
        assert shown["requested_state"] == "paused"
        assert json.loads(trial("resume", "outside", "0", "--json"))["requested_state"] is None
        assert "cancelled by ana" in trial("cancel", "outside", "0", "--author", "ana")
        client.tell("outside", [Result(number=1, lease=leased[1].lease.token, value=0.5)])
        assert "wrong data" in trial("void", "outside", "1", "--reason", "wrong data")
        assert not json.loads(trial("unvoid", "outside", "1", "--json"))["void"]
        entries = json.loads(trial("journal", "outside", "0", "--json"))
        assert [entry["action"] for entry in entries] == ["adjust", "pause", "resume", "cancel"]
        assert entries[0]["author"] == "ana"
        whole = run("study", "journal", "outside", "--server", server)
        assert "adjust momentum" in whole
        for arguments, message in [
            (("adjust", "outside", "0", "momentum"), "not of the form name=value"),
            (("rewind", "outside", "1", "0"), "only networks"),
            (("fork", "outside", "1"), "give children"),
            (("model", "outside", "1", str(tmp_path / "x.npz")), "keeps no checkpoint"),
        ]:
            assert message in fails("trial", *arguments, "--server", server).replace("\n", " ")


def test_what_others_wrote_is_shown_and_not_obeyed(database: Database) -> None:
    """Escape sequences would fill the clipboard and clear the screen."""
    attack = "\x1b]52;c;ZXZpbA==\x07 \x1b[2J \x9b2J \u202etxt"
    with listening(database) as server, Client(server) as client:
        client.create_study(external(trials=2))
        [trial] = client.ask("outside").trials
        failed = Result(number=0, lease=trial.lease.token, state="failed", reason=attack)
        client.tell("outside", [failed])
        client.act("outside", 0, "void", reason=attack, author=attack)
        for command in (("trial", "show"), ("trial", "journal"), ("study", "journal")):
            number = ("0",) if command[0] == "trial" else ()
            shown = run(*command, "outside", *number, "--server", server)
            assert "␛]52" in shown
            assert not set("\x1b\x07\x9b\u202e") & set(shown)
