"""Plots of a study as plain plotly figures, for the page and for notebooks.

Each is a pure function from a study's data to {"data": […], "layout": {…}}. Backgrounds are
transparent and colors are mid-tones that stand out on white and on black alike; fonts and grid
lines are left to whoever draws the figure. A point carries the number of its trial as customdata.
"""

from __future__ import annotations

from collections.abc import Callable

from service.figures.best_so_far import best_so_far
from service.figures.curves import curves
from service.figures.data import FigureData
from service.figures.marks import Figure
from service.figures.parameters import parameters

__all__ = ["FIGURES", "FigureData"]

FIGURES: dict[str, Callable[[FigureData], Figure]] = {
    "best_so_far": best_so_far,
    "curves": curves,
    "parameters": parameters,
}
