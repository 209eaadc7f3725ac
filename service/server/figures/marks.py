"""Marks for trials, and the layout that figures share."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from caviar.service.contract.schemas import Trial
from caviar.service.contract.states import TrialState
from caviar.service.server.figures.data import FigureData, has_value
from caviar.service.server.figures.ticks import setting_text

Figure: TypeAlias = dict[str, Any]
Trace: TypeAlias = dict[str, Any]

PEARL, BEST, RUNNING = "#7889a3", "#e0703a", "#3f8fd2"
SHADED = {"fillcolor": "rgba(120, 137, 163, 0.13)", "line": {"width": 0}, "layer": "below"}
PAPER = {"xref": "paper", "yref": "paper", "showarrow": False}
FAINT = 0.3

LOST_MARKS = {
    TrialState.FAILED: ("x", "#cb5285"),
    TrialState.DIVERGED: ("triangle-up", "#a86bc4"),
}
"""How a trial that ended without a value is marked at the rim."""


def hover(data: FigureData, trial: Trial, names: Sequence[str]) -> str:
    """What a mark says when one points at it, with the parameters of these names."""
    metric, space = html.escape(str(data.study.objective["metric"]), quote=False), data.study.space
    state = "void" if trial.void else trial.state.value
    value = f"<br>{metric} {trial.value:.4g}" if has_value(trial) else ""
    params = "".join(
        f"<br>{html.escape(name, quote=False)} {setting_text(trial.params[name], space[name])}"
        for name in names
        if name in trial.params
    )
    return f"trial {trial.number} · {state}{value}{params}"


def _marks(
    data: FigureData,
    names: Sequence[str],
    places: Sequence[tuple[Trial, float, float]],
    **more: Any,
) -> Trace:
    shown = [(t, x, y) for t, x, y in places if math.isfinite(x) and math.isfinite(y)]
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
    place: Callable[[Trial], float],
    edge: float,
    names: Sequence[str],
    **more: Any,
) -> list[Trace]:
    """Points, void points, lost trials at the rim, and the best as a star; empty ones left out.

    Of the parameters, those in `names` are told when one points at a mark.
    """

    def marks(name: str, trials: Sequence[Trial], marker: dict[str, Any]) -> dict[str, Any]:
        places = [(t, place(t), edge if t.value is None else t.value) for t in trials]
        return _marks(data, names, places, name=name, marker=marker, legendgroup=name, **more)

    valued = [trial for trial in drawn if has_value(trial) and trial is not best]
    traces = [
        marks("trial", [t for t in valued if not t.void], _pearl()),
        marks("void", [t for t in valued if t.void], _pearl(symbol="circle-open", opacity=FAINT)),
    ]
    for state, (symbol, color) in LOST_MARKS.items():
        lost = [t for t in drawn if t.state == state and not has_value(t)]
        opacity = [FAINT if trial.void else 1.0 for trial in lost]
        marker = {"color": color, "symbol": symbol, "size": 7, "opacity": opacity}
        traces.append(marks(state.value, lost, marker))
    if best is not None:
        star = {"color": BEST, "symbol": "star", "size": 15}
        traces.append(marks("best", [best], star))
    return [trace for trace in traces if trace["x"]]


def _pearl(**more: Any) -> dict[str, Any]:
    return {"color": PEARL, "size": 7, "opacity": 0.75, **more}


def figure(
    traces: list[Trace], *, note: str | None = None, empty: str = "", **layout: Any
) -> Figure:
    """A figure of traces; without any, the sentence `empty` in its middle."""
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


def sample_note(drawn: Sequence[Trial], everything: Sequence[Trial]) -> str | None:
    """How many of how many are drawn, if not all are."""
    if len(drawn) == len(everything):
        return None
    return f"{len(drawn):,} of {len(everything):,} trials"


def legend_once(traces: Iterable[Trace]) -> None:
    """Let only the first trace of a name be in the legend."""
    seen: set[str] = set()
    for trace in traces:
        trace["showlegend"] = trace["name"] not in seen
        seen.add(trace["name"])
