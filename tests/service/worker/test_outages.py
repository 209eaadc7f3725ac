"""Outages are told once when they begin and once when they end."""

from __future__ import annotations

import logging

import pytest

from caviar.service.worker.outages import Outage


def test_an_outage_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    outage = Outage()
    with caplog.at_level(logging.INFO, "caviar"):
        outage.end()
        for _ in range(3):
            outage.begin("no trials were leased", "no server answers")
            assert outage.is_on
        outage.end()
        outage.end()
    assert not outage.is_on
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "no trials were leased" in caplog.messages[0]
    assert "answers again after" in caplog.messages[1]
