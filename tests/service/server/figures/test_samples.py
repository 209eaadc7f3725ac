"""Samples of trials: drawn if there are too many, always with the best."""

from __future__ import annotations

from dataclasses import replace

import pytest

from caviar.service.contract.schemas import Trial
from caviar.service.server.figures import FIGURES
from caviar.service.server.figures.data import POINTS, sample
from tests.factories.figures import FULL, SPACE, data, named
from tests.factories.trials import trial


@pytest.mark.parametrize("name", ["best-so-far", "parameters"])
def test_a_sample_has_a_note_and_the_best_trial(name: str) -> None:
    many = [trial(number, 2.0) for number in range(12_345)]
    many[7_777] = trial(7_777, 1.0)
    space = {"momentum": SPACE["momentum"]}
    figure = FIGURES[name](data(many, space=space))
    notes = [note["text"] for note in figure["layout"]["annotations"]]
    assert "1,000 of 12,345 trials: the best, the newest and a sample" in notes
    assert named(figure, "best")[0]["customdata"] == [7_777]
    assert len(named(figure, "trial")[0]["x"]) == POINTS - 1


def drawn(trials: list[Trial]) -> set[int]:
    """The numbers of the trials that are drawn of these."""
    return {each.number for each in sample(data(trials), trials)}


def test_drawn_trials_stay_while_a_study_grows() -> None:
    trials = [trial(number, 1.0) for number in range(2_200)]
    before, after = drawn(trials[:2_000]), drawn(trials)
    assert len(before - after) < 120
    assert len(after) == POINTS


def test_the_best_and_the_newest_are_drawn() -> None:
    trials = [trial(number, float((number * 7_919) % 12_345)) for number in range(12_345)]
    best = {each.number for each in sorted(trials, key=lambda each: each.value or 0.0)[:200]}
    assert best | {*range(12_345 - 50, 12_345)} <= drawn(trials)


def test_a_large_study_has_its_own_improvements_and_total() -> None:
    some = [trial(number, float(number % 7)) for number in range(100)]
    improvements = [(0, 9.0), (500_000, 3.5)]
    large = replace(data(some), total=1_000_000, improvements=improvements)
    figure = FIGURES["best-so-far"](large)
    line = named(figure, "best so far")[0]
    assert (line["x"], line["y"]) == ([0, 500_000, 99], [9.0, 3.5, 3.5])
    notes = [note["text"] for note in figure["layout"]["annotations"]]
    assert "100 of 1,000,000 trials: the best, the newest and a sample" in notes


def test_all_trials_are_drawn_if_they_are_few() -> None:
    assert FIGURES["best-so-far"](FULL)["layout"]["annotations"][-1]["text"] == "1"
