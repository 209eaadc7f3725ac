"""Train one network and look at it: `train("circles", optimizer="adam", epochs=50).plot()`."""

import html
import warnings
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from caviar.engine import drawings
from caviar.engine.arrays import AnyArray, Float64Array
from caviar.engine.checkpoints import make_checkpoint, write_checkpoint
from caviar.engine.data.columns import Table, listed
from caviar.engine.data.datasets import SPLIT_SEED, Dataset, Examples, make_dataset
from caviar.engine.data.library import DATASETS, load_dataset
from caviar.engine.data.preparation import prepare
from caviar.engine.data.table_files import SUFFIXES, read_table
from caviar.engine.data.tables import table_of
from caviar.engine.draws import MAX_SEED
from caviar.engine.effects import without_effect
from caviar.engine.errors import DatasetError, DivergedError, RecipeError
from caviar.engine.metrics import metrics_of
from caviar.engine.models import Model
from caviar.engine.population.lanes import Lane
from caviar.engine.recipe import Recipe, read_recipe
from caviar.engine.rules import Integer, plain
from caviar.engine.training import Training

MAX_EPOCHS = 1_000_000
MAX_WEIGHTS = 50_000_000
"""Of the network, as in a study: about 600 MB with the averages of an optimizer."""
GRID_POINTS = 160
"""Points of the grid of a decision boundary, along each axis."""
MARGIN = 0.08
"""Of the range of the examples: how far the grid goes beyond them."""

SHOWN = ("validation_loss", "test_accuracy", "test_r2")
"""The metrics in a line that describes a network."""

NUMBER = 0
"""The number of the trial whose random draws the network has."""


