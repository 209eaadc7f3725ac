"""PyTorch Lightning: `Trainer(callbacks=[LightningCallback(trial)])`."""

from __future__ import annotations

import shutil
import sys
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from caviar.service.worker.callbacks.epochs import SAVE_SECONDS, Epochs, TrialLike

if "pytorch_lightning" in sys.modules:  # the same code by its other name
    from pytorch_lightning.callbacks import Callback
else:
    try:
        from lightning.pytorch.callbacks import Callback
    except ModuleNotFoundError:
        from pytorch_lightning.callbacks import Callback


class LightningCallback(Callback):  # type: ignore[misc]
    """Reports each epoch of `fit`, saves checkpoints, and stops when the trial should stop.

    Checkpoints are those of Lightning, as bytes. To continue one:

        callback = LightningCallback(trial)
        trainer = Trainer(max_epochs=trial.stop_epoch, callbacks=[callback])
        trainer.fit(model, ckpt_path=callback.ckpt_path)

    Args:
        trial: the trial.
        metrics: the trial's metrics by the names that the module logs, such as
            `{"loss": "val_loss"}`; by default all that are logged are reported.
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
        self._content: Any = getattr(trial, "checkpoint", None)
        self._folder: Path | None = None

    @property
    def ckpt_path(self) -> str | None:
        """A file with the trial's checkpoint, for `fit`, which ends with this object; or None."""
        return None if self._content is None else str(self._file("start.ckpt", self._content))

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        """Report an epoch; Lightning counts from 0. Processes beside the first say nothing."""
        if trainer.is_global_zero:
            metrics = dict(trainer.callback_metrics)
            if self._epochs.end(trainer.current_epoch + 1, metrics, lambda: self._state(trainer)):
                trainer.should_stop = True

    def _state(self, trainer: Any) -> bytes:
        file = self._file("last.ckpt")
        trainer.save_checkpoint(file)
        return file.read_bytes()

    def _file(self, name: str, content: bytes | None = None) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="caviar-"))
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
        file = self._folder / name
        if content is not None:
            file.write_bytes(content)
        return file
