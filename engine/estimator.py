"""Estimators with the interface of scikit-learn, each of which trains one network.

This module imports scikit-learn, so `engine` does not import it.
"""

from collections.abc import Sequence
from numbers import Integral
from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from caviar.engine.arrays import AnyArray, Float64Array
from caviar.engine.checkpoints import make_checkpoint
from caviar.engine.data.datasets import Dataset, Examples
from caviar.engine.data.scaling import Scaling, moments
from caviar.engine.draws import MAX_SEED
from caviar.engine.errors import RecipeError
from caviar.engine.models import Model, load
from caviar.engine.population.lanes import Lane
from caviar.engine.recipe import Recipe, read_recipe
from caviar.engine.training import Training

_HYPERPARAMETERS = (
    "activation",
    "optimizer",
    "learning_rate",
    "batch_size",
    "l2",
    "keep_prob",
    "batch_norm",
    "initialization",
)
"""Those that an estimator has as parameters of its own, besides the widths."""


class _Network(BaseEstimator):  # type: ignore[misc]
    """Base of the classifier and the regressor; its hyperparameters are those of engine.recipe."""

    def __init__(
        self,
        *,
        hidden_units: int | Sequence[int] = (32,),
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
        random_state: int | np.random.RandomState | None = 0,
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
        self.random_state = random_state

    @classmethod
    def load(cls, source: bytes | str | Path) -> Self:
        """A fitted estimator with the network of a checkpoint, given as a path or as bytes.

        Its weights are those of the trial's best epoch, as in `caviar.load`. One that was trained
        on a table of the user's predicts from raw rows with the columns of that table, as
        `Model.predict` takes them.

        Raises CheckpointError if it cannot be read, and ValueError if it is of another task.
        """
        model = load(source)
        if (model.task == "regression") != issubclass(cls, RegressorMixin):
            raise ValueError(
                f"the checkpoint is of a {model.task} network, not of a {cls.__name__}"
            )
        recipe = model.checkpoint.recipe
        hyperparameters = {name: getattr(recipe, name) for name in _HYPERPARAMETERS}
        estimator = cls(
            **hyperparameters,
            hidden_units=recipe.hidden_units,
            epochs=model.epoch,
            random_state=model.checkpoint.seed,
        )
        estimator._set_model(model)
        return estimator

    def _recipe(self) -> Recipe:
        params = {name: getattr(self, name) for name in _HYPERPARAMETERS}
        units = np.asarray(self.hidden_units).tolist()
        widths = units if isinstance(units, list) else [units]
        try:
            return read_recipe({**params, "hidden_units": widths}, self.settings)
        except RecipeError as error:
            raise ValueError(str(error)) from None

    def _train(self, features: AnyArray, targets: AnyArray, dataset: Dataset) -> None:
        recipe, epochs = self._recipe(), self.epochs
        if isinstance(epochs, bool) or not isinstance(epochs, Integral) or epochs < 1:
            raise ValueError(f"epochs: must be a whole number from 1, not {epochs!r}")
        seed = self._seed()
        training = Training(dataset, [Lane(number=0, recipe=recipe)], seed=seed)
        losses = [record.metrics[0]["training_loss"] for record in training.run(int(epochs))]
        if not training.lanes:
            raise ValueError("the network diverged: use a smaller learning_rate")
        checkpoint = make_checkpoint(training.lanes[0], training.checkpoint(0), dataset, seed=seed)
        self._set_model(Model(checkpoint))
        self.loss_curve_ = losses

    def _seed(self) -> int:
        """The seed itself, if it is a number; else a draw."""
        if isinstance(self.random_state, Integral) and 0 <= self.random_state <= MAX_SEED:
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    def _set_model(self, model: Model) -> None:
        self.model_ = model
        self.n_features_in_ = len(model.columns) or model.features
        self.n_iter_ = model.epoch
        if model.columns:
            self.feature_names_in_ = np.array(model.columns, dtype=object)

    def _checked(self, features: Any) -> Any:
        """Features (m, n) of numbers; of a network for a table, the rows as they are."""
        check_is_fitted(self)
        if self.model_.columns:  # it checks the columns itself
            return features
        checked: AnyArray = validate_data(self, features, reset=False)
        return checked


class CaviarClassifier(ClassifierMixin, _Network):  # type: ignore[misc]
    """A neural network that classifies into two or more classes, with scikit-learn's interface.

    It standardizes the features, and trains on all examples that `fit` gets: nothing is held out,
    and training does not stop early. Features are numbers without missing values.

    Args:
        hidden_units: the units of each hidden layer, such as (64, 32); a number is one layer; ()
            is logistic or softmax regression.
        activation: of the hidden layers: relu, tanh, sigmoid or leaky_relu.
        optimizer: adam, momentum, rmsprop or gd.
        learning_rate: the size of a step; the first hyperparameter to search.
        batch_size: examples of a step.
        l2: the strength of the L2 term, l2 / (2 m) times the sum of the squared weights, for m
            training examples.
        keep_prob: the probability of keeping a hidden unit in a step; 1 is no dropout.
        batch_norm: whether to normalize before each activation.
        initialization: of the weights: he, xavier, random or zeros.
        settings: further hyperparameters of a recipe by name, such as `{"momentum": 0.95}`,
            `{"beta1": 0.8}` or `{"decay": "exponential", "decay_rate": 0.95}`.
        epochs: passes over the training data.
        random_state: the seed of initial weights, shuffles and dropout: an int, or a RandomState or
            None for a drawn one. The same int gives the same network, bit for bit.

    Attributes:
        classes_: the labels, in the order of `predict_proba`.
        model_: the network, a `caviar.engine.Model`, as `caviar.load` returns it.
        loss_curve_: the training loss of each epoch, without the L2 term; a loaded estimator has
            none.
        n_iter_: the number of epochs trained.
        n_features_in_, feature_names_in_: as in scikit-learn.

    Example:
        >>> from caviar import CaviarClassifier
        >>> from sklearn.datasets import load_iris
        >>> X, y = load_iris(return_X_y=True)
        >>> model = CaviarClassifier(hidden_units=16, epochs=30).fit(X, y)
        >>> model.score(X, y) > 0.9
        True
    """

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
    """A neural network that predicts a number, with scikit-learn's interface.

    It standardizes features and target, and trains on all examples that `fit` gets: nothing is held
    out, and training does not stop early. Features are numbers without missing values. The loss is
    half of the mean squared error of the standardized target.

    Args:
        hidden_units: the units of each hidden layer, such as (64, 32); a number is one layer; ()
            is linear regression.
        activation: of the hidden layers: relu, tanh, sigmoid or leaky_relu.
        optimizer: adam, momentum, rmsprop or gd.
        learning_rate: the size of a step; the first hyperparameter to search.
        batch_size: examples of a step.
        l2: the strength of the L2 term, l2 / (2 m) times the sum of the squared weights, for m
            training examples.
        keep_prob: the probability of keeping a hidden unit in a step; 1 is no dropout.
        batch_norm: whether to normalize before each activation.
        initialization: of the weights: he, xavier, random or zeros.
        settings: further hyperparameters of a recipe by name, such as `{"momentum": 0.95}`,
            `{"beta1": 0.8}` or `{"decay": "exponential", "decay_rate": 0.95}`.
        epochs: passes over the training data.
        random_state: the seed of initial weights, shuffles and dropout: an int, or a RandomState or
            None for a drawn one. The same int gives the same network, bit for bit.

    Attributes:
        model_: the network, a `caviar.engine.Model`, as `caviar.load` returns it.
        loss_curve_: the training loss of each epoch, without the L2 term; a loaded estimator has
            none.
        n_iter_: the number of epochs trained.
        n_features_in_, feature_names_in_: as in scikit-learn.

    Example:
        >>> from caviar import CaviarRegressor
        >>> from sklearn.datasets import load_diabetes
        >>> X, y = load_diabetes(return_X_y=True)
        >>> model = CaviarRegressor(hidden_units=16, learning_rate=0.003).fit(X, y)
        >>> model.score(X, y) > 0.4
        True
    """

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
