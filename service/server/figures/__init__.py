"""Plots of a study as plotly figures, for the page and for notebooks.

Each is a pure function from a study's data to {"data": […], "layout": {…}}. Backgrounds are
transparent and colors are mid-tones that stand out on white and on black alike; fonts and grid
lines are left to the page or notebook. A point has the number of its trial as customdata.
"""

from __future__ import annotations

from collections.abc import Callable

from caviar.service.server.figures.best_so_far import best_so_far
from caviar.service.server.figures.curves import curves
from caviar.service.server.figures.data import FigureData
from caviar.service.server.figures.marks import Figure
from caviar.service.server.figures.parameters import parameters

__all__ = ["FIGURES", "FigureData"]

FIGURES: dict[str, Callable[[FigureData], Figure]] = {
    "best-so-far": best_so_far,
    "curves": curves,
    "parameters": parameters,
}
