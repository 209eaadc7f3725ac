"""Adds trials: proposed by the search, enqueued, forked, replicated or replayed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caviar.sampler import Params
from caviar.service.contract.errors import Conflict
from caviar.service.server import store
from caviar.service.server.rules import budgets, manual_control, rungs
from caviar.service.server.rules.change import Change
from caviar.service.server.rules.quotas import named, quotas
from caviar.service.server.store.models import RoundRow, StudyRow, TrialRow


def add(
    change: Change, round_row: RoundRow, params: Sequence[Params], *, enqueued: bool = False
) -> list[TrialRow]:
    """Add trials with the next numbers of their study, in a round."""
    plan, study = change.plan, change.study
    rows = []
    for number, trial_params in enumerate(params, start=study.next_number):
        row = new_row(
            study,
            number,
            dict(trial_params),
            last_epoch=plan.epochs,
            round=round_row.number,
            bracket=plan.pruner.bracket(number - round_row.first, epochs=plan.epochs),
            manual=plan.panda,
            enqueued=enqueued,
            revision=change.revision,
        )
        row.stop_epoch = rungs.next_stop(plan, row)
        if number in plan.pauses:
            manual_control.pause_at(row, plan.pauses[number])
        rows.append(row)
    store.rows.add(change.session, rows)
    study.next_number += len(rows)
    return rows


def new_row(
    study: StudyRow, number: int, params: dict[str, Any], *, last_epoch: int, **fields: Any
) -> TrialRow:
    """A trial that waits to be trained from its start; other fields have their defaults."""
    return store.rows.new(
        TrialRow,
        study_id=study.id,
        number=number,
        params=params,
        last_epoch=last_epoch,
        **{"stop_epoch": last_epoch, "lineage": number, "revision": study.revision, **fields},
    )


def make_room(change: Change, count: int) -> None:
    """Let `count` trials on top of the budget take the next numbers.

    They belong to the current round, which goes on behind them with the proposals that it had, as
    behind enqueued trials; the search has as many trials as it would without them.

    Raises:
        Conflict: the study would have too many trials.
    """
    study, plan = change.study, change.plan
    budget = plan.definition.budget
    if max(study.next_number, budget.trials) + count > quotas().trials:
        raise Conflict(f"a study may have as many trials as {named('trials')}: these are too many")
    study.next_number += count
    current = store.rounds.last(change.session, study)
    if current is None or plan.panda:
        return
    current.enqueued += count
    if budget.epochs is not None:
        study.affordable = budgets.paid(study, plan) + count
    more = {"trials": budget.trials + count, "on_top": budget.on_top + count}
    larger = budget.model_copy(update=more)
    study.definition = plan.definition.model_copy(update={"budget": larger}).model_dump_json()
