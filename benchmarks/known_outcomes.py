"""Known outcomes of training and of sampling: the expected values beside ours.

    python -m benchmarks.known_outcomes [--seeds N]

Networks are trained from several seeds, as the lanes of one population. The script prints medians,
and the lowest and highest value where seeds differ much. The data sets have the distributions of
the original exercises but other points, so an accuracy may differ by a few hundredths.
"""

import benchmarks.one_thread  # noqa: F401

# isort: split
import argparse
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from caviar import engine, sampler
from caviar.engine.data.builtin import circles, moons
from caviar.engine.data.datasets import Examples
from caviar.engine.data.scaling import Scaling

NOISE = 0.2
SETS = 5
"""Draws of the over-fitting data set: the gap varies between draws by more than its size."""
FixedParams = Mapping[str, object]
Points = tuple[NDArray[np.float64], NDArray[np.int64]]


def as_given(training: Points, test: Points) -> engine.Dataset:
    """A data set of the exercise's two parts, which are not standardized."""
    parts = [
        Examples(np.ascontiguousarray(features, np.float32), labels.astype(np.int64))
        for features, labels in (training, test)
    ]
    return engine.Dataset(
        name="points",
        task="binary",
        labels=(0, 1),
        training=parts[0],
        validation=parts[1],
        test=parts[1],
        scaling=Scaling(mean=np.zeros(2), deviation=np.ones(2)),
        split={},
    )


@dataclass(frozen=True)
class Accuracy:
    """The training and test accuracies of a setting, one for each seed and data set."""

    training: Sequence[float]
    test: Sequence[float]

    @property
    def medians(self) -> tuple[float, float]:
        """The medians of the training and test accuracies."""
        return statistics.median(self.training), statistics.median(self.test)

    def __str__(self) -> str:
        low, high = min(self.training), max(self.training)
        return f"{self.medians[0]:.3f} ({low:.2f} to {high:.2f})"


def train(
    datasets: Sequence[engine.Dataset], settings: Mapping[str, FixedParams], epochs: int, seeds: int
) -> dict[str, Accuracy]:
    """The accuracy of each setting, over seeds and data sets.

    All settings are lanes of one population. Accuracies are taken after the last step, without
    dropout.
    """
    recipes = {name: engine.read_recipe(setting) for name, setting in settings.items()}
    lanes = {
        name: [engine.Lane(number=first + seed, recipe=recipe) for seed in range(seeds)]
        for first, (name, recipe) in zip(range(0, 10**6, 1000), recipes.items(), strict=False)
    }
    population = [lane for group in lanes.values() for lane in group]
    accuracies: dict[str, list[tuple[float, float]]] = {name: [] for name in settings}
    for dataset in datasets:
        # The training part is also the validation part, so that it is measured after the epoch.
        training = engine.Training(
            replace(dataset, validation=dataset.training), population, seed=1
        )
        *_, record = training.run(epochs)
        for name, group in lanes.items():
            accuracies[name] += [
                (
                    record.metrics[lane.number]["validation_accuracy"],
                    training.test_metrics(lane.number)["test_accuracy"],
                )
                for lane in group
            ]
    return {name: Accuracy(*zip(*pairs, strict=True)) for name, pairs in accuracies.items()}


def show(title: str, rows: Sequence[tuple[str, str, str]]) -> None:
    """Print a case; its rows are (what, ours, expected)."""
    print(f"\n{title}")
    for what, ours, expected in rows:
        print(f"  {what:40}{ours:>24}   expected {expected}", flush=True)


def two_moons(seeds: int) -> None:
    """After 10,000 epochs Adam has converged; gradient descent and momentum have not."""
    points = moons(300, 0.2, 3)
    common: FixedParams = {
        "hidden_units_1": 5,
        "hidden_units_2": 2,
        "batch_size": 64,
        "learning_rate": 0.0007,
    }
    settings = {name: {**common, "optimizer": name} for name in ("gd", "momentum", "adam")}
    accuracies = train([as_given(points, points)], settings, 10_000, seeds)
    expected = {"gd": "0.79", "momentum": "0.79", "adam": "0.94"}
    title = "two moons, [2, 5, 2, 1], alpha 0.0007, 10,000 epochs: training accuracy"
    show(title, [(name, str(accuracies[name]), expected[name]) for name in settings])


