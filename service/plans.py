"""A study's definition, read: checked once when it is created, compiled once when it is used."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice, product

import engine
from sampler import (
    Parameter,
    Params,
    Pruner,
    PrunerError,
    Sampler,
    SamplerError,
    SearchSpace,
    SpaceError,
    Value,
    make_pruner,
    make_sampler,
    within,
)
from service import limits, reach
from service.errors import FieldError, Invalid
from service.schemas import NetworkObjective, StudyDefinition

COMBINATIONS = 2_000
"""How many combinations of choices are tried when a study is created."""


@dataclass(frozen=True, eq=False)
class Plan:
    """A definition with its space, its sampler and its pruner ready for use."""

    definition: StudyDefinition
    space: SearchSpace
    sampler: Sampler
    pruner: Pruner

    @property
    def maximize(self) -> bool:
        """Whether large values are good."""
        return self.definition.direction == "maximize"

    @property
    def panda(self) -> bool:
        """Whether the study is one trial that waits for its person."""
        return self.definition.mode == "panda"

    @property
    def epochs(self) -> int:
        """How many epochs a trial is to have."""
        return self.definition.objective.epochs

    @cached_property
    def trials(self) -> int:
        """How many trials the budget pays for, at least one, as far as the definition says."""
        budget = self.definition.budget
        return budget.trials if budget.epochs is None else max(1, self.affordable(budget.epochs))

    def affordable(self, epochs: int) -> int:
        """How many trials so many epochs pay for, in one round, none when there is too little."""
        return bisect_right(
            range(1, self.definition.budget.trials + 1),
            epochs,
            key=lambda count: self.pruner.round_epochs(count, epochs=self.epochs),
        )

    @property
    def asynchronous(self) -> bool:
        """Whether a round is planned from what has ended so far, without waiting for the rest."""
        return self.definition.asynchronous

    @property
    def depends_on_results(self) -> bool:
        """Whether what a round tries, who is pruned in it or its size depends on those before."""
        by_epochs = self.definition.budget.epochs is not None
        return self.sampler.learns or self.pruner.looks_back or by_epochs

    @property
    def waits(self) -> bool:
        """Whether a round begins only when the trials of those before it have ended."""
        return self.depends_on_results and not self.asynchronous


@lru_cache(maxsize=256)
def plan_of(definition: str) -> Plan:
    """The plan of a stored definition (JSON text)."""
    return compile_plan(StudyDefinition.model_validate_json(definition))


def compile_plan(definition: StudyDefinition) -> Plan:
    """Space, sampler and pruner of a definition.

    Raises:
        Invalid: names the field, in the words of the definition.
    """
    try:
        space = SearchSpace.from_dict(definition.space)
    except SpaceError as error:
        raise Invalid.field(_join("space", error.path), error.message) from error
    try:
        sampler = make_sampler(definition.sampler.model_dump())
    except SamplerError as error:
        raise Invalid.field(_join("sampler", error.path), error.message) from error
    try:
        pruner = make_pruner(definition.pruner.model_dump(), epochs=definition.objective.epochs)
    except PrunerError as error:
        raise Invalid.field(_join("pruner", error.path), error.message) from error
    if isinstance(definition.objective, NetworkObjective):
        space = within(space, reach.of(space, definition.objective))
    return Plan(definition, space, sampler, pruner)


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
    """Settings that between them have every set of parameters that can take part together."""
    units: dict[str, list[float]] = {}
    for name, parameter in space.parameters.items():
        choices = getattr(parameter, "choices", None)
        if choices is None and name == "hidden_layers":
            choices = range(int(parameter.decode(0.0)), int(parameter.decode(1.0)) + 1)
        if choices is not None:
            units[name] = [parameter.encode(choice) for choice in choices]
    deciding = islice(product(*units.values()), COMBINATIONS)
    for combination in deciding:
        for rest in (0.0, 1.0):
            ends = dict.fromkeys(space.parameters, rest)
            yield space.decode(ends | dict(zip(units, combination, strict=True)))


def _blame(error: engine.RecipeError, plan: Plan, objective: NetworkObjective) -> FieldError:
    where = "space" if error.parameter in plan.space.parameters else "objective.settings"
    return FieldError(f"{where}.{error.parameter}", error.message)


def _join(room: str, path: str) -> str:
    return f"{room}.{path}" if path else room
