"""Why an item is refused that came with a lease which is not its trial's: its problem."""

from __future__ import annotations

from caviar.service.contract import schemas
from caviar.service.contract.errors import STALE_LEASE
from caviar.service.contract.states import FINISHED, TrialState
from caviar.service.server.rules import trial_states
from caviar.service.server.store.models import TrialRow

STALE = schemas.Problem.model_validate(STALE_LEASE)


def problem(number: int, trial: TrialRow | None, token: str) -> schemas.Problem:
    """The problem of an item that names a trial, and a lease that is not its current one."""
    return STALE.model_copy(update={"detail": _detail(number, trial, token)})


def _detail(number: int, trial: TrialRow | None, token: str) -> str:
    if trial is None:
        return f"there is no trial {number}"
    if trial_states.is_last_lease(trial, token):
        if trial.state in FINISHED:
            return f"trial {number} is {trial.state} already: nothing more is taken of it"
        return f"trial {number} is {trial.state}: the segment of this lease has ended"
    if trial.state == TrialState.RUNNING:
        return (
            f"another worker has trial {number} now: this lease ran out or was released, or its "
            "token is mistyped. Renew a lease with reports, or ask with a larger lease_seconds"
        )
    return (
        f"trial {number} is {trial.state}, and this is not its last lease: it ran out, was "
        "released or ended by a person's action"
    )
