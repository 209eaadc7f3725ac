"""A study's definition, compiled once: its space, its sampler and its pruner, ready for use."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property, lru_cache

from caviar.sampler import (
    Pruner,
    PrunerError,
    Sampler,
    SamplerError,
    SearchSpace,
    SpaceError,
    make_pruner,
    make_sampler,
    may_grow,
)
from caviar.service.contract.errors import FieldError, Invalid
from caviar.service.contract.schemas import StudyDefinition
from caviar.service.server.rules.objectives import KINDS, ObjectiveKind


@dataclass(frozen=True, eq=False)
class Plan:
    """A definition with its space, its sampler and its pruner ready for use."""

    definition: StudyDefinition
    kind: ObjectiveKind
    space: SearchSpace
    sampler: Sampler
    pruner: Pruner

    @property
    def maximize(self) -> bool:
        """Whether large values are good."""
        return self.definition.direction == "maximize"

    @property
    def panda(self) -> bool:
        """Whether the study is one trial under manual control."""
        return self.definition.mode == "panda"

    @cached_property
    def pauses(self) -> dict[int, int]:
        """The epoch where a trial is to pause for a person, by the trial's number."""
        return {pause.trial: pause.epoch for pause in self.definition.pauses}

    @property
    def epochs(self) -> int:
        """How many epochs a trial is to have."""
        return self.definition.objective.epochs

    @cached_property
    def trials(self) -> int:
        """How many trials the budget pays for, at least one, as far as the definition says."""
        budget = self.definition.budget
        return budget.trials if budget.epochs is None else max(1, self.affordable(budget.epochs))

    @cached_property
    def settings(self) -> int | None:
        """How many settings the space has, if the budget may pay for all of them; else None.

        A space whose ranges the search may widen has no such number.
        """
        if getattr(self.sampler, "widen", False) and may_grow(self.space):
            return None
        return self.space.count(at_most=self.definition.budget.trials)

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
        """Whether the params, the pruning or the size of a round depend on earlier rounds."""
        by_epochs = self.definition.budget.epochs is not None
        return self.sampler.learns or self.pruner.uses_finished or by_epochs

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
        raise Invalid.of(
            *(
                FieldError(_join("space", each.path), each.message)
                for each in (error, *error.others)
            )
        ) from error
    try:
        sampler = make_sampler(definition.sampler.own())
    except SamplerError as error:
        raise Invalid.field(_join("sampler", error.path), error.message) from error
    try:
        pruner = make_pruner(definition.pruner.model_dump(), epochs=definition.objective.epochs)
    except PrunerError as error:
        raise Invalid.field(_join("pruner", error.path), error.message) from error
    kind = KINDS[definition.objective.kind]
    return Plan(definition, kind, kind.limit(definition, space), sampler, pruner)


def _join(room: str, path: str) -> str:
    return f"{room}.{path}" if path else room
