"""Plots of a study as plain plotly figures, for the page and for notebooks.

Each is a pure function from a study's data to {"data": […], "layout": {…}}. Backgrounds are
transparent and colors are mid-tones that stand out on white and on black alike; fonts and grid
lines are left to whoever draws the figure. A point carries the number of its trial as customdata.
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from service.schemas import Curve, Round, Setting, Study, Trial
from service.states import TrialState

Figure: TypeAlias = dict[str, Any]

POINTS = 1_000
"""Trials drawn in one figure; of more, a sample that always holds the best."""

MARKS = 3_000
"""Marks drawn in all panels of one figure: browsers draw about ten thousand a second."""

VERTICES = 150
"""Points drawn of one learning curve."""

COLUMNS = 3
"""Panels beside each other; a page of another width sets its own."""

PEARL, BEST, RUNNING = "#7889a3", "#e0703a", "#3f8fd2"
SHADE = "rgba(120, 137, 163, 0.13)"
FAINT = 0.3

LOST = {TrialState.FAILED: ("x", "#cb5285"), TrialState.DIVERGED: ("triangle-up", "#a86bc4")}
"""States of trials that ended without a value, and their marks at the rim."""


@dataclass(frozen=True)
class FigureData:
    """What figures are drawn from: a study, all its trials, some learning curves, its rounds."""

    study: Study
    trials: Sequence[Trial]
    curves: Sequence[Curve]
    rounds: Sequence[Round]


# --- axes -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Axis:
    """Where a value lies on a plotly axis, and how that axis looks. `place` of a value that the
    axis cannot show is NaN.
    """

    place: Callable[[Any, int], float]
    layout: dict[str, Any]


def value_axis(values: Sequence[float], title: str, *, maximize: bool) -> Axis:
    """The axis of the objective: logarithmic when all values are positive and spread over a
    decade, with room for a rim on the bad side.

    Shares that should grow stay linear: what matters of an accuracy happens close to 1.
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


def rim(axis: Axis, *, maximize: bool) -> float:
    """The value at the bad edge of a value axis, where trials without a value are marked."""
    start, end = axis.layout["range"]
    edge = 0.97 * start + 0.03 * end if maximize else 0.97 * end + 0.03 * start
    return float(10**edge if axis.layout["type"] == "log" else edge)


def parameter_axis(name: str, spec: dict[str, Any]) -> Axis:
    """A parameter's own axis: linear, logarithmic, or log in 1 - x with x growing to the right."""
    scale = "categorical" if spec["type"] == "categorical" else spec.get("scale", "linear")
    axis = AXES[scale](spec)
    note = {"log": " · log", "reverse_log": " · log of 1 − x"}.get(scale, "")
    title = {"text": html.escape(name, quote=False) + note}
    return Axis(axis.place, {"zeroline": False, **axis.layout, "title": title})


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
    ticks = [(rest, plain(1.0 - rest)) for rest, _ in reversed(log_ticks(least, most))]
    start, end = _log_range(least, most)
    return Axis(
        lambda x, _: _positive(1.0 - float(x), 0),
        {"type": "log", "range": [end, start], **_ticks(ticks)},
    )


def _categorical(spec: dict[str, Any]) -> Axis:
    choices = list(spec["choices"])
    every = math.ceil(len(choices) / 12)
    ticks = [(i, _short(choice)) for i, choice in enumerate(choices)][::every]

    def place(choice: Setting, number: int) -> float:
        return choices.index(choice) + jitter(number) if choice in choices else math.nan

    layout = {"type": "linear", "range": [-0.6, len(choices) - 0.4], "showgrid": False}
    return Axis(place, {**layout, **_ticks(ticks)})


AXES: dict[str, Callable[[dict[str, Any]], Axis]] = {
    "linear": _linear,
    "log": _log,
    "reverse_log": _reverse_log,
    "categorical": _categorical,
}


def jitter(number: int) -> float:
    """A trial's own place across a strip, in [-0.25, 0.25): the same in every drawing."""
    return (number * 0.6180339887498949 % 1.0 - 0.5) / 2  # golden ratio: neighbors lie apart


def _positive(x: Any, _: int) -> float:
    return float(x) if x > 0 else math.nan


def _log_range(low: float, high: float) -> list[float]:
    start, end = math.log10(low), math.log10(high)
    room = 0.04 * (end - start)
    return [start - room, end + room]


