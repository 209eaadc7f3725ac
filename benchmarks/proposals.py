"""Speed of our samplers: planning a round and proposing all of its trials, on one core.

    python -m benchmarks.proposals

The history is the number of trials before the round; the budget is twice as large. coarse_to_fine
fits its surrogate in the plan; its rounds have 8 to 256 trials, depending on the budget.
"""

import benchmarks.one_thread  # noqa: F401

# isort: split
import argparse
import statistics
import time
from typing import Any

from caviar.sampler import Observation, Round, SearchSpace, make_sampler

KINDS = ("random", "quasi_random", "coarse_to_fine")
HISTORIES = (100, 1_000, 10_000)
REPEATS = 5
MIXED: dict[str, dict[str, Any]] = {
    "learning_rate": {"type": "float", "low": 1e-4, "high": 1.0, "scale": "log"},
    "momentum": {
        "type": "float",
        "low": 0.9,
        "high": 0.999,
        "scale": "reverse_log",
        "when": {"optimizer": ["momentum"]},
    },
    "hidden_units": {"type": "int", "low": 8, "high": 96, "scale": "log"},
    "hidden_layers": {"type": "int", "low": 1, "high": 3},
    "batch_size": {"type": "int", "low": 16, "high": 256, "scale": "log", "base": 2},
    "optimizer": {"type": "categorical", "choices": ["momentum", "adam"]},
}
FLOATS = {f"x{k}": {"type": "float", "low": 0.0, "high": 1.0} for k in range(20)}


def history(space: SearchSpace, count: int) -> tuple[list[Round], list[Observation]]:
    """One round of random trials on a quadratic bowl, and their observations."""
    box = dict.fromkeys(space.parameters, (0.0, 1.0))
    first = Round(number=2, first=0, size=count, box=box)
    draw = make_sampler({"kind": "random"})
    observations: list[Observation] = []
    for number in range(count):
        params = draw.propose(space, first, seed=1, number=number)
        units = space.encode(params)
        value = sum((unit - 0.4) ** 2 / (1 + k) for k, unit in enumerate(units.values()))
        observations.append(Observation(number=number, params=params, value=value))
    return [first], observations


def measure(kind: str, space: SearchSpace, count: int) -> tuple[int, float, float]:
    """Trials of a round, seconds of its plan, and proposals a second with the plan (medians)."""
    rounds, observations = history(space, count)
    sampler = make_sampler({"kind": kind})
    plans: list[float] = []
    rates: list[float] = []
    for seed in range(REPEATS):
        start = time.perf_counter()
        current = sampler.begin_round(
            space, seed=seed, budget=2 * count, rounds=rounds, observations=observations
        )
        plans.append(time.perf_counter() - start)
        for number in range(current.first, current.stop):
            sampler.propose(space, current, seed=seed, number=number)
        rates.append(current.size / (time.perf_counter() - start))
    return current.size, statistics.median(plans), statistics.median(rates)


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    print(
        f"{'sampler':16}{'parameters':>12}{'history':>10}{'round':>8}{'plan s':>10}{'a second':>12}"
    )
    for kind in KINDS:
        for spec in (MIXED, FLOATS):
            space = SearchSpace.from_dict(spec)
            for count in HISTORIES:
                size, seconds, rate = measure(kind, space, count)
                row = f"{kind:16}{len(spec):12}{count:10,}{size:8,}{seconds:10.3f}{rate:12,.0f}"
                print(row, flush=True)


if __name__ == "__main__":
    main()