class Trained:
    """One trained network, or one that diverged while it was trained.

    `curve` has a list by metric, a value per epoch; see EpochRecord for what they measure.
    `metrics` has the metrics after the last epoch, and those of the test part, `test_loss` …
    `diverged` is None, or the first metric that was not finite; then there is no model.
    """

    def __init__(
        self,
        dataset: Dataset,
        recipe: Recipe,
        *,
        seed: int,
        curve: Mapping[str, list[float]],
        diverged: str | None,
        test_metrics: Mapping[str, float],
        model: Model | None,
    ) -> None:
        self.dataset = dataset
        self.recipe = recipe
        self.seed = seed
        self.curve: dict[str, list[float]] = dict(curve)
        self.diverged = diverged
        last = {name: values[-1] for name, values in self.curve.items()}
        self.metrics: dict[str, float] = {**last, **test_metrics}
        self._model = model

    @property
    def epochs(self) -> int:
        """Epochs that were trained; the last one of them diverged if the network did."""
        return len(next(iter(self.curve.values())))

    @property
    def warnings(self) -> list[str]:
        """What may be wrong with the table: imbalance, few rows, a column that tells the target."""
        return list((self.dataset.report or {}).get("warnings", ()))

    @property
    def model(self) -> Model:
        """The network for predictions. Raises DivergedError if there is none."""
        if self._model is None:
            raise DivergedError(
                f"the network diverged in epoch {self.epochs} ({self.diverged} is not finite), so "
                f"it has no model: use a smaller learning_rate than {self.recipe.learning_rate:g}"
            )
        return self._model

    def predict(self, features: Any) -> AnyArray:
        """Labels (m,), or numbers (m,) in a regression, from raw rows; see Model.predict."""
        return self.model.predict(features)

    def predict_proba(self, features: Any) -> Float64Array:
        """The probability of each class, (m, C), from raw rows; see Model.predict_proba."""
        return self.model.predict_proba(features)

    def save(self, path: str | Path) -> None:
        """Write the model to a file, which `caviar.load` reads. Raises DivergedError."""
        Path(path).write_bytes(write_checkpoint(self.model.checkpoint))

    def plot(self) -> Any:
        """The losses and errors by epoch, as a plotly Figure."""
        import plotly.graph_objects as go  # half a second, only for who draws

        return go.Figure(drawings.curves(self.curve, self._title()))

    def boundary(self) -> Any:
        """What the network predicts in the plane of its two features, as a plotly Figure.

        The probability of the second of two classes, the most probable of more classes, or the
        predicted number, with the examples: dots are those of the training part, diamonds the
        others.

        Raises DatasetError unless there are two features, both numbers, and DivergedError.
        """
        import plotly.graph_objects as go

        model, names = self.model, self._plane()
        points = {
            "training": _raw(self.dataset, [self.dataset.training]),
            "held out": _raw(self.dataset, [self.dataset.validation, self.dataset.test]),
        }
        axes, grid = _grid(np.concatenate([features for features, _ in points.values()]))
        rows = dict(zip(model.columns, grid.T, strict=True)) if model.columns else grid
        if model.task == "regression":
            values = model.predict(rows).reshape(GRID_POINTS, GRID_POINTS)
            return go.Figure(drawings.value_regions(axes, values, points, names))
        probabilities = model.predict_proba(rows).reshape(GRID_POINTS, GRID_POINTS, -1)
        labels = self.dataset.labels
        return go.Figure(drawings.class_regions(axes, probabilities, points, labels, names))

    def __repr__(self) -> str:
        """One line: the data set, the optimizer, and the main metrics."""
        names = [name for name in self.metrics if name in SHOWN]
        shown = ", ".join(f"{name} {self.metrics[name]:.4g}" for name in names)
        return f"<Trained on {self._title()}: {shown}>"

    def _repr_html_(self) -> str:
        parts = ("training", "validation", "test")
        kinds = list(dict.fromkeys(name.split("_", 1)[1] for name in self.metrics))
        head = "".join(
            f'<th style="color: {drawings.PARTS[part][0]}">{part}</th>'
            if part in drawings.PARTS
            else f"<th>{part}</th>"
            for part in ("", *parts)
        )
        rows = "".join(
            f"<tr><th>{kind}</th>"
            + "".join(f"<td>{_text(self.metrics.get(f'{part}_{kind}'))}</td>" for part in parts)
            + "</tr>"
            for kind in kinds
        )
        line = drawings.sparkline({part: self.curve[f"{part}_loss"] for part in parts[:2]})
        notes = "".join(
            f"<p>{html.escape(text, quote=False)}</p>" for text in (self._title(), *self.warnings)
        )
        return f"<div>{notes}{line}<table><tr>{head}</tr>{rows}</table></div>"

    def _plane(self) -> tuple[str, str]:
        """The names of the two features. Raises DatasetError unless both are plain numbers."""
        preprocessing = self.dataset.preprocessing
        encoders = () if preprocessing is None else preprocessing.encoders
        if self.dataset.features != 2 or any(
            encoder.kind not in ("number", "boolean") or len(encoder.features) != 1
            for encoder in encoders
        ):
            names = "" if preprocessing is None else f": {listed(preprocessing.features)}"
            raise DatasetError(
                f"a decision boundary is drawn for two numbers as features; {self.dataset.name} "
                f"has {self.dataset.features} features{names}"
            )
        first, second = ("x1", "x2") if preprocessing is None else preprocessing.features
        return first, second

    def _title(self) -> str:
        state = f"diverged in epoch {self.epochs}" if self.diverged else f"{self.epochs} epochs"
        return f"{self.dataset.name}, {self.recipe.optimizer}, {state}"


