"""Searches by a caller whose objective is a formula, so that nothing is trained."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from caviar.service.client import Client
from caviar.service.contract.schemas import LeasedTrial, Result

Value = Callable[[Mapping[str, Any]], float]


def bowl(params: Mapping[str, Any]) -> float:
    """Best at a learning rate of 0.01 and a momentum of 0.99."""
    rate = math.log10(params["learning_rate"]) + 2
    rest = math.log10(1 - params["momentum"]) + 2
    return rate**2 + 0.3 * rest**2


def result(trial: LeasedTrial, value: Value = bowl) -> Result:
    """What training the trial gives."""
    return Result(number=trial.number, lease=trial.lease.token, value=value(trial.params))


def search(
    client: Client, name: str, *, trials: int | None = None, count: int = 5, value: Value = bowl
) -> None:
    """Ask, train and tell, `count` at a time, until so many have finished or nothing is left."""
    finished = 0
    while trials is None or finished < trials:
        wanted = count if trials is None else min(count, trials - finished)
        leased = client.ask(name, count=wanted).trials
        if not leased:
            return
        client.tell(name, [result(trial, value) for trial in leased])
        finished += len(leased)


def table(client: Client, name: str) -> list[tuple[int, dict[str, Any]]]:
    """The settings of a study's trials, by number."""
    return [(trial.number, trial.params) for trial in client.trials(name)]
