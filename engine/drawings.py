"""Drawings of one trained network: plotly figures as plain dicts, and a sparkline as SVG.

Backgrounds are transparent and colors are mid-tones that stand out on white and on black alike.
"""

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from caviar.engine.arrays import AnyArray, Float64Array

Figure: TypeAlias = dict[str, Any]

COLORS = (
    "#3f8fd2",
    "#e0703a",
    "#4a9d5b",
    "#a86bc4",
    "#cb5285",
    "#b08d2e",
    "#3a9c9c",
    "#7889a3",
    "#8c6d5a",
    "#6a6fd0",
)
"""The colors of classes, repeated if there are more."""
PARTS = {"training": ("#7889a3", "solid"), "validation": ("#e0703a", "solid")}
"""Color and dash of the curve of each part."""
DOMAINS = ([0.0, 0.45], [0.55, 1.0])
"""The two panels of the curves, of the width of the figure."""
MAX_POINTS = 2_000
"""Points of a data set that are drawn."""
SPARKLINE_WIDTH, SPARKLINE_HEIGHT = 240, 48
"""In pixels."""

_BASE: Figure = {
    "paper_bgcolor": "rgba(0, 0, 0, 0)",
    "plot_bgcolor": "rgba(0, 0, 0, 0)",
    "hovermode": "closest",
    "legend": {"orientation": "h", "x": 0, "y": -0.17, "yanchor": "top"},
    "margin": {"t": 36, "r": 12, "b": 40, "l": 64},
}


def curves(curve: Mapping[str, Sequence[float]], title: str) -> Figure:
    """The loss by epoch on the left, and the error (in regression the rmse) on the right.

    `curve` has the metrics by name, `training_loss` …, a value per epoch. Values that are not
    finite are left out.
    """
    names = [name for name in ("loss", "error", "rmse") if f"training_{name}" in curve]
    shown = html.escape(title, quote=False)
    traces, layout = [], {**_BASE, "title": {"text": shown, "font": {"size": 14}}}
    for index, name in enumerate(names):
        axis = "" if index == 0 else str(index + 1)
        layout[f"xaxis{axis}"] = {
            "title": {"text": "epoch"},
            "domain": DOMAINS[index],
            "anchor": f"y{axis}",
            "zeroline": False,
        }
        layout[f"yaxis{axis}"] = {"title": {"text": name}, "anchor": f"x{axis}", "zeroline": False}
        for part, (color, dash) in PARTS.items():
            points = _finite(curve[f"{part}_{name}"])
            traces.append(
                {
                    "type": "scatter",
                    "mode": "lines" if len(points) > 1 else "markers",
                    "name": part,
                    "legendgroup": part,
                    "showlegend": index == 0,
                    "x": [epoch for epoch, _ in points],
                    "y": [value for _, value in points],
                    "xaxis": f"x{axis}",
                    "yaxis": f"y{axis}",
                    "line": {"color": color, "dash": dash},
                    "marker": {"color": color},
                    "hovertemplate": f"epoch %{{x}}<br>{part}_{name} %{{y:.4g}}<extra></extra>",
                }
            )
    return {"data": traces, "layout": layout}


def class_regions(
    axes: tuple[Float64Array, Float64Array],
    probabilities: Float64Array,
    points: Mapping[str, tuple[Float64Array, AnyArray]],
    labels: Sequence[Any],
    names: Sequence[str],
) -> Figure:
    """The decision boundary of a classifier of two features, with the examples.

    axes (w,) and (h,) of the grid; probabilities (h, w, C) of each class; `points` has by part the
    features (m, 2) and the classes (m,), 0 … C - 1; `names` are the two features'.
    """
    labels = [html.escape(str(label), quote=False) for label in labels]
    colors = [COLORS[index % len(COLORS)] for index in range(len(labels))]
    x, y = axes
    if len(labels) == 2:
        scale = [[0.0, colors[0]], [0.5, "rgba(128, 128, 128, 0.05)"], [1.0, colors[1]]]
        regions: Figure = {
            "type": "contour",
            "z": np.round(probabilities[..., 1], 4).tolist(),
            "contours": {"start": 0.1, "end": 0.9, "size": 0.1},
            "line": {"width": 0.5},
            "colorscale": scale,
            "zmin": 0.0,
            "zmax": 1.0,
            "colorbar": {"title": {"text": f"P({labels[1]})"}, "thickness": 12},
            "hovertemplate": f"P({labels[1]}) %{{z:.3f}}<extra></extra>",
        }
    else:
        count = len(labels)
        scale = [[(i + end) / count, colors[i]] for i in range(count) for end in (0, 1)]
        regions = {
            "type": "heatmap",
            "z": np.argmax(probabilities, axis=-1).tolist(),
            "colorscale": scale,
            "zmin": -0.5,
            "zmax": count - 0.5,
            "showscale": False,
            "hoverinfo": "skip",
        }
    regions |= {"x": x.tolist(), "y": y.tolist(), "opacity": 0.4}
    traces = [regions]
    if len(labels) == 2:
        traces.append(
            {
                **{name: regions[name] for name in ("type", "x", "y", "z")},
                "contours": {"start": 0.5, "end": 0.5, "size": 1, "coloring": "none"},
                "line": {"width": 2, "color": "#7889a3"},
                "name": "P = 0.5",
                "showscale": False,
                "hoverinfo": "skip",
            }
        )
    for part, (features, classes) in points.items():
        for index, label in enumerate(labels):
            chosen = features[classes == index]
            marker = {"color": colors[index], "size": 6, "line": {"width": 0.5, "color": "white"}}
            if part != "training":
                marker |= {"symbol": "diamond"}
            traces.append(_points(chosen, f"{label} ({part})", marker))
    return {"data": traces, "layout": _plane(names)}


