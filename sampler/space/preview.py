"""The preview of a space: how the draws of each parameter are distributed, and examples."""

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
from caviar.sampler.values import JSON, Params, Setting, identity, real

EXAMPLES = 20
BINS = 20
MAX_DRAWS = 100_000
MAX_SETTINGS = 2_000  # drawn to estimate how often a parameter is active
MAX_LISTED_VALUES = 24  # a histogram of more values has bins
MAX_DECADES = 12
MIN_LOG_AXIS_RATIO = 20.0  # of high to low, to be shown on a logarithmic axis

Axis: TypeAlias = tuple[str, Callable[[float], float], Callable[[float], float]]


def preview(space: SearchSpace, *, draws: int = 2000, seed: int = 0) -> dict[str, JSON]:
    """The distribution of each parameter, twenty random settings, and warnings, as JSON.

        {"parameters": {name: {"type", "scale", "active", "decades", "histogram"}},
         "examples": [setting, …],
         "warnings": [{"parameter": name, "message": text}, …]}

    `active` is the share of settings in which the parameter is active; the other fields describe
    these settings. `decades` has, from low to high, {"low", "high", "share"} for each power of ten
    of x, or of 1 - x as "of" says; it is None for ranges without decades. `histogram` has either
    "values" with "shares", or "edges" with "shares" on an "axis" that suits the range. Shares are
    counted from `draws` evenly spaced draws of each parameter. Raises ValueError unless `draws` is
    from 1 to 100,000.
    """
    if not 1 <= draws <= MAX_DRAWS:
        raise ValueError(f"draws must be from 1 to {MAX_DRAWS}, not {draws}")
    settings = _settings(space, count=min(draws, MAX_SETTINGS), seed=seed)
    active = _active(settings)
    return {
        "parameters": {
            name: _summary(parameter, active.get(name, 0.0), draws)
            for name, parameter in space.parameters.items()
        },
        "examples": [dict(params) for params in settings[:EXAMPLES]],
        "warnings": [
            {"parameter": name, "message": message} for name, message in _warnings(space, active)
        ],
    }


def space_warnings(space: SearchSpace) -> list[tuple[str, str]]:
    """The warnings of the preview alone: pairs of a parameter's name and a message."""
    active = dict.fromkeys(space.parameters, 1.0)
    if any(parameter.when for parameter in space.parameters.values()):
        active = _active(_settings(space, count=MAX_SETTINGS, seed=0))
    return _warnings(space, active)


def _warnings(space: SearchSpace, active: Mapping[str, float]) -> list[tuple[str, str]]:
    return [
        (name, message)
        for name, parameter in space.parameters.items()
        for message in warnings_of(parameter, active=active.get(name, 0.0))
    ]


def _active(settings: Sequence[Params]) -> dict[str, float]:
    """The share of the settings in which each parameter is active."""
    counts = Counter(name for params in settings for name in params)
    return {name: count / len(settings) for name, count in counts.items()}


def _settings(space: SearchSpace, *, count: int, seed: int) -> list[dict[str, Setting]]:
    """Random settings, at least as many as the examples."""
    names = list(space.parameters)
    rows = units(seed=seed, numbers=list(range(max(count, EXAMPLES))), names=names)
    return [space.decode(dict(zip(names, row, strict=True))) for row in rows.tolist()]


def _summary(parameter: Parameter, active: float, count: int) -> dict[str, JSON]:
    values = [parameter.decode((place + 0.5) / count) for place in range(count)]
    summary: dict[str, JSON] = {
        "type": parameter.type,
        "scale": parameter.scale if isinstance(parameter, Numeric) else None,
        "active": active,
        "decades": None,
        "histogram": _listed(values),
    }
    if isinstance(parameter, Numeric):
        numbers = [real(value) for value in values]
        axis = _axis(parameter)
        of_rest = axis[0] == REVERSE_LOG.name or is_average(parameter)
        if of_rest or parameter.low > 0:
            summary["decades"] = _decades(parameter, numbers, of_rest=of_rest)
        is_continuous = parameter.varies and not parameter.discrete
        if len(set(numbers)) > MAX_LISTED_VALUES or is_continuous:
            summary["histogram"] = _binned(parameter, numbers, axis)
    return summary


def _axis(parameter: Numeric) -> Axis:
    """The axis of the histogram: by the range rather than the scale, to show its effect."""
    near_one = parameter.low >= 0.5 and 0.95 <= parameter.high < 1
    if parameter.scale == REVERSE_LOG.name or near_one:
        chosen = REVERSE_LOG
    elif parameter.scale == LOG.name or parameter.high >= MIN_LOG_AXIS_RATIO * parameter.low > 0:
        chosen = LOG
    else:
        chosen = LINEAR
    return chosen.name, chosen.to_axis, chosen.from_axis


def _decades(parameter: Numeric, values: Sequence[float], *, of_rest: bool) -> JSON:
    """The share of draws in each power of ten of x, or of 1 - x; None if the ends are equal."""
    low, high = parameter.low, parameter.high
    if of_rest:
        low, high, values = 1 - high, 1 - low, [1 - value for value in values]
    if low == high:
        return None
    first, last = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
    edges = [10.0**power for power in range(first, last + 1)][-MAX_DECADES - 1 :]
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
    """The edges rounded to six digits, or to as many as keep them distinct."""
    for digits in (6, 9, 12, 15):
        rounded = [float(f"{edge:.{digits}g}") for edge in edges]
        if len(set(rounded)) == len(rounded):
            return rounded
    return [*edges]


def _listed(values: Sequence[Setting]) -> dict[str, JSON]:
    counts = Counter(map(identity, values))
    distinct = {identity(value): value for value in reversed(values)}
    shares: list[JSON] = [count / len(values) for count in counts.values()]
    return {"values": [distinct[key] for key in counts], "shares": shares}


def _binned(parameter: Numeric, values: Sequence[float], axis: Axis) -> dict[str, JSON]:
    name, to_axis, from_axis = axis
    start, end = to_axis(parameter.low), to_axis(parameter.high)
    inner = [from_axis(start + place / BINS * (end - start)) for place in range(1, BINS)]
    low, high = float(parameter.low), float(parameter.high)
    # A narrow range may hold fewer numbers than there are bins.
    edges = [low, *dict.fromkeys(edge for edge in inner if low < edge < high), high]
    shares: list[JSON] = [*_shares(values, edges)]
    return {"axis": name, "edges": [*edges], "shares": shares}


def _shares(values: Sequence[float], edges: Sequence[float]) -> list[float]:
    """The share of the values in each bin [edge, next edge); the last bin is closed."""
    counts = [0] * (len(edges) - 1)
    for value in values:
        place = bisect.bisect_right(edges, value) - 1
        counts[min(max(place, 0), len(counts) - 1)] += 1
    return [count / len(values) for count in counts]
