"""Training libraries, reduced to how they call their callbacks. Tests use them where the real ones
are not installed, and put them in the place of the modules by their names.
"""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any


def module(name: str, **content: Any) -> ModuleType:
    """A module with this content."""
    made = ModuleType(name)
    vars(made).update(content)
    return made


class Callback:
    """What callbacks of Keras, XGBoost and Lightning are derived from."""


class EarlyStopException(Exception):
    """Ends LightGBM's training."""

    def __init__(self, best_iteration: int, best_score: Any) -> None:
        super().__init__(best_iteration)


class Booster:
    """A model of XGBoost or LightGBM: it counts its rounds."""

    def __init__(self, rounds: int = 0) -> None:
        self.rounds = rounds

    def num_boosted_rounds(self) -> int:
        """The rounds so far."""
        return self.rounds


def modules() -> dict[str, ModuleType]:
    """Every module that the callbacks import, by name."""
    keras = module("keras.callbacks", Callback=Callback)
    lightning = module("lightning.pytorch.callbacks", Callback=Callback)
    xgboost = module("xgboost.callback", TrainingCallback=Callback)
    lightgbm = module("lightgbm.callback", EarlyStopException=EarlyStopException)
    return {
        "keras": module("keras", callbacks=keras),
        "keras.callbacks": keras,
        "lightning": module("lightning"),
        "lightning.pytorch": module("lightning.pytorch", callbacks=lightning),
        "lightning.pytorch.callbacks": lightning,
        "xgboost": module("xgboost", Booster=Booster, callback=xgboost),
        "xgboost.callback": xgboost,
        "lightgbm": module("lightgbm", callback=lightgbm),
        "lightgbm.callback": lightgbm,
    }


def fit_keras(callback: Any, epochs: int, *, initial_epoch: int = 0) -> None:
    """Train as `Model.fit` does."""
    callback.model = SimpleNamespace(stop_training=False, epochs=initial_epoch)
    for epoch in range(initial_epoch, epochs):
        callback.model.epochs += 1
        callback.on_epoch_end(epoch, {"loss": 1 / (epoch + 1), "val_loss": 2 / (epoch + 1)})
        if callback.model.stop_training:
            break
    callback.on_train_end({})


def fit_lightning(callback: Any, epochs: int, *, initial_epoch: int = 0) -> None:
    """Train as `Trainer.fit` does."""
    trainer = SimpleNamespace(should_stop=False, is_global_zero=True)
    trainer.save_checkpoint = lambda file: file.write_bytes(b"%d" % trainer.current_epoch)
    for epoch in range(initial_epoch, epochs):
        trainer.current_epoch = epoch
        trainer.callback_metrics = {"loss": 1 / (epoch + 1), "val_loss": 2 / (epoch + 1)}
        callback.on_train_epoch_end(trainer, None)
        if trainer.should_stop:
            break


def train_xgboost(callback: Any, rounds: int, *, initial_epoch: int = 0) -> None:
    """Train as `xgboost.train` does: it counts the iterations of this call only."""
    model, log = Booster(initial_epoch), {"valid": {"loss": [], "error": []}}  # type: ignore[var-annotated]
    for iteration in range(rounds - initial_epoch):
        model.rounds += 1
        log["valid"]["loss"].append(1 / model.rounds)
        log["valid"]["error"].append((2 / model.rounds, 0.1))  # as of cross-validation
        if callback.after_iteration(model, iteration, log):
            break
    assert callback.after_training(model) is model


def train_lightgbm(callback: Any, rounds: int, *, initial_epoch: int = 0) -> None:
    """Train as `lightgbm.train` does: it counts the iterations of the model."""
    for iteration in range(initial_epoch, rounds):
        results = [
            ("valid", "loss", 1 / (iteration + 1), False),
            ("valid", "error", 2 / (iteration + 1), False),
        ]
        env = SimpleNamespace(
            model=Booster(iteration + 1),
            iteration=iteration,
            end_iteration=rounds,
            evaluation_result_list=results,
        )
        try:
            callback(env)
        except EarlyStopException:
            break
