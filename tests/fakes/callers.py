"""A caller that trains by itself, in an order of its own, and loses some trials."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from caviar.service.client import Client
from caviar.service.contract.schemas import Result


def value_at(number: int, epoch: int) -> float:
    """What training gives: each trial falls at a pace and to a floor of its own."""
    generator = random.Random(number)
    floor, pace = generator.random(), 1 + 5 * generator.random()
    return floor + 1 / (pace + epoch)


def run_outside(
    client: Client, name: str, *, seed: int, value_at: Callable[[int, int], float] = value_at
) -> None:
    """Train a study in random order: some asks, some tells, a few trials lost."""
    generator = random.Random(seed)
    outstanding: list[Any] = []
    while (asked := client.ask(name, count=generator.randint(1, 4))).study_state != "completed":
        outstanding += asked.trials
        generator.shuffle(outstanding)
        results = []
        for trial in [outstanding.pop() for _ in range(generator.randint(0, len(outstanding)))]:
            lost = trial.number % 7 == 5
            state = "diverged" if lost else "completed"
            value = None if lost else value_at(trial.number, trial.stop_epoch)
            results.append(
                Result(number=trial.number, lease=trial.lease.token, state=state, value=value)
            )
        if results:
            client.tell(name, results)