def train(
    table: Any,
    target: Any = None,
    *,
    regression: bool = False,
    drop: Collection[str] = (),
    epochs: int = 50,
    seed: int = 0,
    **hyperparameters: object,
) -> Trained:
    """Train one network on a data set.

    `table` is the name of a built-in data set; a table, that is a path or a frame, with the name of
    the column to predict as `target`; features (m, n) with their labels or numbers (m,) as
    `target`; or a Dataset. Of a table, `regression` says that the target is a number, and the
    columns in `drop` are left out. The hyperparameters are those of `read_recipe`: `optimizer`,
    `learning_rate`, `hidden_units` …

    The bits are those of trial 0 of a study with that seed. A network that diverges is a result: it
    has a curve and no model.

    >>> trained = train("moons", optimizer="adam", batch_norm=True, epochs=20)
    >>> trained.metrics["test_accuracy"] > 0.8
    True

    Warns of hyperparameters that have no effect, such as a momentum with Adam. Raises RecipeError,
    which names the hyperparameter, and DatasetError.
    """
    recipe = read_recipe(hyperparameters)
    if idle := without_effect(recipe, hyperparameters):
        warnings.warn(idle, stacklevel=3)  # of who calls `caviar.train`
    epochs = Integer(low=1, high=MAX_EPOCHS).read("epochs", plain(epochs))
    seed = Integer(low=0, high=MAX_SEED).read("seed", plain(seed))
    dataset = _dataset(table, target, regression=regression, drop=drop)
    _check_size(recipe, dataset)
    training = Training(dataset, [Lane(number=NUMBER, recipe=recipe)], seed=seed)
    curve: dict[str, list[float]] = {name: [] for name in metrics_of(dataset.task)}
    diverged = None
    for record in training.run(epochs):
        for name, value in record.metrics[NUMBER].items():
            curve[name].append(value)
        diverged = record.diverged.get(NUMBER)
    made = partial(Trained, dataset, recipe, seed=seed, curve=curve, diverged=diverged)
    if diverged is not None:
        return made(test_metrics={}, model=None)
    checkpoint = make_checkpoint(training.lanes[0], training.checkpoint(NUMBER), dataset, seed=seed)
    return made(test_metrics=training.test_metrics(NUMBER), model=Model(checkpoint))


def _check_size(recipe: Recipe, dataset: Dataset) -> None:
    weights = recipe.shape(dataset).parameters
    if weights > MAX_WEIGHTS:
        message = f"makes {weights:,} weights; a network may have {MAX_WEIGHTS:,}"
        raise RecipeError("hidden_units", message)


def is_known(name: str) -> bool:
    """Whether a text is the name of a built-in data set, or the path of a table."""
    return name in DATASETS or _is_path(name)


def _is_path(name: str) -> bool:
    return Path(name).suffix.lower() in SUFFIXES


def _dataset(data: Any, target: Any, *, regression: bool, drop: Collection[str]) -> Dataset:
    """The data set that the arguments of train mean."""
    is_named = isinstance(data, str) and not _is_path(data)
    if isinstance(data, Dataset) or is_named:
        if target is not None or regression or drop:
            raise DatasetError(
                "target, regression and drop are those of a table: a data set has its own"
            )
        return data if isinstance(data, Dataset) else load_dataset(data)
    name = Path(data).stem if isinstance(data, str | Path) else "table"
    table, column = _table(data, target)
    prepared = prepare(table, target=column, regression=regression, drop=drop)
    dataset = make_dataset(
        name,
        prepared.features,
        prepared.target.values,
        seed=SPLIT_SEED,
        regression=regression,
        labels=None if regression else prepared.target.labels,
    )
    return replace(
        dataset,
        version=prepared.version,
        preprocessing=prepared.preprocessing,
        report=prepared.report,
    )


def _table(data: Any, target: Any) -> tuple[Table, str | None]:
    """The table, and the name of the target if it is a column."""
    if isinstance(data, str | Path):
        data = read_table(data)
    if target is None or isinstance(target, str):
        return table_of(data), target
    return table_of((data, target)), None


def _raw(dataset: Dataset, parts: list[Examples]) -> tuple[Float64Array, AnyArray]:
    """Features (m, n) in their own units, and classes (m,) or numbers (m,) in their own units."""
    scaling = dataset.scaling
    features = np.concatenate([part.features for part in parts]).astype(np.float64)
    targets = np.concatenate([part.targets for part in parts])
    chosen = slice(None, None, max(-(-len(targets) // drawings.MAX_POINTS), 1))
    if dataset.task == "regression":
        targets = scaling.raw_targets(targets)
    return (features * scaling.deviation + scaling.mean)[chosen], targets[chosen]


def _grid(features: Float64Array) -> tuple[tuple[Float64Array, Float64Array], Float64Array]:
    """The axes of a grid over features (m, 2), and its points (GRID_POINTS**2, 2), row by row."""
    low, high = features.min(axis=0), features.max(axis=0)
    margin = MARGIN * np.where(high > low, high - low, 1.0)
    x, y = np.linspace(low - margin, high + margin, GRID_POINTS).T
    across, along = np.meshgrid(x, y)
    return (x, y), np.stack([across.ravel(), along.ravel()], axis=1)


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
