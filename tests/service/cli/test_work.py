"""`caviar work`: options that are refused before anything is leased."""

from __future__ import annotations

import pytest

from caviar.service.client import Client
from caviar.service.server.store.database import Database
from tests.commands import fails
from tests.factories.functions import study
from tests.fakes.apps import listening
from tests.objectives import reference


@pytest.mark.processes  # a function is tried in a process of its own
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--study", "refused", "--objective", "nowhere.py:train"), "there is no file"),
        (("--study", "refused", "--objective", reference("missing")), "no function 'missing'"),
        (("--objective", reference("number")), "--study: is required with --objective"),
        (("--study", "refused", "--trial-seconds", "3"), "--trial-seconds: requires --objective"),
        (("--study", "refused"), "objective.kind: must be network"),
    ],
)
def test_invalid_options_are_refused_before_anything_is_leased(
    database: Database, arguments: tuple[str, ...], message: str
) -> None:
    with listening(database) as server, Client(server) as client:
        client.create_study(study("refused", trials=3, epochs=1))
        error = fails("work", "--server", server, "--jobs", "1", *arguments)
        assert message in " ".join(error.split())
        assert client.trials("refused") == []
