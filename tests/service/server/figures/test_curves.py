"""Learning curves: which are drawn, and how many of their points."""

from __future__ import annotations

from caviar.service.contract.schemas import Curve
from caviar.service.contract.states import TrialState
from caviar.service.server.figures import FIGURES
from tests.factories.figures import FULL, data, named
from tests.factories.trials import trial


def test_running_best_and_next_best() -> None:
    figure = FIGURES["curves"](FULL)
    shown = {trace["name"]: trace["customdata"][0] for trace in figure["data"]}
    assert shown == {"next best": 4, "running": 8, "best": 3}
    assert figure["layout"]["yaxis"]["title"]["text"] == "validation_loss"


def test_missing_values_are_left_out() -> None:
    best = named(FIGURES["curves"](FULL), "best")[0]
    assert (best["x"], best["y"]) == ([1, 3], [0.9, 0.05])


def test_long_curves_are_thinned_and_keep_their_extremes() -> None:
    values: list[float | None] = [1.0] * 10_000
    values[4_321], values[1_234] = 0.1, 7.0
    curve = Curve(number=8, epoch=list(range(1, 10_001)), metrics={"validation_loss": values})
    drawn = FIGURES["curves"](data([trial(8)], curves=[curve]))["data"][0]
    assert len(drawn["x"]) <= 152
    assert {1, 10_000, 4_322, 1_235} <= set(drawn["x"])


def test_paused_trials_are_drawn_as_well() -> None:
    values: list[float | None] = [0.9, 0.4]
    curves = [Curve(number=n, epoch=[1, 2], metrics={"validation_loss": values}) for n in (0, 1)]
    trials = [trial(0, state=TrialState.PAUSED), trial(1)]
    paused, running = FIGURES["curves"](data(trials, curves=curves))["data"]
    assert (paused["name"], paused["customdata"][0], paused["line"]["dash"]) == ("paused", 0, "dot")
    assert (running["name"], running["customdata"][0]) == ("running", 1)
    assert running["line"]["dash"] == "solid"
