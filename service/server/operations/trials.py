"""Trials: how they come to be, and what readers ask: pages of the table, one trial, its curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from caviar.sampler import Params
from caviar.service.contract import schemas
from caviar.service.contract.states import TrialState
from caviar.service.server.rules import presenters as views
from caviar.service.server.rules import rungs
from caviar.service.server.rules import trial_details as details
from caviar.service.server.rules.plans import Plan
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import RoundRow, StudyRow, TrialRow
from caviar.service.server.store.queries import curves
from caviar.service.server.store.queries import studies as study_rows
from caviar.service.server.store.queries import trials as trial_rows


@dataclass(frozen=True)
class TrialQuery:
    """Which trials a reader wants, in which order."""

    since: int | None = None
    states: Sequence[TrialState] = ()
    sort: str = "number"
    after: list[Any] | None = None
    limit: int = 100


@dataclass(frozen=True)
class TrialList:
    """Trials, the key of the next page, and the study and revision that they are of."""

    trials: list[schemas.Trial]
    after: list[Any] | None
    created_at: str
    revision: int


def add(
    session: Session,
    study: StudyRow,
    plan: Plan,
    round_row: RoundRow,
    settings: Sequence[Params],
    *,
    enqueued: bool = False,
) -> list[TrialRow]:
    """Trials of these settings, with the next numbers of their study. The caller has locked it."""
    added = []
    for number, params in enumerate(settings, start=study.next_number):
        row = new_row(
            study,
            number,
            dict(params),
            last_epoch=plan.epochs,
            round=round_row.number,
            bracket=plan.pruner.bracket(number - round_row.first, epochs=plan.epochs),
            manual=plan.panda,
            enqueued=enqueued,
        )
        row.stop_epoch = rungs.next_stop(plan, row)
        added.append(row)
    session.add_all(added)
    study.next_number += len(added)
    return added


def new_row(
    study: StudyRow, number: int, params: dict[str, Any], *, last_epoch: int, **given: Any
) -> TrialRow:
    """A trial that waits to be trained from its start; what is not given is as it is at first."""
    fields: dict[str, Any] = {
        "round": 0,
        "state": TrialState.WAITING,
        "value": None,
        "epoch": 0,
        "best_epoch": None,
        "metrics": {},
        "start_epoch": 0,
        "stop_epoch": last_epoch,
        "bracket": 0,
        "lineage": number,
        "origin": None,
        "replica_of": None,
        "seed_offset": 0,
        "manual": False,
        "adjusted": False,
        "attempt": 0,
        "prefetched": False,
        "seconds": 0.0,
        "void": False,
        "enqueued": False,
        "revision": study.revision,
        **given,
    }
    return TrialRow(
        study_id=study.id, number=number, params=params, last_epoch=last_epoch, **fields
    )


def list_page(database: Database, name: str, query: TrialQuery) -> TrialList:
    """One page of a study's trials.

    Changes since a revision come in the order of revisions: a row that changes between two pages
    comes again at the end, so that a reader who follows the pages misses nothing.

    Raises:
        NotFound: there is no study of this name.
        Invalid: `after` is not a key of this list.
    """
    sort = query.sort if query.since is None else "revision"
    with database.read() as session:
        study = study_rows.get(session, name)
        rows = trial_rows.page(
            session,
            study,
            since=query.since,
            states=query.states,
            sort=sort,
            after=query.after,
            limit=query.limit + 1,
        )
        shown = rows[: query.limit]
        after = None
        if len(rows) > query.limit:
            last = shown[-1]
            after = [getattr(last, sort.removeprefix("-")), last.number]
        return TrialList(
            trials=[views.trial(row) for row in shown],
            after=after,
            created_at=views.timestamp(study.created_at),
            revision=study.revision,
        )


def all_of(database: Database, name: str) -> list[schemas.Trial]:
    """Every trial of a study, by number.

    Raises:
        NotFound: there is no study of this name.
    """
    with database.read() as session:
        study = study_rows.get(session, name)
        return [views.trial(row) for row in trial_rows.below(session, study, study.next_number)]


def show(database: Database, name: str, number: int) -> schemas.TrialDetail:
    """One trial, with all that is known of its way.

    Raises:
        NotFound: there is no such study or trial.
    """
    with database.read() as session:
        study = study_rows.get(session, name)
        return details.of(session, study, trial_rows.get(session, study, number))


def curve(database: Database, name: str, number: int) -> schemas.Curve:
    """Metrics by epoch of one trial.

    Raises:
        NotFound: there is no such study or trial.
    """
    return curves_of(database, name, [number])[0]


def curves_of(database: Database, name: str, numbers: Sequence[int]) -> list[schemas.Curve]:
    """Metrics by epoch of some trials, in the order asked for.

    Raises:
        NotFound: there is no such study or trial.
    """
    with database.read() as session:
        study = study_rows.get(session, name)
        for number in numbers:
            trial_rows.get(session, study, number)
        found = curves.of(session, study, numbers)
    return [_curve(number, found[number]) for number in numbers]


def _curve(number: int, points: dict[int, dict[str, float]]) -> schemas.Curve:
    epochs = sorted(points)
    names = sorted({name for metrics in points.values() for name in metrics})
    return schemas.Curve(
        number=number,
        epoch=epochs,
        metrics={name: [points[epoch].get(name) for epoch in epochs] for name in names},
    )


def workers(database: Database) -> list[schemas.Worker]:
    """The workers that hold leases now."""
    with database.read() as session:
        return [
            schemas.Worker(name=name, running=count, last_seen_at=views.timestamp(seen))
            for name, count, seen in trial_rows.holders(session)
        ]
