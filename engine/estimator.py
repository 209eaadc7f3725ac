"""Estimators with the interface of scikit-learn, each of which trains one network.

This module imports scikit-learn, so `engine` does not import it.
"""

from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from caviar.engine.arrays import AnyArray, Float64Array
from caviar.engine.checkpoints import make_checkpoint
from caviar.engine.data.datasets import Dataset, Examples
from caviar.engine.data.scaling import Scaling, moments
from caviar.engine.models import Model, load
from caviar.engine.population.lanes import Lane
from caviar.engine.recipe import Recipe, read_recipe
from caviar.engine.training import Training


class _Network(BaseEstimator):  # type: ignore[misc]
    """Base of the classifier and the regressor; its hyperparameters are those of engine.recipe."""

    def __init__(
        self,
        *,
        hidden_units: int | tuple[int, ...] = (32,),
        activation: str = "relu",
        optimizer: str = "adam",
        learning_rate: float = 0.01,
        batch_size: int = 64,
        l2: float = 0.0,
        keep_prob: float = 1.0,
        batch_norm: bool = False,
        initialization: str = "he",
        settings: dict[str, Any] | None = None,
        epochs: int = 50,
        seed: int = 0,
    ) -> None:
        self.hidden_units = hidden_units
        self.activation = activation
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.l2 = l2
        self.keep_prob = keep_prob
        self.batch_norm = batch_norm
        self.initialization = initialization
        self.settings = settings
        self.epochs = epochs
        self.seed = seed

    @classmethod
    def load(cls, source: bytes | str | Path) -> Self:
        """A fitted estimator with the network of a checkpoint. Raises CheckpointError."""
        model = load(source)
        recipe = model.checkpoint.recipe
        names = ("activation", "optimizer", "learning_rate", "batch_size", "l2", "keep_prob")
        hyperparameters = {
            name: getattr(recipe, name) for name in (*names, "batch_norm", "initialization")
        }
        estimator = cls(
            **hyperparameters, hidden_units=recipe.hidden_units, seed=model.checkpoint.seed
        )
        estimator.epochs = model.checkpoint.state.epoch
        estimator._set_model(model)
        return estimator

    def _recipe(self) -> Recipe:
        names = ("activation", "optimizer", "learning_rate", "batch_size", "l2", "keep_prob")
        params: dict[str, object] = {name: getattr(self, name) for name in names}
        units = self.hidden_units
        widths = (units,) if isinstance(units, int) else tuple(units)
        params |= {f"hidden_units_{layer}": width for layer, width in enumerate(widths, start=1)}
        params |= {"batch_norm": self.batch_norm, "initialization": self.initialization}
        return read_recipe({**params, "hidden_layers": len(widths)}, self.settings)

    def _train(self, features: AnyArray, targets: AnyArray, dataset: Dataset) -> None:
        recipe = self._recipe()
        training = Training(dataset, [Lane(number=0, recipe=recipe)], seed=self.seed)
        for _ in training.run(self.epochs):
            pass
        if not training.lanes:
            raise ValueError("the network diverged: use a smaller learning_rate")
        checkpoint = make_checkpoint(
            training.lanes[0], training.checkpoint(0), dataset, seed=self.seed
        )
        self._set_model(Model(checkpoint))

    def _set_model(self, model: Model) -> None:
        self.model_ = model
        self.n_features_in_ = model.features
        self.n_iter_ = model.checkpoint.state.epoch

    def _checked(self, features: Any) -> AnyArray:
        check_is_fitted(self)
        checked: AnyArray = validate_data(self, features, reset=False)
        return checked


class CaviarClassifier(ClassifierMixin, _Network):  # type: ignore[misc]
    """A classifier of two or more classes, which trains on all examples that `fit` gets."""

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803
        """Train on features X (m, n) and labels y (m,).

        Raises ValueError if the arrays cannot be used or the network diverges.
        """
        features, labels = validate_data(self, X, y)
        check_classification_targets(labels)
        self.classes_, targets = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("a classifier needs more than one class; y has 1 class")
        mean, deviation = moments(features, np.arange(len(features)))
        task = "binary" if len(self.classes_) == 2 else "multiclass"
        scaling = Scaling(mean=mean, deviation=deviation)
        self._train(
            features,
            targets,
            _training_only(features, targets.astype(np.int64), task, scaling, len(self.classes_)),
        )
        return self

    def predict_proba(self, X: Any) -> Float64Array:  # noqa: N803
        """The probability of each class, (m, C), in the order of `classes_`, for X (m, n)."""
        features = self._checked(X)
        return self.model_.predict_proba(features)

    def predict(self, X: Any) -> AnyArray:  # noqa: N803
        """The most probable label of each example, (m,), for features X (m, n)."""
        features = self._checked(X)
        labels: AnyArray = self.classes_[np.argmax(self.model_.predict_proba(features), axis=1)]
        return labels

    def _set_model(self, model: Model) -> None:
        super()._set_model(model)
        if not hasattr(self, "classes_"):
            self.classes_ = model.labels


class CaviarRegressor(RegressorMixin, _Network):  # type: ignore[misc]
    """A regressor of one target, which trains on all examples that `fit` gets."""

    def fit(self, X: Any, y: Any) -> Self:  # noqa: N803
        """Train on features X (m, n) and numbers y (m,).

        Raises ValueError if the arrays cannot be used or the network diverges.
        """
        features, targets = validate_data(self, X, y, y_numeric=True)
        rows = np.arange(len(features))
        mean, deviation = moments(features, rows)
        target_mean, target_deviation = moments(targets[:, None], rows)
        scaling = Scaling(
            mean=mean,
            deviation=deviation,
            target_mean=float(target_mean[0]),
            target_deviation=float(target_deviation[0]),
        )
        standardized = scaling.targets(targets)
        self._train(
            features, standardized, _training_only(features, standardized, "regression", scaling, 0)
        )
        return self

    def predict(self, X: Any) -> AnyArray:  # noqa: N803
        """The predicted target of each example, (m,), in its own units, for features X (m, n)."""
        features = self._checked(X)
        return self.model_.predict(features)


def _training_only(
    features: AnyArray, targets: AnyArray, task: str, scaling: Scaling, classes: int
) -> Dataset:
    """All examples as the training part; the other parts, which `fit` ignores, hold the first."""
    training = Examples(scaling.features(features), targets)
    first = Examples(training.features[:1], targets[:1])
    return Dataset(
        name="fit",
        task=task,
        labels=tuple(range(classes)),
        training=training,
        validation=first,
        test=first,
        scaling=scaling,
        split={"fractions": {"training": 1.0}},
    )
