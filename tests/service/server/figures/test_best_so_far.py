"""The best so far: a step line, a mark for each trial, a band for every other round."""

from __future__ import annotations

import pytest

from caviar.service.server.figures import FIGURES
from tests.factories.figures import FULL, LOSSES, TRIALS, data, named
from tests.factories.trials import trial


def test_the_line_steps_down_at_each_better_trial() -> None:
    line = named(FIGURES["best-so-far"](FULL), "best so far")[0]
    assert line["x"] == [0, 1, 3, 7]
    assert line["y"] == [0.9, 0.5, 0.05, 0.05]
    assert line["line"]["shape"] == "hv"


def test_the_line_steps_up_when_more_is_better() -> None:
    line = named(FIGURES["best-so-far"](data(TRIALS, direction="maximize")), "best so far")[0]
    assert (line["x"], line["y"]) == ([0, 7], [0.9, 0.9])


def test_every_trial_that_ended_has_its_mark() -> None:
    figure = FIGURES["best-so-far"](FULL)
    marked = {t["name"]: t["customdata"] for t in figure["data"] if "customdata" in t}
    assert marked == {
        "trial": [0, 1, 2, 4],
        "best": [3],
        "excluded": [7],
        "diverged": [5],
        "failed": [6],
    }


@pytest.mark.parametrize(("direction", "is_high"), [("minimize", True), ("maximize", False)])
def test_trials_without_a_value_lie_at_the_worst_edge(direction: str, *, is_high: bool) -> None:
    figure = FIGURES["best-so-far"](data(TRIALS, direction=direction))
    edge = named(figure, "diverged")[0]["y"][0]
    assert edge > max(LOSSES) if is_high else edge < 0.01


def test_the_first_of_equals_is_the_best() -> None:
    best = named(FIGURES["best-so-far"](data([trial(0, 0.5), trial(1, 0.5)])), "best")[0]
    assert best["customdata"] == [0]


def test_every_other_round_is_a_band() -> None:
    layout = FIGURES["best-so-far"](FULL)["layout"]
    assert [(band["x0"], band["x1"]) for band in layout["shapes"]] == [(4.5, 7.5)]
    assert [label["text"] for label in layout["annotations"]] == ["round 0", "1"]


@pytest.mark.parametrize(("trials", "tick"), [(1, 1), (8, 1), (9, None)])
def test_few_trials_have_a_tick_each(trials: int, tick: int | None) -> None:
    figure = FIGURES["best-so-far"](data([trial(number, 0.5) for number in range(trials)]))
    assert figure["layout"]["xaxis"].get("dtick") == tick
