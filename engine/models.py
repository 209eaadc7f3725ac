"""A trained network for predictions: `load("best.npz").predict(X)`."""

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from caviar.engine.arithmetic import arithmetic
from caviar.engine.arrays import AnyArray, Float64Array
from caviar.engine.checkpoints import Checkpoint, read_checkpoint
from caviar.engine.data.datasets import Examples
from caviar.engine.errors import DatasetError
from caviar.engine.population.layouts import EVALUATION_BATCH_SIZE
from caviar.engine.population.population import Population


class Model:
    """A trained network in the units of the user: raw features in, labels or raw targets out."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self.labels: AnyArray = np.array(checkpoint.dataset["labels"])
        """The user's labels of the classes 0 … C - 1, (C,); empty in regression."""
        self._population = Population(
            [checkpoint.shape], [checkpoint.lane], [checkpoint.state], seed=checkpoint.seed
        )

    def __reduce__(self) -> tuple[type["Model"], tuple[Checkpoint]]:
        return Model, (self.checkpoint,)

    @property
    def task(self) -> str:
        """binary, multiclass or regression."""
        return str(self.checkpoint.dataset["task"])

    @property
    def features(self) -> int:
        """The number of features, n."""
        return self.checkpoint.shape.widths[0]

    def predict(self, features: ArrayLike) -> AnyArray:
        """Predict from raw features (m, n): the most probable labels (m,), or targets (m,).

        Of equally probable labels the first is taken. Regression gives targets in their own units.
        Raises DatasetError unless the features are finite numbers (m, n).
        """
        if self.task == "regression":
            return self.checkpoint.scaling.raw_targets(self._outputs(features)[:, 0])
        values: AnyArray = self.labels[np.argmax(self.predict_proba(features), axis=1)]
        return values

    def predict_proba(self, features: ArrayLike) -> Float64Array:
        """The probability of each class, (m, C), from raw features (m, n).

        Raises DatasetError unless the features are finite numbers (m, n), and for a regression.
        """
        if self.task == "regression":
            raise DatasetError("a regression has no probabilities")
        outputs = self._outputs(features)
        return np.hstack([1.0 - outputs, outputs]) if self.task == "binary" else outputs

    def _outputs(self, features: ArrayLike) -> Float64Array:
        """The network's outputs (m, C): softmax, sigmoid or identity."""
        values = np.asarray(features)
        if values.ndim != 2 or values.shape[1] != self.features:
            raise DatasetError(
                f"features must be an array (m, {self.features}), not {values.shape}"
            )
        if values.dtype.kind not in "biuf" or not np.isfinite(values).all():
            raise DatasetError("features must be finite numbers")
        # Full batches, so that an example's bits do not depend on the number of examples.
        batches = max(-(-len(values) // EVALUATION_BATCH_SIZE), 1)
        standardized = np.zeros((batches * EVALUATION_BATCH_SIZE, self.features), np.float32)
        standardized[: len(values)] = self.checkpoint.scaling.features(values)
        examples = Examples(standardized, np.zeros(len(standardized), np.int64))
        with arithmetic():
            outputs = np.concatenate(list(self._population.outputs(examples)), axis=1)
        return outputs[:, : len(values)].T.astype(np.float64)


def load(source: bytes | str | Path) -> Model:
    """The model in a checkpoint, given as a path or as bytes. Raises CheckpointError."""
    return Model(read_checkpoint(source))
