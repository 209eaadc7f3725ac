"""Builds answers about rounds."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from caviar.sampler import Observation, box_ranges, edge_alarms, round_space, whole_box
from caviar.service.contract import schemas
from caviar.service.server import store
from caviar.service.server.rules import budgets, observations
from caviar.service.server.rules.plans import Plan, plan_of
from caviar.service.server.rules.rounds import Stage
from caviar.service.server.store.models import StudyRow


def rounds(session: Session, study: StudyRow) -> list[schemas.Round]:
    """Every round of a study, from the first."""
    plan = plan_of(study.definition)
    rows = store.rounds.all_of(session, study)
    stages = [Stage.of(row) for row in rows]
    numbers = {number for stage in stages for number in stage.planned.elites}
    elites = store.trials.by_number(session, study, numbers)
    observed = {trial.number: trial for trial in observations.of_warm_start(session, study, plan)}
    observed |= {number: observations.of_trial(row, plan) for number, row in elites.items()}
    awaited = store.trials.awaited_rounds(session, study)
    budget = budgets.trials(session, study, plan)
    bodies = []
    for row, stage in zip(rows, stages, strict=True):
        stop = min(stage.stop, budget)
        is_proposed = row is not rows[-1] or study.next_number >= stop
        bodies.append(
            _round(
                stage,
                plan,
                stop=stop,
                manual=row.manual,
                closed=row.number not in awaited and is_proposed,
                elites=[observed[n] for n in stage.planned.elites if n in observed],
            )
        )
    return bodies


def _round(
    stage: Stage,
    plan: Plan,
    *,
    stop: int,
    manual: bool,
    closed: bool,
    elites: Sequence[Observation],
) -> schemas.Round:
    """A round up to trial `stop`, its box also in natural units, and the alarms of its elites."""
    planned = stage.planned
    space = round_space(plan.space, planned)
    return schemas.Round(
        number=planned.number,
        state="closed" if closed else "open",
        first_trial=planned.first,
        trials=max(0, stop - planned.first),
        enqueued=stage.enqueued,
        manual=manual,
        box={name: list(interval) for name, interval in planned.box.items()},
        ranges=box_ranges(space, planned.box),
        whole=box_ranges(space, whole_box(space.parameters)),
        elites=[number for number in planned.elites if number >= 0],
        alarms=[schemas.Alarm(**vars(alarm)) for alarm in edge_alarms(space, elites)],
        reason=stage.reason,
    )
