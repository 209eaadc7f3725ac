"""Callbacks that report the epochs of other libraries to a trial: `caviar.callbacks`.

    def train(trial):
        model = keras.models.clone_model(…)
        callback = caviar.callbacks.KerasCallback(trial)
        model.fit(x, y, validation_data=…, epochs=trial.stop_epoch, callbacks=[callback])

Each reports the metrics of every epoch or iteration, saves checkpoints, and stops the training when
the trial should stop. A library is imported when its callback is used first, and none is required.

LightningCallback   PyTorch Lightning
KerasCallback       Keras
XGBoostCallback     XGBoost
LightGBMCallback    LightGBM
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caviar.service.worker.callbacks.keras import KerasCallback
    from caviar.service.worker.callbacks.lightgbm import LightGBMCallback
    from caviar.service.worker.callbacks.lightning import LightningCallback
    from caviar.service.worker.callbacks.xgboost import XGBoostCallback

_MODULES = {
    "KerasCallback": "keras",
    "LightGBMCallback": "lightgbm",
    "LightningCallback": "lightning",
    "XGBoostCallback": "xgboost",
}

__all__ = ["KerasCallback", "LightGBMCallback", "LightningCallback", "XGBoostCallback"]

if not TYPE_CHECKING:  # a type checker that saw it would accept any name

    def __getattr__(name: str) -> Any:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
