"""A trained network for predictions: `load("best.npz").predict(X)`."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from caviar.engine.arithmetic import arithmetic
from caviar.engine.arrays import AnyArray, Float64Array
from caviar.engine.checkpoints import Checkpoint, read_checkpoint
from caviar.engine.data.datasets import Examples
from caviar.engine.errors import CheckpointError, DatasetError
from caviar.engine.population.layouts import EVALUATION_BATCH_SIZE
from caviar.engine.population.population import Population


class Model:
    """A trained network in the units of the user: raw rows in, labels or raw targets out.

    Of a network that was trained on a built-in data set, raw rows are features (m, n). Of one that
    was trained on a table of the user's, they are rows with the columns of that table: a frame of
    polars or pandas, a dict of columns, a list of dicts, or an array with all columns in order.

    Its weights are those of the trial's best epoch, if the checkpoint has them, else those of its
    last one.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        best = checkpoint.best
        self.epoch: int = checkpoint.state.epoch if best is None else best.epoch
        """The epoch after which the network had its weights."""
        self.labels: AnyArray = _label_array(checkpoint.dataset["labels"])
        """The user's labels of the classes 0 … C - 1, (C,); empty in regression."""
        state = checkpoint.state
        if best is not None:
            state = replace(state, parameters=best.parameters, statistics=best.statistics)
        self._population = Population(
            [checkpoint.shape], [checkpoint.lane], [state], seed=checkpoint.seed
        )

    def __reduce__(self) -> tuple[type["Model"], tuple[Checkpoint]]:
        return Model, (self.checkpoint,)

    @property
    def task(self) -> str:
        """binary, multiclass or regression."""
        return str(self.checkpoint.dataset["task"])

    @property
    def features(self) -> int:
        """The number of features of the network, n."""
        return self.checkpoint.shape.widths[0]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that raw rows must have; none where raw rows are features (m, n)."""
        preprocessing = self.checkpoint.preprocessing
        return () if preprocessing is None else preprocessing.columns

    def __repr__(self) -> str:
        """One line: what the network predicts, and from what."""
        name = self.checkpoint.dataset["name"]
        return f"<Model of {name}: {self.task}, {self.features} features, epoch {self.epoch}>"

    def predict(self, rows: Any) -> AnyArray:
        """Predict from raw rows: the most probable labels (m,), or targets (m,).

        Of equally probable labels the first is taken. Regression gives targets in their own units.
        Raises DatasetError, which names the column, if the rows are not such as it was trained on.
        """
        if self.task == "regression":
            return self.checkpoint.scaling.raw_targets(self._outputs(rows)[:, 0])
        values: AnyArray = self.labels[np.argmax(self.predict_proba(rows), axis=1)]
        return values

    def predict_proba(self, rows: Any) -> Float64Array:
        """The probability of each class, (m, C), in the order of `labels`, from raw rows.

        Raises DatasetError as predict does, and for a regression.
        """
        if self.task == "regression":
            raise DatasetError("a regression has no probabilities")
        outputs = self._outputs(rows)
        return np.hstack([1.0 - outputs, outputs]) if self.task == "binary" else outputs

    def _outputs(self, rows: Any) -> Float64Array:
        """The network's outputs (m, C): softmax, sigmoid or identity."""
        values = self._raw_features(rows)
        # Full batches, so that an example's bits do not depend on the number of examples.
        batches = max(-(-len(values) // EVALUATION_BATCH_SIZE), 1)
        standardized = np.zeros((batches * EVALUATION_BATCH_SIZE, self.features), np.float32)
        standardized[: len(values)] = self.checkpoint.scaling.features(values)
        examples = Examples(standardized, np.zeros(len(standardized), np.int64))
        with arithmetic():
            outputs = np.concatenate(list(self._population.outputs(examples)), axis=1)
        return outputs[:, : len(values)].T.astype(np.float64)

    def _raw_features(self, rows: Any) -> AnyArray:
        """Features (m, n) before they are standardized."""
        if self.checkpoint.preprocessing is not None:
            return self.checkpoint.preprocessing.transform(rows)
        values = np.asarray(rows)
        if values.ndim != 2 or values.shape[1] != self.features:
            raise DatasetError(
                f"features must be an array (m, {self.features}), not {values.shape}"
            )
        if values.dtype.kind not in "biuf" or not np.isfinite(values).all():
            raise DatasetError("features must be finite numbers")
        return values


def _label_array(labels: Sequence[Any]) -> AnyArray:
    """Labels (C,) as they are: NumPy would make texts of numbers beside texts."""
    if len({type(label) for label in labels}) <= 1:
        return np.array(labels)
    array = np.empty(len(labels), object)
    array[:] = labels
    return array


def load(source: bytes | str | Path, *, epoch: Literal["best", "last"] = "best") -> Model:
    """The model in a checkpoint, given as a path or as bytes.

    `epoch` chooses between the weights of the trial's best epoch, by which a study ranks it, and
    those of its last one. They are the same where a study ranks trials by their last value.

    Raises CheckpointError.
    """
    if epoch not in ("best", "last"):
        raise CheckpointError(f'epoch must be "best" or "last", not {epoch!r:.40}')
    checkpoint = read_checkpoint(source)
    return Model(checkpoint if epoch == "best" else replace(checkpoint, best=None))
