"""What tests of the service compare with."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from caviar.service.client import Client
from caviar.service.server.rules import quotas
from tests.factories.panda import study
from tests.fakes.workers import train
from tests.tables import curve


@pytest.fixture
def whole(client: Client, each_epoch: None) -> dict[int, float]:
    """The curve of a network in panda mode without any action."""
    client.create_study(study("alone"))
    train(client, "alone")
    return curve(client, "alone", 0)


@pytest.fixture
def allow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Set quotas of the server, by their names."""

    def set_quotas(**values: int) -> None:
        for name, value in values.items():
            monkeypatch.setenv(quotas.variable(name), str(value))
        quotas.quotas.cache_clear()

    yield set_quotas
    monkeypatch.undo()
    quotas.quotas.cache_clear()
