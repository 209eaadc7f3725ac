"""Figures: what is drawn where, on which axis, and that plotly takes every one of them."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go
import pytest

from service.figures import FIGURES, FigureData
from service.figures.axes import jitter, parameter_axis, rim, value_axis
from service.figures.data import POINTS, sample
from service.figures.ticks import log_ticks, power_ticks, setting_text
from service.schemas import Curve, Round, Study, Trial
from service.states import TrialState

SPACE: dict[str, dict[str, Any]] = {
    "learning_rate": {"type": "float", "low": 0.0001, "high": 1.0, "scale": "log"},
    "momentum": {"type": "float", "low": 0.9, "high": 0.999, "scale": "reverse_log"},
    "dropout": {"type": "float", "low": 0.0, "high": 0.5},
    "layers": {"type": "int", "low": 1, "high": 3},
    "batch": {"type": "int", "low": 16, "high": 256, "scale": "log", "base": 2},
    "optimizer": {"type": "categorical", "choices": ["momentum", "adam"]},
}


def trial(number: int, value: float | None = None, **changes: Any) -> Trial:
    state = TrialState.COMPLETED if value is not None else TrialState.RUNNING
    fields: dict[str, Any] = {
        "number": number,
        "state": state,
        "params": {
            "learning_rate": 0.01,
            "momentum": 0.99,
            "dropout": 0.25,
            "layers": 2,
            "batch": 64,
            "optimizer": "adam",
        },
        "value": value,
        "epoch": 5,
        "best_epoch": None,
        "metrics": {},
        "round": 0,
        "attempt": 1,
        "worker": None,
        "started_at": None,
        "finished_at": None,
        "reason": None,
        "void": False,
        "void_reason": None,
        "last_epoch": 20,
        "taken": False,
        "parent": None,
        "revision": number + 1,
    }
    return Trial.model_validate(fields | changes)


def round_(number: int, first: int, trials: int, **changes: Any) -> Round:
    fields: dict[str, Any] = {
        "number": number,
        "state": "closed",
        "first_trial": first,
        "trials": trials,
        "box": {},
        "ranges": {},
        "elites": [],
        "reason": "because",
    }
    return Round.model_validate(fields | changes)


def data(
    trials: Sequence[Trial],
    *,
    curves: Sequence[Curve] = (),
    rounds: Sequence[Round] = (),
    space: dict[str, Any] | None = None,
    **changes: Any,
) -> FigureData:
    fields: dict[str, Any] = {
        "name": "digits",
        "state": "running",
        "trials": {},
        "best": None,
        "round": rounds[-1].number if rounds else None,
        "progress": {
            "finished": 0,
            "total": 100,
            "epochs_trained": 0,
            "seconds": 0.0,
            "eta_seconds": None,
        },
        "revision": 1,
        "created_at": "2026-01-01T00:00:00Z",
        "space": SPACE if space is None else space,
        "objective": {"kind": "network", "metric": "validation_loss", "epochs": 5},
        "direction": "minimize",
        "sampler": {},
        "pruner": {},
        "mode": "caviar",
        "void": 0,
        "budget": {},
        "seed": 1,
    }
    study = Study.model_validate(fields | changes)
    return FigureData(study=study, trials=trials, curves=curves, rounds=rounds)


def named(figure: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [trace for trace in figure["data"] if trace["name"] == name]


LOSSES = [0.9, 0.5, 0.7, 0.05, 0.3]
TRIALS = [
    *(trial(number, value) for number, value in enumerate(LOSSES)),
    trial(5, state="diverged", reason="NaN in epoch 2"),
    trial(6, state="failed", reason="error"),
    trial(7, 0.01, void=True),
    trial(8),
    trial(9, state="waiting"),
]
CURVES = [
    Curve(number=8, epoch=[1, 2], metrics={"validation_loss": [2.0, 1.5]}),
    Curve(number=3, epoch=[1, 2, 3], metrics={"validation_loss": [0.9, None, 0.05]}),
    Curve(number=4, epoch=[1, 2], metrics={"validation_loss": [0.9, 0.3], "training_loss": [0, 0]}),
]
ROUNDS = [
    round_(0, 0, 5),
    round_(
        1,
        5,
        5,
        box={"momentum": [0.0, 0.5], "optimizer": [0.5, 1.0], "batch": [0.0, 1.0]},
        ranges={"momentum": [0.9, 0.99], "optimizer": ["momentum", "adam"], "batch": [16, 256]},
    ),
]
FULL = data(TRIALS, curves=CURVES, rounds=ROUNDS)

HUGE = data([trial(0, 1e308), trial(1, -1e308), trial(2, 5e-324), trial(3, state="diverged")])
CASES = {
    "full": FULL,
    "nothing": data([]),
    "nothing that ended": data([trial(0), trial(1, state="waiting")]),
    "only lost ones": data([trial(0, state="failed"), trial(1, state="diverged", void=True)]),
    "one": data([trial(0, 0.5)]),
    "all the same": data([trial(0, 0.5), trial(1, 0.5)]),
    "zeros": data([trial(0, 0.0), trial(1, 0.0)]),
    "huge": HUGE,
    "accuracy": data(TRIALS, curves=CURVES, rounds=ROUNDS, direction="maximize"),
    "many": data([trial(number, 1 + number % 7) for number in range(3_000)]),
    "one parameter": data(TRIALS, space={"momentum": SPACE["momentum"]}),
    "a curve without its trial": data([], curves=CURVES),
    "a curve without the metric": data(
        TRIALS, curves=[Curve(number=8, epoch=[1], metrics={"loss": [1.0]})]
    ),
    "names that look like HTML": data(
        [trial(0, 0.5, params={"<b>&": 0.5}), trial(1, 0.4, params={"<b>&": 0.2})],
        space={"<b>&": {"type": "float", "low": 0.0, "high": 1.0}},
    ),
}


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("case", CASES)
def test_plotly_takes_every_figure_and_every_number_is_finite(name: str, case: str) -> None:
    figure = FIGURES[name](CASES[case])
    json.dumps(figure, allow_nan=False)
    go.Figure(figure)
    assert {"data", "layout"} == set(figure)


@pytest.mark.parametrize("name", FIGURES)
def test_figures_depend_on_their_data_only(name: str) -> None:
    assert FIGURES[name](FULL) == FIGURES[name](FULL)


@pytest.mark.parametrize("name", FIGURES)
def test_names_are_text_and_not_markup(name: str) -> None:
    figure = json.dumps(FIGURES[name](CASES["names that look like HTML"]))
    assert "<b>" not in figure


class TestBestSoFar:
    def test_the_line_steps_down_at_each_better_trial(self) -> None:
        line = named(FIGURES["best_so_far"](FULL), "best so far")[0]
        assert line["x"] == [0, 1, 3, 7]
        assert line["y"] == [0.9, 0.5, 0.05, 0.05]
        assert line["line"]["shape"] == "hv"

    def test_the_line_steps_up_when_more_is_better(self) -> None:
        line = named(FIGURES["best_so_far"](data(TRIALS, direction="maximize")), "best so far")[0]
        assert (line["x"], line["y"]) == ([0, 7], [0.9, 0.9])

    def test_every_trial_that_ended_has_its_mark(self) -> None:
        figure = FIGURES["best_so_far"](FULL)
        marked = {t["name"]: t["customdata"] for t in figure["data"] if "customdata" in t}
        assert marked == {
            "trial": [0, 1, 2, 4],
            "best": [3],
            "void": [7],
            "diverged": [5],
            "failed": [6],
        }

    @pytest.mark.parametrize(("direction", "is_high"), [("minimize", True), ("maximize", False)])
    def test_lost_trials_lie_at_the_bad_rim(self, direction: str, *, is_high: bool) -> None:
        figure = FIGURES["best_so_far"](data(TRIALS, direction=direction))
        edge = named(figure, "diverged")[0]["y"][0]
        assert edge > max(LOSSES) if is_high else edge < 0.01

    def test_the_first_of_equals_is_the_best(self) -> None:
        best = named(FIGURES["best_so_far"](CASES["all the same"]), "best")[0]
        assert best["customdata"] == [0]

    def test_every_other_round_is_a_band(self) -> None:
        layout = FIGURES["best_so_far"](FULL)["layout"]
        assert [(band["x0"], band["x1"]) for band in layout["shapes"]] == [(4.5, 7.5)]
        assert [label["text"] for label in layout["annotations"]] == ["round 0", "1"]


class TestValueAxis:
    @pytest.mark.parametrize(
        ("values", "maximize", "kind"),
        [
            ([0.05, 0.9], False, "log"),
            ([0.05, 0.5], False, "log"),
            ([0.05, 0.49], False, "linear"),
            ([0.0, 0.9], False, "linear"),
            ([-1.0, 100.0], False, "linear"),
            ([0.05, 0.9], True, "linear"),  # an accuracy: what matters happens near 1
            ([1.0, 900.0], True, "log"),
            ([], False, "linear"),
        ],
    )
    def test_kind(self, values: list[float], maximize: bool, kind: str) -> None:
        assert value_axis(values, "loss", maximize=maximize).layout["type"] == kind

    @pytest.mark.parametrize("values", [[0.05, 0.9], [1.0, 2.0], [3.0], [-1e308, 1e308], []])
    @pytest.mark.parametrize("maximize", [True, False])
    def test_the_rim_is_inside_the_range(self, values: list[float], maximize: bool) -> None:
        axis = value_axis(values, "loss", maximize=maximize)
        start, end = axis.layout["range"]
        edge = rim(axis, maximize=maximize)
        assert start <= (math.log10(edge) if axis.layout["type"] == "log" else edge) <= end


class TestParameters:
    def test_each_has_a_panel_on_its_own_scale(self) -> None:
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

    def test_reverse_log_shows_x_growing_to_the_right(self) -> None:
        axis = parameter_axis("momentum", SPACE["momentum"])
        assert axis.layout["ticktext"] == ["0.9", "0.99", "0.999"]
        assert axis.layout["tickvals"] == [0.1, 0.01, 0.001]
        start, end = axis.layout["range"]
        assert start > -1 > -3 > end, "the range runs from 1 - low down to 1 - high"
        assert axis.place(0.99, 0) == pytest.approx(0.01)

    def test_powers_of_two(self) -> None:
        axis = parameter_axis("batch", SPACE["batch"])
        assert axis.layout["ticktext"] == ["16", "32", "64", "128", "256"]

    def test_strips_are_jittered_the_same_each_time(self) -> None:
        axis = parameter_axis("optimizer", SPACE["optimizer"])
        places = [axis.place("adam", number) for number in range(100)]
        assert places == [axis.place("adam", number) for number in range(100)]
        assert all(0.75 <= place < 1.25 for place in places)
        assert len(set(places)) == 100
        assert axis.layout["ticktext"] == ["momentum", "adam"]

    def test_a_trial_without_the_parameter_is_not_in_its_panel(self) -> None:
        without = trial(1, 0.4, params={"optimizer": "adam"})
        figure = FIGURES["parameters"](data([trial(0, 0.5), without]))
        numbers = {
            axis: {n for t in figure["data"] if t["xaxis"] == axis for n in t["customdata"]}
            for axis in ("x2", "x6")
        }
        assert numbers == {"x2": {0}, "x6": {0, 1}}

    def test_the_box_of_the_current_round_is_shaded(self) -> None:
        shapes = FIGURES["parameters"](FULL)["layout"]["shapes"]
        boxes = {shape["xref"]: (shape["x0"], shape["x1"]) for shape in shapes}
        assert boxes["x2"] == pytest.approx((0.1, 0.01))
        assert boxes["x6"] == (0.5, 1.5)
        assert set(boxes) == {"x2", "x6"}, "a whole range is not shaded"

    def test_each_name_is_in_the_legend_once(self) -> None:
        traces = FIGURES["parameters"](FULL)["data"]
        shown = [trace["name"] for trace in traces if trace["showlegend"]]
        assert sorted(shown) == ["best", "diverged", "failed", "trial", "void"]

    def test_a_value_that_the_axis_cannot_show_is_left_out(self) -> None:
        odd = trial(1, 0.4, params={"learning_rate": 0.0, "optimizer": "gone"})
        figure = FIGURES["parameters"](data([trial(0, 0.3), odd]))
        assert {n for trace in figure["data"] for n in trace["customdata"]} == {0}


class TestCurves:
    def test_running_best_and_best_few(self) -> None:
        figure = FIGURES["curves"](FULL)
        shown = {trace["name"]: trace["customdata"][0] for trace in figure["data"]}
        assert shown == {"best few": 4, "running": 8, "best": 3}
        assert figure["layout"]["yaxis"]["title"]["text"] == "validation_loss"

    def test_gaps_are_left_out(self) -> None:
        best = named(FIGURES["curves"](FULL), "best")[0]
        assert (best["x"], best["y"]) == ([1, 3], [0.9, 0.05])

    def test_long_curves_are_thinned_and_keep_their_extremes(self) -> None:
        values: list[float | None] = [1.0] * 10_000
        values[4_321], values[1_234] = 0.1, 7.0
        curve = Curve(number=8, epoch=list(range(1, 10_001)), metrics={"validation_loss": values})
        drawn = FIGURES["curves"](data([trial(8)], curves=[curve]))["data"][0]
        assert len(drawn["x"]) <= 152
        assert {1, 10_000, 4_322, 1_235} <= set(drawn["x"])


class TestSampling:
    @pytest.mark.parametrize("name", ["best_so_far", "parameters"])
    def test_a_sample_says_so_and_keeps_the_best(self, name: str) -> None:
        many = [trial(number, 2.0) for number in range(12_345)]
        many[7_777] = trial(7_777, 1.0)
        space = {"momentum": SPACE["momentum"]}
        figure = FIGURES[name](data(many, space=space))
        notes = [note["text"] for note in figure["layout"]["annotations"]]
        assert "1,000 of 12,345 trials" in notes
        assert named(figure, "best")[0]["customdata"] == [7_777]
        assert len(named(figure, "trial")[0]["x"]) == POINTS - 1

    def test_what_is_drawn_stays_while_a_study_grows(self) -> None:
        trials = [trial(number, 1.0) for number in range(2_200)]
        before = {t.number for t in sample(trials[:2_000], None)}
        after = {t.number for t in sample(trials, None)}
        assert len(before - after) < 120
        assert len(after) == POINTS

    def test_everything_is_drawn_when_it_is_little(self) -> None:
        assert FIGURES["best_so_far"](FULL)["layout"]["annotations"][-1]["text"] == "1"


@pytest.mark.parametrize(
    ("low", "high", "texts"),
    [
        (0.0001, 1.0, ["1e-4", "0.001", "0.01", "0.1", "1"]),
        (8, 128, ["10", "20", "50", "100"]),
        (0.001, 0.1, ["0.001", "0.01", "0.1"]),
        (0.3, 0.4, ["0.3", "0.4"]),
        (1e-12, 1.0, ["1e-12", "1e-10", "1e-8", "1e-6", "1e-4", "0.01", "1"]),
    ],
)
def test_log_ticks(low: float, high: float, texts: list[str]) -> None:
    assert [text for _, text in log_ticks(low, high)] == texts


@pytest.mark.parametrize(
    ("low", "high", "base", "texts"),
    [
        (16, 256, 2, ["16", "32", "64", "128", "256"]),
        (10, 100, 2, ["16", "32", "64"]),
        (1, 4096, 2, ["1", "4", "16", "64", "256", "1024", "4096"]),
        (5, 7, 2, ["5", "7"]),
    ],
)
def test_power_ticks(low: float, high: float, base: float, texts: list[str]) -> None:
    assert [text for _, text in power_ticks(low, high, base)] == texts


@pytest.mark.parametrize(
    ("value", "scale", "text"),
    [
        (0.9, "reverse_log", "0.9"),
        (0.9987, "reverse_log", "0.9987"),
        (0.97512, "reverse_log", "0.975"),
        (0.00032, "log", "0.00032"),
        (0.12345, "linear", "0.123"),
        (64, "log", "64"),
        (True, "linear", "True"),
        ("<i>", "linear", "&lt;i&gt;"),
    ],
)
def test_settings_as_text(value: Any, scale: str, text: str) -> None:
    assert setting_text(value, {"scale": scale}) == text


def test_neighbors_are_jittered_apart() -> None:
    places = [jitter(number) for number in range(1_000)]
    assert min(places) >= -0.25
    assert max(places) < 0.25
    assert all(abs(a - b) > 0.1 for a, b in pairwise(places))


def test_a_crowd_of_parameters_gets_panels_for_those_narrowed_first() -> None:
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
