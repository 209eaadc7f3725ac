"""What happens to rounds: the next one is planned when all trials before it have ended."""

from __future__ import annotations

from sqlalchemy.orm import Session

from sampler import Observation, Round
from service import schemas, views
from service.database import Database
from service.models import StudyRow, TrialRow
from service.plans import Plan, plan_of
from service.states import TrialState
from service.store import rounds, studies, trials


def open_next(database: Database, name: str) -> None:
    """Plan the next round of a study and store it.

    The fit happens between two transactions, so that reports are not kept waiting. When another
    server was faster its round stands: both fitted the same results, so both are the same.
    """
    with database.read() as session:
        study = studies.get(session, name)
        earlier = [Round.from_dict(row.data) for row in rounds.all_of(session, study)]
        plan = plan_of(study.definition)
        observations = [
            _observation(row, plan)
            for row in trials.below(session, study, study.next_number)
            if _teaches(row)
        ]
        expected = (study.id, study.next_number)
        if trials.any_awaited(session, study) or not is_due(
            study, plan, earlier[-1] if earlier else None
        ):
            # Another ask was faster. It may even have leased the whole round that this one
            # came for: the round after it is due only when those trials have ended.
            return
    found = plan.sampler.plan(
        plan.space,
        seed=plan.definition.seed,
        budget=plan.trials,
        rounds=earlier,
        observations=observations,
    )

    def work(session: Session) -> None:
        study = studies.lock(session, name)
        last = rounds.last(session, study)
        if (study.id, study.next_number) == expected and (
            last is None or last.number < found.number
        ):
            rounds.add(session, study, found)
            study.revision += 1

    database.write(work)


def is_due(study: StudyRow, plan: Plan, current: Round | None) -> bool:
    """Whether the next trial belongs to a round that does not exist yet."""
    if study.next_number >= plan.trials:
        return False
    return current is None or study.next_number >= current.first + current.size


def current(session: Session, study: StudyRow) -> Round | None:
    """The newest round, or None."""
    row = rounds.last(session, study)
    return None if row is None else Round.from_dict(row.data)


def list_all(database: Database, name: str) -> list[schemas.Round]:
    """Every round of a study, from the first.

    Raises:
        NotFound: there is no study of this name.
    """
    with database.read() as session:
        study = studies.get(session, name)
        space = plan_of(study.definition).space
        rows = rounds.all_of(session, study)
        done = not trials.any_awaited(session, study)
        return [
            views.round_(
                row,
                space,
                closed=row is not rows[-1] or (done and study.next_number >= row.first + row.size),
            )
            for row in rows
        ]


def _teaches(row: TrialRow) -> bool:
    """Whether a trial's value is that of its parameters, and of no person's hand."""
    return not row.taken and not row.adjusted and row.origin is None


def _observation(row: TrialRow, plan: Plan) -> Observation:
    """What a sampler sees of a trial: small is good, and only a true result has a value."""
    counts = row.state == TrialState.COMPLETED and not row.void and row.value is not None
    value = row.value if counts else None
    if value is not None and plan.maximize:
        value = -value
    return Observation(number=row.number, params=row.params, value=value, state=row.state)
