"""How fast the engine trains, beside scikit-learn and PyTorch, all on one thread in one run.

    python benchmarks/engine.py [--repeats N] [--networks NAME …]

Every contender trains the same network with Adam on mini-batches of 64. The engine chooses how many
trials it trains at once; the stacked PyTorch has the best of several numbers. Times are per step
and trial; a ratio is the median over repeats of a contender's time by the engine's in the same
repeat, so that what else the machine does falls on both.
"""

import argparse
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np  # noqa: E402
from threadpoolctl import threadpool_limits  # noqa: E402

import engine  # noqa: E402
from engine import population  # noqa: E402
from engine.datasets import Examples  # noqa: E402
from engine.grouping import lanes_in_cache  # noqa: E402
from engine.updates import Update  # noqa: E402

try:
    import torch
except ImportError:
    torch = None

BATCH = 64
RATE = 1e-3
SECONDS = 0.25
"""About how long one measurement lasts."""
STACKS = (1, 4, 16, 64, 256)
"""How many networks the stacked PyTorch may hold at once."""


@dataclass(frozen=True)
class Network:
    """One row of the table, with the goals of its ratios: scikit-learn, PyTorch loop, stacked."""

    name: str
    dataset: str
    hidden: tuple[int, ...]
    goals: tuple[float | None, float | None, float | None] = (None, None, None)
    batch_norm: bool = False
    keep_prob: float = 1.0


NETWORKS = [
    Network("moons [2, 5, 2, 1]", "moons", (5, 2), (50, 70, 2)),
    Network("digits [64, 32, 10]", "digits", (32,), (12, 25, 2)),
    Network("digits [64, 128, 64, 10]", "digits", (128, 64), (5, 4, 2)),
    Network("digits [64, 512, 512, 10]", "digits", (512, 512), (3.5, 1.15, 1.4)),
    Network("  128, 64 with batch norm", "digits", (128, 64), batch_norm=True),
    Network("  128, 64 with dropout 0.8", "digits", (128, 64), keep_prob=0.8),
]

Contender = Callable[[int], None]
"""Trains so many epochs."""


def ours(network: Network) -> tuple[Contender, int, float]:
    """The engine: (contender, trials at once, floating-point operations of a step and trial)."""
    whole = engine.load_dataset(network.dataset)
    # The others do not evaluate, so neither does it.
    first = Examples(whole.validation.features[:1], whole.validation.targets[:1])
    dataset = replace(whole, validation=first)
    units = {f"hidden_units_{i}": n for i, n in enumerate(network.hidden, start=1)}
    recipe = engine.read_recipe(
        {
            **units,
            "batch_size": BATCH,
            "learning_rate": RATE,
            "batch_norm": network.batch_norm,
            "keep_prob": network.keep_prob,
        }
    )
    shape = recipe.shape(dataset)
    lanes = lanes_in_cache(shape)
    training = engine.Training(
        dataset, [engine.Lane(number=number, recipe=recipe) for number in range(lanes)], seed=0
    )

    def train(epochs: int) -> None:
        for _ in training.run(training.epoch + epochs):
            pass

    weights = [block.inputs * block.outputs for block in shape.blocks]
    return train, lanes, 2.0 * BATCH * (3 * sum(weights) - weights[0])


