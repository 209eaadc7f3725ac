"""Zooms by hand: a round in a box that a person drew, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy.orm import Session

from caviar.sampler import (
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
from caviar.service.server.operations import rounds, studies
from caviar.service.server.rules.idempotency import Key, idempotent
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import StudyRow
from caviar.service.server.store.queries import rounds as round_rows
from caviar.service.server.store.queries import studies as study_rows

TRIES = 3
"""How often a zoom is planned beside the search before the search must hold still for it."""


@dataclass(frozen=True)
class MovedOn:
    """Nothing was done: the search has moved on since the zoom was planned, if it was."""


def zoom(
    database: Database, name: str, body: schemas.ZoomBody, key: Key | None = None
) -> schemas.Round:
    """Begin a round in a box that a person drew, planned from what has ended so far.

    What the current round has not proposed yet is dropped: it is cut at the study's next number,
    and the new round starts there. A round that has not started is replaced. The plan is stored, so
    that from then on the same trials follow, however many workers there are.

    Where the sampler may widen ranges, the box may reach beyond them once there is a round.

    Raises:
        NotFound: there is no study of this name.
        Invalid: names what is wrong with the box or the size; nothing changes then.
        Conflict: the study has ended, or its budget is used.
    """
    # A call that was made before has its answer already.
    answer = _attempt(database, name, key, lambda session, study: MovedOn())
    for _ in range(TRIES):
        if isinstance(answer, MovedOn):
            with database.read() as session:
                before = rounds.standing(session, study_rows.get(session, name))
            found = _plan(before, body)
            answer = _attempt(database, name, key, partial(_begin_if_still, before.mark, found))
    if isinstance(answer, MovedOn):
        answer = _attempt(database, name, key, partial(_plan_and_begin, body))
    assert not isinstance(answer, MovedOn)
    return answer


Begin = Callable[[Session, StudyRow], schemas.Round | MovedOn]


def _attempt(
    database: Database, name: str, key: Key | None, begin: Begin
) -> schemas.Round | MovedOn:
    def work(session: Session) -> schemas.Round | MovedOn:
        study = study_rows.lock(session, name)

        def open_only() -> schemas.Round | MovedOn:
            studies.require_open(study)
            return begin(session, study)

        return idempotent(session, key, schemas.Round, database.now(session), open_only)

    return database.write(work)


def _begin_if_still(
    mark: rounds.Mark, found: Round, session: Session, study: StudyRow
) -> schemas.Round | MovedOn:
    if rounds.mark(study, rounds.current(session, study)) != mark:
        return MovedOn()
    return _begin(session, study, found)


def _plan_and_begin(body: schemas.ZoomBody, session: Session, study: StudyRow) -> schemas.Round:
    return _begin(session, study, _plan(rounds.standing(session, study), body))


def _plan(before: rounds.Standing, body: schemas.ZoomBody) -> Round:
    """The round that the person asked for, after those that have started."""
    plan, started = before.plan, _started(before)
    left = before.budget - before.next_number
    if left <= 0:
        raise studies.no_room(before.budget, 0)
    if body.size is not None and body.size > left:
        raise Invalid.field("size", f"must be at most {left}: the budget leaves no more trials")
    history = [stage.as_history(before.added) for stage in started]
    with _in_the_box():
        if history and getattr(plan.sampler, "widen", False):
            history[-1] = extend_ranges(plan.space, history[-1], body.box)
        space = round_space(plan.space, history[-1]) if history else plan.space
    while True:
        with _in_the_box():
            box = parse_box(space, body.box)
        found = plan.sampler.plan(
            plan.space,
            seed=plan.definition.seed,
            budget=before.budget,
            rounds=history,
            observations=before.observations,
            box=box,
            size=body.size,
        )
        reached = round_space(plan.space, found)
        if reached == space:
            return replace(found, reason=_reason(space, found, body))
        # This round widens ranges, so that the box has other places in the unit interval.
        space = reached


@contextmanager
def _in_the_box() -> Iterator[None]:
    """What is wrong with a space is wrong with the box."""
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


def _reason(space: SearchSpace, found: Round, body: schemas.ZoomBody) -> str:
    """By hand, of what, and what the person said."""
    reason = found.reason
    if not reason.startswith("By hand"):
        box = {name: found.box[name] for name in body.box}
        reason = manual_zoom_reason(space, box, f"{counted(found.size, 'trial')} from there.")
    said = f"“{body.reason}”" if body.reason else ""
    if body.author:
        who = f"By hand ({body.author})"
        reason = who + reason.removeprefix("By hand")
    return f"{reason} {said}".rstrip()


def _begin(session: Session, study: StudyRow, found: Round) -> schemas.Round:
    last = round_rows.last(session, study)
    if last is not None and last.first == study.next_number:
        round_rows.remove(session, last)
        last = round_rows.last(session, study)
    if last is not None:
        last.size = study.next_number - last.first - last.enqueued
    round_rows.add(session, study, found, manual=True)
    study.revision += 1
    session.flush()
    return rounds.views_of(session, study)[-1]


def undo(database: Database, name: str, key: Key | None = None) -> schemas.RoundList:
    """Take the newest round back, as long as it has no trial yet, proposed or enqueued.

    The round before it goes on where it was cut; if it was not, the next ask plans a round anew.

    Raises:
        NotFound: there is no study of this name.
        Conflict: there is no such round, it has started, or the study has ended.
    """

    def work(session: Session) -> schemas.RoundList:
        study = study_rows.lock(session, name)
        now = database.now(session)
        return idempotent(session, key, schemas.RoundList, now, lambda: _undo(session, study))

    return database.write(work)


def _undo(session: Session, study: StudyRow) -> schemas.RoundList:
    studies.require_open(study)
    last = round_rows.last(session, study)
    if last is None:
        raise Conflict(f"study {study.name!r} has no round yet")
    if study.next_number > last.first:
        started = study.next_number - last.first
        own = f", {last.enqueued} of them added by hand" if last.enqueued else ""
        raise Conflict(
            f"round {last.number} has started: it has {counted(started, 'trial')} already{own}; "
            "zoom again instead"
        )
    round_rows.remove(session, last)
    before = round_rows.last(session, study)
    if before is not None:
        before.size = Round.from_dict(before.data).size
    study.revision += 1
    session.flush()
    return schemas.RoundList(rounds=rounds.views_of(session, study))
