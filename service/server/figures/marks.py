"""Marks of trials, and the layout that all figures share."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from caviar.service.contract.numbers import number, setting
from caviar.service.contract.states import TrialState
from caviar.service.server.figures.data import FigureData, Trial, has_value

Figure: TypeAlias = dict[str, Any]
Trace: TypeAlias = dict[str, Any]

TRIAL, BEST, RUNNING = "#7889a3", "#e0703a", "#3f8fd2"
SHADED = {"fillcolor": "rgba(120, 137, 163, 0.13)", "line": {"width": 0}, "layer": "below"}
PAPER = {"xref": "paper", "yref": "paper", "showarrow": False}
FAINT = 0.3

UNSUCCESSFUL_MARKS = {
    TrialState.FAILED: ("x", "#cb5285"),
    TrialState.DIVERGED: ("triangle-up", "#a86bc4"),
}
"""Symbol and color of a trial that ended without a value, at the edge of the value axis."""


def hover(data: FigureData, trial: Trial, names: Sequence[str]) -> str:
    """The hover text of a trial's mark, with the parameters in `names`."""
    space = data.study.space
    lines = [f"trial {trial.number} · {'excluded' if trial.void else trial.state.value}"]
    if trial.value is not None and has_value(trial):
        lines.append(f"{data.study.objective['metric']} {number(trial.value)}")
    for name in names:
        if name in trial.params:
            lines.append(f"{name} {setting(trial.params[name], space[name])}")
    return "<br>".join(html.escape(line, quote=False) for line in lines)


def _marks(
    data: FigureData,
    names: Sequence[str],
    points: Sequence[tuple[Trial, float, float]],
    **more: Any,
) -> Trace:
    shown = [(t, x, y) for t, x, y in points if math.isfinite(x) and math.isfinite(y)]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [x for _, x, _ in shown],
        "y": [y for _, _, y in shown],
        "customdata": [trial.number for trial, _, _ in shown],
        "text": [hover(data, trial, names) for trial, _, _ in shown],
        "hoverinfo": "text",
        **more,
    }


def trial_traces(
    data: FigureData,
    drawn: Sequence[Trial],
    best: Trial | None,
    position: Callable[[Trial], float],
    edge: float,
    names: Sequence[str],
    **more: Any,
) -> list[Trace]:
    """A trace for each kind of trial: dots, rings if excluded, a star for the best; none empty.

    Trials that ended without a value are drawn at `edge`. The hover text of a mark has the
    parameters in `names`.
    """

    def marks(name: str, trials: Sequence[Trial], marker: dict[str, Any]) -> dict[str, Any]:
        points = [(t, position(t), edge if t.value is None else t.value) for t in trials]
        return _marks(data, names, points, name=name, marker=marker, legendgroup=name, **more)

    valued = [trial for trial in drawn if has_value(trial) and trial is not best]
    traces = [
        marks("trial", [t for t in valued if not t.void], _dot()),
        marks("excluded", [t for t in valued if t.void], _dot(symbol="circle-open", opacity=FAINT)),
    ]
    for state, (symbol, color) in UNSUCCESSFUL_MARKS.items():
        ended = [t for t in drawn if t.state == state and not has_value(t)]
        opacity = [FAINT if trial.void else 1.0 for trial in ended]
        marker = {"color": color, "symbol": symbol, "size": 7, "opacity": opacity}
        traces.append(marks(state.value, ended, marker))
    if best is not None:
        star = {"color": BEST, "symbol": "star", "size": 15}
        traces.append(marks("best", [best], star))
    return [trace for trace in traces if trace["x"]]


def _dot(**more: Any) -> dict[str, Any]:
    return {"color": TRIAL, "size": 7, "opacity": 0.75, **more}


def figure(
    traces: list[Trace], *, note: str | None = None, empty: str = "", **layout: Any
) -> Figure:
    """A figure of traces; without any, the text `empty` in its middle."""
    annotations = list(layout.pop("annotations", ()))
    if note:
        corner = {"x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom", "yshift": 12}
        annotations.append({"text": note, **corner, **PAPER})
    if not traces:
        annotations = [{"text": empty, "x": 0.5, "y": 0.5, **PAPER}]
        layout = {"xaxis": {"visible": False}, "yaxis": {"visible": False}}
    base: dict[str, Any] = {
        "paper_bgcolor": "rgba(0, 0, 0, 0)",
        "plot_bgcolor": "rgba(0, 0, 0, 0)",
        "hovermode": "closest",
        "legend": {"orientation": "h", "x": 0, "y": -0.17, "yanchor": "top"},
        "margin": {"t": 28, "r": 12, "b": 40, "l": 64},
    }
    return {"data": traces, "layout": {**base, **layout, "annotations": annotations}}


def sample_note(data: FigureData, drawn: Sequence[Trial], marked: Sequence[Trial]) -> str | None:
    """`1,000 of 12,345 trials`, and which, if not all trials that have a mark are drawn."""
    total = len(marked) if data.total is None else data.total
    if len(drawn) == total:
        return None
    return f"{len(drawn):,} of {total:,} trials: the best, the newest and a sample"


def legend_once(traces: Iterable[Trace]) -> None:
    """Show only the first trace of each name in the legend."""
    names: set[str] = set()
    for trace in traces:
        trace["showlegend"] = trace["name"] not in names
        names.add(trace["name"])