def scikit_learn(network: Network) -> Contender | None:
    """MLPClassifier."""
    if network.batch_norm or network.keep_prob < 1:
        return None
    from sklearn.neural_network import MLPClassifier

    part = engine.load_dataset(network.dataset).training

    def train(epochs: int) -> None:
        classifier = MLPClassifier(
            network.hidden,
            alpha=0.0,
            batch_size=BATCH,
            learning_rate_init=RATE,
            max_iter=epochs,
            tol=0.0,
            n_iter_no_change=epochs + 1,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            classifier.fit(part.features, part.targets)

    return train


def batches(network: Network) -> tuple[Any, Any, Callable[[], Iterator[Any]]]:
    """Features and targets as tensors, and what cuts an epoch's shuffle into mini-batches."""
    part = engine.load_dataset(network.dataset).training
    features = torch.from_numpy(part.features.copy())
    targets = torch.from_numpy(part.targets.copy())
    if network.dataset == "moons":
        targets = targets.float()
    return features, targets, lambda: iter(torch.randperm(len(targets)).split(BATCH))


def torch_loop(network: Network) -> Contender:
    """PyTorch, one network at a time, fused Adam."""
    features, targets, cut = batches(network)
    binary = network.dataset == "moons"
    widths = (features.shape[1], *network.hidden)
    layers: list[Any] = []
    for inputs, outputs in pairwise(widths):
        layers.append(torch.nn.Linear(inputs, outputs, bias=not network.batch_norm))
        if network.batch_norm:
            layers.append(torch.nn.BatchNorm1d(outputs))
        layers.append(torch.nn.ReLU())
        if network.keep_prob < 1:
            layers.append(torch.nn.Dropout(1 - network.keep_prob))
    layers.append(torch.nn.Linear(widths[-1], 1 if binary else 10))
    model = torch.nn.Sequential(*layers)
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE, fused=True)
    functional = torch.nn.functional

    def train(epochs: int) -> None:
        for _ in range(epochs):
            for rows in cut():
                logits = model(features[rows])
                if binary:
                    loss = functional.binary_cross_entropy_with_logits(logits[:, 0], targets[rows])
                else:
                    loss = functional.cross_entropy(logits, targets[rows])
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()

    return train


class TorchStacked:
    """PyTorch, networks stacked in baddbmm, fused Adam."""

    def __init__(self, network: Network, lanes: int) -> None:
        self.network = network
        self.lanes = lanes
        self.features, self.targets, self.cut = batches(network)
        self.binary = network.dataset == "moons"
        widths = (self.features.shape[1], *network.hidden, 1 if self.binary else 10)
        self.weights, self.biases, self.gammas = [], [], []
        for inputs, outputs in pairwise(widths):
            drawn = torch.randn(lanes, inputs, outputs) * (2 / inputs) ** 0.5
            self.weights.append(drawn.requires_grad_())
            self.biases.append(torch.zeros(lanes, 1, outputs, requires_grad=True))
            self.gammas.append(torch.ones(lanes, 1, outputs, requires_grad=True))
        trained = [*self.weights, *self.biases, *(self.gammas[:-1] if network.batch_norm else [])]
        self.optimizer = torch.optim.Adam(trained, lr=RATE, fused=True)

    def __call__(self, epochs: int) -> None:
        for _ in range(epochs):
            for rows in self.cut():
                loss = self._loss(self._forward(rows), self.targets[rows].repeat(self.lanes))
                self.optimizer.zero_grad(set_to_none=True)
                (loss * self.lanes).backward()
                self.optimizer.step()

    def _loss(self, logits: Any, wanted: Any) -> Any:
        functional = torch.nn.functional
        if self.binary:
            return functional.binary_cross_entropy_with_logits(logits.reshape(-1), wanted)
        return functional.cross_entropy(logits.reshape(-1, 10), wanted)

    def _forward(self, rows: Any) -> Any:
        values = self.features[rows].expand(self.lanes, -1, -1)
        for layer in range(len(self.weights) - 1):
            values = torch.relu(self._hidden(values, layer))
            if self.network.keep_prob < 1:
                values = torch.nn.functional.dropout(values, 1 - self.network.keep_prob)
        return torch.baddbmm(self.biases[-1], values, self.weights[-1])

    def _hidden(self, values: Any, layer: int) -> Any:
        if not self.network.batch_norm:
            return torch.baddbmm(self.biases[layer], values, self.weights[layer])
        product = torch.bmm(values, self.weights[layer])
        variance, mean = torch.var_mean(product, dim=1, keepdim=True, correction=0)
        scaled = (product - mean) * torch.rsqrt(variance + 1e-5)
        return torch.addcmul(self.biases[layer], scaled, self.gammas[layer])


