"""A study of one network under manual control, and the losses it must come to."""

from __future__ import annotations

from typing import Any

from caviar import engine
from tests.factories.studies import network

EPOCHS = 12


def study(name: str, *, epochs: int = EPOCHS, **changes: Any) -> dict[str, Any]:
    """A study of one network with dropout and batch norm, trained only on request."""
    made = network(name, trials=1, **{"mode": "panda", **changes})
    made["objective"]["epochs"] = epochs
    made["objective"]["settings"] |= {"keep_prob": 0.8, "batch_norm": True, "batch_size": 20}
    return made


def losses(
    params: dict[str, Any], adjustments: dict[int, dict[str, Any]], epochs: int = EPOCHS
) -> Any:
    """What the engine gives, trained in one go with these adjustments."""
    settings = study("x")["objective"]["settings"]
    lane = engine.Lane(number=0, recipe=engine.read_recipe(params, settings))
    training = engine.Training(engine.load_dataset("wine"), [lane], seed=1)
    found = {}
    for record in training.run(epochs):
        found[record.epoch] = record.metrics[0]["validation_loss"]
        if record.epoch in adjustments:
            training.adjust(0, adjustments[record.epoch])
    return found