def _ticks(ticks: Iterable[tuple[float, str]]) -> dict[str, Any]:
    values, texts = zip(*ticks, strict=True)
    return {"tickmode": "array", "tickvals": list(values), "ticktext": list(texts)}


def log_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Ticks of a log axis from low to high: 1, 2, 5 in each decade if they are few, else powers
    of ten, else some of these; the ends when nothing round lies between them.
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    powers = [_decimal(1, e) for e in range(first, last + 1)]
    finer = [_decimal(digit, e) for e in range(first, last + 1) for digit in (1, 2, 5)]
    slack = 1e-9
    inside = [x for x in finer if low * (1 - slack) <= x <= high * (1 + slack)]
    if len(inside) > 6:
        inside = [x for x in powers if x in inside]
    inside = inside[:: math.ceil(len(inside) / 7)] if inside else []
    return [(x, plain(x)) for x in (inside if len(inside) > 1 else (low, high))]


def _decimal(digit: int, exponent: int) -> float:
    return float(f"{digit}e{exponent}")  # parsed, so that 0.001 is 0.001 and not 1 / 1000.0…


def power_ticks(low: float, high: float, base: float) -> list[tuple[float, str]]:
    """Ticks at powers of a base: 16, 32, 64 …; every other one when they are many."""
    first, last = math.ceil(_log_to(base, low) - 1e-9), math.floor(_log_to(base, high) + 1e-9)
    powers = [float(base) ** exponent for exponent in range(first, last + 1)]
    if len(powers) < 2:
        return log_ticks(low, high)
    return [(x, plain(x)) for x in powers[:: math.ceil(len(powers) / 7)]]


def _log_to(base: float, x: float) -> float:
    return math.log(x) / math.log(base)


def plain(x: float) -> str:
    """A tick's number as a person writes it: 0.01, 128, 1e-4, 0.999."""
    if x and not 0.001 <= abs(x) < 1e6:
        mantissa, exponent = f"{x:.3e}".split("e")
        return f"{float(mantissa):g}e{int(exponent)}"
    return f"{x:.10g}"


def setting_text(value: Setting, spec: dict[str, Any]) -> str:
    """A parameter's value to the digits that matter on its scale: 0.9987, 0.00032, relu."""
    if isinstance(value, bool) or not isinstance(value, float):
        return html.escape(str(value), quote=False)
    if spec.get("scale") == "reverse_log" and value < 1:
        places = 1 - math.floor(math.log10(1.0 - value) + 1e-9)
        return f"{round(value, max(1, places)):.12g}"
    return f"{value:.3g}"


def _short(choice: Setting) -> str:
    text = str(choice)
    return html.escape(text if len(text) <= 14 else text[:13] + "…", quote=False)


# --- which trials ---------------------------------------------------------------------------


def best_of(data: FigureData) -> Trial | None:
    """The best trial: completed, not void, of equals the first."""
    ranked = [trial for trial in data.trials if _counts(trial)]
    return min(ranked, key=lambda trial: _rank(data, trial), default=None)


def _rank(data: FigureData, trial: Trial) -> tuple[float, int]:
    assert trial.value is not None
    return (-trial.value if data.study.direction == "maximize" else trial.value), trial.number


def _counts(trial: Trial) -> bool:
    return _has_value(trial) and not trial.void and trial.state == TrialState.COMPLETED


def _has_value(trial: Trial) -> bool:
    return trial.value is not None and math.isfinite(trial.value)


def sample(trials: Sequence[Trial], best: Trial | None, most: int = POINTS) -> list[Trial]:
    """At most so many trials, with the best among them.

    Which ones depends on their numbers only, by a hash that spreads them: a trial that is drawn
    now stays when others join, so a growing figure does not flicker.
    """
    if len(trials) <= most:
        return list(trials)
    ranked = sorted(trials, key=lambda trial: (trial is not best, _spread(trial.number)))
    return sorted(ranked[:most], key=lambda trial: trial.number)


def _spread(number: int) -> int:
    return number * 2_654_435_769 % 2**32  # Knuth's multiplicative hash


# --- traces ---------------------------------------------------------------------------------


