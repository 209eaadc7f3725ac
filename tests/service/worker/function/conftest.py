"""Processes for functions, and reports without delay."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from caviar.service.worker import segment
from tests.fakes.functions import Processes


@pytest.fixture
def processes() -> Iterator[Processes]:
    """Processes that end with the test."""
    made = Processes()
    yield made
    for process in made.started:
        process.end()


@pytest.fixture
def each_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports as they come."""
    monkeypatch.setattr(segment, "REPORT_SECONDS", 0.0)
