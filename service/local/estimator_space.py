"""Spaces of scikit-learn estimators: what RandomizedSearchCV takes, and what Caviar takes.

A space maps the names of an estimator's parameters to what each may be:

    {"type": "float", …}   a parameter as in every study, by itself or in a `caviar.space(…)`
    uniform(0, 1)          a distribution: of scipy.stats, or any object with `ppf` or `rvs`
    [1, None, "auto"]      a list of values of any kind, estimators and functions among them

A list of such dicts is a choice between them. Each parameter becomes one that a sampler searches,
with a function from its settings to the estimator's values.
"""

from __future__ import annotations

import numbers
import re
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, cast

import numpy as np

from caviar.sampler import Params, SearchSpace, Setting, SpaceError
from caviar.sampler.space.conditions import parse_requirement
from caviar.sampler.space.space import NAME

SUBSPACE = "subspace"
"""The name of the choice between the dicts of a list."""

TAIL = 1e-3
"""The probability of either end of a distribution that is not drawn: it may be infinite."""

SAMPLE_SIZE = 1024
"""Values that stand for a discrete distribution, or for one that can only be drawn from."""

MAX_LISTED = 2000
"""Settings of a small space, which are listed to try each once."""

PRIORITY = 1
"""Estimators have few parameters and searches few rounds: all are narrowed from the first zoom."""


@dataclass(frozen=True, kw_only=True)
class Dimension:
    """One parameter of an estimator.

    `spec` is the JSON form of the parameter that a sampler searches, and `value` gives the
    estimator's value at one of its settings. `choices` are the values of a list, whose settings are
    their places. Of a parameter that `repeats`, several settings have one value.
    """

    name: str
    spec: Mapping[str, Any]
    value: Callable[[Setting], Any] = lambda setting: setting
    choices: tuple[Any, ...] | None = None
    repeats: bool = False


@dataclass(frozen=True)
class EstimatorSpace:
    """A space that a sampler searches, and the parameters of the estimator for its settings."""

    search: SearchSpace
    dimensions: Mapping[str, Dimension]
    """By the name of the parameter in `search`; the choice between dicts is not among them."""

    def params(self, settings: Params) -> dict[str, Any]:
        """The parameters of the estimator."""
        return {
            self.dimensions[name].name: self.dimensions[name].value(setting)
            for name, setting in settings.items()
            if name in self.dimensions
        }

    def key(self, settings: Params) -> Hashable:
        """Equal for settings that give the estimator the same parameters."""
        return tuple(
            (name, self.dimensions[name].value(setting) if name in self._repeating else setting)
            for name, setting in settings.items()
        )

    @cached_property
    def _repeating(self) -> set[str]:
        return {name for name, dimension in self.dimensions.items() if dimension.repeats}

    @cached_property
    def listed(self) -> list[Params] | None:
        """All settings of a small space; None if a parameter is continuous, or there are many."""
        if self.search.count(at_most=MAX_LISTED) is None:
            return None
        settings = [listed.params for listed in self.search.settings]
        return list({self.key(each): each for each in settings}.values())


def read_space(space: object, *, seed: int) -> EstimatorSpace:
    """The space in any of its forms. Raises SpaceError, which names the parameter.

    `seed` is that of the draws from distributions without quantiles.
    """
    listed = isinstance(space, Sequence) and not isinstance(space, str)
    subspaces = list(space) if listed else [space]  # type: ignore[call-overload]
    if not subspaces:
        raise SpaceError("", "must have at least one dict of parameters")
    dimensions: dict[str, Dimension] = {}
    specs: dict[str, Any] = {}
    several = len(subspaces) > 1
    if several:
        choices = list(range(len(subspaces)))
        specs[SUBSPACE] = {"type": "categorical", "choices": choices, "priority": PRIORITY}
    for place, subspace in enumerate(subspaces):
        when = {SUBSPACE: [place]} if several else {}
        for name, dimension in _dimensions(subspace, taken={*specs, *dimensions}, seed=seed):
            dimensions[name] = dimension
            own = dimension.spec.get("when", {})
            conditions = {"when": {**when, **own}} if when or own else {}
            specs[name] = {"priority": PRIORITY, **dimension.spec, **conditions}
    try:
        return EstimatorSpace(SearchSpace.from_dict(specs), dimensions)
    except SpaceError as error:
        first, dot, rest = error.path.partition(".")
        own_name = dimensions[first].name if first in dimensions else first
        raise SpaceError(own_name + dot + rest, error.message) from None


