"""Axes: the position of a value, and the layout of the axis.

A parameter's axis follows its scale. A `reverse_log` axis shows 1 - x, running backwards, with
ticks labelled x.
"""

from __future__ import annotations

import html
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from caviar.service.contract.numbers import setting
from caviar.service.contract.schemas import Setting
from caviar.service.server.figures.ticks import Ticks, log_ticks, power_ticks

MAX_EXPONENT = 307.0  # 10 to this power and its inverse are normal doubles


@dataclass(frozen=True)
class Axis:
    """A plotly axis.

    `position` maps a value and its trial's number to a coordinate, NaN if the axis cannot show it.
    """

    position: Callable[[Any, int], float]
    layout: dict[str, Any]


def value_axis(values: Sequence[float], title: str, *, maximize: bool) -> Axis:
    """The axis of the objective, with space on the bad side for trials without a value.

    It is logarithmic if all values are positive and span a decade. A share that is maximized, such
    as an accuracy, stays linear, because its differences matter close to 1.
    """
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    is_share = maximize and low >= 0 and high <= 1
    is_log = low > 0 and 10 * low <= high and not is_share
    start, end = (math.log10(low), math.log10(high)) if is_log else (low, high)
    room = 0.06 * (end - start) or 0.1 * abs(end) or 1.0
    start, end = start - room * (1 + maximize), end + room * (2 - maximize)
    if not math.isfinite(end - start):
        start, end = low, high
    layout: dict[str, Any] = {
        "type": "log" if is_log else "linear",
        "range": [start, end],
        "title": {"text": html.escape(title, quote=False)},
        "zeroline": False,
        "exponentformat": "e",
    }
    layout |= _ticks(log_ticks(low, high)) if is_log else {"nticks": 7}
    return Axis(lambda value, _: float(value), layout)


def worst_edge(axis: Axis, *, maximize: bool) -> float:
    """The value at the bad edge of a value axis, where trials without a value are drawn."""
    start, end = axis.layout["range"]
    edge = 0.97 * start + 0.03 * end if maximize else 0.97 * end + 0.03 * start
    if axis.layout["type"] == "log":
        return float(10.0 ** min(max(edge, -MAX_EXPONENT), MAX_EXPONENT))
    return float(edge)


def parameter_axis(name: str, spec: dict[str, Any]) -> Axis:
    """A parameter's own axis: linear, logarithmic, or log in 1 - x with x growing to the right."""
    scale = "categorical" if spec["type"] == "categorical" else spec.get("scale", "linear")
    axis = AXES[scale](spec)
    note = {"log": " · log", "reverse_log": " · log of 1 − x"}.get(scale, "")
    title = {"text": html.escape(name, quote=False) + note}
    return Axis(axis.position, {"zeroline": False, **axis.layout, "title": title})


def _linear(spec: dict[str, Any]) -> Axis:
    low, high = float(spec["low"]), float(spec["high"])
    room = 0.04 * (high - low)
    layout: dict[str, Any] = {"type": "linear", "range": [low - room, high + room], "nticks": 6}
    if spec["type"] == "int":
        layout["dtick"] = max(1, math.ceil((high - low) / 6))
        layout["tick0"] = spec["low"]
    return Axis(lambda x, _: float(x), layout)


def _log(spec: dict[str, Any]) -> Axis:
    low, high = float(spec["low"]), float(spec["high"])
    base = spec.get("base")
    ticks = power_ticks(low, high, base) if base else log_ticks(low, high)
    return Axis(_positive, {"type": "log", "range": _log_range(low, high), **_ticks(ticks)})


def _reverse_log(spec: dict[str, Any]) -> Axis:
    most, least = 1.0 - spec["low"], 1.0 - spec["high"]
    ticks = [
        (rest, setting(1.0 - rest, {"scale": "reverse_log"}))
        for rest, _ in reversed(log_ticks(least, most))
    ]
    start, end = _log_range(least, most)
    return Axis(
        lambda x, _: _positive(1.0 - float(x), 0),
        {"type": "log", "range": [end, start], **_ticks(ticks)},
    )


def _categorical(spec: dict[str, Any]) -> Axis:
    choices = list(spec["choices"])
    every = math.ceil(len(choices) / 12)
    ticks = [(float(i), _short(choice, spec)) for i, choice in enumerate(choices)][::every]
    places = {_key(choice): place for place, choice in enumerate(choices)}

    def position(choice: Setting, number: int) -> float:
        place = places.get(_key(choice))
        return math.nan if place is None else place + jitter(number)

    layout = {"type": "linear", "range": [-0.6, len(choices) - 0.4], "showgrid": False}
    return Axis(position, {**layout, **_ticks(ticks)})


AXES: dict[str, Callable[[dict[str, Any]], Axis]] = {
    "linear": _linear,
    "log": _log,
    "reverse_log": _reverse_log,
    "categorical": _categorical,
}


def jitter(number: int) -> float:
    """The offset of a trial across a strip, in [-0.25, 0.25): the same in every drawing."""
    return (
        number * 0.6180339887498949 % 1.0 - 0.5
    ) / 2  # golden ratio: consecutive trials lie apart


def _positive(x: Any, _: int) -> float:
    return float(x) if x > 0 else math.nan


def _log_range(low: float, high: float) -> list[float]:
    start, end = math.log10(low), math.log10(high)
    room = 0.04 * (end - start)
    return [start - room, end + room]


def _ticks(ticks: Ticks) -> dict[str, Any]:
    values, texts = zip(*ticks, strict=True)
    return {"tickmode": "array", "tickvals": list(values), "ticktext": list(texts)}


def _key(choice: Setting) -> str:
    """A choice as text that no other choice has: lists and objects cannot be looked up."""
    return json.dumps(choice, sort_keys=True)


def _short(choice: Setting, spec: dict[str, Any]) -> str:
    text = setting(choice, spec)
    return html.escape(text if len(text) <= 14 else text[:13] + "…", quote=False)
