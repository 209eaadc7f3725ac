"""Notes, tags and lists on the command line."""

from __future__ import annotations

import json

from caviar.service.client import Client
from caviar.service.server.store.database import Database
from tests.commands import fails, run
from tests.factories.studies import external
from tests.fakes.apps import listening


def test_notes_and_tags_are_written_and_found(database: Database) -> None:
    with listening(database) as server, Client(server) as client:
        there = ("--server", server)
        for name in ("outside", "other"):
            client.create_study(external(name, trials=3))
        client.ask("outside", count=3, worker="left")
        assert "no note" in run("study", "note", "outside", *there)
        assert "as it [was]" in run("study", "note", "outside", "as it [was]", *there)
        run("study", "tag", "outside", "baseline", "ask ana", *there)
        assert "ask ana" in run("study", "tag", "outside", "--remove", "baseline", *there)
        assert "--remove" in fails("study", "tag", "outside", "--remove", "baseline", *there)
        found = json.loads(run("study", "list", "--tag", "ask ana", "--json", *there))
        assert [(study["name"], study["note"]) for study in found] == [("outside", "as it [was]")]
        by_name = json.loads(run("study", "list", "--sort", "name", "--json", *there))
        assert [study["name"] for study in by_name] == ["other", "outside"]
        assert "ask ana" in run("study", "show", "outside", *there)

        tagged = run("trial", "tag", "outside", "0", "2", "--add", "odd", "--json", *there)
        assert json.loads(tagged) == {"0": ["odd"], "2": ["odd"]}
        assert "look here" in run("trial", "note", "outside", "2", "look here", *there)
        assert "look here" in run("trial", "show", "outside", "2", *there)
        listed = ("trial", "list", "outside", *there)
        odd = json.loads(run(*listed, "--tag", "odd", "--sort", "-number", "--json"))
        assert [trial["number"] for trial in odd] == [2, 0]
        assert "no trial" in run(*listed, "--where", "momentum>1")
        assert "momentum" in run(*listed, "--worker", "left")
        assert "where[0]" in fails(*listed, "--where", "momentun>1")
