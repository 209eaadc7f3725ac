"""Replays: what a person did, again in a study of its own."""

from __future__ import annotations

import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import Conflict
from caviar.service.contract.states import StudyState
from tests.factories.panda import study
from tests.factories.studies import external
from tests.fakes.workers import train, train_with
from tests.tables import curve

pytestmark = pytest.mark.usefixtures("each_epoch")


def test_a_replay_on_the_same_seed_gives_the_same_bits(client: Client) -> None:
    client.create_study(study("panda"))
    train_with(
        client,
        "panda",
        {
            3: lambda: client.adjust("panda", 0, {"learning_rate": 0.02}),
            7: lambda: client.pause("panda", 0),
        },
    )
    client.adjust("panda", 0, {"batch_size": 9})
    client.fork("panda", 0, count=2, perturb={"learning_rate": 2.0}, twin=True)
    client.extend("panda", 0, 2)
    client.resume("panda", 0)
    train(client, "panda")
    replayed = client.replay("panda", "again")
    assert (replayed.seed, replayed.budget["trials"]) == (1, 4)
    train(client, "again")
    other = client.replay("panda", "other", seed=9)
    train(client, "other")
    assert client.study("again").state == StudyState.COMPLETED
    assert other.seed == 9
    for number in range(4):
        assert curve(client, "again", number) == curve(client, "panda", number)
        assert client.trial("again", number).value == client.trial("panda", number).value
        assert curve(client, "other", number) != curve(client, "panda", number)
        assert curve(client, "other", number).keys() == curve(client, "panda", number).keys()
    with pytest.raises(Conflict, match="already"):
        client.replay("panda", "again")
    client.create_study(external())
    with pytest.raises(Conflict, match="manual control"):
        client.replay("outside", "elsewhere")
