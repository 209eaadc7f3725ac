"""Axes of values and of parameters: their scales and ranges."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from caviar.service.server.figures.axes import jitter, parameter_axis, value_axis, worst_edge
from tests.factories.figures import SPACE


class TestValueAxis:
    @pytest.mark.parametrize(
        ("values", "maximize", "kind"),
        [
            ([0.05, 0.9], False, "log"),
            ([0.05, 0.5], False, "log"),
            ([0.05, 0.49], False, "linear"),
            ([0.0, 0.9], False, "linear"),
            ([-1.0, 100.0], False, "linear"),
            ([0.05, 0.9], True, "linear"),  # an accuracy: differences matter near 1
            ([1.0, 900.0], True, "log"),
            ([], False, "linear"),
        ],
    )
    def test_kind(self, values: list[float], maximize: bool, kind: str) -> None:
        assert value_axis(values, "loss", maximize=maximize).layout["type"] == kind

    @pytest.mark.parametrize("values", [[0.05, 0.9], [1.0, 2.0], [3.0], [-1e308, 1e308], []])
    @pytest.mark.parametrize("maximize", [True, False])
    def test_the_worst_edge_is_inside_the_range(self, values: list[float], maximize: bool) -> None:
        axis = value_axis(values, "loss", maximize=maximize)
        start, end = axis.layout["range"]
        edge = worst_edge(axis, maximize=maximize)
        assert start <= (math.log10(edge) if axis.layout["type"] == "log" else edge) <= end

    @pytest.mark.parametrize("values", [[1.0, 1e308], [1e-300, 1e300], [5e-324, 2.0]])
    @pytest.mark.parametrize("maximize", [True, False])
    def test_the_worst_edge_of_all_doubles_is_one(
        self, values: list[float], maximize: bool
    ) -> None:
        edge = worst_edge(value_axis(values, "loss", maximize=maximize), maximize=maximize)
        assert 0.0 < edge < math.inf


def test_reverse_log_shows_x_growing_to_the_right() -> None:
    axis = parameter_axis("momentum", SPACE["momentum"])
    assert axis.layout["ticktext"] == ["0.9", "0.99", "0.999"]
    assert axis.layout["tickvals"] == [0.1, 0.01, 0.001]
    start, end = axis.layout["range"]
    assert start > -1 > -3 > end, "the range runs from 1 - low down to 1 - high"
    assert axis.position(0.99, 0) == pytest.approx(0.01)


def test_powers_of_two() -> None:
    axis = parameter_axis("batch", SPACE["batch"])
    assert axis.layout["ticktext"] == ["16", "32", "64", "128", "256"]


def test_strips_are_jittered_the_same_each_time() -> None:
    axis = parameter_axis("optimizer", SPACE["optimizer"])
    positions = [axis.position("adam", number) for number in range(100)]
    assert positions == [axis.position("adam", number) for number in range(100)]
    assert all(0.75 <= position < 1.25 for position in positions)
    assert len(set(positions)) == 100
    assert axis.layout["ticktext"] == ["momentum", "adam"]


def test_neighbors_are_jittered_apart() -> None:
    offsets = [jitter(number) for number in range(1_000)]
    assert min(offsets) >= -0.25
    assert max(offsets) < 0.25
    assert all(abs(a - b) > 0.1 for a, b in pairwise(offsets))
