"""How fast our samplers propose: a round planned and all of its trials proposed, on one core.

    python -m benchmarks.proposals

History is what was observed before the round; the budget is twice as large. A plan is where the
search from coarse to fine fits its model; its rounds hold 8 to 256 trials, as the budget says.
"""

import benchmarks.one_thread  # noqa: F401

# isort: split
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
    """Random trials of a bowl, in one round."""
    box = dict.fromkeys(space.parameters, (0.0, 1.0))
    whole = Round(number=2, first=0, size=count, box=box)
    draw = make_sampler({"kind": "random"})
    seen: list[Observation] = []
    for number in range(count):
        params = draw.propose(space, whole, seed=1, number=number)
        units = space.encode(params)
        value = sum((unit - 0.4) ** 2 / (1 + k) for k, unit in enumerate(units.values()))
        seen.append(Observation(number=number, params=params, value=value))
    return [whole], seen


def measure(kind: str, space: SearchSpace, count: int) -> tuple[int, float, float]:
    """Trials of a round, seconds of its plan, and proposals a second, plan and all: medians."""
    rounds, seen = history(space, count)
    sampler = make_sampler({"kind": kind})
    plans: list[float] = []
    rates: list[float] = []
    for seed in range(REPEATS):
        start = time.perf_counter()
        current = sampler.plan(space, seed=seed, budget=2 * count, rounds=rounds, observations=seen)
        plans.append(time.perf_counter() - start)
        for number in range(current.first, current.stop):
            sampler.propose(space, current, seed=seed, number=number)
        rates.append(current.size / (time.perf_counter() - start))
    return current.size, statistics.median(plans), statistics.median(rates)


def main() -> None:
    """Print the table."""
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
