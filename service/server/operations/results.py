"""Reports and results: what workers send while a segment runs, and at its end."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from caviar.service.contract import reasons, schemas
from caviar.service.contract.errors import Invalid
from caviar.service.contract.numbers import number as number_text
from caviar.service.contract.states import FINISHED, RequestedState, StudyState, TrialState
from caviar.service.server import store
from caviar.service.server.operations.change_study import change_study
from caviar.service.server.rules import (
    budgets,
    checkpoint_retention,
    journal,
    segments,
    stale_leases,
    study_states,
    trial_states,
)
from caviar.service.server.rules.change import Change
from caviar.service.server.rules.idempotency import Key
from caviar.service.server.store.database import Database
from caviar.service.server.store.models import TrialRow

Decisions = dict[int, schemas.Decision]
"""By number of the trial."""


def report(database: Database, name: str, body: schemas.ReportBody) -> schemas.ReportAnswer:
    """Store metrics of many epochs of many trials, renew their leases, decide what comes next.

    Raises:
        NotFound: there is no study of this name.
        Invalid: an epoch lies beyond its segment; nothing is stored then.
    """

    def work(change: Change) -> schemas.ReportAnswer:
        numbers = [item.number for item in body.reports]
        rows = store.trials.by_number(change.session, change.study, numbers)
        decisions: Decisions = {}
        points: dict[int, dict[int, dict[str, float]]] = {}
        for number, items in _fenced(rows, body, decisions).items():
            trial_states.revive(change, rows[number])
            if metrics := _take_reports(change, rows[number], items):
                points[number] = metrics
        if points:
            change.session.flush()
            store.curves.add(change.session, change.study, points)
        _tell_requests(change, body, rows, decisions)
        return schemas.ReportAnswer(decisions=list(decisions.values()))

    return change_study(database, name, work)


def _fenced(
    rows: Mapping[int, TrialRow], body: schemas.ReportBody, decisions: Decisions
) -> dict[int, list[schemas.Report]]:
    """By trial, the reports that came with its lease; decides to continue or stop each trial."""
    reports: dict[int, list[schemas.Report]] = defaultdict(list)
    for index, item in enumerate(body.reports):
        number = item.number
        row = rows.get(number)
        if row is None or not trial_states.holds(row, item.lease):
            problem = stale_leases.problem(number, row, item.lease)
            decisions[number] = schemas.Decision(number=number, action="stop", problem=problem)
            continue
        _require_in_segment(row, item.epoch, f"reports[{index}].epoch")
        reports[number].append(item)
        if number not in decisions:
            decisions[number] = schemas.Decision(number=number, action="continue")
    return reports


def _take_reports(
    change: Change, trial: TrialRow, items: Sequence[schemas.Report]
) -> dict[int, dict[str, float]]:
    """Take the reports of one trial: epoch, lease, confirmations. Returns metrics by epoch."""
    metrics = {item.epoch: item.metrics for item in items if item.metrics}
    has_advanced = segments.advance(change, trial, max(item.epoch for item in items))
    counted = trial.seconds
    trial_states.renew(trial, change.now, prefetched=all(item.prefetched for item in items))
    if has_advanced or metrics or trial.seconds != counted:  # readers see its seconds, too
        change.mark(trial)
    for item in items:
        if item.adjusted_at is not None:
            journal.confirm(change, trial, item.adjusted_at)
    return metrics


def _tell_requests(
    change: Change,
    body: schemas.ReportBody,
    rows: Mapping[int, TrialRow],
    decisions: Decisions,
) -> None:
    """Tell workers what persons requested of their trials, once these have begun."""
    begun = {item.number for item in body.reports if not item.prefetched}
    for number in begun & rows.keys():
        trial, decision = rows[number], decisions[number]
        if decision.action != "continue":
            continue
        if trial.adjusted:
            decision.adjustments = journal.pending_changes(change, trial)
            decision.adjust_epoch = trial.epoch if decision.adjustments else None
        if trial.requested_state == RequestedState.PAUSED:
            decision.action = "pause"


def tell(
    database: Database, name: str, body: schemas.TellBody, key: Key | None = None
) -> schemas.TellAnswer:
    """End segments with their results; a result without its trial's lease is refused by itself.

    A lease that has run out is good until the trial is leased again.

    Raises:
        NotFound: there is no study of this name.
        Invalid: an epoch lies beyond its segment; nothing is stored then.
    """

    def work(change: Change) -> schemas.TellAnswer:
        return _record(change, body)

    return change_study(database, name, work, answer=schemas.TellAnswer, key=key)


def _record(change: Change, body: schemas.TellBody) -> schemas.TellAnswer:
    numbers = [item.number for item in body.results]
    rows = store.trials.by_number(change.session, change.study, numbers)
    items: list[schemas.Recorded] = []
    recorded: list[TrialRow] = []
    for index, item in enumerate(body.results):
        row = rows.get(item.number)
        if row is None or not _may_end(change, row, item):
            problem = stale_leases.problem(item.number, row, item.lease)
            items.append(schemas.Recorded(number=item.number, recorded=False, problem=problem))
            continue
        if item.epoch is not None:
            _require_in_segment(row, item.epoch, f"results[{index}].epoch")
        _reopen_for(change, row)
        trial_states.revive(change, row)
        trial_states.count_time(row, change.now)
        segments.record(change, row, item)
        recorded.append(row)
        items.append(schemas.Recorded(number=item.number, recorded=True))
    if recorded:
        ended = [row for row in recorded if row.state in FINISHED]
        if ended:
            change.say(_in_words(ended), **_about(ended))
            change.study.finished_at = change.now
            checkpoint_retention.discard(change, ended)
        study_states.reconcile(change)
        change.session.flush()
        _ask_for_the_best(change, ended, items)
    return schemas.TellAnswer(results=items)


def _about(ended: Sequence[TrialRow]) -> dict[str, object]:
    """The fields of the log's line about trials that ended."""
    if len(ended) == 1:
        return {"trial": ended[0].number, "worker": ended[0].worker}
    return {"trials": [trial.number for trial in ended]}


