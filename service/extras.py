"""Trials on top of the budget: what persons ask for beside the search, such as forks and replicas.

They take the next numbers. The current round goes on behind them with the proposals that it had, as
behind settings of the user's own, and the search has as many trials as it would without them.
"""

from __future__ import annotations

import math

from sqlalchemy.orm import Session

from service import limits, plans
from service.errors import Conflict
from service.models import StudyRow
from service.plans import Plan
from service.schemas import Budget
from service.store import rounds


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
    larger = _larger(plan, count)
    study.definition = plan.definition.model_copy(update={"budget": larger}).model_dump_json()


def _larger(plan: Plan, count: int) -> Budget:
    """A budget that pays for so many trials more."""
    budget = plan.definition.budget
    larger = budget.model_copy(update={"trials": budget.trials + count})
    if budget.epochs is None:
        return larger
    epochs = budget.epochs + math.ceil(count * plan.pruner.mean_epochs(epochs=plan.epochs))
    while True:
        larger = larger.model_copy(update={"epochs": epochs})
        changed = plan.definition.model_copy(update={"budget": larger})
        if plans.compile_plan(changed).trials >= plan.trials + count:
            return larger
        epochs += 1