def _hover(data: FigureData, trial: Trial, names: Sequence[str]) -> str:
    metric, space = html.escape(str(data.study.objective["metric"]), quote=False), data.study.space
    state = "void" if trial.void else trial.state.value
    value = f"<br>{metric} {trial.value:.4g}" if _has_value(trial) else ""
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
) -> dict[str, Any]:
    shown = [(t, x, y) for t, x, y in places if math.isfinite(x) and math.isfinite(y)]
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [x for _, x, _ in shown],
        "y": [y for _, _, y in shown],
        "customdata": [trial.number for trial, _, _ in shown],
        "text": [_hover(data, trial, names) for trial, _, _ in shown],
        "hoverinfo": "text",
        **more,
    }


def _trial_traces(
    data: FigureData,
    drawn: Sequence[Trial],
    best: Trial | None,
    place: Callable[[Trial], float],
    edge: float,
    names: Sequence[str],
    **more: Any,
) -> list[dict[str, Any]]:
    """Points, void points, lost trials at the rim, and the best as a star; empty ones left out.

    Of the parameters, those in `names` are told when one points at a mark.
    """

    def marks(name: str, trials: Sequence[Trial], marker: dict[str, Any]) -> dict[str, Any]:
        places = [(t, place(t), edge if t.value is None else t.value) for t in trials]
        return _marks(data, names, places, name=name, marker=marker, legendgroup=name, **more)

    valued = [trial for trial in drawn if _has_value(trial) and trial is not best]
    traces = [
        marks("trial", [t for t in valued if not t.void], _pearl()),
        marks("void", [t for t in valued if t.void], _pearl(symbol="circle-open", opacity=FAINT)),
    ]
    for state, (symbol, color) in LOST.items():
        lost = [t for t in drawn if t.state == state and not _has_value(t)]
        opacity = [FAINT if trial.void else 1.0 for trial in lost]
        marker = {"color": color, "symbol": symbol, "size": 7, "opacity": opacity}
        traces.append(marks(state.value, lost, marker))
    if best is not None:
        star = {"color": BEST, "symbol": "star", "size": 15}
        traces.append(marks("best", [best], star))
    return [trace for trace in traces if trace["x"]]


def _pearl(**more: Any) -> dict[str, Any]:
    return {"color": PEARL, "size": 7, "opacity": 0.75, **more}


def _figure(
    traces: list[dict[str, Any]], *, note: str | None = None, empty: str = "", **layout: Any
) -> Figure:
    annotations = list(layout.pop("annotations", ()))
    if note:
        corner = {"x": 1, "xanchor": "right", "y": 1, "yanchor": "bottom", "yshift": 12}
        annotations.append({"text": note, **corner, **_paper()})
    if not traces:
        annotations = [{"text": empty, "x": 0.5, "y": 0.5, **_paper()}]
        layout |= {"xaxis": {"visible": False}, "yaxis": {"visible": False}}
    base: dict[str, Any] = {
        "paper_bgcolor": "rgba(0, 0, 0, 0)",
        "plot_bgcolor": "rgba(0, 0, 0, 0)",
        "hovermode": "closest",
        "legend": {"orientation": "h", "x": 0, "y": -0.17, "yanchor": "top"},
        "margin": {"t": 28, "r": 12, "b": 40, "l": 64},
    }
    return {"data": traces, "layout": {**base, **layout, "annotations": annotations}}


def _paper() -> dict[str, Any]:
    return {"xref": "paper", "yref": "paper", "showarrow": False}


def _sample_note(drawn: Sequence[Trial], ended: Sequence[Trial]) -> str | None:
    if len(drawn) == len(ended):
        return None
    return f"{len(drawn):,} of {len(ended):,} trials"


def _ended(data: FigureData) -> list[Trial]:
    """The trials that leave a mark, by number."""
    marked = [t for t in data.trials if _has_value(t) or t.state in LOST]
    return sorted(marked, key=lambda trial: trial.number)


# --- figures --------------------------------------------------------------------------------


