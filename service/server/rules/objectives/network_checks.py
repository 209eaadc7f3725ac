"""Whether the networks of a study can be trained, whatever its space proposes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import count

from caviar import engine
from caviar.sampler import Parameter, Params, SearchSpace, Setting
from caviar.service.contract.errors import FieldError, Invalid
from caviar.service.contract.schemas import NetworkObjective
from caviar.service.server.rules import quotas

MAX_COMBINATIONS = 2_000
"""How many combinations of deciding values are tried when a study is created."""

MAY = "a network may have"

GOLDEN = (math.sqrt(5) - 1) / 2
BESIDE = 1e-6
"""Of the unit interval: how far beside a limit a continuous value is tried."""


def check_objective(objective: NetworkObjective) -> None:
    """Check the data set and the metric.

    Raises:
        Invalid: one of them is unknown; lists the known ones.
    """
    try:
        described = engine.describe_dataset(objective.dataset, objective.version)
    except engine.DatasetError as error:
        raise Invalid.field("objective.dataset", str(error)) from error
    metrics = engine.metrics_of(described["task"])
    if objective.metric not in metrics:
        known = ", ".join(metrics)
        raise Invalid.field(
            "objective.metric", f"there is no metric {objective.metric!r}; known are {known}"
        )


def check_recipes(space: SearchSpace, objective: NetworkObjective) -> None:
    """Read every kind of recipe that the space can propose, so that no trial fails for its params.

    Each value that a parameter may have at its ends, or as a choice, is checked by itself,
    whatever its condition; then recipes are read for the combinations of all values that decide
    which parameters take part, with the other parameters at their low and at their high ends.

    Raises:
        Invalid: names the field.
    """
    for name in objective.settings:
        if name in space.parameters:
            raise Invalid.field(
                f"objective.settings.{name}", "is in the space too: keep it in one place"
            )
    dataset = engine.load_dataset(objective.dataset, objective.version)
    try:
        for name, parameter in space.parameters.items():
            for value in _values(parameter):
                engine.check_value(name, value)
        for params in _combinations(space):
            check_recipe(params, objective, dataset)
    except engine.RecipeError as error:
        where = "space" if error.parameter in space.parameters else "objective.settings"
        raise Invalid.of(FieldError(f"{where}.{error.parameter}", error.message)) from error


def check_recipe(params: Params, objective: NetworkObjective, dataset: engine.Dataset) -> None:
    """Check that a network with these parameters can be trained, and is not too large.

    Raises:
        RecipeError: names the parameter.
    """
    recipe = engine.read_recipe(params, objective.settings)
    allowed = quotas.quotas()
    units = next((n for n in params if n.startswith("hidden_units")), "hidden_units")
    if len(recipe.hidden_units) > allowed.hidden_layers:
        name = "hidden_layers" if "hidden_layers" in params else units
        layers = f"makes {len(recipe.hidden_units)} hidden layers"
        raise engine.RecipeError(name, f"{layers}; {MAY} {quotas.named('hidden_layers')}")
    if max(recipe.hidden_units, default=0) > allowed.hidden_units:
        width = f"makes a layer of {max(recipe.hidden_units):,} units"
        raise engine.RecipeError(units, f"{width}; {MAY} {quotas.named('hidden_units')}")
    weights = recipe.shape(dataset).parameters
    if weights > allowed.weights:
        name = units if units in params else "hidden_layers"
        message = f"makes {weights:,} weights; {MAY} {quotas.named('weights')}"
        raise engine.RecipeError(name, message)


def _values(parameter: Parameter) -> list[Setting]:
    choices = getattr(parameter, "choices", None)
    return [parameter.decode(0.0), parameter.decode(1.0)] if choices is None else list(choices)


def _combinations(space: SearchSpace) -> Iterator[dict[str, Setting]]:
    """Params that between them have every set of parameters that can take part together.

    Where there are too many: MAX_COMBINATIONS of them, spread evenly.
    """
    deciding = {name: values for name in space.parameters if (values := _deciding(space, name))}
    total = math.prod(map(len, deciding.values()))
    stride = 1
    if total > MAX_COMBINATIONS:
        stride = next(n for n in count(round(total * GOLDEN)) if math.gcd(n, total) == 1)
    for turn in range(min(total, MAX_COMBINATIONS)):
        rest, units = turn * stride % total, {}
        for name, choices in deciding.items():
            rest, place = divmod(rest, len(choices))
            units[name] = choices[place]
        for end in (0.0, 1.0):
            yield space.decode(dict.fromkeys(space.parameters, end) | units)


def _deciding(space: SearchSpace, name: str) -> list[float]:
    """The units of those values that decide which parameters take part, or what shape they have.

    All choices and numbers of layers, and the values on both sides of a limit of a condition.
    """
    parameter = space.parameters[name]
    choices = getattr(parameter, "choices", None)
    if choices is None and name == "hidden_layers":
        low, high = parameter.bounds or (0, 0)
        choices = range(int(low), int(high) + 1)
    if choices is not None:
        return [parameter.encode(choice) for choice in choices]
    limit_values = [
        limit
        for other in space.parameters.values()
        for clause in other.when
        if clause.parameter == name
        for limit in clause.requirement.limits
    ]
    values: dict[Setting, float] = {}
    for limit in limit_values:
        at = parameter.encode(limit)
        beside = max(parameter.share(parameter.decode(at)), BESIDE)
        for unit in (0.0, at - beside, at, at + beside, 1.0):
            values.setdefault(parameter.decode(unit), min(max(unit, 0.0), 1.0))
    return list(values.values())
