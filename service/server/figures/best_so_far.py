"""The value of each trial by its number, the best so far as a step line, rounds as bands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from caviar.service.server.figures.axes import value_axis, worst_edge
from caviar.service.server.figures.data import (
    POINTS,
    FigureData,
    Round,
    Trial,
    best_of,
    counts,
    ended,
    has_value,
    rank,
    sample,
    thinned,
)
from caviar.service.server.figures.marks import (
    BEST,
    PAPER,
    SHADED,
    Figure,
    Trace,
    figure,
    sample_note,
    trial_traces,
)
from caviar.service.server.figures.ticks import whole_ticks

MAX_BANDS = 200
"""Rounds that are drawn: a browser lays each band out anew whenever the figure is moved."""


def best_so_far(data: FigureData) -> Figure:
    """The value of each trial by its number, the best so far as a step line, rounds as bands."""
    marked, best = ended(data), best_of(data)
    drawn, maximize = sample(data, marked), data.study.direction == "maximize"
    metric = str(data.study.objective["metric"])
    values = [t.value for t in drawn if t.value is not None and has_value(t)]
    axis = value_axis(values, metric, maximize=maximize)
    last = marked[-1].number if marked else 0
    edge, names = worst_edge(axis, maximize=maximize), list(data.study.space)
    traces = trial_traces(data, drawn, best, lambda trial: float(trial.number), edge, names)
    if best is not None:
        traces.insert(0, _step_line(data, last))
    bands, labels = _round_bands(data.rounds, last)
    number_axis = {
        "title": {"text": "trial"},
        "range": [-0.02 * last - 0.7, 1.02 * last + 0.7],
        "zeroline": False,
        "tickformat": ",d",
        **whole_ticks(last),
        "showgrid": False,
    }
    return figure(
        traces,
        note=sample_note(data, drawn, marked),
        empty="No trial has ended yet.",
        xaxis=number_axis,
        yaxis=axis.layout,
        shapes=bands,
        annotations=labels,
    )


def _step_line(data: FigureData, last: int) -> Trace:
    """The best so far: from each improvement to the next one, and on to the last trial."""
    known = data.improvements
    steps = thinned(_improvements(data) if known is None else known, POINTS)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "best so far",
        "x": [*(number for number, _ in steps), last],
        "y": [*(value for _, value in steps), steps[-1][1]],
        "line": {"color": BEST, "width": 2, "shape": "hv"},
        "hoverinfo": "skip",
    }


def _improvements(data: FigureData) -> list[tuple[int, float]]:
    steps: list[Trial] = []
    for trial in sorted(filter(counts, data.trials), key=lambda trial: trial.number):
        if not steps or rank(data, trial)[0] < rank(data, steps[-1])[0]:
            steps.append(trial)
    return [(trial.number, trial.value) for trial in steps if trial.value is not None]


def _round_bands(rounds: Sequence[Round], last: int) -> tuple[list[Any], list[Any]]:
    """A faint band for every other round, and a label for each round that is wide enough.

    There are none of a single round, or of so many that each would be narrower than a mark.
    """
    shown = [r for r in rounds if r.first_trial <= last] if 1 < len(rounds) <= MAX_BANDS else []
    bands: list[dict[str, Any]] = []
    labels: list[dict[str, Any]] = []
    for item in shown:
        start, end = item.first_trial - 0.5, min(item.first_trial + item.trials, last + 1) - 0.5
        span = {"xref": "x", "yref": "paper", "x0": start, "x1": end, "y0": 0, "y1": 1}
        if item.number % 2:
            bands.append({"type": "rect", **span, **SHADED})
        if end - start > 0.08 * last:
            corner = {"x": start, "xanchor": "left", "y": 1, "yanchor": "bottom"}
            text = str(item.number) if labels else f"round {item.number}"
            labels.append({"text": text, **corner, **PAPER, "xref": "x", "opacity": 0.75})
    return bands, labels
