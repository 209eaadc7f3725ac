"""Seeds of trials: each its own, and the same again for the same study."""

from __future__ import annotations

from caviar.service.client import Client
from tests.factories.studies import external


def test_seeds_are_each_trials_own(client: Client) -> None:
    for name, seed in (("one", 1), ("again", 1), ("two", 2)):
        client.create_study(external(name, trials=20, seed=seed))
    one, again, two = (
        [trial.seed for trial in client.ask(name, count=20).trials]
        for name in ("one", "again", "two")
    )
    assert one == again
    assert len({*one, *two}) == 40
    assert all(0 <= seed < 2**32 for seed in one)
