"""Time that passes for leases and budgets without anybody waiting, alike on both databases."""

from __future__ import annotations

from sqlalchemy import update

from caviar.service.server.store.database import Database
from caviar.service.server.store.models import StudyRow, TrialRow


def age_leases(database: Database, seconds: float) -> None:
    """Make every lease as old as if `seconds` had passed."""
    database.write(
        lambda session: session.execute(
            update(TrialRow)
            .where(TrialRow.lease_expires_at.is_not(None))
            .values(lease_expires_at=TrialRow.lease_expires_at - seconds)
        )
    )


def age_studies(database: Database, seconds: float) -> None:
    """Make every running study as old as if it had run for `seconds` more."""
    database.write(
        lambda session: session.execute(
            update(StudyRow)
            .where(StudyRow.running_since.is_not(None))
            .values(running_since=StudyRow.running_since - seconds)
        )
    )
