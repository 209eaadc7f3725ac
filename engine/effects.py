"""Which hyperparameters do nothing beside the others: momentum with Adam, a rate without decay."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Protocol


class Deciding(Protocol):
    """The fields of a recipe that decide which others have an effect."""

    @property
    def optimizer(self) -> str:
        """The optimizer."""

    @property
    def decay(self) -> str:
        """The decay of the learning rate."""

    @property
    def hidden_units(self) -> tuple[int, ...]:
        """The units of each hidden layer."""

    @property
    def batch_norm(self) -> bool:
        """Whether layers are normalized."""

    @property
    def initialization(self) -> str:
        """How weights begin."""


OPTIMIZERS_OF = {
    "momentum": ("momentum",),
    "rms_decay": ("rmsprop",),
    "beta1": ("adam",),
    "beta2": ("adam",),
    "epsilon": ("rmsprop", "adam"),
}
"""The optimizers that read a hyperparameter."""

Need = Callable[[Deciding], str]
"""Why a hyperparameter has no effect in a recipe; empty if it has one."""


def _of_optimizer(name: str) -> Need:
    known = OPTIMIZERS_OF[name]
    return lambda recipe: (
        "" if recipe.optimizer in known else f"only with optimizer {' or '.join(known)}"
    )


def _of_decay(recipe: Deciding) -> str:
    return "only with a decay" if recipe.decay == "none" else ""


def _of_hidden(recipe: Deciding) -> str:
    return "" if recipe.hidden_units else "only with a hidden layer"


def _of_batch_norm(recipe: Deciding) -> str:
    return "" if recipe.batch_norm else "only with batch_norm"


def _of_random(recipe: Deciding) -> str:
    return "" if recipe.initialization == "random" else "only with initialization random"


NEEDS: Mapping[str, Need] = {
    **{name: _of_optimizer(name) for name in OPTIMIZERS_OF},
    "decay_rate": _of_decay,
    "decay_every": _of_decay,
    "activation": _of_hidden,
    "keep_prob": _of_hidden,
    "batch_norm": _of_hidden,
    "batch_norm_momentum": _of_batch_norm,
    "initialization_scale": _of_random,
}
"""What each hyperparameter needs that does not always have an effect."""


def without_effect(recipe: Deciding, names: Collection[str]) -> str:
    """Which of these hyperparameters have no effect, and why; empty if all have one."""
    why = {name: NEEDS[name](recipe) for name in names if name in NEEDS}
    idle = [f"{name} ({reason})" for name, reason in why.items() if reason]
    return f"hyperparameters without effect: {', '.join(idle)}" if idle else ""
