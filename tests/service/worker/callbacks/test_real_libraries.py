"""Callbacks with the real libraries, where these are installed."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from tests.service.worker.callbacks.test_callbacks import Trial

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(300, 4))
Y = (X[:, 0] + 0.3 * RANDOM.normal(size=300) > 0).astype(int)


def copied(saved: Any) -> Any:
    """What a later segment gets."""
    return pickle.loads(pickle.dumps(saved))


def test_xgboost_stops_and_continues() -> None:
    xgboost = pytest.importorskip("xgboost")
    from caviar.callbacks import XGBoostCallback

    training = xgboost.DMatrix(X[:200], Y[:200])
    evals = [(xgboost.DMatrix(X[200:], Y[200:]), "valid")]
    params = {"objective": "binary:logistic"}
    first, second = Trial(4), Trial(9)
    for trial, model in ((first, None), (second, "first")):
        xgboost.train(
            params,
            training,
            20,
            evals=evals,
            xgb_model=model and copied(first.saved[4]),
            callbacks=[XGBoostCallback(trial, metrics={"loss": "valid-logloss"})],
            verbose_eval=False,
        )
    assert list(first.reports) == [1, 2, 3, 4]
    assert list(second.reports) == [5, 6, 7, 8, 9]
    assert copied(second.saved[9]).num_boosted_rounds() == 9
    folds = Trial(3)
    xgboost.cv(params, training, 9, callbacks=[XGBoostCallback(folds, save_seconds=None)])
    assert list(folds.reports) == [1, 2, 3]


def test_lightgbm_stops_and_continues() -> None:
    lightgbm = pytest.importorskip("lightgbm")
    from caviar.callbacks import LightGBMCallback

    first, second = Trial(4), Trial(9)
    for trial, model in ((first, None), (second, "first")):
        training = lightgbm.Dataset(X[:200], Y[:200], free_raw_data=False)
        lightgbm.train(
            {"objective": "binary", "verbose": -1},
            training,
            20,
            valid_sets=[lightgbm.Dataset(X[200:], Y[200:], reference=training)],
            init_model=model and copied(first.saved[4]),
            callbacks=[LightGBMCallback(trial, metrics={"loss": "valid_0-binary_logloss"})],
        )
    assert list(first.reports) == [1, 2, 3, 4]
    assert list(second.reports) == [5, 6, 7, 8, 9]
    assert copied(second.saved[9]).num_trees() == 9


def test_keras_stops_and_continues() -> None:
    keras = pytest.importorskip("keras")
    from caviar.callbacks import KerasCallback

    model = keras.Sequential([keras.layers.Dense(1, activation="sigmoid")])
    model.compile("adam", "binary_crossentropy")
    first, second = Trial(2), Trial(5)
    for trial in (first, second):
        trained = model if trial is first else copied(first.saved[2])
        trained.fit(
            *(X, Y),
            validation_split=0.3,
            initial_epoch=0 if trial is first else 2,
            epochs=9,
            callbacks=[KerasCallback(trial, metrics={"loss": "val_loss"})],
            verbose=0,
        )
    assert list(first.reports) == [1, 2]
    assert list(second.reports) == [3, 4, 5]
    assert second.reports[5]["loss"] < first.reports[1]["loss"]


def test_lightning_stops_and_continues() -> None:
    lightning = pytest.importorskip("lightning.pytorch")
    import torch

    from caviar.callbacks import LightningCallback

    class Module(lightning.LightningModule):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(4, 1)

        def training_step(self, batch: Any, index: int) -> Any:
            loss = torch.nn.functional.mse_loss(self.layer(batch[0])[:, 0], batch[1])
            self.log("loss", loss, on_epoch=True, on_step=False)
            return loss

        def configure_optimizers(self) -> Any:
            return torch.optim.Adam(self.parameters())

    data = torch.utils.data.TensorDataset(torch.tensor(X).float(), torch.tensor(Y).float())
    loader = torch.utils.data.DataLoader(data, batch_size=50)
    first = Trial(2)
    for start in (0, 2):
        trial = first if start == 0 else Trial(5, checkpoint=first.saved[2])
        callback = LightningCallback(trial, metrics={"loss": "loss"})
        trainer = lightning.Trainer(
            max_epochs=9,
            callbacks=[callback],
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(Module(), loader, ckpt_path=callback.ckpt_path)
        assert list(trial.reports) == ([1, 2] if start == 0 else [3, 4, 5])