def best_so_far(data: FigureData) -> Figure:
    """Each trial's value by its number, the best so far as a step line, rounds as bands."""
    ended, best = _ended(data), best_of(data)
    drawn, maximize = sample(ended, best), data.study.direction == "maximize"
    metric = str(data.study.objective["metric"])
    values = [t.value for t in drawn if t.value is not None and _has_value(t)]
    axis = value_axis(values, metric, maximize=maximize)
    last = ended[-1].number if ended else 0
    place, edge = (lambda trial: float(trial.number)), rim(axis, maximize=maximize)
    traces = _trial_traces(data, drawn, best, place, edge, list(data.study.space))
    if best is not None:
        traces.insert(0, _step_line(data, last))
    bands, labels = _round_bands(data.rounds, last)
    number_axis = {
        "title": {"text": "trial"},
        "range": [-0.02 * last - 0.7, 1.02 * last + 0.7],
        "zeroline": False,
        "tickformat": ",d",
        "nticks": 8,
        "showgrid": False,
    }
    return _figure(
        traces,
        note=_sample_note(drawn, ended),
        empty="No trial has ended yet.",
        xaxis=number_axis,
        yaxis=axis.layout,
        shapes=bands,
        annotations=labels,
    )


def _step_line(data: FigureData, last: int) -> dict[str, Any]:
    steps: list[Trial] = []
    for trial in sorted(filter(_counts, data.trials), key=lambda trial: trial.number):
        if not steps or _rank(data, trial)[0] < _rank(data, steps[-1])[0]:
            steps.append(trial)
    steps = _thinned(steps, POINTS)
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "best so far",
        "x": [*(trial.number for trial in steps), last],
        "y": [*(trial.value for trial in steps), steps[-1].value],
        "line": {"color": BEST, "width": 2, "shape": "hv"},
        "hoverinfo": "skip",
    }


def _round_bands(rounds: Sequence[Round], last: int) -> tuple[list[Any], list[Any]]:
    """A faint band for every other round; a label where there is room for it."""
    shown = [r for r in rounds if r.first_trial <= last] if len(rounds) > 1 else []
    bands, labels = [], []
    for item in shown:
        start, end = item.first_trial - 0.5, min(item.first_trial + item.trials, last + 1) - 0.5
        across = {"xref": "x", "yref": "paper", "x0": start, "x1": end, "y0": 0, "y1": 1}
        if item.number % 2:
            bands.append({"type": "rect", **across, **_shaded()})
        if end - start > 0.08 * last:
            place = {"x": start, "xanchor": "left", "y": 1, "yanchor": "bottom"}
            text = f"round {item.number}"
            labels.append({"text": text, **place, **_paper(), "xref": "x", "opacity": 0.75})
    return bands, labels


def _shaded() -> dict[str, Any]:
    return {"fillcolor": SHADE, "line": {"width": 0}, "layer": "below"}


