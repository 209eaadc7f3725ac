"""Evidence: what a sampler learns from. The trials of the study, and those it took from another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Session

from caviar.sampler import Observation, SpaceError
from caviar.service.contract import limits
from caviar.service.contract.errors import Invalid
from caviar.service.contract.states import FINISHED, TrialState
from caviar.service.server.rules.plans import Plan, plan_of
from caviar.service.server.store.models import StudyRow, TrialRow
from caviar.service.server.store.queries import rungs as arrivals
from caviar.service.server.store.queries import studies, trials, warm_starts

WHERE = "warm_start.study"


def observations(session: Session, study: StudyRow, plan: Plan) -> list[Observation]:
    """All evidence of a study: what it took from elsewhere has numbers below zero."""
    rows = trials.below(session, study, study.next_number)
    rungs = arrivals.by_trial(session, study)
    own = [observation(row, plan, rungs.get(row.number, {})) for row in rows if teaches(row)]
    return [*taken(session, study, plan), *own]


def taken(session: Session, study: StudyRow, plan: Plan) -> list[Observation]:
    """What a study took from another one, with numbers below zero."""
    if plan.definition.warm_start is None:
        return []
    return [
        Observation(
            number=-1 - place,
            params=one["params"],
            value=one["value"],
            state=one["state"],
            rungs={int(epoch): value for epoch, value in one.get("rungs", {}).items()},
        )
        for place, one in enumerate(warm_starts.of(session, study))
    ]


def teaches(row: TrialRow) -> bool:
    """Whether what became of a trial says something of its parameters alone.

    A person's hand does not, nor that somebody cancelled it; and replicas would count the best
    settings several times.
    """
    by_itself = not row.manual and not row.adjusted and row.state != TrialState.CANCELLED
    return by_itself and row.origin is None and row.replica_of is None


def observation(
    row: TrialRow, plan: Plan, rungs: Mapping[int, float] = MappingProxyType({})
) -> Observation:
    """What a sampler sees of a trial: small is good, and only a true result has a value.

    `rungs` are its values by epoch, where a pruner compared them.
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
    """What a new study can learn from the one of this name, as it is now.

    These are its trials that ended by themselves and whose settings the new space has too: the
    best first, at most limits.WARM_START_TRIALS. Values of pruned trials at their rungs are included
    where trials of both studies have as many epochs.

    Raises:
        Invalid: there is no such study, it measures something else, or no trial of it fits.
    """
    other = studies.find(session, name)
    if other is None:
        raise Invalid.field(WHERE, f"there is no study named {name!r}")
    source = plan_of(other.definition)
    _require_same_measure(source, plan)
    rows = [
        row
        for row in trials.below(session, other, other.next_number)
        if row.state in FINISHED and not row.void and teaches(row)
    ]
    if not rows:
        raise Invalid.field(WHERE, f"no trial of {name!r} has ended yet: there is nothing to take")
    rungs = arrivals.by_trial(session, other) if source.epochs == plan.epochs else {}
    fitting: list[Observation] = []
    misfit: SpaceError | None = None
    for row in rows:
        seen = observation(row, source, rungs.get(row.number, {}))
        try:
            fitting.append(replace(seen, params=plan.space.validate(seen.params)))
        except SpaceError as error:
            misfit = misfit or error
    if misfit is not None and not fitting:
        raise Invalid.field(
            WHERE, f"no trial of {name!r} is a setting of this space, such as for {misfit}"
        )
    best = sorted(fitting, key=lambda one: (one.value is None, one.value or 0.0, one.number))
    return [
        {
            "params": dict(one.params),
            "value": one.value,
            "state": str(one.state),
            "rungs": dict(one.rungs),
        }
        for one in best[: limits.WARM_START_TRIALS]
    ]


def _require_same_measure(source: Plan, plan: Plan) -> None:
    """Values are compared with each other, so they must say the same thing."""
    theirs, ours = (_measure(each) for each in (source, plan))
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
