"""What figures are drawn from: the telling trials of a study, its rounds, a few learning curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from pydantic_core import to_json
from sqlalchemy.orm import Session

from caviar.sampler import box_ranges, round_space, whole_box
from caviar.service.contract.states import TrialState
from caviar.service.server import store
from caviar.service.server.figures import FIGURES, FigureData
from caviar.service.server.rules import budgets, presenters
from caviar.service.server.rules.plans import Plan, plan_of
from caviar.service.server.rules.presenters.times import timestamp
from caviar.service.server.rules.rounds import Stage
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import StudyRow, TrialRow

SIZE = store.samples.Size(best=250, newest=250, rest=1_500)
"""The trials that figures are drawn from: more than they draw, for not every trial has a mark."""

MAX_TRAINING_CURVES = 24
"""Learning curves of paused and running trials in one picture, running ones first."""

BEST_CURVES = 5
"""Learning curves of the best finished trials beside them."""


class Point(NamedTuple):
    """What figures need of a trial."""

    number: int
    state: TrialState
    params: Mapping[str, Any]
    value: float | None
    void: bool
    replica_of: int | None


@dataclass(frozen=True)
class Subject:
    """What figures need of a study."""

    space: Mapping[str, Any]
    objective: Mapping[str, Any]
    direction: str
    round: int | None


@dataclass(frozen=True)
class Span:
    """What figures need of a round: the trials that it has, and of the newest one its box."""

    number: int
    first_trial: int
    trials: int
    box: Mapping[str, Sequence[float]] = field(default_factory=dict)
    ranges: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    whole: Mapping[str, Sequence[Any]] = field(default_factory=dict)


def draw(database: Database, study: str, figure: str) -> tuple[str, int, bytes]:
    """A figure as JSON, with the time of the study's creation and the revision that it shows.

    Args:
        database: the database.
        study: the name of the study.
        figure: one of FIGURES.

    Raises:
        NotFound: there is no study of this name.
    """
    with database.read() as session:
        row = store.studies.get(session, study)
        data = READ.get(figure, _of_trials)(session, row, plan_of(row.definition))
    return timestamp(row.created_at), row.revision, to_json(FIGURES[figure](data))


def _of_trials(session: Session, study: StudyRow, plan: Plan) -> FigureData:
    """The telling trials of a study, and its rounds."""
    sample = store.samples.telling(session, study, SIZE, maximize=plan.maximize)
    is_whole = study.next_number <= SIZE.trials
    spans = _spans(session, study, plan)
    return FigureData(
        study=_subject(plan, spans),
        trials=[_point(trial) for trial in sample],
        curves=(),
        rounds=spans,
        total=None if is_whole else study.next_number,
        improvements=None
        if is_whole
        else store.samples.improvements(session, study, maximize=plan.maximize),
    )


def _of_curves(session: Session, study: StudyRow, plan: Plan) -> FigureData:
    """The trials that are in training and the best ones, with their learning curves."""
    in_training = store.samples.in_training(session, study, MAX_TRAINING_CURVES)
    best = store.samples.best(session, study, BEST_CURVES, maximize=plan.maximize)
    trials = {row.number: _point(row) for row in (*reversed(in_training), *best)}
    points = store.curves.of(session, study, [*trials])
    return FigureData(
        study=_subject(plan, ()),
        trials=[*trials.values()],
        curves=[presenters.trials.curve(number, points[number]) for number in trials],
        rounds=(),
    )


READ: dict[str, Callable[[Session, StudyRow, Plan], FigureData]] = {"curves": _of_curves}
"""How the data of a figure is read, where it is not from the telling trials."""


def _subject(plan: Plan, spans: Sequence[Span]) -> Subject:
    definition = plan.definition.model_dump(mode="json", include={"space", "objective"})
    return Subject(
        space=definition["space"],
        objective=definition["objective"],
        direction=str(plan.definition.direction),
        round=spans[-1].number if spans else None,
    )


def _point(row: TrialRow) -> Point:
    state = TrialState(row.state)
    return Point(row.number, state, row.params, row.value, row.void, row.replica_of)


def _spans(session: Session, study: StudyRow, plan: Plan) -> list[Span]:
    """Every round, the last one with its box."""
    row = store.rounds.last(session, study)
    if row is None:
        return []
    budget = budgets.trials(session, study, plan)
    spans = [
        Span(number, first, max(0, min(first + length, budget) - first))
        for number, first, length in store.samples.round_spans(session, study)
    ]
    planned = Stage.of(row).planned
    space = round_space(plan.space, planned)
    last = replace(
        spans[-1],
        box=planned.box,
        ranges=box_ranges(space, planned.box),
        whole=box_ranges(space, whole_box(space.parameters)),
    )
    return [*spans[:-1], last]