def parameters(data: FigureData) -> Figure:
    """The value against each parameter, a panel each, every one on its own scale."""
    ended, best = _ended(data), best_of(data)
    most = min(POINTS, MARKS // len(data.study.space))
    drawn, maximize = sample(ended, best, most), data.study.direction == "maximize"
    values = [t.value for t in drawn if t.value is not None and _has_value(t)]
    metric = str(data.study.objective["metric"])
    value = value_axis(values, metric, maximize=maximize)
    current = next((r for r in data.rounds if r.number == data.study.round), None)
    traces: list[dict[str, Any]] = []
    layout: dict[str, Any] = {"shapes": []}
    for index, (name, spec) in enumerate(data.study.space.items()):
        axis, suffix = parameter_axis(name, spec), str(index + 1) if index else ""
        layout[f"xaxis{suffix}"] = {**axis.layout, "anchor": f"y{suffix}"}
        layout[f"yaxis{suffix}"] = _panel_value_axis(value, index, suffix)
        if current is not None:
            layout["shapes"] += _box(current, name, spec, axis, suffix)
        traces += _trial_traces(
            data,
            [trial for trial in drawn if name in trial.params],
            best if best is not None and name in best.params else None,
            lambda trial, name=name, axis=axis: axis.place(trial.params[name], trial.number),  # type: ignore[misc]
            rim(value, maximize=maximize),
            [name],
            xaxis=f"x{suffix}",
            yaxis=f"y{suffix}",
        )
    _legend_once(traces)
    columns = min(COLUMNS, len(data.study.space))
    rows = math.ceil(len(data.study.space) / columns)
    grid = {"rows": rows, "columns": columns, "pattern": "independent", "xgap": 0.1, "ygap": 0.3}
    return _figure(
        traces,
        note=_sample_note(drawn, ended),
        empty="No trial has ended yet.",
        grid=grid,
        height=90 + 220 * rows,
        **layout,
    )


def _panel_value_axis(value: Axis, index: int, suffix: str) -> dict[str, Any]:
    """All panels share the scale of the value; the first of each row names it."""
    is_first = index % COLUMNS == 0
    layout = {**value.layout, "anchor": f"x{suffix}", "showticklabels": is_first}
    if not is_first:
        del layout["title"]
    return layout if index == 0 else {**layout, "matches": "y"}


def _box(
    current: Round, name: str, spec: dict[str, Any], axis: Axis, suffix: str
) -> list[dict[str, Any]]:
    """The interval that the current round draws from; nothing where it is the whole range."""
    start, end = current.box.get(name, (0.0, 1.0))
    if end - start > 0.999:
        return []
    if spec["type"] == "categorical":
        count = len(spec["choices"])
        ends = [start * count - 0.5, end * count - 0.5]
    else:
        ends = [axis.place(x, 0) for x in current.ranges[name]]
    refs = {"xref": f"x{suffix}", "yref": f"y{suffix} domain"}
    return [{"type": "rect", **refs, "x0": ends[0], "x1": ends[1], "y0": 0, "y1": 1, **_shaded()}]


def _legend_once(traces: Iterable[dict[str, Any]]) -> None:
    seen: set[str] = set()
    for trace in traces:
        trace["showlegend"] = trace["name"] not in seen
        seen.add(trace["name"])


def curves(data: FigureData) -> Figure:
    """Learning curves of the running trials, and of the best few that ended, for contrast."""
    metric = str(data.study.objective["metric"])
    trials, best = {trial.number: trial for trial in data.trials}, best_of(data)
    columns = {c.number: _column(c, metric) for c in data.curves if c.number in trials}
    shown = {number: column for number, column in columns.items() if column[0]}
    values = [y for _, ys in shown.values() for y in ys]
    axis = value_axis(values, metric, maximize=data.study.direction == "maximize")
    traces = []
    for number in sorted(shown, key=lambda number: trials[number].state == TrialState.RUNNING):
        trial = trials[number]
        if trial.state == TrialState.RUNNING:
            traces.append(_curve(data, trial, shown[number], "running", RUNNING, 1.5))
        elif _counts(trial) and trial is not best:
            traces.append(_curve(data, trial, shown[number], "best few", PEARL, 1.0))
    if best is not None and best.number in shown:
        traces.append(_curve(data, best, shown[best.number], "best", BEST, 2.5))
    _legend_once(traces)
    return _figure(
        traces,
        empty="No running trial has reported an epoch yet.",
        xaxis={"title": {"text": "epoch"}, "rangemode": "tozero", "zeroline": False, "nticks": 8},
        yaxis=axis.layout,
    )


def _column(curve: Curve, metric: str) -> tuple[list[int], list[float]]:
    """The finite points of one metric, thinned: first, last, lowest and highest stay."""
    points = [
        (epoch, value)
        for epoch, value in zip(curve.epoch, curve.metrics.get(metric, ()), strict=False)
        if value is not None and math.isfinite(value)
    ]
    ends = {min(points, key=lambda p: p[1]), max(points, key=lambda p: p[1])} if points else set()
    kept = sorted({*_thinned(points, VERTICES), *ends})
    return [epoch for epoch, _ in kept], [value for _, value in kept]


def _curve(
    data: FigureData,
    trial: Trial,
    column: tuple[list[int], list[float]],
    name: str,
    color: str,
    width: float,
) -> dict[str, Any]:
    epochs, values = column
    is_running = trial.state == TrialState.RUNNING
    sizes = [0] * (len(epochs) - 1) + [7 if is_running else 0]
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": name,
        "legendgroup": name,
        "x": epochs,
        "y": values,
        "line": {"color": color, "width": width},
        "marker": {"color": color, "size": sizes, "opacity": 1},
        "customdata": [trial.number] * len(epochs),
        "text": [
            f"epoch {e}: {v:.4g}<br>{_hover(data, trial, ())}" for e, v in zip(*column, strict=True)
        ],
        "hoverinfo": "text",
    }


def _thinned(items: Sequence[Any], most: int) -> list[Any]:
    """At most so many of the items, evenly, with the first and the last."""
    if len(items) <= most:
        return list(items)
    step = (len(items) - 1) / (most - 1)
    return [items[round(i * step)] for i in range(most)]


FIGURES: dict[str, Callable[[FigureData], Figure]] = {
    "best_so_far": best_so_far,
    "curves": curves,
    "parameters": parameters,
}
