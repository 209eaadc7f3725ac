"""Idle workers are remembered for a minute, and not more of them than there is room for."""

from __future__ import annotations

from caviar.service.server.operations.workers import IDLE_SECONDS, MAX_NAMES, Askers


def test_a_worker_is_forgotten_a_minute_after_its_last_ask() -> None:
    now = 100.0
    askers = Askers(lambda: now)
    askers.note("early")
    now += IDLE_SECONDS / 2
    askers.note("late")
    assert askers.ages() == {"early": IDLE_SECONDS / 2, "late": 0.0}
    now += IDLE_SECONDS / 2 + 1
    assert list(askers.ages()) == ["late"]


def test_the_workers_that_asked_last_are_kept() -> None:
    askers = Askers(lambda: 0.0)
    for number in range(MAX_NAMES + 5):
        askers.note("often")
        askers.note(f"worker-{number}")
    names = askers.ages()
    assert len(names) == MAX_NAMES
    assert {"often", f"worker-{MAX_NAMES + 4}"} <= names.keys()
    assert "worker-0" not in names
