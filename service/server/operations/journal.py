"""The journal: what persons did to trials, and what of it workers have taken."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from caviar.service.contract import schemas
from caviar.service.contract.schemas.base import Setting
from caviar.service.server.rules import presenters as views
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import JournalRow, StudyRow, TrialRow
from caviar.service.server.store.queries import journal
from caviar.service.server.store.queries import studies as study_rows
from caviar.service.server.store.queries import trials as trial_rows


def write(
    session: Session,
    study: StudyRow,
    row: TrialRow,
    action: str,
    by: schemas.ActionBody,
    now: float,
    *,
    epoch: int | None,
    **detail: Any,
) -> None:
    """Add an entry."""
    journal.add(
        session,
        JournalRow(
            study_id=study.id,
            number=row.number,
            action=action,
            epoch=epoch,
            detail=detail,
            author=by.author,
            reason=by.reason,
            at=now,
            confirmed=False,
            undone=False,
        ),
    )


def take(session: Session, study: StudyRow, row: TrialRow) -> dict[str, Setting]:
    """What a worker that reported the trial's epoch shall change there, if it did not already.

    From now on the journal says that the adjustments hold from this epoch on, whether or not the
    answer arrives: a worker that never heard of them is lost, and the next one gets them with its
    lease.
    """
    entries = journal.adjustments(session, study, row.number)
    for entry in entries:
        if entry.epoch is None:
            entry.epoch = row.epoch
            row.revision = study.revision = study.revision + 1
    here = [entry for entry in entries if entry.epoch == row.epoch]
    changes: dict[str, Setting] = {}
    if not all(entry.confirmed for entry in here):
        # As the journal has them: of two values the later one holds, whichever was settled first.
        for entry in sorted(here, key=lambda entry: entry.id):
            changes.update(entry.detail["new"])
    return changes


def confirm(session: Session, study: StudyRow, row: TrialRow, epoch: int) -> None:
    """A worker has applied what it was told, at this epoch."""
    for entry in journal.adjustments(session, study, row.number):
        if entry.epoch is not None and entry.epoch <= epoch:
            if not entry.confirmed:
                row.revision = study.revision = study.revision + 1
            entry.confirmed = True


def show(database: Database, name: str, number: int | None = None) -> schemas.Journal:
    """The journal of a study, or of one trial.

    Raises:
        NotFound: there is no such study or trial.
    """
    with database.read() as session:
        study = study_rows.get(session, name)
        if number is not None:
            trial_rows.get(session, study, number)
        return schemas.Journal(
            entries=[views.journal_entry(row) for row in journal.of(session, study, number)]
        )
