"""Ticks: round numbers along logarithmic axes."""

from __future__ import annotations

import pytest

from caviar.service.server.figures.ticks import log_ticks, power_ticks


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0.0001, 1.0, ["0.0001", "0.001", "0.01", "0.1", "1"]),
        (8, 128, ["10", "20", "50", "100"]),
        (0.001, 0.1, ["0.001", "0.01", "0.1"]),
        (0.3, 0.4, ["0.3", "0.4"]),
        (1e-12, 1.0, ["1e-12", "1e-10", "1e-8", "1e-6", "0.0001", "0.01", "1"]),
    ],
)
def test_log_ticks(low: float, high: float, texts: list[str]) -> None:
    assert [text for _, text in log_ticks(low, high)] == texts


@pytest.mark.parametrize(
    ("low", "high", "base", "texts"),
    [
        (16, 256, 2, ["16", "32", "64", "128", "256"]),
        (10, 100, 2, ["16", "32", "64"]),
        (1, 4096, 2, ["1", "4", "16", "64", "256", "1024", "4096"]),
        (5, 7, 2, ["5", "7"]),
    ],
)
def test_power_ticks(low: float, high: float, base: float, texts: list[str]) -> None:
    assert [text for _, text in power_ticks(low, high, base)] == texts
