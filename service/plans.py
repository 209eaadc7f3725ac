"""A study's definition, read: checked once when it is created, compiled once when it is used."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import engine
from sampler import Sampler, SamplerError, SearchSpace, SpaceError, make_sampler
from service.errors import FieldError, Invalid
from service.schemas import NetworkObjective, StudyDefinition


@dataclass(frozen=True)
class Plan:
    """A definition with its space and its sampler ready for use."""

    definition: StudyDefinition
    space: SearchSpace
    sampler: Sampler

    @property
    def maximize(self) -> bool:
        """Whether large values are good."""
        return self.definition.direction == "maximize"


@lru_cache(maxsize=256)
def plan_of(definition: str) -> Plan:
    """The plan of a stored definition (JSON text)."""
    return compile_plan(StudyDefinition.model_validate_json(definition))


def compile_plan(definition: StudyDefinition) -> Plan:
    """Space and sampler of a definition.

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
    return Plan(definition, space, sampler)


def check(definition: StudyDefinition) -> Plan:
    """Compile a new definition and try whether its networks can be trained.

    Raises:
        Invalid: names the field, in the words of the definition.
    """
    plan = compile_plan(definition)
    if isinstance(definition.objective, NetworkObjective):
        _check_objective(definition.objective)
        _check_recipes(plan, definition.objective)
    return plan


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
    """Read a recipe at every end of every parameter, so that no trial fails for its setting."""
    for name in objective.settings:
        if name in plan.space.parameters:
            raise Invalid.field(
                f"objective.settings.{name}", "is in the space too: keep it in one place"
            )
    for params in _corners(plan.space):
        try:
            engine.read_recipe(params, objective.settings)
        except engine.RecipeError as error:
            raise Invalid.of(_blame(error, plan, objective)) from error


def _corners(space: SearchSpace) -> Iterator[dict[str, Any]]:
    names = list(space.parameters)
    for end in (0.0, 1.0):
        yield space.decode(dict.fromkeys(names, end))
    for name, parameter in space.parameters.items():
        choices = getattr(parameter, "choices", (None, None))
        for index in range(len(choices)):
            unit = index / max(len(choices) - 1, 1)
            for rest in (0.0, 1.0):
                yield space.decode(dict.fromkeys(names, rest) | {name: unit})


def _blame(error: engine.RecipeError, plan: Plan, objective: NetworkObjective) -> FieldError:
    where = "space" if error.parameter in plan.space.parameters else "objective.settings"
    return FieldError(f"{where}.{error.parameter}", error.message)


def _join(room: str, path: str) -> str:
    return f"{room}.{path}" if path else room
