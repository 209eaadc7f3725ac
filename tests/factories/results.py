"""Results of leased trials."""

from __future__ import annotations

from caviar.service.contract.schemas import LeasedTrial, Result


def result(trial: LeasedTrial, value: float = 0.5, **changes: object) -> Result:
    """A completed result of a leased trial."""
    fields = {"number": trial.number, "lease": trial.lease.token, "value": value, **changes}
    return Result.model_validate(fields)