def _dimensions(subspace: object, *, taken: set[str], seed: int) -> Iterator[tuple[str, Dimension]]:
    """The parameters of one dict, by names that a space accepts and that are not taken."""
    if not isinstance(subspace, Mapping):
        message = "must be a dict of parameters by name, or a list of such dicts, not "
        raise SpaceError("", message + type(subspace).__name__)
    names: dict[object, str] = {}
    for name in subspace:
        if not isinstance(name, str):
            raise SpaceError(repr(name), "is not the name of a parameter: names are strings")
        names[name] = _free_name(name, {*taken, *names.values()})
    dimensions = {name: _dimension(name, given, seed=seed) for name, given in subspace.items()}
    for name, dimension in dimensions.items():
        if isinstance(dimension.spec.get("when"), Mapping):
            when = {
                names.get(parent, parent): _requirement(
                    f"{name}.when.{parent}", requirement, dimensions.get(parent)
                )
                for parent, requirement in dimension.spec["when"].items()
            }
            dimension = replace(dimension, spec={**dimension.spec, "when": when})
        yield names[name], dimension


def _free_name(name: str, taken: set[str]) -> str:
    """The name itself, or one like it that a space accepts and that is not taken."""
    valid = name if NAME.fullmatch(name) else "p_" + re.sub(r"\W", "_", name, flags=re.A)[-50:]
    free, count = valid, 1
    while free in taken:
        count += 1
        free = f"{valid[:50]}_{count}"
    return free


def _requirement(path: str, requirement: object, parent: Dimension | None) -> object:
    """A requirement in terms of the parent's settings."""
    if parent is None or (parent.choices is None and not parent.repeats):
        return requirement
    if parent.choices is None:
        message = "is a distribution that is searched by its quantiles: use a range or a list"
        raise SpaceError(path, message)
    holds = parse_requirement(path, requirement).holds
    plain = (bool, int, float, str)
    places = [
        place
        for place, value in enumerate(map(_plain, parent.choices))
        if isinstance(value, plain) and holds(value)
    ]
    if not places:
        raise SpaceError(path, "no value of that parameter meets it")
    return places


def _dimension(name: str, given: object, *, seed: int) -> Dimension:
    if isinstance(given, Mapping):
        return _typed(name, given)
    if hasattr(given, "ppf") or hasattr(given, "icdf"):
        return _distribution(name, given)
    if hasattr(given, "rvs"):
        return _sample(name, given, seed=seed)
    if isinstance(given, str | bytes) or not (
        hasattr(given, "__len__") and hasattr(given, "__getitem__")
    ):
        message = "must be a list of values, a distribution, or an object with a type, not "
        raise SpaceError(name, message + type(given).__name__)
    values: tuple[Any, ...] = tuple(cast(Any, given))
    if isinstance(given, tuple) and len(values) == 2 and all(map(_is_number, values)):
        low, high = values
        raise SpaceError(
            name,
            f"may be a range or two values: write caviar.uniform({low}, {high}) for all numbers "
            f"between them, or [{low}, {high}] for one of the two",
        )
    if _is_ascending(values) or _is_ascending(values[::-1]):
        # Narrowed to neighbours; equal shares, as in a random choice.
        return _choice(name, values, {"type": "int", "low": 0, "high": len(values) - 1})
    choices = list(range(len(values)))
    return _choice(name, values, {"type": "categorical", "choices": choices})


