"""What figures are drawn from: trials, curves and rounds of a study that has some of everything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caviar.service.contract.schemas import Curve, Round, Study, Trial
from caviar.service.server.figures import FigureData
from tests.factories.trials import trial

SPACE: dict[str, dict[str, Any]] = {
    "learning_rate": {"type": "float", "low": 0.0001, "high": 1.0, "scale": "log"},
    "momentum": {"type": "float", "low": 0.9, "high": 0.999, "scale": "reverse_log"},
    "dropout": {"type": "float", "low": 0.0, "high": 0.5},
    "layers": {"type": "int", "low": 1, "high": 3},
    "batch": {"type": "int", "low": 16, "high": 256, "scale": "log", "base": 2},
    "optimizer": {"type": "categorical", "choices": ["momentum", "adam"]},
}


def round_(number: int, first: int, trials: int, **changes: Any) -> Round:
    """A closed round."""
    fields: dict[str, Any] = {
        "number": number,
        "state": "closed",
        "first_trial": first,
        "trials": trials,
        "box": {},
        "ranges": {},
        "elites": [],
        "reason": "because",
    }
    return Round.model_validate(fields | changes)


def data(
    trials: Sequence[Trial],
    *,
    curves: Sequence[Curve] = (),
    rounds: Sequence[Round] = (),
    space: dict[str, Any] | None = None,
    **changes: Any,
) -> FigureData:
    """What figures of a study of these trials are drawn from."""
    fields: dict[str, Any] = {
        "name": "digits",
        "state": "running",
        "trials": {},
        "best": None,
        "round": rounds[-1].number if rounds else None,
        "progress": {
            "finished": 0,
            "total": 100,
            "epochs_trained": 0,
            "seconds": 0.0,
            "eta_seconds": None,
        },
        "revision": 1,
        "created_at": "2026-01-01T00:00:00Z",
        "space": SPACE if space is None else space,
        "objective": {"kind": "network", "metric": "validation_loss", "epochs": 5},
        "direction": "minimize",
        "sampler": {},
        "pruner": {},
        "mode": "caviar",
        "void": 0,
        "budget": {},
        "seed": 1,
    }
    study = Study.model_validate(fields | changes)
    return FigureData(study=study, trials=trials, curves=curves, rounds=rounds)


def named(figure: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The traces of this name."""
    return [trace for trace in figure["data"] if trace["name"] == name]


LOSSES = [0.9, 0.5, 0.7, 0.05, 0.3]
TRIALS = [
    *(trial(number, value) for number, value in enumerate(LOSSES)),
    trial(5, state="diverged", reason="NaN in epoch 2"),
    trial(6, state="failed", reason="error"),
    trial(7, 0.01, void=True),
    trial(8),
    trial(9, state="waiting"),
]
CURVES = [
    Curve(number=8, epoch=[1, 2], metrics={"validation_loss": [2.0, 1.5]}),
    Curve(number=3, epoch=[1, 2, 3], metrics={"validation_loss": [0.9, None, 0.05]}),
    Curve(number=4, epoch=[1, 2], metrics={"validation_loss": [0.9, 0.3], "training_loss": [0, 0]}),
]
ROUNDS = [
    round_(0, 0, 5),
    round_(
        1,
        5,
        5,
        box={"momentum": [0.0, 0.5], "optimizer": [0.5, 1.0], "batch": [0.0, 1.0]},
        ranges={"momentum": [0.9, 0.99], "optimizer": ["momentum", "adam"], "batch": [16, 256]},
    ),
]
FULL = data(TRIALS, curves=CURVES, rounds=ROUNDS)