def seconds(contender: Contender, epochs: int) -> float:
    """How long so many epochs take."""
    start = time.perf_counter()
    contender(epochs)
    return time.perf_counter() - start


@dataclass
class Racer:
    """A contender in one network's race."""

    contender: Contender
    lanes: int
    steps: int
    epochs: int = 1

    def warm_up(self) -> "Racer":
        """Find how many epochs last about SECONDS."""
        seconds(self.contender, 1)
        self.epochs = max(1, round(SECONDS / seconds(self.contender, 1)))
        return self

    def microseconds(self) -> float:
        """Per step and trial."""
        return 1e6 * seconds(self.contender, self.epochs) / (self.epochs * self.steps * self.lanes)


def race(network: Network, repeats: int) -> None:
    """Print one line of the table."""
    steps = -(-len(engine.load_dataset(network.dataset).training) // BATCH)
    train, lanes, operations = ours(network)
    racers = {"ours": Racer(train, lanes, steps).warm_up()}
    peer = scikit_learn(network)
    if peer is not None:
        racers["scikit-learn"] = Racer(peer, 1, steps).warm_up()
    if torch is not None:
        racers["loop"] = Racer(torch_loop(network), 1, steps).warm_up()
        stacks = [Racer(TorchStacked(network, lanes), lanes, steps).warm_up() for lanes in STACKS]
        racers["stacked"] = min(stacks, key=Racer.microseconds)
    times: dict[str, list[float]] = {name: [] for name in racers}
    for _ in range(repeats):
        for name, racer in racers.items():
            times[name].append(racer.microseconds())
    own = statistics.median(times["ours"])
    line = f"{network.name:28}{lanes:5}{own:10.2f}{min(times['ours']):10.2f}"
    line += f"{operations / own / 1e3:8.1f}"
    for name, goal in zip(("scikit-learn", "loop", "stacked"), network.goals, strict=True):
        line += _cell(times["ours"], times.get(name), goal)
    if "stacked" in racers:
        line += f"{racers['stacked'].lanes:5}"
    print(line, flush=True)


def profile(network: Network) -> None:
    """Print what a step is spent on, and how fast it would be if products were all of it."""
    train, lanes, operations = ours(network)
    steps = -(-len(engine.load_dataset(network.dataset).training) // BATCH)
    racer = Racer(train, lanes, steps).warm_up()
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
        whole = racer.microseconds()
    scale = 1e6 / (racer.epochs * steps * lanes)
    parts = {name: seconds * scale for name, seconds in spent.items()}
    rest = whole - sum(parts.values())
    rate = operations / parts["products"] / 1e3
    print(
        f"{network.name:28}{whole:10.2f}{parts['products']:10.2f}{rate:10.1f}"
        f"{parts['optimizer']:11.2f}{rest:8.2f}{whole / parts['products']:10.2f}x",
        flush=True,
    )


def _cell(own: list[float], theirs: list[float] | None, goal: float | None) -> str:
    if theirs is None:
        return f"{'-':>9}{'':17}"
    ratio = statistics.median(peer / mine for peer, mine in zip(theirs, own, strict=True))
    aim = f"({goal:g}x)" if goal else ""
    return f"{statistics.median(theirs):9.1f}{ratio:8.2f}x {aim:8}"


def peak() -> float:
    """GFLOP/s of a large product in float32."""
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
    parser.add_argument("--networks", nargs="*", help="parts of names; all without")
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
            race(network, options.repeats)
        print(f"the largest product again: {peak():.0f} GFLOP/s")
        print(
            "\nwhat a step of ours is spent on, in microseconds, and how many times faster it would"
        )
        print("be if the matrix products were all of it: so far every ratio above can still grow")
        print(
            f"{'network':28}{'step':>10}{'products':>10}{'GFLOP/s':>10}{'optimizer':>11}{'rest':>8}"
        )
        for network in chosen:
            profile(network)


if __name__ == "__main__":
    main()