def value_regions(
    axes: tuple[Float64Array, Float64Array],
    values: Float64Array,
    points: Mapping[str, tuple[Float64Array, Float64Array]],
    names: Sequence[str],
) -> Figure:
    """The predictions of a regression of two features, with the examples in the same colors.

    axes (w,) and (h,) of the grid; values (h, w); `points` has by part the features (m, 2) and the
    targets (m,).
    """
    x, y = axes
    shown = np.concatenate([values.ravel(), *(targets for _, targets in points.values())])
    low, high = float(shown.min()), float(shown.max())
    # Not a color axis that both share: plotly.js 4.1 then never finishes drawing the contours.
    contour = {
        "type": "contour",
        "x": x.tolist(),
        "y": y.tolist(),
        "z": values.tolist(),
        "zmin": low,
        "zmax": high,
        "colorscale": "Viridis",
        "colorbar": {"thickness": 12},
        "line": {"width": 0.5},
        "hovertemplate": "%{z:.4g}<extra></extra>",
    }
    traces = [contour]
    for part, (features, targets) in points.items():
        marker = {
            "color": targets.tolist(),
            "cmin": low,
            "cmax": high,
            "colorscale": "Viridis",
            "size": 6,
            "line": {"width": 0.5, "color": "white"},
            "symbol": "circle" if part == "training" else "diamond",
        }
        traces.append(_points(features, part, marker))
    return {"data": traces, "layout": _plane(names)}


def sparkline(lines: Mapping[str, Sequence[float]]) -> str:
    """Curves as a small inline SVG, all on one scale: the lowest finite value is at the bottom.

    `lines` has the curves by part, `training` and `validation`; values that are not finite are left
    out.
    """
    finite = {part: _finite(values) for part, values in lines.items()}
    values = [value for points in finite.values() for _, value in points]
    if not values:
        return ""
    low, high = min(values), max(values)
    last = max((epoch for points in finite.values() for epoch, _ in points), default=1)
    width, height = SPARKLINE_WIDTH - 4, SPARKLINE_HEIGHT - 4
    drawn = []
    for part, points in finite.items():
        places = " ".join(
            f"{2 + width * (epoch - 1) / max(last - 1, 1):.1f},"
            f"{2 + height * (1 - (value - low) / ((high - low) or 1)):.1f}"
            for epoch, value in points
        )
        color = PARTS[part][0]
        drawn.append(
            f'<polyline points="{places}" fill="none" stroke="{color}" stroke-width="1.5">'
            f"<title>{part}</title></polyline>"
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SPARKLINE_WIDTH}" '
        f'height="{SPARKLINE_HEIGHT}" role="img">{"".join(drawn)}</svg>'
    )


def _finite(values: Sequence[float]) -> list[tuple[int, float]]:
    """The finite values, each with its epoch, counted from 1."""
    return [(epoch, value) for epoch, value in enumerate(values, start=1) if math.isfinite(value)]


def _points(features: Float64Array, name: str, marker: Figure) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": features[:, 0].tolist(),
        "y": features[:, 1].tolist(),
        "marker": marker,
        "hovertemplate": f"{name}<br>%{{x:.4g}}, %{{y:.4g}}<extra></extra>",
    }


def _plane(names: Sequence[str]) -> Figure:
    first, second = (
        {"title": {"text": html.escape(name, quote=False)}, "zeroline": False} for name in names
    )
    return {**_BASE, "xaxis": first, "yaxis": second}
