"""Whether a study can be, beyond the form of its definition: which networks it would train."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import count

from caviar import engine
from caviar.sampler import Parameter, Params, SearchSpace, Value
from caviar.service.contract import limits
from caviar.service.contract.errors import FieldError, Invalid
from caviar.service.contract.schemas import NetworkObjective, StudyDefinition
from caviar.service.server.rules.plans import Plan, compile_plan

COMBINATIONS = 2_000
"""How many combinations of deciding values are tried when a study is created."""

GOLDEN = (math.sqrt(5) - 1) / 2
BESIDE = 1e-6
"""Of the unit interval: how far beside a limit a continuous value is tried."""


def check(definition: StudyDefinition) -> Plan:
    """Compile a new definition and try whether its networks can be trained.

    Raises:
        Invalid: names the field, in the words of the definition.
    """
    plan = compile_plan(definition)
    _check_asynchronous(plan)
    if plan.panda:
        _check_panda(plan)
    if isinstance(definition.objective, NetworkObjective):
        _check_objective(definition.objective)
        _check_recipes(plan, definition.objective)
    return plan


def _check_asynchronous(plan: Plan) -> None:
    """The sampler's own word, if it has one, is the study's."""
    said = plan.definition.sampler.model_dump().get("asynchronous", plan.asynchronous)
    if said != plan.asynchronous:
        wanted = str(plan.asynchronous).lower()
        raise Invalid.field(
            "sampler.asynchronous", f"must be {wanted} as the study's own is, or be left out"
        )


def _check_panda(plan: Plan) -> None:
    if plan.definition.budget.trials != 1:
        raise Invalid.field("budget.trials", "must be 1 in panda mode: forks come on top of it")
    if plan.pruner.rungs(0, epochs=plan.epochs):
        raise Invalid.field("pruner.kind", "must be none in panda mode: only its person ends it")


def _check_objective(objective: NetworkObjective) -> None:
    if objective.dataset not in engine.DATASETS:
        known = ", ".join(sorted(engine.DATASETS))
        raise Invalid.field(
            "objective.dataset", f"there is no data set {objective.dataset!r}; known are {known}"
        )
    metrics = engine.metrics_of(engine.describe_dataset(objective.dataset)["task"])
    if objective.metric not in metrics:
        known = ", ".join(metrics)
        raise Invalid.field(
            "objective.metric", f"there is no metric {objective.metric!r}; known are {known}"
        )


def _check_recipes(plan: Plan, objective: NetworkObjective) -> None:
    """Read every kind of recipe that the space can propose, so that no trial fails for its setting.

    Each value that a parameter may have at its ends, or as a choice, is checked by itself,
    whatever its condition; then recipes are read for the combinations of all that decides which
    parameters take part, with the other parameters at their low and at their high ends.
    """
    for name in objective.settings:
        if name in plan.space.parameters:
            raise Invalid.field(
                f"objective.settings.{name}", "is in the space too: keep it in one place"
            )
    dataset = engine.load_dataset(objective.dataset)
    try:
        for name, parameter in plan.space.parameters.items():
            for value in _values(parameter):
                engine.check_value(name, value)
        for params in _combinations(plan.space):
            _check_recipe(params, objective, dataset)
    except engine.RecipeError as error:
        raise Invalid.of(_blame(error, plan, objective)) from error


def _check_recipe(params: Params, objective: NetworkObjective, dataset: engine.Dataset) -> None:
    recipe = engine.read_recipe(params, objective.settings)
    weights = recipe.shape(dataset).parameters
    if weights > limits.WEIGHTS:
        name = next((n for n in params if n.startswith("hidden_units")), "hidden_layers")
        raise engine.RecipeError(
            name, f"makes {weights:,} weights; a network may have {limits.WEIGHTS:,}"
        )


def check_setting(plan: Plan, space: SearchSpace, params: object) -> Params:
    """A setting of a user's own: one of the space, and one that can be trained.

    Raises:
        SpaceError: it is not a setting of the space.
        RecipeError: no network can have it.
    """
    valid = space.validate(params)
    objective = plan.definition.objective
    if isinstance(objective, NetworkObjective):
        _check_recipe(valid, objective, engine.load_dataset(objective.dataset))
    return valid


def _values(parameter: Parameter) -> list[Value]:
    choices = getattr(parameter, "choices", None)
    return [parameter.decode(0.0), parameter.decode(1.0)] if choices is None else list(choices)


def _combinations(space: SearchSpace) -> Iterator[dict[str, Value]]:
    """Settings that between them have every set of parameters that can take part together.

    Where there are too many, as many as COMBINATIONS, spread evenly over all.
    """
    places = {name: found for name in space.parameters if (found := _deciding(space, name))}
    total = math.prod(map(len, places.values()))
    stride = 1
    if total > COMBINATIONS:
        stride = next(n for n in count(round(total * GOLDEN)) if math.gcd(n, total) == 1)
    for turn in range(min(total, COMBINATIONS)):
        rest, units = turn * stride % total, {}
        for name, each in places.items():
            rest, place = divmod(rest, len(each))
            units[name] = each[place]
        for end in (0.0, 1.0):
            yield space.decode(dict.fromkeys(space.parameters, end) | units)


def _deciding(space: SearchSpace, name: str) -> list[float]:
    """The units of those values that decide which parameters take part, or what shape they have.

    All choices and numbers of layers, and the values on both sides of a limit of a condition.
    """
    parameter = space.parameters[name]
    choices = getattr(parameter, "choices", None)
    if choices is None and name == "hidden_layers":
        choices = range(int(parameter.decode(0.0)), int(parameter.decode(1.0)) + 1)
    if choices is not None:
        return [parameter.encode(choice) for choice in choices]
    limits_of_it = [
        limit
        for other in space.parameters.values()
        for clause in other.when
        if clause.parameter == name
        for limit in clause.requirement.limits
    ]
    values: dict[Value, float] = {}
    for limit in limits_of_it:
        at = parameter.encode(limit)
        beside = max(parameter.share(parameter.decode(at)), BESIDE)
        for unit in (0.0, at - beside, at, at + beside, 1.0):
            values.setdefault(parameter.decode(unit), min(max(unit, 0.0), 1.0))
    return list(values.values())


def _blame(error: engine.RecipeError, plan: Plan, objective: NetworkObjective) -> FieldError:
    where = "space" if error.parameter in plan.space.parameters else "objective.settings"
    return FieldError(f"{where}.{error.parameter}", error.message)
