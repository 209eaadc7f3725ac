"""What a sampler learns from: the trials of a study, and those it took from another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Session

from caviar.sampler import Observation, Params, SpaceError
from caviar.service.contract import limits
from caviar.service.contract.errors import Invalid
from caviar.service.contract.states import FINISHED, TrialState
from caviar.service.server import store
from caviar.service.server.rules.plans import Plan, plan_of
from caviar.service.server.store.models import StudyRow, TrialRow

WHERE = "warm_start.study"

MOST_READ = 4 * limits.WARM_START_TRIALS
"""The best trials of another study among which a warm start looks first for those that fit."""


def of_study(session: Session, study: StudyRow, plan: Plan) -> list[Observation]:
    """All observations of a study; those of a warm start have numbers below zero."""
    rows = store.samples.history(session, study)
    rungs = store.rungs.by_trial(session, study)
    own = [of_trial(row, plan, rungs.get(row.number, {})) for row in rows if teaches(row)]
    return [*of_warm_start(session, study, plan), *own]


def tried(session: Session, study: StudyRow, plan: Plan) -> Sequence[Params] | None:
    """The params that trials of a study began with, if its space has few settings; else None.

    Those of forks and replicas are left out: they are not the search's.
    """
    return None if plan.settings is None else store.trials.params_tried(session, study)


def of_warm_start(session: Session, study: StudyRow, plan: Plan) -> list[Observation]:
    """The observations that a study took from another one, with numbers below zero."""
    if plan.definition.warm_start is None:
        return []
    return [
        Observation(
            number=-1 - place,
            params=trial["params"],
            value=trial["value"],
            state=trial["state"],
            rungs={int(epoch): value for epoch, value in trial.get("rungs", {}).items()},
        )
        for place, trial in enumerate(store.warm_starts.of(session, study))
    ]


def teaches(row: TrialRow) -> bool:
    """Whether the outcome of a trial says something of its params alone.

    Manual changes and cancellations do not, and replicas would count the best params several
    times.
    """
    by_itself = not row.manual and not row.adjusted and row.state != TrialState.CANCELLED
    return by_itself and row.origin is None and row.replica_of is None


def of_trial(
    row: TrialRow, plan: Plan, rungs: Mapping[int, float] = MappingProxyType({})
) -> Observation:
    """What a sampler sees of a trial: small is good, and only a completed trial has a value.

    Args:
        row: the trial.
        plan: the study's plan.
        rungs: its values by epoch, where a pruner compared them.
    """
    sign = -1.0 if plan.maximize else 1.0
    counts = row.state == TrialState.COMPLETED and not row.void and row.value is not None
    value = row.value if counts else None
    return Observation(
        number=row.number,
        params=row.params,
        value=None if value is None else sign * value,
        state=row.state,
        rungs={} if row.void else {epoch: sign * own for epoch, own in rungs.items()},
    )


def take(session: Session, name: str, plan: Plan) -> list[dict[str, Any]]:
    """The trials that a new study takes from the one of this name, as they are now.

    These are its trials that ended by themselves and whose params the new space has too: the best
    first, at most limits.WARM_START_TRIALS. Values of pruned trials at their rungs are included
    where trials of both studies have as many epochs.

    Raises:
        Invalid: there is no such study, it measures something else, or no trial of it fits.
    """
    other = store.studies.find(session, name)
    if other is None:
        raise Invalid.field(WHERE, f"there is no study named {name!r}")
    source = plan_of(other.definition)
    _require_same_measure(source, plan)
    # The best are read by index: under the lock of all writers, a history would take too long.
    leading = store.samples.best(session, other, MOST_READ, maximize=source.maximize)
    fitting, misfit = _fitting(session, other, source, plan, leading)
    if len(fitting) < limits.WARM_START_TRIALS and len(leading) < other.next_number:
        everything = store.samples.history(session, other)
        fitting, misfit = _fitting(session, other, source, plan, everything)
    if not fitting and misfit is None:
        raise Invalid.field(WHERE, f"no trial of {name!r} has ended yet: there is nothing to take")
    if not fitting:
        raise Invalid.field(WHERE, f"no trial of {name!r} fits this space, such as for {misfit}")
    return [
        {
            "params": dict(trial.params),
            "value": trial.value,
            "state": str(trial.state),
            "rungs": dict(trial.rungs),
        }
        for trial in sorted(fitting, key=_rank)[: limits.WARM_START_TRIALS]
    ]


def _fitting(
    session: Session, other: StudyRow, source: Plan, plan: Plan, rows: Sequence[TrialRow]
) -> tuple[list[Observation], SpaceError | None]:
    """The observations of another study that fit a plan's space, and why the first does not."""
    ended = [row for row in rows if row.state in FINISHED and not row.void and teaches(row)]
    rungs: Mapping[int, Mapping[int, float]] = {}
    if source.epochs == plan.epochs:
        rungs = store.rungs.by_trial(session, other, [row.number for row in ended])
    fitting: list[Observation] = []
    misfit: SpaceError | None = None
    for row in ended:
        observation = of_trial(row, source, rungs.get(row.number, {}))
        try:
            fitting.append(replace(observation, params=plan.space.validate(observation.params)))
        except SpaceError as error:
            misfit = misfit or error
    return fitting, misfit


def _rank(trial: Observation) -> tuple[bool, float, int]:
    return trial.value is None, trial.value or 0.0, trial.number


def _require_same_measure(source: Plan, plan: Plan) -> None:
    """Values are compared with each other, so they must say the same thing."""
    theirs, ours = _measure(source), _measure(plan)
    for name, value in ours.items():
        if theirs[name] != value:
            raise Invalid.field(
                WHERE,
                f"its {name} is {theirs[name]}, that of this study is {value}: "
                "their values cannot be compared",
            )


def _measure(plan: Plan) -> dict[str, Any]:
    objective = plan.definition.objective
    return {
        "objective": objective.kind,
        "data set": getattr(objective, "dataset", None),
        "metric": objective.metric,
        "direction": plan.definition.direction,
    }
