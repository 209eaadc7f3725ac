"""Training speed of the engine, scikit-learn and PyTorch, on one thread in one run.

    python -m benchmarks.engine [--repeats N] [--networks NAME …]

Every contender trains the same network with Adam on mini-batches of 64. The engine chooses how many
trials it trains at once; for the stacked PyTorch, the fastest of several numbers counts. Times are
per step and trial. A ratio is the median over repeats of a contender's time divided by the engine's
time in the same repeat, so that other load on the machine affects both.
"""

import benchmarks.one_thread  # noqa: F401

# isort: split
import argparse
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.peers.networks import (
    BATCH,
    Contender,
    Network,
    TorchStacked,
    ours,
    scikit_learn,
    torch,
    torch_loop,
)
from caviar import engine
from caviar.engine.population import population
from caviar.engine.population.updates import Update

SECONDS = 0.25
"""Approximate length of a measurement."""
STACKS = (1, 4, 16, 64, 256)
"""Numbers of networks that the stacked PyTorch tries."""

NETWORKS = [
    Network("moons [2, 5, 2, 1]", "moons", (5, 2), (50, 70, 2)),
    Network("digits [64, 32, 10]", "digits", (32,), (12, 25, 2)),
    Network("digits [64, 128, 64, 10]", "digits", (128, 64), (5, 4, 2)),
    Network("digits [64, 512, 512, 10]", "digits", (512, 512), (3.5, 1.15, 1.4)),
    Network("  128, 64 with batch norm", "digits", (128, 64), batch_norm=True),
    Network("  128, 64 with dropout 0.8", "digits", (128, 64), keep_prob=0.8),
]


def seconds(contender: Contender, epochs: int) -> float:
    """The seconds that the contender trains for so many epochs."""
    start = time.perf_counter()
    contender(epochs)
    return time.perf_counter() - start


@dataclass
class Timer:
    """A contender that trains one network, and the size of its measurement."""

    contender: Contender
    lanes: int
    steps: int
    epochs: int = 1

    def warm_up(self) -> "Timer":
        """Set the number of epochs that last about SECONDS."""
        seconds(self.contender, 1)
        self.epochs = max(1, round(SECONDS / seconds(self.contender, 1)))
        return self

    def microseconds(self) -> float:
        """Microseconds per step and trial, from one measurement."""
        return 1e6 * seconds(self.contender, self.epochs) / (self.epochs * self.steps * self.lanes)


def compare(network: Network, repeats: int) -> None:
    """Print one line of the table."""
    steps = -(-len(engine.load_dataset(network.dataset).training) // BATCH)
    train, lanes, operations = ours(network)
    timers = {"ours": Timer(train, lanes, steps).warm_up()}
    peer = scikit_learn(network)
    if peer is not None:
        timers["scikit-learn"] = Timer(peer, 1, steps).warm_up()
    if torch is not None:
        timers["loop"] = Timer(torch_loop(network), 1, steps).warm_up()
        stacks = [Timer(TorchStacked(network, lanes), lanes, steps).warm_up() for lanes in STACKS]
        timers["stacked"] = min(stacks, key=Timer.microseconds)
    times: dict[str, list[float]] = {name: [] for name in timers}
    for _ in range(repeats):
        for name, timer in timers.items():
            times[name].append(timer.microseconds())
    own = statistics.median(times["ours"])
    line = f"{network.name:28}{lanes:5}{own:10.2f}{min(times['ours']):10.2f}"
    line += f"{operations / own / 1e3:8.1f}"
    for name, goal in zip(("scikit-learn", "loop", "stacked"), network.goals, strict=True):
        line += _cell(times["ours"], times.get(name), goal)
    if "stacked" in timers:
        line += f"{timers['stacked'].lanes:5}"
    print(line, flush=True)


def profile(network: Network) -> None:
    """Print the parts of a step's time, and the ratio of the whole to the matrix products."""
    train, lanes, operations = ours(network)
    steps = -(-len(engine.load_dataset(network.dataset).training) // BATCH)
    timer = Timer(train, lanes, steps).warm_up()
    spent = {"products": 0.0, "optimizer": 0.0}

    def timed(name: str, work: Callable[..., None]) -> Callable[..., None]:
        def run(*arguments: Any) -> None:
            start = time.perf_counter()
            work(*arguments)
            spent[name] += time.perf_counter() - start

        return run

    products = ("dense_forward", "dense_backward", "dense_inputs_backward")
    with ExitStack() as stack:
        for name in products:
            work = timed("products", getattr(population, name))
            stack.enter_context(patch.object(population, name, work))
        step = timed("optimizer", Update.step)
        stack.enter_context(patch.object(Update, "step", lambda *arguments: step(*arguments)))
        total = timer.microseconds()
    scale = 1e6 / (timer.epochs * steps * lanes)
    parts = {name: seconds * scale for name, seconds in spent.items()}
    rest = total - sum(parts.values())
    rate = operations / parts["products"] / 1e3
    print(
        f"{network.name:28}{total:10.2f}{parts['products']:10.2f}{rate:10.1f}"
        f"{parts['optimizer']:11.2f}{rest:8.2f}{total / parts['products']:10.2f}x",
        flush=True,
    )


def _cell(own: list[float], theirs: list[float] | None, goal: float | None) -> str:
    if theirs is None:
        return f"{'-':>9}{'':17}"
    ratio = statistics.median(peer / mine for peer, mine in zip(theirs, own, strict=True))
    aim = f"({goal:g}x)" if goal else ""
    return f"{statistics.median(theirs):9.1f}{ratio:8.2f}x {aim:8}"


def peak() -> float:
    """The rate of a large matrix product in float32, in GFLOP/s."""
    left = np.ones((1024, 1024), np.float32)
    out = np.empty_like(left)

    def multiply() -> None:
        np.matmul(left, left, out=out)

    best = min(seconds(lambda _: multiply(), 1) for _ in range(20))
    return 2 * 1024**3 / best / 1e9


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--networks", nargs="*", help="parts of names; default: all")
    options = parser.parse_args()
    if torch is None:
        print("PyTorch is not installed: `pip install torch==2.13.0` adds its columns.")
    else:
        torch.set_num_threads(1)
    with threadpool_limits(limits=1):
        print(f"one thread; the largest product reaches {peak():.0f} GFLOP/s in float32")
        print("microseconds per step and trial, batch 64, Adam; ratios to ours (and their goals)")
        head = f"{'network':28}{'K':>5}{'ours':>10}{'best':>10}{'GFLOP/s':>8}"
        for name in ("scikit-learn", "PyTorch loop", "PyTorch stacked"):
            head += f"{name:>20}{'':6}"
        print(head + f"{'K':>5}")
        chosen = [
            network
            for network in NETWORKS
            if not options.networks or any(part in network.name for part in options.networks)
        ]
        for network in chosen:
            compare(network, options.repeats)
        print(f"the largest product again: {peak():.0f} GFLOP/s")
        print("\nparts of a step in microseconds, and the speedup if it were only matrix products")
        print(
            f"{'network':28}{'step':>10}{'products':>10}{'GFLOP/s':>10}{'optimizer':>11}{'rest':>8}"
        )
        for network in chosen:
            profile(network)


if __name__ == "__main__":
    main()
