"""Callbacks: what they report, when they save, and when training stops."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from caviar.service.worker import callbacks
from tests.fakes import libraries


class Trial:
    """A trial that writes down what it is told; a person ends it after an epoch."""

    def __init__(
        self, stop_epoch: int, *, stopped_at: int | None = None, checkpoint: Any = None
    ) -> None:
        self.stop_epoch = stop_epoch
        self.checkpoint = checkpoint
        self.reports: dict[int, dict[str, float]] = {}
        self.saved: dict[int, Any] = {}
        self._stopped_at = stopped_at

    @property
    def should_stop(self) -> bool:
        return self._stopped_at is not None and max(self.reports) >= self._stopped_at

    def report(self, epoch: int, /, **metrics: float) -> None:
        assert epoch <= self.stop_epoch
        self.reports[epoch] = metrics

    def save(self, content: Any, /) -> None:
        self.saved[max(self.reports)] = content


KINDS: dict[str, tuple[Callable[..., None], str, str]] = {
    "KerasCallback": (libraries.fit_keras, "loss", "val_loss"),
    "LightningCallback": (libraries.fit_lightning, "loss", "val_loss"),
    "XGBoostCallback": (libraries.train_xgboost, "valid-loss", "valid-error"),
    "LightGBMCallback": (libraries.train_lightgbm, "valid-loss", "valid-error"),
}
"""By callback: how its library trains, and what it calls two metrics."""


@pytest.fixture(autouse=True)
def _fake_libraries(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put fakes in the place of the libraries, and forget what was imported with them."""
    names = [f"{callbacks.__name__}.{name}" for name in callbacks._MODULES.values()]
    for name, module in libraries.modules().items():
        monkeypatch.setitem(sys.modules, name, module)
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield
    for name in names:
        sys.modules.pop(name, None)
    for name in callbacks._MODULES:
        vars(callbacks).pop(name, None)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def made(kind: str, trial: Trial, **options: Any) -> Any:
    return getattr(import_module("caviar.callbacks"), kind)(trial, **options)


def test_every_epoch_is_reported_up_to_the_end_of_the_segment(kind: str) -> None:
    train, first, second = KINDS[kind]
    trial = Trial(4)
    train(made(kind, trial), 9)
    assert trial.reports == {epoch: {first: 1 / epoch, second: 2 / epoch} for epoch in range(1, 5)}
    assert list(trial.saved) == [4]


def test_a_trial_that_continues_reports_the_epochs_after_its_start(kind: str) -> None:
    train, _, second = KINDS[kind]
    trial = Trial(6)
    train(made(kind, trial, metrics={"mine": second}), 6, initial_epoch=3)
    assert trial.reports == {epoch: {"mine": 2 / epoch} for epoch in range(4, 7)}
    assert list(trial.saved) == [6]


def test_training_stops_with_a_checkpoint_when_the_trial_should_stop(kind: str) -> None:
    train, *_ = KINDS[kind]
    trial = Trial(9, stopped_at=3)
    train(made(kind, trial), 9)
    assert max(trial.reports) == 3
    assert list(trial.saved) == [3]


@pytest.mark.parametrize(("seconds", "saved"), [(0.0, [1, 2, 3]), (60.0, [3]), (None, [])])
def test_how_often_checkpoints_are_saved(
    kind: str, seconds: float | None, saved: list[int]
) -> None:
    train, *_ = KINDS[kind]
    trial = Trial(3)
    train(made(kind, trial, save_seconds=seconds), 3)
    assert list(trial.saved) == saved


def test_a_metric_that_the_library_does_not_have_is_named(kind: str) -> None:
    train, first, second = KINDS[kind]
    with pytest.raises(ValueError, match=f"none of the metrics nowhere is among {first}, {second}"):
        train(made(kind, Trial(3), metrics={"loss": "nowhere"}), 3)


def test_what_is_no_number_is_left_out() -> None:
    trial = Trial(2)
    callback = made("KerasCallback", trial)
    callback.on_epoch_end(0, {"loss": 0.5, "name": "0.5", "epoch": 1, "images": [1, 2]})
    assert trial.reports == {1: {"loss": 0.5}}


def test_a_checkpoint_of_lightning_is_a_file_for_fit() -> None:
    assert made("LightningCallback", Trial(3)).ckpt_path is None
    callback = made("LightningCallback", Trial(3, checkpoint=b"kept"))
    assert Path(callback.ckpt_path).read_bytes() == b"kept"


def test_a_library_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xgboost", None)
    with pytest.raises(ModuleNotFoundError, match="xgboost"):
        made("XGBoostCallback", Trial(3))
    with pytest.raises(AttributeError, match="no attribute 'TorchCallback'"):
        made("TorchCallback", Trial(3))
