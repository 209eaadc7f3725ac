"""Train the networks of benchmarks/problems/networks/tables: a few thousand random settings each.

    python -m benchmarks.make_network_tables all | NAME …

Needed only when the searches or the engine change. All tables take about seven minutes.
"""

import argparse
import time

import numpy as np

from benchmarks.problems.networks import datasets
from benchmarks.problems.networks.searches import SEARCHES, Search
from benchmarks.problems.networks.surrogates import TABLES
from caviar import engine
from caviar.sampler import Round, SearchSpace, make_sampler

TRIALS = 2400
SEED = 20_260


def train(search: Search) -> tuple[list[list[float]], list[float]]:
    """The unit coordinates of every trial (NaN where inactive) and its best validation loss."""
    space = SearchSpace.from_dict(search.space)
    only = Round(number=0, first=0, size=TRIALS, box=dict.fromkeys(space.parameters, (0.0, 1.0)))
    draw = make_sampler({"kind": "random"})
    trials = [draw.propose(space, only, seed=SEED, number=number) for number in range(TRIALS)]
    dataset = datasets.load(search.dataset)
    lanes = [
        engine.Lane(number=number, recipe=engine.read_recipe(params, search.settings))
        for number, params in enumerate(trials)
    ]
    best = np.full(TRIALS, np.inf)
    for group in engine.group_lanes(lanes, dataset):
        for record in engine.Training(dataset, group, seed=SEED).run(search.epochs):
            for number, metrics in record.metrics.items():
                if number not in record.diverged:
                    best[number] = min(best[number], metrics["validation_loss"])
            for number in record.diverged:
                best[number] = (
                    np.nan
                )  # a diverged trial has no value, even if an earlier epoch had one
    units = [
        [space.encode(params).get(name, np.nan) for name in space.parameters] for params in trials
    ]
    return units, best.tolist()


def main() -> None:
    """Train and store the tables of these names, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    choices = ["all", *(search.name for search in SEARCHES)]
    parser.add_argument(
        "names", nargs="+", choices=choices, metavar="NAME", help=", ".join(choices)
    )
    names = set(parser.parse_args().names)
    for search in SEARCHES:
        if not {search.name, "all"} & names:
            continue
        started = time.perf_counter()
        units, values = train(search)
        np.savez_compressed(
            TABLES / f"{search.name}.npz",
            units=np.array(units, dtype=np.float16),
            values=np.array(values, dtype=np.float32),
        )
        diverged = int(np.isnan(values).sum())
        seconds = time.perf_counter() - started
        print(f"{search.name}: {TRIALS} trials, {diverged} diverged, {seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
