"""How far a search may widen the ranges of a network's hyperparameters."""

from __future__ import annotations

import math

from caviar import engine
from caviar.sampler import Reach, SearchSpace
from caviar.service.contract import limits
from caviar.service.contract.schemas import NetworkObjective

LAYERS = "hidden_layers"
UNITS = "hidden_units"


def of(space: SearchSpace, objective: NetworkObjective) -> dict[str, Reach]:
    """The least and greatest value that each parameter can have, considered alone."""
    reaches: dict[str, Reach] = {}
    named = {*space.parameters, *objective.settings}
    own_units = sum(f"{UNITS}_{layer}" in named for layer in range(1, len(named) + 1))
    for name in space.parameters:
        try:
            rule = engine.check_name(name)
        except engine.RecipeError:
            continue
        highest = math.inf
        if name == LAYERS and own_units:
            highest = own_units
        elif name.startswith(UNITS):
            highest = _most_units(space, objective, own_units)
        reaches[name] = Reach(
            low=getattr(rule, "low", -math.inf),
            high=min(getattr(rule, "high", math.inf), highest),
            low_open=getattr(rule, "low_open", False),
            high_open=getattr(rule, "high_open", False),
        )
    return reaches


def _most_units(space: SearchSpace, objective: NetworkObjective, own_units: int) -> float:
    """How many units all layers can have before there are too many weights."""
    try:
        described = engine.describe_dataset(objective.dataset, objective.version)
    except engine.DatasetError:
        return math.inf  # of a study that has ended, the data set may be gone
    fixed = objective.settings.get(LAYERS, 1)
    layers = own_units or (fixed if isinstance(fixed, int) else 1)
    if LAYERS in space.parameters:
        last = space.parameters[LAYERS].decode(1.0)
        layers = last if isinstance(last, int) else layers  # another value is refused later
    ends = described["features"] + (described["classes"] or 1)
    # (layers - 1) u**2 + (ends + layers + 1) u <= WEIGHTS
    square, linear = max(layers, 1) - 1, ends + layers + 1
    if square == 0:
        return float(limits.WEIGHTS // linear)
    return int((math.sqrt(linear**2 + 4 * square * limits.WEIGHTS) - linear) / (2 * square))
