"""Parameters: a panel for each, its marks, and a limit on the number of panels."""

from __future__ import annotations

import pytest

from caviar.service.server.figures import FIGURES
from tests.factories.figures import FULL, data
from tests.factories.trials import trial


def test_each_has_a_panel_on_its_own_scale() -> None:
    layout = FIGURES["parameters"](FULL)["layout"]
    axes = [layout[f"xaxis{suffix}"] for suffix in ("", 2, 3, 4, 5, 6)]
    assert [axis["type"] for axis in axes] == [
        "log",
        "log",
        "linear",
        "linear",
        "log",
        "linear",
    ]
    assert [axis["title"]["text"] for axis in axes] == [
        "learning_rate · log",
        "momentum · log of 1 − x",
        "dropout",
        "layers",
        "batch · log",
        "optimizer",
    ]
    assert (layout["grid"]["rows"], layout["grid"]["columns"]) == (2, 3)


def test_a_trial_without_the_parameter_is_not_in_its_panel() -> None:
    without = trial(1, 0.4, params={"optimizer": "adam"})
    figure = FIGURES["parameters"](data([trial(0, 0.5), without]))
    numbers = {
        axis: {n for t in figure["data"] if t["xaxis"] == axis for n in t["customdata"]}
        for axis in ("x2", "x6")
    }
    assert numbers == {"x2": {0}, "x6": {0, 1}}


def test_the_box_of_the_current_round_is_shaded() -> None:
    shapes = FIGURES["parameters"](FULL)["layout"]["shapes"]
    boxes = {shape["xref"]: (shape["x0"], shape["x1"]) for shape in shapes}
    assert boxes["x2"] == pytest.approx((0.1, 0.01))
    assert boxes["x6"] == (0.5, 1.5)
    assert set(boxes) == {"x2", "x6"}, "a full range is not shaded"


def test_each_name_is_in_the_legend_once() -> None:
    traces = FIGURES["parameters"](FULL)["data"]
    shown = [trace["name"] for trace in traces if trace["showlegend"]]
    assert sorted(shown) == ["best", "diverged", "excluded", "failed", "trial"]


def test_a_value_that_the_axis_cannot_show_is_left_out() -> None:
    odd = trial(1, 0.4, params={"learning_rate": 0.0, "optimizer": "gone"})
    figure = FIGURES["parameters"](data([trial(0, 0.3), odd]))
    assert {n for trace in figure["data"] for n in trace["customdata"]} == {0}


def test_many_parameters_have_panels_for_those_of_the_first_priority() -> None:
    space = {
        f"p{i}": {"type": "float", "low": 0.0, "high": 1.0, "priority": 1 if i == 150 else 3}
        for i in range(200)
    }
    trials = [trial(n, 1.0 + n, params=dict.fromkeys(space, 0.5)) for n in range(3)]
    layout = FIGURES["parameters"](data(trials, space=space))["layout"]
    axes = [name for name in layout if name.startswith("xaxis")]
    assert len(axes) == 24
    assert any("24 of 200 parameters" in note["text"] for note in layout["annotations"])
    assert any(layout[axis]["title"]["text"].startswith("p150") for axis in axes)


def test_yes_or_no_has_a_panel_and_a_constant_has_none() -> None:
    space = {"flag": {"type": "bool"}, "seed": {"type": "constant", "value": 3}}
    trials = [trial(n, 1.0 + n, params={"flag": n > 1, "seed": 3}) for n in range(3)]
    layout = FIGURES["parameters"](data(trials, space=space))["layout"]
    assert [name for name in layout if name.startswith("xaxis")] == ["xaxis"]
    assert layout["xaxis"]["title"]["text"].startswith("flag")
    only = FIGURES["parameters"](data([], space={"seed": space["seed"]}))
    assert only["data"] == []
