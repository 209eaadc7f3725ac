"""Ranges that grow: shown right wherever trials lie outside of the first range."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from service.client import Client
from service.errors import Invalid
from tests.support.search import search
from tests.support.studies import external

SPACE = {"learning_rate": {"type": "float", "low": 0.0001, "high": 0.01, "scale": "log"}}


def climbing(params: Mapping[str, Any]) -> float:
    """The larger the learning rate the better: the range ends too soon."""
    return -float(params["learning_rate"])


@pytest.fixture
def grown(client: Client) -> Client:
    """A server with a study that has widened its range."""
    sampler = {"kind": "coarse_to_fine", "widen": True}
    client.create_study(external(trials=48, space=SPACE, sampler=sampler))
    search(client, "outside", value=climbing, count=8)
    return client


def test_rounds_say_how_wide_they_are(grown: Client) -> None:
    rounds = grown.rounds("outside")
    assert rounds[0].whole["learning_rate"] == pytest.approx([0.0001, 0.01])
    low, high = rounds[-1].whole["learning_rate"]
    assert low == pytest.approx(0.0001)
    assert high > 0.02
    assert rounds[-1].ranges["learning_rate"][1] <= high
    assert any("now ranges from" in each.reason for each in rounds)
    outside = [t for t in grown.trials("outside") if float(t.params["learning_rate"]) > 0.01]
    assert outside
    for trial in outside:
        box = rounds[trial.round].whole["learning_rate"]
        assert box[0] <= float(trial.params["learning_rate"]) <= box[1]


def test_figures_have_room_for_them(grown: Client) -> None:
    figure = grown._http.get("/studies/outside/figures/parameters").json()
    start, end = figure["layout"]["xaxis"]["range"]
    xs = [x for trace in figure["data"] for x in trace["x"]]
    assert len(xs) == 48
    assert all(10**start <= x <= 10**end for x in xs)
    shaded = [shape for shape in figure["layout"]["shapes"] if shape["type"] == "rect"]
    assert all(10**start <= shape["x0"] < shape["x1"] <= 10**end for shape in shaded)


def test_a_persons_box_and_settings_reach_as_far(client: Client) -> None:
    sampler = {"kind": "coarse_to_fine", "widen": True}
    client.create_study(external(trials=90, space=SPACE, sampler=sampler))
    search(client, "outside", value=climbing, count=8, trials=40)
    high = client.rounds("outside")[-1].whole["learning_rate"][1]
    assert high > 0.02
    asked = [0.005, 0.95 * high]
    zoomed = client.zoom("outside", {"learning_rate": asked}, size=6)
    assert zoomed.ranges["learning_rate"] == pytest.approx(asked)
    [own] = client.enqueue("outside", [{"learning_rate": 0.95 * high}])
    assert own.round == zoomed.number
    search(client, "outside", value=climbing, trials=7, count=7)
    drawn = [t for t in client.trials("outside") if t.round == zoomed.number and not t.enqueued]
    assert len(drawn) == 6
    assert all(asked[0] <= float(t.params["learning_rate"]) <= asked[1] for t in drawn)
    with pytest.raises(Invalid, match=r"trials\[0\]\.params\.learning_rate"):
        client.enqueue("outside", [{"learning_rate": 1000.0}])


def test_the_edge_alarm_is_data(client: Client) -> None:
    client.create_study(external(trials=40, space=SPACE, sampler={"kind": "coarse_to_fine"}))
    search(client, "outside", value=climbing)
    alarms = [alarm for each in client.rounds("outside") for alarm in each.alarms]
    assert alarms
    assert {(a.parameter, a.end, a.value) for a in alarms} == {("learning_rate", "high", 0.01)}
    assert alarms[0].wider is not None
    assert alarms[0].wider > 0.02
    for each in client.rounds("outside"):
        assert bool(each.alarms) == ("press against" in each.reason)
