"""Keras, version 3 or that of TensorFlow: `model.fit(…, callbacks=[KerasCallback(trial)])`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caviar.service.worker.callbacks.epochs import SAVE_SECONDS, Epochs, TrialLike

try:
    from keras.callbacks import Callback
except ModuleNotFoundError:
    from tensorflow.keras.callbacks import Callback


class KerasCallback(Callback):  # type: ignore[misc]
    """Reports each epoch of `fit`, saves the model, and stops when the trial should stop.

    A model that was saved has the state of its optimizer. To continue it, give `fit` the number of
    epochs that it has trained:

        model = trial.checkpoint or build(trial.params)
        model.fit(
            …, initial_epoch=trial.start_epoch, epochs=trial.stop_epoch,
            callbacks=[KerasCallback(trial)],
        )

    Args:
        trial: the trial.
        metrics: the trial's metrics by Keras's names, such as `{"loss": "val_loss"}`; by default
            all are reported by their own names.
        save_seconds: the shortest time between two checkpoints; None saves none.
    """

    def __init__(
        self,
        trial: TrialLike,
        *,
        metrics: Mapping[str, str] | None = None,
        save_seconds: float | None = SAVE_SECONDS,
    ) -> None:
        super().__init__()
        self._epochs = Epochs(trial, metrics=metrics, save_seconds=save_seconds)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        """Report an epoch; Keras counts from 0."""
        if self._epochs.end(epoch + 1, logs or {}, lambda: self.model):
            self.model.stop_training = True

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Save the model of the last epoch, where something else has stopped the training."""
        self._epochs.save(lambda: self.model)
