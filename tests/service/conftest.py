"""What tests of the service compare with."""

from __future__ import annotations

import pytest

from caviar.service.client import Client
from tests.factories.panda import study
from tests.fakes.workers import train
from tests.tables import curve


@pytest.fixture
def whole(client: Client, each_epoch: None) -> dict[int, float]:
    """The curve of a network in panda mode without any action."""
    client.create_study(study("alone"))
    train(client, "alone")
    return curve(client, "alone", 0)
