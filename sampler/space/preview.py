"""What a space means before anything is trained: where its draws fall, and some of its settings."""

import bisect
import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TypeAlias

from caviar.sampler.draws import units
from caviar.sampler.space.lint import is_average, warnings_of
from caviar.sampler.space.parameters import Numeric, Parameter
from caviar.sampler.space.scales import LINEAR, LOG, REVERSE_LOG
from caviar.sampler.space.space import SearchSpace
from caviar.sampler.values import JSON, Params, Value

EXAMPLES = 20
BINS = 20
MOST_DRAWS = 100_000
SETTINGS = 2_000  # drawn to see how often a parameter takes part
MOST_LISTED = 24  # values that a histogram lists one by one
MOST_DECADES = 12
WIDE = 20.0  # ends this many times apart are shown on a logarithmic axis

Axis: TypeAlias = tuple[str, Callable[[float], float], Callable[[float], float]]


def preview(space: SearchSpace, *, draws: int = 2000, seed: int = 0) -> dict[str, JSON]:
    """Where each parameter's draws fall, twenty settings drawn at random, and warnings. All JSON.

        {"parameters": {name: {"type", "scale", "active", "decades", "histogram"}},
         "examples": [setting, …],
         "warnings": [{"parameter": name, "message": text}, …]}

    `active` is the share of settings in which the parameter takes part; the rest is about those.
    `decades` has, from low to high, {"low", "high", "share"} for each power of ten (of 1 - x where
    "of" says so), None where decades make no sense. `histogram` has either "values" with "shares",
    or "edges" with "shares" on the "axis" that suits the range. `draws` even draws of each
    parameter, from 1 to 100,000, are what shares are counted from. Raises ValueError for others.
    """
    if not 1 <= draws <= MOST_DRAWS:
        raise ValueError(f"draws must be from 1 to {MOST_DRAWS}, not {draws}")
    settings = _settings(space, count=min(draws, SETTINGS), seed=seed)
    active = _active(settings)
    return {
        "parameters": {
            name: _described(parameter, active.get(name, 0.0), draws)
            for name, parameter in space.parameters.items()
        },
        "examples": [dict(params) for params in settings[:EXAMPLES]],
        "warnings": [
            {"parameter": name, "message": message} for name, message in _warnings(space, active)
        ],
    }


def space_warnings(space: SearchSpace) -> list[tuple[str, str]]:
    """The preview's warnings alone: parameters by name, and what a colleague would ask."""
    active = dict.fromkeys(space.parameters, 1.0)
    if any(parameter.when for parameter in space.parameters.values()):
        active = _active(_settings(space, count=SETTINGS, seed=0))
    return _warnings(space, active)


def _warnings(space: SearchSpace, active: Mapping[str, float]) -> list[tuple[str, str]]:
    return [
        (name, message)
        for name, parameter in space.parameters.items()
        for message in warnings_of(parameter, active=active.get(name, 0.0))
    ]


def _active(settings: Sequence[Params]) -> dict[str, float]:
    """The share of the settings that each parameter takes part in."""
    counts = Counter(name for params in settings for name in params)
    return {name: count / len(settings) for name, count in counts.items()}


def _settings(space: SearchSpace, *, count: int, seed: int) -> list[dict[str, Value]]:
    """Settings drawn at random; always enough for the examples."""
    names = list(space.parameters)
    rows = units(seed=seed, numbers=list(range(max(count, EXAMPLES))), names=names)
    return [space.decode(dict(zip(names, row, strict=True))) for row in rows.tolist()]


def _described(parameter: Parameter, active: float, count: int) -> dict[str, JSON]:
    values = [parameter.decode((place + 0.5) / count) for place in range(count)]
    described: dict[str, JSON] = {
        "type": parameter.type,
        "scale": parameter.scale if isinstance(parameter, Numeric) else None,
        "active": active,
        "decades": None,
        "histogram": _listed(values),
    }
    if isinstance(parameter, Numeric):
        numbers = [float(value) for value in values]
        axis = _axis(parameter)
        of_rest = axis[0] == REVERSE_LOG.name or is_average(parameter)
        if of_rest or parameter.low > 0:
            described["decades"] = _decades(parameter, numbers, of_rest=of_rest)
        is_continuous = parameter.varies and not parameter.discrete
        if len(set(values)) > MOST_LISTED or is_continuous:
            described["histogram"] = _binned(parameter, numbers, axis)
    return described


def _axis(parameter: Numeric) -> Axis:
    """The axis to show a range on: by its ends more than by its scale, to show what that does."""
    near_one = parameter.low >= 0.5 and 0.95 <= parameter.high < 1
    if parameter.scale == REVERSE_LOG.name or near_one:
        chosen = REVERSE_LOG
    elif parameter.scale == LOG.name or parameter.high >= WIDE * parameter.low > 0:
        chosen = LOG
    else:
        chosen = LINEAR
    return chosen.name, chosen.to_axis, chosen.from_axis


def _decades(parameter: Numeric, values: Sequence[float], *, of_rest: bool) -> JSON:
    """The share of draws in each power of ten of x, or of 1 - x; None if its ends are the same."""
    low, high = parameter.low, parameter.high
    if of_rest:
        low, high, values = 1 - high, 1 - low, [1 - value for value in values]
    if low == high:
        return None
    first, last = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
    edges = [10.0**power for power in range(first, last + 1)][-MOST_DECADES - 1 :]
    edges = [low, *(edge for edge in edges[1:-1] if low < edge < high), high]
    shares = _shares(values, edges)
    return {
        "of": "1 - x" if of_rest else "x",
        "shares": [
            {"low": start, "high": end, "share": share}
            for (start, end), share in zip(pairwise(_rounded(edges)), shares, strict=True)
        ],
    }


def _rounded(edges: Sequence[float]) -> list[float]:
    """The edges with six digits, or with as many as tell them apart."""
    for digits in (6, 9, 12, 15):
        rounded = [float(f"{edge:.{digits}g}") for edge in edges]
        if len(set(rounded)) == len(rounded):
            return rounded
    return [*edges]


def _listed(values: Sequence[Value]) -> dict[str, JSON]:
    counts: dict[Value, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    shares: list[JSON] = [count / len(values) for count in counts.values()]
    return {"values": list(counts), "shares": shares}


def _binned(parameter: Numeric, values: Sequence[float], axis: Axis) -> dict[str, JSON]:
    name, to_axis, from_axis = axis
    start, end = to_axis(parameter.low), to_axis(parameter.high)
    inner = [from_axis(start + place / BINS * (end - start)) for place in range(1, BINS)]
    low, high = float(parameter.low), float(parameter.high)
    # A range may be too narrow for so many numbers between its ends.
    edges = [low, *dict.fromkeys(edge for edge in inner if low < edge < high), high]
    shares: list[JSON] = [*_shares(values, edges)]
    return {"axis": name, "edges": [*edges], "shares": shares}


def _shares(values: Sequence[float], edges: Sequence[float]) -> list[float]:
    """The share of the values between each edge and the next; the last edge is the last bin's."""
    counts = [0] * (len(edges) - 1)
    for value in values:
        place = bisect.bisect_right(edges, value) - 1
        counts[min(max(place, 0), len(counts) - 1)] += 1
    return [count / len(values) for count in counts]