def _choice(name: str, values: tuple[Any, ...], spec: Mapping[str, Any]) -> Dimension:
    return Dimension(
        name=name, spec=spec, value=lambda place: values[cast(int, place)], choices=values
    )


def _typed(name: str, given: Mapping[Any, Any]) -> Dimension:
    """A parameter with a type. Its choices may be anything, as those of a list."""
    spec = {field: _plain(value) for field, value in given.items()}
    if spec.get("type") == "categorical" and isinstance(spec.get("choices"), list | tuple):
        values = tuple(spec["choices"])
        return _choice(name, values, {**spec, "choices": list(range(len(values)))})
    if spec.get("type") == "constant" and "value" in spec:
        return _choice(name, (spec["value"],), {**spec, "value": 0})
    return Dimension(name=name, spec=spec)


def _distribution(name: str, given: Any) -> Dimension:
    """A distribution with quantiles: a range on a scale if it has one, else its quantiles."""
    family = getattr(getattr(given, "dist", given), "name", type(given).__name__).lower()
    quantile = getattr(given, "ppf", None) or given.icdf
    if family in ("uniform", "loguniform", "reciprocal", "randint"):
        low, high = (_plain(end) for end in given.support())
        if family == "randint":
            return Dimension(name=name, spec={"type": "int", "low": int(low), "high": int(high)})
        spec = {"type": "float", "low": float(low), "high": float(high)}
        if family == "uniform":
            return Dimension(name=name, spec=spec)
        if low > 0 and np.isclose(quantile(0.5), np.sqrt(low * high), rtol=1e-9):  # not shifted
            return Dimension(name=name, spec={**spec, "scale": "log"})

    if hasattr(given, "pmf") and not hasattr(given, "pdf"):  # discrete
        drawn = [_whole(quantile((place + 0.5) / SAMPLE_SIZE)) for place in range(SAMPLE_SIZE)]
        return _quantiles(name, drawn)
    ends = {"low": TAIL, "high": 1 - TAIL}
    if not all(np.isfinite(quantile(end)) for end in ends.values()):
        message = f"has no finite quantiles at {TAIL} and {1 - TAIL}: check its parameters"
        raise SpaceError(name, message)
    spec = {"type": "float", **ends}
    return Dimension(name=name, spec=spec, value=lambda unit: _plain(quantile(unit)), repeats=True)


def _sample(name: str, given: Any, *, seed: int) -> Dimension:
    """A distribution that can only be drawn from: the quantiles of a sample."""
    generator = np.random.RandomState(seed % 2**32)
    return _quantiles(name, [given.rvs(random_state=generator) for _ in range(SAMPLE_SIZE)])


def _quantiles(name: str, values: Sequence[Any]) -> Dimension:
    """Numbers in their order, with equal shares."""
    if not all(_is_number(value) and np.isfinite(value) for value in values):
        raise SpaceError(name, "must draw finite numbers, one at a time; or give a list of values")
    ordered = sorted(values)
    spec = {"type": "int", "low": 0, "high": len(ordered) - 1}
    return Dimension(name=name, spec=spec, value=lambda at: ordered[cast(int, at)], repeats=True)


def _is_ascending(values: Sequence[Any]) -> bool:
    """Whether values are three or more numbers, each above the one before."""
    return (
        len(values) > 2
        and all(map(_is_number, values))
        and all(first < second for first, second in pairwise(values))
    )


def _is_number(value: object) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)


def _plain(value: Any) -> Any:
    """A NumPy scalar as Python's; other values as they are."""
    return value.item() if isinstance(value, np.generic) else value


def _whole(value: Any) -> Any:
    """A whole number as an int; other values as they are."""
    plain = _plain(value)
    return int(plain) if isinstance(plain, float) and plain.is_integer() else plain
