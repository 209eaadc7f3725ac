"""What happens to rounds: the next one is planned when all trials before it have ended."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from caviar.sampler import Observation, Params, Round, renumber
from caviar.service.contract import schemas
from caviar.service.server.rules import budgets
from caviar.service.server.rules import observations as evidence
from caviar.service.server.rules import presenters as views
from caviar.service.server.rules.plans import Plan, plan_of
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import RoundRow, StudyRow
from caviar.service.server.store.queries import rounds, studies, trials


@dataclass(frozen=True)
class Stage:
    """A round as it has become: cut by a zoom, or longer by settings that were enqueued."""

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
        return f"{reason} A zoom by hand cut it short, at {self.size} of {size}."

    def propose(self, plan: Plan, number: int) -> Params:
        """The setting of one of its trials, with all that were enqueued before it.

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
    any_awaited: bool

    @property
    def last(self) -> Stage | None:
        """The newest round, or None."""
        return self.stages[-1] if self.stages else None


def standing(session: Session, study: StudyRow) -> Standing:
    """Where the search of a study stands now."""
    plan = plan_of(study.definition)
    stages = [Stage.of(row) for row in rounds.all_of(session, study)]
    return Standing(
        plan=plan,
        mark=mark(study, stages[-1] if stages else None),
        budget=budgets.trials(study, plan),
        next_number=study.next_number,
        stages=stages,
        observations=evidence.observations(session, study, plan),
        added=trials.added(session, study) if any(stage.enqueued for stage in stages) else (),
        any_awaited=trials.any_awaited(session, study),
    )


def mark(study: StudyRow, last: Stage | None) -> Mark:
    """The mark of a study whose newest round this is."""
    return study.id, study.next_number, None if last is None else last.number


def open_next(database: Database, name: str) -> None:
    """Plan the next round of a study and store it.

    The fit happens between two transactions, so that reports are not kept waiting. When another
    server was faster its round stands: both fitted the same results, so both are the same.
    """
    with database.read() as session:
        study = studies.get(session, name)
        before = standing(session, study)
        plan = before.plan
        is_early = before.any_awaited and plan.waits
        if is_early or not is_due(study, plan, before.last):
            # Another ask was faster. It may even have leased the whole round that this one
            # came for: the round after it is due only when those trials have ended.
            return
    found = plan.sampler.plan(
        plan.space,
        seed=plan.definition.seed,
        budget=before.budget,
        rounds=[stage.as_history(before.added) for stage in before.stages],
        observations=before.observations,
    )

    def work(session: Session) -> None:
        study = studies.lock(session, name)
        if mark(study, current(session, study)) == before.mark:
            rounds.add(session, study, found)
            study.revision += 1

    database.write(work)


def is_due(study: StudyRow, plan: Plan, current: Stage | None) -> bool:
    """Whether the next trial belongs to a round that does not exist yet."""
    if study.next_number >= budgets.trials(study, plan):
        return False
    return current is None or study.next_number >= current.stop


def may_open(session: Session, study: StudyRow, plan: Plan) -> bool:
    """Whether the next round is due, and need not wait for the trials of the last."""
    if not is_due(study, plan, current(session, study)):
        return False
    return not plan.waits or not trials.any_awaited(session, study)


def current(session: Session, study: StudyRow) -> Stage | None:
    """The newest round, or None."""
    row = rounds.last(session, study)
    return None if row is None else Stage.of(row)


def list_all(database: Database, name: str) -> list[schemas.Round]:
    """Every round of a study, from the first.

    Raises:
        NotFound: there is no study of this name.
    """
    with database.read() as session:
        return views_of(session, studies.get(session, name))


def views_of(session: Session, study: StudyRow) -> list[schemas.Round]:
    """Every round of a study, as readers get them."""
    plan = plan_of(study.definition)
    rows = rounds.all_of(session, study)
    stages = [Stage.of(row) for row in rows]
    elites = trials.by_number(session, study, {n for s in stages for n in s.planned.elites})
    seen = {one.number: one for one in evidence.taken(session, study, plan)}
    seen |= {number: evidence.observation(row, plan) for number, row in elites.items()}
    awaited = trials.awaited_rounds(session, study)
    budget = budgets.trials(study, plan)
    return [
        views.round_(
            stage.planned,
            plan,
            stop=min(stage.stop, budget),
            enqueued=stage.enqueued,
            manual=row.manual,
            closed=row.number not in awaited
            and (row is not rows[-1] or study.next_number >= min(stage.stop, budget)),
            elites=[seen[number] for number in stage.planned.elites if number in seen],
            reason=stage.reason,
        )
        for row, stage in zip(rows, stages, strict=True)
    ]
