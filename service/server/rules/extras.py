"""Trials on top of the budget: what persons ask for beside the search, such as forks and replicas.

They take the next numbers. The current round goes on behind them with the proposals that it had, as
behind settings of the user's own, and the search has as many trials as it would without them.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from caviar.service.contract import limits
from caviar.service.contract.errors import Conflict
from caviar.service.server.rules import budgets
from caviar.service.server.rules.plans import Plan
from caviar.service.server.store.models import StudyRow
from caviar.service.server.store.queries import rounds


def make_room(session: Session, study: StudyRow, plan: Plan, count: int) -> None:
    """Let `count` trials take the next numbers, in the current round and in the budget.

    Raises:
        Conflict: the study would have too many trials.
    """
    if max(study.next_number, plan.definition.budget.trials) + count > limits.TRIALS:
        raise Conflict(f"a study may have {limits.TRIALS:,} trials: these would be too many")
    study.next_number += count
    current = rounds.last(session, study)
    if current is None or plan.panda:
        return
    current.enqueued += count
    budget = plan.definition.budget
    if budget.epochs is not None:
        study.affordable = budgets.trials(study, plan) + count
    larger = budget.model_copy(update={"trials": budget.trials + count})
    study.definition = plan.definition.model_copy(update={"budget": larger}).model_dump_json()
