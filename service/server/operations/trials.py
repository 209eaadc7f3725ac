"""What readers ask of trials: pages of the table, one trial, its curve, its journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from caviar.service.contract import schemas
from caviar.service.contract.errors import Invalid
from caviar.service.contract.states import TrialState
from caviar.service.server import store
from caviar.service.server.rules import presenters, trial_filters
from caviar.service.server.rules.plans import plan_of
from caviar.service.server.rules.presenters.times import timestamp
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import StudyRow


@dataclass(frozen=True)
class TrialQuery:
    """Which trials a reader wants, in which order.

    Attributes:
        since: only trials that changed after this revision, in the order of their changes.
        states: only trials in one of these states; any, if there are none.
        min_value, max_value: the range of their values, with both ends.
        round: only trials of this round.
        worker: only trials that this worker was given last.
        tags: only trials that have all of these.
        note: only trials with this text in their note, in capitals or not.
        where: conditions on parameters and metrics, such as `learning_rate>=0.01`.
        sort: a column, `params.NAME` or `metrics.NAME`, with "-" for a falling order.
        after: the place where the page before ended.
        limit: the number of trials at most.
    """

    since: int | None = None
    states: Sequence[TrialState] = ()
    min_value: float | None = None
    max_value: float | None = None
    round: int | None = None
    worker: str | None = None
    tags: Sequence[str] = ()
    note: str | None = None
    where: Sequence[str] = ()
    sort: str = "number"
    after: Any = None
    limit: int = 100

    @classmethod
    def of(cls, query: schemas.TrialListQuery, after: Any) -> TrialQuery:
        """What a query asks for, from the place of its page on."""
        fields = query.model_dump(exclude={"state", "tag", "page_token"})
        return cls(states=query.state, tags=query.tag, after=after, **fields)


@dataclass(frozen=True)
class TrialList:
    """Trials as JSON texts, the place of the next page, and the study and revision they are of."""

    trials: list[str]
    after: Any
    created_at: str
    revision: int


def list_page(database: Database, name: str, query: TrialQuery) -> TrialList:
    """One page of a study's trials.

    Changes since a revision come in the order of revisions: a row that changes between two pages
    comes again at the end, so that a reader who follows the pages misses nothing. A page may be
    shorter than its limit, or empty, and yet another may follow: filters read so many rows a page.

    Raises:
        NotFound: there is no study of this name.
        Invalid: `after` is no place of this list; nothing can be sorted or filtered so.
    """
    if query.since is not None and query.sort != "number":
        raise Invalid.field("sort", "cannot stand beside since: changes come in their own order")
    with database.read() as session:
        study = store.studies.get(session, name)
        found = store.trial_pages.page(
            session,
            study,
            presenters.trial_texts.COLUMNS,
            since=query.since,
            sort=query.sort,
            measure=_measure(study, query),
            only=_filter(study, query),
            after=query.after,
            limit=query.limit,
        )
        return TrialList(
            trials=[presenters.trial_texts.text(row) for row in found.trials],
            after=found.after,
            created_at=timestamp(study.created_at),
            revision=study.revision,
        )


def _measure(study: StudyRow, query: TrialQuery) -> store.trial_pages.Measure | None:
    if query.sort == "number":
        return None
    return trial_filters.measure(plan_of(study.definition), query.sort)


def _filter(study: StudyRow, query: TrialQuery) -> store.trial_pages.Filter:
    low, high = query.min_value, query.max_value
    if low is not None and high is not None and low > high:
        raise Invalid.field("min_value", f"must be at most max_value, {high:g}")
    where = trial_filters.conditions(plan_of(study.definition), query.where) if query.where else ()
    return store.trial_pages.Filter(
        states=tuple(query.states),
        min_value=low,
        max_value=high,
        round=query.round,
        worker=query.worker,
        tags=tuple(query.tags),
        note=query.note,
        conditions=where,
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
