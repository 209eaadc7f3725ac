"""A trained network to be used: `load("best.npz").predict(X)`."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from caviar.engine.arithmetic import arithmetic
from caviar.engine.checkpoints import Checkpoint, read_checkpoint
from caviar.engine.data.datasets import Examples
from caviar.engine.errors import DatasetError
from caviar.engine.population.layouts import EVALUATED_AT_ONCE
from caviar.engine.population.population import Population


class Model:
    """A trained network, in the user's own units: raw features in, labels or raw targets out."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self.labels: NDArray[Any] = np.array(checkpoint.dataset["labels"])
        """What the classes 0 … C - 1 are called, (C,); empty in regression."""
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

    def predict(self, features: ArrayLike) -> NDArray[Any]:
        """The labels (m,) of raw features (m, n), the first of equals; in regression targets."""
        if self.task == "regression":
            return self.checkpoint.scaling.raw_targets(self._outputs(features)[:, 0])
        values: NDArray[Any] = self.labels[np.argmax(self.predict_proba(features), axis=1)]
        return values

    def predict_proba(self, features: ArrayLike) -> NDArray[np.float64]:
        """The probability of each class (m, C) for raw features (m, n)."""
        if self.task == "regression":
            raise DatasetError("a regression has no probabilities")
        outputs = self._outputs(features)
        return np.hstack([1.0 - outputs, outputs]) if self.task == "binary" else outputs

    def _outputs(self, features: ArrayLike) -> NDArray[np.float64]:
        """(m, outputs): softmax, sigmoid or identity."""
        values = np.asarray(features)
        if values.ndim != 2 or values.shape[1] != self.features:
            raise DatasetError(
                f"features must be an array (m, {self.features}), not {values.shape}"
            )
        if values.dtype.kind not in "biuf" or not np.isfinite(values).all():
            raise DatasetError("features must be finite numbers")
        # Whole blocks: an example's bits do not depend on how many others are asked about.
        blocks = max(-(-len(values) // EVALUATED_AT_ONCE), 1)
        standard = np.zeros((blocks * EVALUATED_AT_ONCE, self.features), np.float32)
        standard[: len(values)] = self.checkpoint.scaling.features(values)
        examples = Examples(standard, np.zeros(len(standard), np.int64))
        with arithmetic():
            outputs = np.concatenate(list(self._population.outputs(examples)), axis=1)
        return outputs[:, : len(values)].T.astype(np.float64)


def load(source: bytes | str | Path) -> Model:
    """The model in a checkpoint: a file's path or its bytes. CheckpointError if it is none."""
    return Model(read_checkpoint(source))
