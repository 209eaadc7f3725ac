"""Rungs: epochs at which a segment stops before its trial's end, for the pruner to decide."""

from __future__ import annotations

from collections.abc import Mapping

from caviar.sampler import Arrival, Finish, Verdict
from caviar.service.contract.numbers import number
from caviar.service.contract.states import TrialState
from caviar.service.server import store
from caviar.service.server.rules import budgets, checkpoint_retention, trial_states
from caviar.service.server.rules.change import Change
from caviar.service.server.rules.plans import Plan
from caviar.service.server.store.models import ArrivalRow, TrialRow
from caviar.service.server.store.queries.rungs import Rung


def next_stop(plan: Plan, trial: TrialRow) -> int:
    """Where a trial's next segment stops: at its next rung, or at its end."""
    return next((rung for rung in _rungs(plan, trial) if rung > trial.epoch), trial.last_epoch)


def at_rung(plan: Plan, trial: TrialRow) -> bool:
    """Whether a trial is at an epoch where it waits for others."""
    return trial.epoch in _rungs(plan, trial)


def _rungs(plan: Plan, trial: TrialRow) -> list[int]:
    """A trial's rungs; a replica and a trial under manual control have none."""
    if trial.manual or trial.replica_of is not None:
        return []
    rungs = plan.pruner.rungs(trial.bracket, epochs=plan.epochs)
    return [rung for rung in rungs if rung < trial.last_epoch]


def arrive(change: Change, trial: TrialRow) -> None:
    """Let a trial wait at the rung that it has reached; it has a value."""
    assert trial.value is not None
    trial.state = TrialState.PAUSED
    trial.reason = f"waits at epoch {trial.epoch} for the others of its rung"
    store.rungs.add(
        change.session,
        ArrivalRow(
            study_id=change.study.id,
            number=trial.number,
            epoch=trial.epoch,
            round=trial.round,
            bracket=trial.bracket,
            value=trial.value,
            promoted=None,
        ),
    )


def decide(change: Change) -> None:
    """Promote or prune the trials that wait at rungs, as far as that can be decided now."""
    plan = change.plan
    if not plan.pruner.rungs(0, epochs=plan.epochs):
        return
    change.session.flush()
    for rung in store.rungs.undecided(change.session, change.study):
        _decide(change, plan, rung)


def _decide(change: Change, plan: Plan, rung: Rung) -> None:
    session, study = change.session, change.study
    sign = -1.0 if plan.maximize else 1.0
    round_number, _, epoch = rung
    arrived = store.rungs.at(session, study, rung)
    undecided = [arrival.number for arrival in arrived if arrival.promoted is None]
    rows = store.trials.by_number(session, study, undecided)
    waiting = {
        row.number: row
        for row in rows.values()
        if row.state == TrialState.PAUSED and row.epoch == epoch and not row.manual
    }
    # Trials that were cancelled meanwhile, or stopped with the study, wait no more.
    store.rungs.decide(session, study, epoch, dict.fromkeys(rows.keys() - waiting.keys(), False))
    coming = _lowest_to_come(change, plan, rung)
    finished = []
    if plan.pruner.uses_finished and coming is None:
        if not plan.asynchronous and store.trials.any_awaited(session, study, before=round_number):
            return  # a zoom began this round before those earlier ones had ended
        finished = [
            Finish(at_rung=sign * at_rung, value=sign * value)
            for at_rung, value in store.rungs.finished_before(session, study, rung)
        ]
    verdicts = plan.pruner.judge(
        [Arrival(number=arrival.number, value=sign * arrival.value) for arrival in arrived],
        undecided=waiting.keys(),
        coming=coming,
        finished=finished,
    )
    _apply(change, plan, rung, waiting, verdicts)


def _apply(
    change: Change,
    plan: Plan,
    rung: Rung,
    waiting: Mapping[int, TrialRow],
    verdicts: Mapping[int, Verdict],
) -> None:
    """Let promoted trials wait for a worker, and end the others as pruned."""
    for trial_number, verdict in verdicts.items():
        trial = waiting[trial_number]
        change.mark(trial)
        if verdict.promoted:
            trial.reason = None
            trial.stop_epoch = next_stop(plan, trial)
            trial_states.wait(change, trial)
        else:
            trial.reason = _reason(plan, rung, verdict, trial)
            trial_states.end(trial, TrialState.PRUNED, change.now)
            change.study.finished_at = change.now
    promoted = {number: verdict.promoted for number, verdict in verdicts.items()}
    store.rungs.decide(change.session, change.study, rung[2], promoted)
    checkpoint_retention.discard(
        change, [waiting[number] for number, verdict in verdicts.items() if not verdict.promoted]
    )


def _lowest_to_come(change: Change, plan: Plan, rung: Rung) -> int | None:
    """The lowest number that may still reach a rung: a trial's, or one not proposed yet."""
    study = change.study
    lowest = store.rungs.lowest_to_come(change.session, study, rung)
    current = store.rounds.last(change.session, study)
    if (
        current is not None
        and current.number == rung[0]
        and study.next_number < min(current.stop, budgets.trials(change.session, study, plan))
    ):
        return study.next_number if lowest is None else min(lowest, study.next_number)
    return lowest


def _reason(plan: Plan, rung: Rung, verdict: Verdict, trial: TrialRow) -> str:
    """Why a trial is pruned, with the numbers that decided."""
    sign = -1.0 if plan.maximize else 1.0
    rungs = plan.pruner.rungs(trial.bracket, epochs=plan.epochs)
    assert trial.value is not None
    behind = (
        ""
        if verdict.pace is None
        else f", nor better than the {number(sign * verdict.pace)} that the best finished trials "
        "had there"
    )
    return (
        f"pruned at rung {rungs.index(rung[2]) + 1} of {len(rungs)}, after {rung[2]} epochs: "
        f"its {plan.definition.objective.metric} {number(trial.value)} is not among the best "
        f"{verdict.kept} of {verdict.compared}, which ended at {number(sign * verdict.bar)}{behind}"
    )
