"""A worker whose key cannot be used, or has not the scope: it ends, and says why."""

from __future__ import annotations

import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import CaviarError, Refused, Unauthenticated
from caviar.service.contract.schemas import KeyBody
from caviar.service.server.operations import keys
from caviar.service.server.store.database import Database
from caviar.service.worker.feed import Feed
from caviar.service.worker.objectives import objective_of
from tests.fakes.apps import listening


@pytest.mark.parametrize(
    ("scopes", "refusal", "words"),
    [(["read"], Refused, "scope work"), ([], Unauthenticated, "CAVIAR_KEY")],
)
def test_a_worker_ends_whose_key_is_refused(
    sqlite: Database, scopes: list[str], refusal: type[CaviarError], words: str
) -> None:
    made = keys.create(sqlite, KeyBody.model_validate({"name": "a", "scopes": scopes or ["read"]}))
    key = made.key if scopes else None
    with listening(sqlite) as server, Client(server, key=key) as client:
        trained = objective_of(
            client, None, jobs=1, lease_seconds=60, checkpoint_seconds=30, trial_seconds=None
        )
        feed = Feed(client, trained, jobs=1, worker="w")
        with pytest.raises(refusal, match=words):
            list(feed.tasks())
