"""`caviar rounds`: the rounds of a search, and manual zooms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from caviar.service.client import Client
from caviar.service.server.store.database import Database
from tests.commands import fails, run
from tests.factories.studies import external
from tests.fakes.apps import listening
from tests.fakes.searches import search


@pytest.fixture
def server(database: Database) -> Iterator[str]:
    """The address of a server with a search that is half done."""
    with listening(database) as address:
        with Client(address) as client:
            client.create_study(external(trials=60, sampler={"kind": "coarse_to_fine"}))
            search(client, "outside", trials=30)
        yield address


def answer(server: str, *arguments: str) -> Any:
    """The JSON that a command prints."""
    return json.loads(run(*arguments, "--server", server, "--json"))


def test_a_person_zooms_and_undoes_the_zoom(server: str) -> None:
    zoomed = answer(
        server,
        *("rounds", "zoom", "outside", "learning_rate=0.001:0.1", "--size", "5", "--author", "Ada"),
    )
    assert (zoomed["first_trial"], zoomed["trials"]) == (30, 5)
    shown = run("rounds", "show", "outside", "--server", server)
    assert "Manual zoom (Ada): learning_rate from 0.001 to 0.1." in " ".join(shown.split())
    left = answer(server, "rounds", "undo", "outside")
    assert len(left) == len(answer(server, "rounds", "show", "outside"))


def test_ordered_choices_are_a_range(server: str) -> None:
    with Client(server) as client:
        ordered = {"type": "categorical", "choices": ["s", "m", "l"], "ordered": True}
        client.create_study(external("sizes", trials=20, space={"size": ordered}))
        odd = {"type": "categorical", "choices": ["16", 32, True, "a:b"], "ordered": True}
        client.create_study(external("odd", trials=20, space={"size": odd}))
    sized = answer(server, "rounds", "zoom", "sizes", "size=m:l")
    assert sized["reason"].startswith("Manual zoom: size from m to l.")
    zoomed = answer(server, "rounds", "zoom", "odd", "size=16:32")
    assert zoomed["ranges"]["size"] == ["16", 32]
    zoomed = answer(server, "rounds", "zoom", "odd", "size=true:a:b")
    assert zoomed["ranges"]["size"] == [True, "a:b"]


@pytest.mark.parametrize(
    ("box", "message"),
    [
        (["learning_rate"], "PARAMETER=LOW:HIGH"),
        (["learning_rate=1"], "PARAMETER=LOW:HIGH"),
        (["=1:2"], "PARAMETER=LOW:HIGH"),
        (["learning_rate=1:"], "PARAMETER=LOW:HIGH"),
        (["learning_rate=a:b"], "must be a number"),
        (["learning_rate=0.01:0.02", "learning_rate=0.03:0.04"], "two ranges"),
        (["learning_rate=1e400:2"], "box.learning_rate"),
        (["speed=1:2"], "box.speed"),
    ],
)
def test_a_zoom_that_cannot_be_names_what_is_wrong(
    database: Database, box: list[str], message: str
) -> None:
    with listening(database) as server:
        with Client(server) as client:
            client.create_study(external(trials=60, sampler={"kind": "coarse_to_fine"}))
        assert message in fails("rounds", "zoom", "outside", *box, "--server", server)
