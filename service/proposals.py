"""New trials: proposed by the sampler, each a pure function of its round and its number."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from service import rounds, rungs
from service.models import StudyRow, TrialRow
from service.plans import Plan
from service.schemas.base import Setting
from service.states import TrialState


def propose(session: Session, study: StudyRow, plan: Plan, count: int) -> list[TrialRow]:
    """New trials of the current round, as many as it and the budget have left."""
    current = rounds.current(session, study)
    if current is None:
        return []
    end = min(current.first + current.size, plan.trials)
    numbers = range(study.next_number, min(end, study.next_number + count))
    proposed = []
    for number in numbers:
        bracket = plan.pruner.bracket(number - current.first, epochs=plan.epochs)
        params = plan.sampler.propose(plan.space, current, seed=plan.definition.seed, number=number)
        row = new_trial(
            study,
            number,
            params,
            last_epoch=plan.epochs,
            round=current.number,
            bracket=bracket,
            taken=plan.panda,
        )
        row.stop_epoch = rungs.next_stop(plan, row)
        proposed.append(row)
    session.add_all(proposed)
    study.next_number += len(proposed)
    return proposed


def new_trial(
    study: StudyRow, number: int, params: dict[str, Setting], *, last_epoch: int, **given: Any
) -> TrialRow:
    """A trial that waits to be trained from its start."""
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
        "line": number,
        "origin": None,
        "taken": False,
        "adjusted": False,
        "attempt": 0,
        "held": False,
        "void": False,
        "revision": study.revision,
        **given,
    }
    return TrialRow(
        study_id=study.id, number=number, params=params, last_epoch=last_epoch, **fields
    )
