"""All figures: plotly accepts each of them, whatever the study."""

from __future__ import annotations

import json

import plotly.graph_objects as go
import pytest

from caviar.service.contract.schemas import Curve
from caviar.service.server.figures import FIGURES
from tests.factories.figures import CURVES, FULL, ROUNDS, SPACE, TRIALS, data
from tests.factories.trials import trial

HUGE = data([trial(0, 1e308), trial(1, -1e308), trial(2, 5e-324), trial(3, state="diverged")])
CASES = {
    "full": FULL,
    "nothing": data([]),
    "nothing that ended": data([trial(0), trial(1, state="waiting")]),
    "only unsuccessful ones": data(
        [trial(0, state="failed"), trial(1, state="diverged", void=True)]
    ),
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
def test_plotly_accepts_every_figure_and_every_number_is_finite(name: str, case: str) -> None:
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


def test_hover_texts_write_values_as_the_service_does() -> None:
    space = {
        "momentum": {"type": "float", "low": 0.9, "high": 0.9999, "scale": "reverse_log"},
        "flag": {"type": "bool"},
    }
    trials = [trial(0, 0.0312, params={"momentum": 0.99987, "flag": True})]
    figure = FIGURES["best-so-far"](data(trials, space=space))
    text = next(trace["text"] for trace in figure["data"] if trace["name"] == "best")
    assert text == [
        "trial 0 · completed<br>validation_loss 0.0312<br>momentum 0.99987<br>flag true"
    ]
