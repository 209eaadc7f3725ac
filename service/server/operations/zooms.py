"""Manual zooms: a round in a box that a person drew, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from caviar.sampler import (
    MANUAL_ZOOM,
    Round,
    SearchSpace,
    SpaceError,
    counted,
    extend_ranges,
    manual_zoom_reason,
    parse_box,
    round_space,
)
from caviar.service.contract import schemas
from caviar.service.contract.errors import Conflict, Invalid
from caviar.service.server import store
from caviar.service.server.operations.change_study import change_study
from caviar.service.server.rules import presenters, rounds, study_states
from caviar.service.server.rules.change import Change
from caviar.service.server.rules.idempotency import Key
from caviar.service.server.store.database import Database

MAX_TRIES = 3
"""How often a zoom is planned outside of the transaction before the search must wait for it."""


@dataclass(frozen=True)
class MovedOn:
    """Nothing was done: the search has moved on since the zoom was planned, if it was."""


def zoom(
    database: Database, name: str, body: schemas.ZoomBody, key: Key | None = None
) -> schemas.Round:
    """Begin a round in a box that a person drew, planned from what has ended so far.

    What the current round has not proposed yet is dropped: it is cut at the study's next number,
    and the new round starts there. A round that has not started is replaced. The new one is stored,
    so that from then on the same trials follow, however many workers there are.

    Where the sampler may widen ranges, the box may reach beyond them once there is a round.

    Raises:
        NotFound: there is no study of this name.
        Invalid: names what is wrong with the box or the size; nothing changes then.
        Conflict: the study has ended, or its budget is used.
    """

    def attempt(begin: Callable[[Change], schemas.Round | MovedOn]) -> schemas.Round | MovedOn:
        def work(change: Change) -> schemas.Round | MovedOn:
            study_states.require_open(change.study)
            return begin(change)

        return change_study(database, name, work, answer=schemas.Round, key=key)

    # A call that was made before has its answer already.
    answer = attempt(lambda change: MovedOn())
    for _ in range(MAX_TRIES):
        if isinstance(answer, MovedOn):
            with database.read() as session:
                before = rounds.standing(session, store.studies.get(session, name))
            begin = _begin_unless_moved(before.mark, _plan(before, body))
            answer = attempt(begin)
    if isinstance(answer, MovedOn):
        answer = attempt(lambda change: _plan_and_begin(change, body))
    assert not isinstance(answer, MovedOn)
    return answer


def _begin_unless_moved(
    mark: rounds.Mark, planned: Round
) -> Callable[[Change], schemas.Round | MovedOn]:
    def begin(change: Change) -> schemas.Round | MovedOn:
        current = rounds.current(change.session, change.study)
        if rounds.mark(change.study, current) != mark:
            return MovedOn()
        return _begin(change, planned)

    return begin


def _plan_and_begin(change: Change, body: schemas.ZoomBody) -> schemas.Round:
    return _begin(change, _plan(rounds.standing(change.session, change.study), body))


def _plan(before: rounds.Standing, body: schemas.ZoomBody) -> Round:
    """The round that the person asked for, after those that have started."""
    plan = before.plan
    left = before.budget - before.next_number
    if left <= 0:
        raise study_states.no_room(before.budget, 0)
    if body.size is not None and body.size > left:
        raise Invalid.field("size", f"must be at most {left}: the budget leaves no more trials")
    history = [stage.as_history(before.added) for stage in _started(before)]
    with _errors_of_the_box():
        if history and getattr(plan.sampler, "widen", False):
            history[-1] = extend_ranges(plan.space, history[-1], body.box)
        space = round_space(plan.space, history[-1]) if history else plan.space
    while True:
        with _errors_of_the_box():
            box = parse_box(space, body.box)
        planned = plan.sampler.begin_round(
            plan.space,
            seed=plan.definition.seed,
            budget=before.budget,
            rounds=history,
            observations=before.observations,
            box=box,
            size=body.size,
            tried=before.tried,
        )
        if not planned.size:
            raise Invalid.field("box", "holds no setting that was not tried yet")
        planned_space = round_space(plan.space, planned)
        if planned_space == space:
            return replace(planned, reason=_reason(space, planned, body))
        # This round widens ranges, so that the box has other places in the unit interval.
        space = planned_space


@contextmanager
def _errors_of_the_box() -> Iterator[None]:
    """Name the box as the field of what is wrong with a space."""
    try:
        yield
    except SpaceError as error:
        raise Invalid.field(f"box.{error.path}" if error.path else "box", error.message) from error


def _started(before: rounds.Standing) -> list[rounds.Stage]:
    """The rounds that have a trial, the last of them cut where the search stands."""
    stages = list(before.stages)
    if stages and stages[-1].planned.first == before.next_number:
        stages.pop()
    if stages:
        stages[-1] = stages[-1].cut(before.next_number)
    return stages


def _reason(space: SearchSpace, planned: Round, body: schemas.ZoomBody) -> str:
    """The box, its author, and the author's reason."""
    reason = planned.reason
    if not reason.startswith(MANUAL_ZOOM):
        box = {name: planned.box[name] for name in body.box}
        trials = counted(planned.size, "trial")
        reason = manual_zoom_reason(space, box, f"{trials} from there.")
    if body.author:
        reason = f"{MANUAL_ZOOM} ({body.author}){reason.removeprefix(MANUAL_ZOOM)}"
    quoted = f"“{body.reason}”" if body.reason else ""
    return f"{reason} {quoted}".rstrip()


def _begin(change: Change, planned: Round) -> schemas.Round:
    session, study = change.session, change.study
    last = store.rounds.last(session, study)
    if last is not None and last.first == study.next_number:
        store.rounds.remove(session, last)
        last = store.rounds.last(session, study)
    if last is not None:
        last.size = study.next_number - last.first - last.enqueued
    rounds.add(session, study, planned, manual=True)
    change.mark()
    session.flush()
    return presenters.rounds.rounds(session, study)[-1]


def undo(database: Database, name: str, key: Key | None = None) -> schemas.RoundList:
    """Remove the newest round, as long as it has no trial yet, proposed or enqueued.

    The round before it goes on where it was cut; if it was not, the next ask plans a round anew.

    Raises:
        NotFound: there is no study of this name.
        Conflict: there is no such round, it has started, or the study has ended.
    """
    return change_study(database, name, _undo, answer=schemas.RoundList, key=key)


def _undo(change: Change) -> schemas.RoundList:
    session, study = change.session, change.study
    study_states.require_open(study)
    last = store.rounds.last(session, study)
    if last is None:
        raise Conflict(f"study {study.name!r} has no round yet")
    if study.next_number > last.first:
        started = study.next_number - last.first
        added = f", {last.enqueued} of them added by persons" if last.enqueued else ""
        raise Conflict(
            f"round {last.number} has started: it has {counted(started, 'trial')} already{added}; "
            "zoom again instead"
        )
    store.rounds.remove(session, last)
    before = store.rounds.last(session, study)
    if before is not None:
        before.size = Round.from_dict(before.data).size
    change.mark()
    session.flush()
    return schemas.RoundList(rounds=presenters.rounds.rounds(session, study))
