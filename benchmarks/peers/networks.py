"""The contenders of benchmarks.engine: the engine, scikit-learn and PyTorch."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from caviar import engine
from caviar.engine.data.datasets import Examples
from caviar.engine.population.grouping import lanes_in_cache

try:
    import torch
except ImportError:
    torch = None

BATCH = 64
RATE = 1e-3


@dataclass(frozen=True)
class Network:
    """A row of the table, with goals of its ratios to scikit-learn, PyTorch loop and stacked."""

    name: str
    dataset: str
    hidden: tuple[int, ...]
    goals: tuple[float | None, float | None, float | None] = (None, None, None)
    batch_norm: bool = False
    keep_prob: float = 1.0


Contender = Callable[[int], None]
"""Trains for a number of epochs."""


def ours(network: Network) -> tuple[Contender, int, float]:
    """The engine: the contender, its lanes, and floating-point operations per step and trial."""
    full = engine.load_dataset(network.dataset)
    # The other contenders do not evaluate, so the engine evaluates a single example.
    first = Examples(full.validation.features[:1], full.validation.targets[:1])
    dataset = replace(full, validation=first)
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
    """scikit-learn's MLPClassifier; None where it has no such layers."""
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
    """Features and targets as tensors, and an iterator over an epoch's mini-batches of rows."""
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
