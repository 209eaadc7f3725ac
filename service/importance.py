"""How much each parameter of a study mattered, beside what luck does."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from sampler import Observation, Repeats, importance, repeats
from service import evidence, schemas
from service.database import Database
from service.plans import plan_of
from service.store import studies

SURE = 2.0
"""How many times the share of luck a parameter has that surely mattered."""


def of(database: Database, name: str) -> schemas.Importance:
    """The table of what mattered in a study, from the trials that have ended.

    Raises:
        NotFound: there is no study of this name.
    """
    with database.read() as session:
        study = studies.get(session, name)
        plan = plan_of(study.definition)
        seen = [one for one in evidence.observations(session, study, plan) if one.value is not None]
        definition = study.definition
    return _table(definition, tuple(_Seen(one) for one in seen))


UNMEASURED = (
    "No setting was tried twice, so luck is only what the model cannot explain: enqueue the best "
    "setting a few times to measure it."
)


class _Seen:
    """An observation that can be told from another by its number and value."""

    def __init__(self, observation: Observation) -> None:
        self.observation = observation
        self._key = observation.number, observation.value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Seen) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)


@lru_cache(maxsize=32)
def _table(definition: str, seen: tuple[_Seen, ...]) -> schemas.Importance:
    """The fit takes a while, and many look at the same table."""
    space = plan_of(definition).space
    observations = [each.observation for each in seen]
    found = importance(space, observations)
    luck = repeats(observations)
    if found is None:
        return schemas.Importance(
            trials=len(seen),
            parameters=None,
            priorities=None,
            noise=None,
            repeats=_repeats(luck),
            note=f"{len(seen)} trials gave a value: too few to tell what mattered.",
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
