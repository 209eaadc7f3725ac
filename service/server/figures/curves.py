"""Learning curves of the trials in training, and of the best few that ended, for contrast."""

from __future__ import annotations

import math
from typing import TypeAlias

from caviar.service.contract.schemas import Curve, Trial
from caviar.service.contract.states import IN_TRAINING, TrialState
from caviar.service.server.figures.axes import value_axis
from caviar.service.server.figures.data import FigureData, best_of, counts, thinned
from caviar.service.server.figures.marks import (
    BEST,
    PEARL,
    RUNNING,
    Figure,
    Trace,
    figure,
    hover,
    legend_once,
)

VERTICES = 150
"""Points drawn of one curve."""

Column: TypeAlias = tuple[list[int], list[float]]
"""Epochs, and the metric after each."""


def curves(data: FigureData) -> Figure:
    """Learning curves of running and paused trials, and of the best few ended ones beside them."""
    metric = str(data.study.objective["metric"])
    trials, best = {trial.number: trial for trial in data.trials}, best_of(data)
    columns = {c.number: _column(c, metric) for c in data.curves if c.number in trials}
    shown = {number: column for number, column in columns.items() if column[0]}
    values = [y for _, ys in shown.values() for y in ys]
    axis = value_axis(values, metric, maximize=data.study.direction == "maximize")
    traces = []
    for number in sorted(shown, key=lambda number: trials[number].state in IN_TRAINING):
        trial = trials[number]
        if trial.state in IN_TRAINING:
            traces.append(_curve(data, trial, shown[number], trial.state.value, RUNNING, 1.5))
        elif counts(trial) and trial is not best:
            traces.append(_curve(data, trial, shown[number], "best few", PEARL, 1.0))
    if best is not None and best.number in shown:
        traces.append(_curve(data, best, shown[best.number], "best", BEST, 2.5))
    legend_once(traces)
    return figure(
        traces,
        empty="No trial in training has reported an epoch yet.",
        xaxis={"title": {"text": "epoch"}, "rangemode": "tozero", "zeroline": False, "nticks": 8},
        yaxis=axis.layout,
    )


def _column(curve: Curve, metric: str) -> Column:
    """The finite points of one metric, thinned: first, last, lowest and highest stay."""
    points = [
        (epoch, value)
        for epoch, value in zip(curve.epoch, curve.metrics.get(metric, ()), strict=False)
        if value is not None and math.isfinite(value)
    ]
    ends = {min(points, key=lambda p: p[1]), max(points, key=lambda p: p[1])} if points else set()
    kept = sorted({*thinned(points, VERTICES), *ends})
    return [epoch for epoch, _ in kept], [value for _, value in kept]


def _curve(
    data: FigureData,
    trial: Trial,
    column: Column,
    name: str,
    color: str,
    width: float,
) -> Trace:
    epochs, values = column
    is_running = trial.state == TrialState.RUNNING
    dash = "dot" if trial.state == TrialState.PAUSED else "solid"
    sizes = [0] * (len(epochs) - 1) + [7 if is_running else 0]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "legendgroup": name,
        "x": epochs,
        "y": values,
        "line": {"color": color, "width": width, "dash": dash},
        "marker": {"color": color, "size": sizes, "opacity": 1},
        "customdata": [trial.number] * len(epochs),
        "text": [
            f"epoch {e}: {v:.4g}<br>{hover(data, trial, ())}" for e, v in zip(*column, strict=True)
        ],
        "hoverinfo": "text",
    }