def _in_words(ended: Sequence[TrialRow]) -> str:
    """What became of trials, for the log: of one its value, of several how many ended how."""
    if len(ended) > 1:
        counts = Counter(row.state for row in ended)
        ends = ", ".join(f"{count} {state}" for state, count in counts.items())
        return f"{len(ended)} trials ended: {ends}"
    [row] = ended
    value = "" if row.value is None else f" with {number_text(row.value)}"
    reason = f": {reasons.summary(row.reason)}" if row.reason else ""
    return f"trial {row.number} {row.state}{value}{reason}"


def _may_end(change: Change, row: TrialRow, item: schemas.Result) -> bool:
    """Whether a result is taken: it comes from the holder of the last lease that was given.

    A trial that failed because its last lease ran out is not what killed its worker, as its result
    shows.
    """
    if trial_states.holds(row, item.lease):
        return True
    is_final = item.state not in ("waiting", "paused")
    is_stopped = change.study.state == StudyState.STOPPED
    return is_final and not is_stopped and trial_states.failed_lapsed(row, item.lease)


def _reopen_for(change: Change, row: TrialRow) -> None:
    """Let a study run again that had completed with this trial as failed, if it has time left."""
    study = change.study
    had_completed = row.state == TrialState.FAILED and study.state == StudyState.COMPLETED
    if had_completed and not budgets.out_of_time(study, change.plan, change.now):
        study.state = StudyState.RUNNING


def _ask_for_the_best(
    change: Change, ended: Sequence[TrialRow], items: Sequence[schemas.Recorded]
) -> None:
    """Ask for the checkpoint of a trial that is the study's best from now on."""
    plan = change.plan
    if not ended or not plan.kind.restores_any_epoch:
        return
    best = store.trials.best(change.session, change.study, maximize=plan.maximize)
    if best is not None and best.number in {row.number for row in ended}:
        for item in items:
            item.keep = item.recorded and item.number == best.number


def _require_in_segment(row: TrialRow, epoch: int, field: str) -> None:
    if epoch > row.stop_epoch:
        raise Invalid.field(field, f"must be at most {row.stop_epoch}, where the segment stops")
