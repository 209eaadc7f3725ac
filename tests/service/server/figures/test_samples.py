"""Samples of trials: drawn if there are too many, always with the best."""

from __future__ import annotations

import pytest

from caviar.service.server.figures import FIGURES
from caviar.service.server.figures.data import POINTS, sample
from tests.factories.figures import FULL, SPACE, data, named
from tests.factories.trials import trial


@pytest.mark.parametrize("name", ["best_so_far", "parameters"])
def test_a_sample_has_a_note_and_the_best_trial(name: str) -> None:
    many = [trial(number, 2.0) for number in range(12_345)]
    many[7_777] = trial(7_777, 1.0)
    space = {"momentum": SPACE["momentum"]}
    figure = FIGURES[name](data(many, space=space))
    notes = [note["text"] for note in figure["layout"]["annotations"]]
    assert "1,000 of 12,345 trials" in notes
    assert named(figure, "best")[0]["customdata"] == [7_777]
    assert len(named(figure, "trial")[0]["x"]) == POINTS - 1


def test_drawn_trials_stay_while_a_study_grows() -> None:
    trials = [trial(number, 1.0) for number in range(2_200)]
    before = {t.number for t in sample(trials[:2_000], None)}
    after = {t.number for t in sample(trials, None)}
    assert len(before - after) < 120
    assert len(after) == POINTS


def test_all_trials_are_drawn_if_they_are_few() -> None:
    assert FIGURES["best_so_far"](FULL)["layout"]["annotations"][-1]["text"] == "1"
