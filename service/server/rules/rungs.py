"""Rungs: where a segment ends before its trial does, and who goes on from there."""

from __future__ import annotations

from sqlalchemy.orm import Session

from caviar.sampler import Arrival, Finish, Verdict
from caviar.service.contract import numbers
from caviar.service.contract.states import TrialState
from caviar.service.server.operations import checkpoints
from caviar.service.server.rules import budgets
from caviar.service.server.rules import trial_states as transitions
from caviar.service.server.rules.plans import Plan, plan_of
from caviar.service.server.store.models import ArrivalRow, StudyRow, TrialRow
from caviar.service.server.store.queries import rounds
from caviar.service.server.store.queries import rungs as arrivals
from caviar.service.server.store.queries import trials as trial_rows


def next_stop(plan: Plan, row: TrialRow) -> int:
    """Where a trial's next segment stops: at its next rung, or at its end."""
    return next((rung for rung in _rungs(plan, row) if rung > row.epoch), row.last_epoch)


def at_rung(plan: Plan, row: TrialRow) -> bool:
    """Whether a trial is where it waits for others, and not where a person had sent it."""
    return row.epoch in _rungs(plan, row)


def _rungs(plan: Plan, row: TrialRow) -> list[int]:
    """A trial's rungs, none when it is a person's or a replica."""
    if row.manual or row.replica_of is not None:
        return []
    rungs = plan.pruner.rungs(row.bracket, epochs=plan.epochs)
    return [rung for rung in rungs if rung < row.last_epoch]


def arrive(session: Session, study: StudyRow, plan: Plan, row: TrialRow) -> None:
    """Let a trial wait at the rung that it came to; it has a value."""
    assert row.value is not None
    row.state = TrialState.PAUSED
    row.reason = f"waits at epoch {row.epoch} for the others of its rung"
    arrivals.add(
        session,
        ArrivalRow(
            study_id=study.id,
            number=row.number,
            epoch=row.epoch,
            round=row.round,
            bracket=row.bracket,
            value=row.value,
            promoted=None,
        ),
    )


def decide(session: Session, study: StudyRow, now: float) -> None:
    """Let those go on, or be pruned, of whom that can be said now.

    The caller has locked the study and raised its revision.
    """
    plan = plan_of(study.definition)
    if not plan.pruner.rungs(0, epochs=plan.epochs):
        return
    session.flush()
    for rung in arrivals.undecided(session, study):
        _decide(session, study, plan, rung, now)


def _decide(session: Session, study: StudyRow, plan: Plan, rung: arrivals.Rung, now: float) -> None:
    sign = -1.0 if plan.maximize else 1.0
    arrived = arrivals.at(session, study, rung)
    epoch = rung[2]
    rows = trial_rows.by_number(session, study, [a.number for a in arrived if a.promoted is None])
    waiting = {
        row.number: row
        for row in rows.values()
        if row.state == TrialState.PAUSED and row.epoch == epoch and not row.manual
    }
    # Who was cancelled meanwhile, or stopped with the study, waits no more.
    arrivals.decide(session, study, epoch, dict.fromkeys(rows.keys() - waiting.keys(), False))
    coming = _coming(session, study, plan, rung)
    finished = []
    if plan.pruner.uses_finished and coming is None:
        if not plan.asynchronous and trial_rows.any_awaited(session, study, before=rung[0]):
            return  # a zoom began this round before those earlier ones had ended
        finished = [
            Finish(at_rung=sign * at_rung, value=sign * value)
            for at_rung, value in arrivals.finished_before(session, study, rung)
        ]
    verdicts = plan.pruner.judge(
        [Arrival(number=a.number, value=sign * a.value) for a in arrived],
        undecided=waiting.keys(),
        coming=coming,
        finished=finished,
    )
    for number, verdict in verdicts.items():
        row = waiting[number]
        row.revision = study.revision
        if verdict.promoted:
            row.reason = None
            row.stop_epoch = next_stop(plan, row)
            transitions.let_wait(session, study, row)
        else:
            row.reason = _words(plan, rung, verdict, row, sign)
            transitions.end(row, TrialState.PRUNED, now)
            study.finished_at = now
    arrivals.decide(session, study, epoch, {n: v.promoted for n, v in verdicts.items()})
    pruned = [waiting[number] for number, verdict in verdicts.items() if not verdict.promoted]
    checkpoints.discard(session, study, pruned, plan)


def _coming(session: Session, study: StudyRow, plan: Plan, rung: arrivals.Rung) -> int | None:
    """The lowest number that may still come to a rung: a trial's, or one not proposed yet."""
    found = arrivals.lowest_to_come(session, study, rung)
    current = rounds.last(session, study)
    if (
        current is not None
        and current.number == rung[0]
        and study.next_number < min(current.stop, budgets.trials(study, plan))
    ):
        return study.next_number if found is None else min(found, study.next_number)
    return found


def _words(plan: Plan, rung: arrivals.Rung, verdict: Verdict, row: TrialRow, sign: float) -> str:
    rungs = plan.pruner.rungs(row.bracket, epochs=plan.epochs)
    assert row.value is not None
    value, bar = numbers.number(row.value), numbers.number(sign * verdict.bar)
    behind = (
        ""
        if verdict.pace is None
        else f", nor better than the {numbers.number(sign * verdict.pace)} that the best so far "
        "had there"
    )
    return (
        f"pruned at rung {rungs.index(rung[2]) + 1} of {len(rungs)}, after {rung[2]} epochs: "
        f"its {plan.definition.objective.metric} {value} is not among the best "
        f"{verdict.kept} of {verdict.compared}, which ended at {bar}{behind}"
    )
