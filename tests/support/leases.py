"""Results of leased trials; time passing for leases and budgets, alike on both databases."""

from __future__ import annotations

from sqlalchemy import update

from caviar.service.contract.schemas import LeasedTrial, Result
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import StudyRow, TrialRow


def result(trial: LeasedTrial, value: float = 0.5, **changes: object) -> Result:
    """A completed result of a leased trial."""
    fields = {"number": trial.number, "lease": trial.lease.token, "value": value, **changes}
    return Result.model_validate(fields)


def age_leases(database: Database, seconds: float) -> None:
    """Let every lease be as if `seconds` had gone by."""
    database.write(
        lambda session: session.execute(
            update(TrialRow)
            .where(TrialRow.lease_expires_at.is_not(None))
            .values(lease_expires_at=TrialRow.lease_expires_at - seconds)
        )
    )


def age_studies(database: Database, seconds: float) -> None:
    """Let every study that runs be as if it had run for `seconds` more."""
    database.write(
        lambda session: session.execute(
            update(StudyRow)
            .where(StudyRow.running_since.is_not(None))
            .values(running_since=StudyRow.running_since - seconds)
        )
    )