def two_circles(seeds: int) -> None:
    """Zero weights never break the symmetry, large weights train slowly, He's converge."""
    points = circles(300, 0.05, 1)
    common: FixedParams = {
        "hidden_units_1": 10,
        "hidden_units_2": 5,
        "batch_size": 300,
        "learning_rate": 0.01,
        "optimizer": "gd",
    }
    settings = {
        "zeros": {**common, "initialization": "zeros"},
        "random times 10": {**common, "initialization": "random", "initialization_scale": 10.0},
        "he": {**common, "initialization": "he"},
    }
    accuracies = train([as_given(points, points)], settings, 15_000, seeds)
    expected = {"zeros": "0.50", "random times 10": "about 0.83", "he": "about 0.99"}
    title = "circles, [2, 10, 5, 1], alpha 0.01, 15,000 full-batch epochs: training accuracy"
    show(title, [(name, str(accuracies[name]), expected[name]) for name in settings])


def noisy_halves(count: int, seed: int) -> Points:
    """Points of a square, labelled by a slanted line with noise."""
    random = np.random.default_rng(seed)
    features = random.uniform(-1, 1, (count, 2))
    margin = features[:, 0] * 0.6 + features[:, 1] + random.normal(0, NOISE, count)
    return features, (margin > 0).astype(np.int64)


def overfitting(seeds: int) -> None:
    """Regularization closes the gap between training and test."""
    draws = [(noisy_halves(211, 2 * n), noisy_halves(2000, 2 * n + 1)) for n in range(SETS)]
    datasets = [as_given(*draw) for draw in draws]
    common: FixedParams = {
        "hidden_units_1": 20,
        "hidden_units_2": 3,
        "batch_size": 211,
        "learning_rate": 0.3,
        "optimizer": "gd",
        "initialization": "xavier",
    }
    settings = {
        "none": common,
        "l2 0.7": {**common, "l2": 0.7},
        "keep_prob 0.86": {**common, "keep_prob": 0.86},
    }
    accuracies = train(datasets, settings, 30_000, max(seeds // SETS, 1))
    expected = {
        "none": "0.948 / 0.915, gap 0.033",
        "l2 0.7": "0.938 / 0.930, gap 0.008",
        "keep_prob 0.86": "0.929 / 0.950, gap -0.021",
    }
    rows = [
        (name, f"{own:.3f} / {other:.3f}, gap {own - other:.3f}", expected[name])
        for name, (own, other) in (
            (name, accuracy.medians) for name, accuracy in accuracies.items()
        )
    ]
    title = "an over-fitting set, [2, 20, 3, 1], alpha 0.3, 30,000 epochs: training / test accuracy"
    show(title, rows)


SPACE = {
    "linear": {"type": "float", "low": 0.0001, "high": 1.0},
    "learning_rate": {"type": "float", "low": 0.0001, "high": 1.0, "scale": "log"},
    "momentum": {"type": "float", "low": 0.9, "high": 0.999, "scale": "reverse_log"},
}


def draw(kind: str, count: int) -> dict[str, NDArray[np.float64]]:
    """The values that a sampler proposes for so many trials, by parameter."""
    space = sampler.SearchSpace.from_dict(SPACE)
    chosen = sampler.make_sampler({"kind": kind})
    current = chosen.begin_round(space, seed=1, budget=count, rounds=[], observations=[])
    settings = [chosen.propose(space, current, seed=1, number=number) for number in range(count)]
    return {name: np.array([setting[name] for setting in settings]) for name in SPACE}


def sampling() -> None:
    """The distributions that the random sampler draws from."""
    drawn = draw("random", 20_000)
    few = draw("random", 25)
    values = " and ".join(str(len(set(few[name]))) for name in ("learning_rate", "momentum"))
    decades = np.histogram(np.log10(drawn["learning_rate"]), bins=range(-4, 1))[0] / 20_000
    steps = np.log10(1 / (1 - drawn["momentum"]))
    shares = np.histogram(steps, bins=np.linspace(1, 3, 5))[0] / 20_000
    rows = [
        ("25 random settings: values of each parameter", values, "25 (a 5 x 5 grid has 5)"),
        ("learning rate, linear: above 0.1", f"{np.mean(drawn['linear'] > 0.1):.3f}", "0.90"),
        ("learning rate, log: share of each decade", _shares(decades), "0.25 each"),
        ("momentum: above 0.99", f"{np.mean(drawn['momentum'] > 0.99):.3f}", "0.50"),
        ("1 / (1 - momentum) from 10 to 1000, by log", _shares(shares), "0.25 each"),
    ]
    show("sampling: learning rate 0.0001 to 1, momentum 0.9 to 0.999", rows)


def _shares(values: NDArray[np.float64]) -> str:
    return " ".join(f"{value:.2f}" for value in values)


def main() -> None:
    """Print all cases."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=15, help="number of initial weights")
    options = parser.parse_args()
    two_moons(options.seeds)
    two_circles(options.seeds)
    overfitting(options.seeds)
    sampling()


if __name__ == "__main__":
    main()
