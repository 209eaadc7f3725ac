"""What readers ask of trials: pages of the table, one trial, its curve, its journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from caviar.service.contract import schemas
from caviar.service.contract.states import TrialState
from caviar.service.server import store
from caviar.service.server.rules import presenters
from caviar.service.server.rules.presenters.times import timestamp
from caviar.service.server.store.database import Database


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
        study = store.studies.get(session, name)
        rows = store.trials.page(
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
            trials=[presenters.trials.trial(row) for row in shown],
            after=after,
            created_at=timestamp(study.created_at),
            revision=study.revision,
        )


def all_of(database: Database, name: str) -> list[schemas.Trial]:
    """Every trial of a study, by number.

    Raises:
        NotFound: there is no study of this name.
    """
    with database.read() as session:
        study = store.studies.get(session, name)
        rows = store.trials.below(session, study, study.next_number)
        return [presenters.trials.trial(row) for row in rows]


def show(database: Database, name: str, number: int) -> schemas.TrialDetail:
    """One trial, with its checkpoints, rungs, journal and children.

    Raises:
        NotFound: there is no such study or trial.
    """
    with database.read() as session:
        study = store.studies.get(session, name)
        return presenters.trials.detail(session, study, store.trials.get(session, study, number))


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
        study = store.studies.get(session, name)
        for number in numbers:
            store.trials.get(session, study, number)
        points = store.curves.of(session, study, numbers)
    return [presenters.trials.curve(number, points[number]) for number in numbers]


def journal(database: Database, name: str, number: int | None = None) -> schemas.Journal:
    """The journal of a study, or of one trial.

    Raises:
        NotFound: there is no such study or trial.
    """
    with database.read() as session:
        study = store.studies.get(session, name)
        if number is not None:
            store.trials.get(session, study, number)
        entries = store.journal.of(session, study, number)
        return schemas.Journal(
            entries=[presenters.trials.journal_entry(entry) for entry in entries]
        )
