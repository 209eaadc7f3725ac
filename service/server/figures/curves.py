"""Learning curves of the trials in training, beside those of the best completed trials."""

from __future__ import annotations

import math
from typing import TypeAlias

from caviar.service.contract.numbers import number
from caviar.service.contract.schemas import Curve
from caviar.service.contract.states import IN_TRAINING, TrialState
from caviar.service.server.figures.axes import value_axis
from caviar.service.server.figures.data import FigureData, Trial, best_of, counts, thinned
from caviar.service.server.figures.marks import (
    BEST,
    RUNNING,
    TRIAL,
    Figure,
    Trace,
    figure,
    hover,
    legend_once,
)
from caviar.service.server.figures.ticks import whole_ticks

VERTICES = 150
"""Points of one curve that are drawn."""

Column: TypeAlias = tuple[list[int], list[float]]
"""Epochs, and the metric after each of them."""


def curves(data: FigureData) -> Figure:
    """Learning curves of running and paused trials, beside those of the best completed trials."""
    metric = str(data.study.objective["metric"])
    trials, best = {trial.number: trial for trial in data.trials}, best_of(data)
    columns = {c.number: _column(c, metric) for c in data.curves if c.number in trials}
    shown = {index: column for index, column in columns.items() if column[0]}
    values = [y for _, ys in shown.values() for y in ys]
    axis = value_axis(values, metric, maximize=data.study.direction == "maximize")
    traces = []
    for trial in sorted((trials[i] for i in shown), key=lambda trial: trial.state in IN_TRAINING):
        if trial.state in IN_TRAINING:
            traces.append(_curve(data, trial, shown[trial.number], trial.state.value, RUNNING, 1.5))
        elif counts(trial) and trial is not best:
            traces.append(_curve(data, trial, shown[trial.number], "next best", TRIAL, 1.0))
    if best is not None and best.number in shown:
        traces.append(_curve(data, best, shown[best.number], "best", BEST, 2.5))
    legend_once(traces)
    return figure(
        traces,
        empty="No epochs reported yet.",
        xaxis={
            "title": {"text": "epoch"},
            "rangemode": "tozero",
            "zeroline": False,
            **whole_ticks(max((epochs[-1] for epochs, _ in shown.values()), default=0)),
        },
        yaxis=axis.layout,
    )


def _column(curve: Curve, metric: str) -> Column:
    """The finite points of a metric, thinned; the first, last, lowest and highest are kept."""
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
            f"epoch {e}: {number(v)}<br>{hover(data, trial, ())}"
            for e, v in zip(*column, strict=True)
        ],
        "hoverinfo": "text",
    }
