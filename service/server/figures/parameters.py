"""The value by each parameter: one panel for each, on the parameter's own scale."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from caviar.service.server.figures.axes import Axis, parameter_axis, value_axis, worst_edge
from caviar.service.server.figures.data import (
    POINTS,
    FigureData,
    Round,
    Trial,
    best_of,
    ended,
    has_value,
    sample,
)
from caviar.service.server.figures.marks import (
    SHADED,
    Figure,
    Trace,
    figure,
    legend_once,
    sample_note,
    trial_traces,
)

MARKS = 3_000
"""Marks drawn in all panels together: a browser draws about ten thousand a second."""

PANELS = 24
"""Panels at most, for the parameters of the first priority: more would stop a browser."""

COLUMNS = 3
"""Panels in a row; the page sets its own number for its width."""


def parameters(data: FigureData) -> Figure:
    """The value by each parameter: one panel for each, on the parameter's own scale."""
    marked, best, space = ended(data), best_of(data), _shown(data.space)
    if not space:
        return figure([], empty="Every parameter is constant.")
    most = min(POINTS, MARKS // len(space))
    drawn, maximize = sample(data, marked, most), data.study.direction == "maximize"
    values = [t.value for t in drawn if t.value is not None and has_value(t)]
    metric = str(data.study.objective["metric"])
    value = value_axis(values, metric, maximize=maximize)
    current = next((r for r in data.rounds if r.number == data.study.round), None)
    traces: list[Trace] = []
    layout: dict[str, Any] = {"shapes": []}
    for index, (name, spec) in enumerate(space.items()):
        axis, suffix = parameter_axis(name, spec), str(index + 1) if index else ""
        layout[f"xaxis{suffix}"] = {**axis.layout, "anchor": f"y{suffix}"}
        layout[f"yaxis{suffix}"] = _panel_value_axis(value, index, suffix)
        if current is not None:
            layout["shapes"] += _box(current, name, spec, axis, suffix)
        traces += trial_traces(
            data,
            [trial for trial in drawn if name in trial.params],
            best if best is not None and name in best.params else None,
            _position(axis, name),
            worst_edge(value, maximize=maximize),
            [name],
            xaxis=f"x{suffix}",
            yaxis=f"y{suffix}",
        )
    legend_once(traces)
    columns = min(COLUMNS, len(space))
    rows = math.ceil(len(space) / columns)
    notes = [sample_note(data, drawn, marked)]
    if len(space) < len(data.study.space):
        notes.append(f"{len(space)} of {len(data.study.space)} parameters")
    grid = {"rows": rows, "columns": columns, "pattern": "independent", "xgap": 0.1, "ygap": 0.3}
    return figure(
        traces,
        note=" · ".join(filter(None, notes)),
        empty="No trial has ended yet.",
        grid=grid,
        height=80 + 220 * rows,
        **layout,
    )


def _shown(space: dict[str, Any]) -> dict[str, Any]:
    """The parameters that have a panel, in the order of the space: those that vary."""
    varied = {
        name: spec | {"type": "categorical", "choices": [False, True]}
        if spec["type"] == "bool"
        else spec
        for name, spec in space.items()
        if spec["type"] != "constant" and ("low" not in spec or spec["low"] < spec["high"])
    }
    first = sorted(varied, key=lambda name: varied[name].get("priority", 2))[:PANELS]
    return {name: spec for name, spec in varied.items() if name in first}


def _position(axis: Axis, name: str) -> Callable[[Trial], float]:
    return lambda trial: axis.position(trial.params[name], trial.number)


def _panel_value_axis(value: Axis, index: int, suffix: str) -> dict[str, Any]:
    """The shared axis of the value; only the first panel of a row has its title."""
    is_first = index % COLUMNS == 0
    layout = {**value.layout, "anchor": f"x{suffix}", "showticklabels": is_first}
    if not is_first:
        del layout["title"]
    return layout if index == 0 else {**layout, "matches": "y"}


def _box(current: Round, name: str, spec: dict[str, Any], axis: Axis, suffix: str) -> list[Trace]:
    """A shaded box for the current round; none if the box is the full range."""
    start, end = current.box.get(name, (0.0, 1.0))
    if end - start > 0.999:
        return []
    if spec["type"] == "categorical":
        count = len(spec["choices"])
        ends = [start * count - 0.5, end * count - 0.5]
    else:
        ends = [axis.position(x, 0) for x in current.ranges[name]]
    refs = {"xref": f"x{suffix}", "yref": f"y{suffix} domain"}
    return [{"type": "rect", **refs, "x0": ends[0], "x1": ends[1], "y0": 0, "y1": 1, **SHADED}]
