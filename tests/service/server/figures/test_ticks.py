"""Ticks: round numbers, and settings as people write them."""

from __future__ import annotations

from typing import Any

import pytest

from caviar.service.server.figures.ticks import log_ticks, power_ticks, setting_text


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0.0001, 1.0, ["1e-4", "0.001", "0.01", "0.1", "1"]),
        (8, 128, ["10", "20", "50", "100"]),
        (0.001, 0.1, ["0.001", "0.01", "0.1"]),
        (0.3, 0.4, ["0.3", "0.4"]),
        (1e-12, 1.0, ["1e-12", "1e-10", "1e-8", "1e-6", "1e-4", "0.01", "1"]),
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


@pytest.mark.parametrize(
    ("value", "scale", "text"),
    [
        (0.9, "reverse_log", "0.9"),
        (0.9987, "reverse_log", "0.9987"),
        (0.97512, "reverse_log", "0.975"),
        (0.00032, "log", "0.00032"),
        (0.12345, "linear", "0.123"),
        (64, "log", "64"),
        (True, "linear", "True"),
        ("<i>", "linear", "&lt;i&gt;"),
    ],
)
def test_settings_as_text(value: Any, scale: str, text: str) -> None:
    assert setting_text(value, {"scale": scale}) == text
