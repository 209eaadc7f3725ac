"""What two studies are compared by."""

from __future__ import annotations

from typing import Any

from caviar.service.client import Client


def table(client: Client, study: str) -> list[tuple[Any, ...]]:
    """Everything of a study's trials that must not depend on who trained them, and when."""
    return [
        (
            trial.number,
            trial.state,
            repr(trial.params),
            repr(trial.value),
            trial.epoch,
            trial.best_epoch,
            trial.round,
            trial.reason,
            repr(sorted(trial.metrics.items())),
        )
        for trial in client.trials(study)
    ]


def curve(client: Client, study: str, number: int) -> dict[int, float]:
    """A trial's validation loss by epoch."""
    found = client.curve(study, number)
    losses = found.metrics.get("validation_loss", [])
    return {e: v for e, v in zip(found.epoch, losses, strict=True) if v is not None}
