"""Spaces and observations that several tests share."""

from collections.abc import Callable, Sequence
from typing import Any

from caviar.sampler import (
    Observation,
    Params,
    Round,
    Sampler,
    SearchSpace,
    make_sampler,
    planned_trials,
)

NETWORK: dict[str, dict[str, Any]] = {
    "learning_rate": {
        "type": "float",
        "low": 0.0001,
        "high": 1.0,
        "scale": "log",
        "priority": 1,
    },
    "momentum": {
        "type": "float",
        "low": 0.9,
        "high": 0.999,
        "scale": "reverse_log",
        "priority": 2,
        "when": {"optimizer": ["momentum"]},
    },
    "hidden_units": {"type": "int", "low": 8, "high": 128, "scale": "log", "priority": 2},
    "hidden_layers": {"type": "int", "low": 1, "high": 3, "scale": "linear", "priority": 3},
    "batch_size": {
        "type": "int",
        "low": 16,
        "high": 256,
        "scale": "log",
        "base": 2,
        "priority": 2,
    },
    "optimizer": {"type": "categorical", "choices": ["momentum", "adam"], "priority": 2},
}


def network_space() -> SearchSpace:
    return SearchSpace.from_dict(NETWORK)


def loss(space: SearchSpace, params: Params) -> float:
    """Best at a learning rate of 0.01, many units, two layers and adam."""
    units = space.encode(params)
    return (
        4 * (units["learning_rate"] - 0.5) ** 2
        + (units["hidden_units"] - 0.9) ** 2
        + (units.get("momentum", 0.3) - 0.3) ** 2
        + 0.1 * abs(units["hidden_layers"] - 0.5)
        + (0.0 if params["optimizer"] == "adam" else 0.05)
    )


def random_search(
    space: SearchSpace,
    objective: Callable[[SearchSpace, Params], float],
    *,
    seed: int,
    count: int,
) -> list[Observation]:
    """The observations of a random search."""
    whole = Round(number=0, first=0, size=count, box=dict.fromkeys(space.parameters, (0.0, 1.0)))
    sampler = make_sampler({"kind": "random"})
    settings = [sampler.propose(space, whole, seed=seed, number=n) for n in range(count)]
    return [
        Observation(number=number, params=params, value=objective(space, params))
        for number, params in enumerate(settings)
    ]


def observe(
    sampler: Sampler,
    space: SearchSpace,
    current: Round,
    *,
    seed: int,
    objective: Callable[[SearchSpace, Params], float] = loss,
) -> list[Observation]:
    """The observations of a round, in which every ninth trial diverges."""
    trials = []
    for number in range(current.first, current.stop):
        params = sampler.propose(space, current, seed=seed, number=number)
        diverged = number % 9 == 8
        trials.append(
            Observation(
                number=number,
                params=params,
                value=None if diverged else objective(space, params),
                state="diverged" if diverged else "completed",
            )
        )
    return trials


def search(
    sampler: Sampler,
    space: SearchSpace,
    *,
    seed: int,
    budget: int,
    objective: Callable[[SearchSpace, Params], float] = loss,
) -> tuple[list[Round], list[Observation]]:
    """A whole search, round by round."""
    rounds: list[Round] = []
    trials: list[Observation] = []
    while planned_trials(rounds) < budget:
        current = sampler.begin_round(
            space, seed=seed, budget=budget, rounds=rounds, observations=trials
        )
        rounds.append(current)
        trials += observe(sampler, space, current, seed=seed, objective=objective)
    return rounds, trials


def values(trials: Sequence[Observation], name: str) -> list[Any]:
    return [trial.params[name] for trial in trials if name in trial.params]
