"""How much each parameter of a study mattered, beside what luck does."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache

from caviar.sampler import (
    Observation,
    Repeats,
    Round,
    SearchSpace,
    counted,
    importance,
    repeats,
    round_space,
)
from caviar.service.contract import schemas
from caviar.service.contract.states import TrialState
from caviar.service.server.rules import observations as evidence
from caviar.service.server.rules.plans import plan_of
from caviar.service.server.store.database import Database
from caviar.service.server.store.queries import replicas, rounds, studies

SURE = 2.0
"""How many times the share of luck a parameter has that surely mattered."""


def of(database: Database, name: str) -> schemas.Importance:
    """The table of what mattered in a study, from its results and from what was pruned.

    Raises:
        NotFound: there is no study of this name.
    """
    with database.read() as session:
        study = studies.get(session, name)
        plan = plan_of(study.definition)
        row = rounds.last(session, study)
        space = plan.space if row is None else round_space(plan.space, Round.from_dict(row.data))
        seen = evidence.observations(session, study, plan)
        again = [evidence.observation(row, plan) for row in replicas.all_of(session, study)]
    telling = [one for one in seen if one.value is not None or one.state == TrialState.PRUNED]
    described = json.dumps(space.to_dict())
    return _table(described, tuple(map(_Seen, telling)), tuple(map(_Seen, again)))


UNMEASURED = (
    "No setting was tried twice, so luck is only what the model cannot explain: train the best "
    "settings again to measure it."
)


class _Seen:
    """An observation that can be told from another."""

    def __init__(self, one: Observation) -> None:
        self.observation = one
        params, rungs = frozenset(one.params.items()), frozenset(one.rungs.items())
        self._key = one.number, one.state, one.value, params, rungs

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Seen) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


@lru_cache(maxsize=32)
def _table(described: str, seen: tuple[_Seen, ...], again: tuple[_Seen, ...]) -> schemas.Importance:
    """The table of a space, as JSON; trials `again`, the replicas, tell of luck alone.

    The fit takes a while, and many look at the same table.
    """
    space = SearchSpace.from_dict(json.loads(described))
    observations = [each.observation for each in seen]
    found = importance(space, observations)
    luck = repeats([*observations, *(each.observation for each in again)])
    if found is None:
        valued = sum(one.value is not None for one in observations)
        return schemas.Importance(
            trials=valued,
            parameters=None,
            priorities=None,
            noise=None,
            repeats=_repeats(luck),
            note=f"{counted(valued, 'trial')} gave a value: too few to tell what mattered.",
        )
    table = schemas.Importance.model_validate({**found, "repeats": _repeats(luck), "note": ""})
    varied = [name for name, parameter in space.parameters.items() if parameter.varies]
    return table.model_copy(update={"note": _note(table, varied)})


def _repeats(luck: Repeats | None) -> schemas.Repeats | None:
    return None if luck is None else schemas.Repeats.model_validate(vars(luck))


def _note(table: schemas.Importance, varied: Iterable[str]) -> str:
    """What the table says of the parameters that varied, in a few sentences."""
    assert table.parameters is not None
    assert table.noise is not None
    luck = table.noise if table.repeats is None else table.repeats.share
    shares = {name: table.parameters[name].share for name in varied}
    ranked = sorted(shares, key=lambda name: -shares[name])
    sure = [name for name in ranked if shares[name] > SURE * luck]
    lost = [name for name in ranked if shares[name] < luck]
    perhaps = [name for name in ranked if name not in sure and name not in lost]
    parts = [
        f"{_listed(sure)} mattered more than luck can explain."
        if sure
        else "No parameter mattered more than luck can explain."
    ]
    if perhaps:
        parts.append(f"{_listed(perhaps)} may have mattered, by less than twice what luck does.")
    if lost:
        parts.append(f"{_listed(lost)} can hardly be told from luck.")
    parts.append(UNMEASURED if table.repeats is None else _measured(table.repeats))
    return " ".join(parts)


def _measured(luck: schemas.Repeats) -> str:
    settings = (
        "one repeated setting" if luck.settings == 1 else f"{luck.settings} repeated settings"
    )
    return f"Luck was measured on {luck.trials} trials of {settings}."


def _listed(names: list[str]) -> str:
    few = names if len(names) <= 4 else [*names[:3], f"{len(names) - 3} more"]
    return few[0] if len(few) == 1 else f"{', '.join(few[:-1])} and {few[-1]}"
