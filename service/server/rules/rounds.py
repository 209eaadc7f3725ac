"""Rounds: where a search stands, when its next round is due, and which params a round proposes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from caviar.sampler import (
    Observation,
    Params,
    Round,
    SearchSpace,
    params_identity,
    renumber,
    round_space,
)
from caviar.service.server import store
from caviar.service.server.rules import budgets, observations
from caviar.service.server.rules.change import Change
from caviar.service.server.rules.plans import Plan, plan_of
from caviar.service.server.store.models import RoundRow, StudyRow


@dataclass(frozen=True)
class Stage:
    """A round as it has become: cut by a zoom, or longer by trials that persons added."""

    planned: Round
    size: int
    enqueued: int

    @classmethod
    def of(cls, row: RoundRow) -> Stage:
        """The stage that a row holds."""
        return cls(Round.from_dict(row.data), row.size, row.enqueued)

    @property
    def number(self) -> int:
        """The round's number."""
        return self.planned.number

    @property
    def stop(self) -> int:
        """The number of the trial after its last."""
        return self.planned.first + self.size + self.enqueued

    @property
    def reason(self) -> str:
        """Why it was planned, and how much of it a zoom left."""
        reason, size = self.planned.reason, self.planned.size
        if self.size == size:
            return reason
        return f"{reason} A manual zoom cut it short, at {self.size} of {size}."

    def propose(self, plan: Plan, number: int) -> Params:
        """The params of one of its trials, with all trials that were added before it.

        Those take numbers, but no draws: the round's own proposals stay the same and in order.
        """
        seed = plan.definition.seed
        return plan.sampler.propose(
            plan.space, self.planned, seed=seed, number=number - self.enqueued
        )

    def cut(self, number: int) -> Stage:
        """The stage as it is when its proposals end before a number."""
        return replace(self, size=number - self.planned.first - self.enqueued)

    def as_history(self, added: Collection[int]) -> Round:
        """The round as the sampler is told of it when it plans the next one.

        `added` are the numbers of the study's trials that the search did not propose.
        """
        own = [number for number in range(self.planned.first, self.stop) if number not in added]
        return replace(renumber(self.planned, own), size=self.size + self.enqueued)


Mark = tuple[int, int, int | None]
"""Another mark means that the search has moved on: trials were numbered, or rounds changed."""


@dataclass(frozen=True)
class Standing:
    """Where a search stands: what a round is planned from, and how to tell that it moved on."""

    plan: Plan
    mark: Mark
    budget: int
    next_number: int
    stages: Sequence[Stage]
    observations: Sequence[Observation]
    added: Collection[int]
    tried: Collection[Params] | None
    any_awaited: bool

    @property
    def last(self) -> Stage | None:
        """The newest round, or None."""
        return self.stages[-1] if self.stages else None

    def plan_next(self) -> Round:
        """The round that the sampler plans next. This is the fit, and takes a while."""
        return self.plan.sampler.begin_round(
            self.plan.space,
            seed=self.plan.definition.seed,
            budget=self.budget,
            rounds=[stage.as_history(self.added) for stage in self.stages],
            observations=self.observations,
            tried=self.tried,
        )


def standing(session: Session, study: StudyRow) -> Standing:
    """Where the search of a study stands now."""
    plan = plan_of(study.definition)
    stages = [Stage.of(row) for row in store.rounds.all_of(session, study)]
    any_added = any(stage.enqueued for stage in stages)
    return Standing(
        plan=plan,
        mark=mark(study, stages[-1] if stages else None),
        budget=budgets.trials(session, study, plan),
        next_number=study.next_number,
        stages=stages,
        observations=observations.of_study(session, study, plan),
        added=store.trials.added(session, study) if any_added else (),
        tried=observations.tried(session, study, plan),
        any_awaited=store.trials.any_awaited(session, study),
    )


def mark(study: StudyRow, last: Stage | None) -> Mark:
    """The mark of a study whose newest round this is."""
    return study.id, study.next_number, None if last is None else last.number


def is_due(next_number: int, budget: int, current: Stage | None) -> bool:
    """Whether the next trial belongs to a round that does not exist yet."""
    return next_number < budget and (current is None or next_number >= current.stop)


def may_open(session: Session, study: StudyRow, plan: Plan) -> bool:
    """Whether the next round is due, and need not wait for the trials of the last."""
    budget = budgets.trials(session, study, plan)
    if not is_due(study.next_number, budget, current(session, study)):
        return False
    return not plan.waits or not store.trials.any_awaited(session, study)


def current(session: Session, study: StudyRow) -> Stage | None:
    """The newest round, or None."""
    row = store.rounds.last(session, study)
    return None if row is None else Stage.of(row)


def current_space(session: Session, study: StudyRow, plan: Plan) -> SearchSpace:
    """The space of the newest round, which may be wider than the study's own."""
    stage = current(session, study)
    return plan.space if stage is None else round_space(plan.space, stage.planned)


def take_out(session: Session, study: StudyRow, plan: Plan, enqueued: Sequence[Params]) -> None:
    """Take params that a person enqueues out of those that a finite space has left to try.

    The newest round does not propose them again, and no later round does.
    """
    row = store.rounds.last(session, study)
    if row is None or row.settings_left is None:
        return
    stage = Stage.of(row)
    numbers = range(study.next_number, stage.stop)
    coming = {params_identity(stage.propose(plan, number)): number for number in numbers}
    tried = {params_identity(params) for params in observations.tried(session, study, plan) or ()}
    taken = {params_identity(params) for params in enqueued}
    places = {coming[key] - stage.planned.first - stage.enqueued for key in taken & coming.keys()}
    left = row.settings_left - len(taken - coming.keys() - tried)
    model = {**row.data["model"], "left": left}
    for name in ("settings", "points"):
        if name in model:
            model[name] = [item for at, item in enumerate(model[name]) if at not in places]
    row.data = {**row.data, "size": row.data["size"] - len(places), "model": model}
    row.size -= len(places)


def exhaust(change: Change) -> None:
    """Let a study end once its trials have: the space has no setting that was not tried."""
    row = store.rounds.last(change.session, change.study)
    if row is not None:
        row.data = {**row.data, "model": {**row.data["model"], "left": 0}}
        row.size = change.study.next_number - row.first - row.enqueued


def add(session: Session, study: StudyRow, planned: Round, *, manual: bool = False) -> None:
    """Store a round that was planned."""
    row = store.rows.new(
        RoundRow,
        study_id=study.id,
        number=planned.number,
        first=planned.first,
        size=planned.size,
        enqueued=0,
        manual=manual,
        data=planned.to_dict(),
    )
    store.rounds.add(session, row)
