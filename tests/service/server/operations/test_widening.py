"""Ranges that grow: shown right wherever trials lie outside of the first range."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest

from caviar import engine
from caviar.service.client import Client
from caviar.service.contract.errors import Invalid
from tests.factories.studies import external, network
from tests.fakes.searches import search

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


def test_importance_is_of_the_wider_range(grown: Client) -> None:
    table = grown.importance("outside")
    assert table.parameters is not None
    assert table.noise is not None
    wide = sum(float(t.params["learning_rate"]) > 0.01 for t in grown.trials("outside"))
    assert wide > 20, "most lie where the first range would clip them"
    assert table.parameters["learning_rate"].share > 0.9


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


def test_a_zoom_that_widens_keeps_the_box(grown: Client) -> None:
    rounds = grown.rounds("outside")
    widening = next(after for before, after in pairwise(rounds) if after.whole != before.whole)
    sampler = {"kind": "coarse_to_fine", "widen": True}
    grown.create_study(external("again", trials=48, space=SPACE, sampler=sampler))
    search(grown, "again", value=climbing, count=8, trials=widening.first_trial)
    asked = [0.001, 0.009]
    zoomed = grown.zoom("again", {"learning_rate": asked})
    assert zoomed.whole == widening.whole
    assert zoomed.ranges["learning_rate"] == pytest.approx(asked)


def test_a_persons_box_may_reach_beyond_the_range(client: Client) -> None:
    for name, widen in (("outside", True), ("strict", False)):
        sampler = {"kind": "coarse_to_fine", "widen": widen}
        client.create_study(external(name, trials=60, space=SPACE, sampler=sampler))
        search(client, name, value=climbing, trials=14)
    with pytest.raises(Invalid, match=r"must be from 0\.0001 to 0\.01"):
        client.zoom("strict", {"learning_rate": [0.005, 0.5]})
    zoomed = client.zoom("outside", {"learning_rate": [0.005, 0.5]}, size=6)
    assert zoomed.whole["learning_rate"] == [0.0001, 0.5]
    assert zoomed.ranges["learning_rate"] == pytest.approx([0.005, 0.5])
    search(client, "outside", value=climbing, trials=16, count=8)
    drawn = [float(t.params["learning_rate"]) for t in client.trials("outside")]
    assert all(0.005 <= rate <= 0.5 for rate in drawn[14:20])
    assert max(drawn[14:20]) > 0.01
    assert client.rounds("outside")[-1].whole["learning_rate"][1] >= 0.5, "it stays that wide"
    for box in ([-1.0, 0.5], [0.0, 0.5]):
        with pytest.raises(Invalid, match=r"box\.learning_rate: cannot extend"):
            client.zoom("outside", {"learning_rate": box})
    for wrong in (["a", 1], [1], None, [True, False]):
        with pytest.raises(Invalid, match=r"box\.learning_rate"):
            client.zoom("outside", {"learning_rate": wrong})  # type: ignore[dict-item]


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


NETWORKS: list[tuple[str, dict[str, Any]]] = [
    ("momentum", {"type": "float", "low": 0.5, "high": 0.99, "scale": "log"}),
    ("keep_prob", {"type": "float", "low": 0.5, "high": 1.0, "scale": "log"}),
    ("hidden_layers", {"type": "int", "low": 1, "high": 2}),
    ("hidden_units", {"type": "int", "low": 64, "high": 8192, "scale": "log"}),
    ("batch_size", {"type": "int", "low": 1, "high": 64}),
]


@pytest.mark.parametrize(("name", "spec"), NETWORKS)
@pytest.mark.parametrize("sign", [1, -1])
def test_no_range_of_a_network_grows_beyond_what_it_can_be(
    client: Client, name: str, spec: dict[str, Any], sign: int
) -> None:
    layers = {"hidden_units_1": 8, "hidden_units_2": 8} if name == "hidden_layers" else {}
    sampler = {"kind": "coarse_to_fine", "widen": True}
    definition = network("inside", trials=60, space={name: spec}, sampler=sampler)
    settings = {"optimizer": "momentum", "hidden_units": 8, **layers}
    taken = {name, "hidden_units"} if layers else {name}
    definition["objective"]["settings"] = {k: v for k, v in settings.items() if k not in taken}
    client.create_study(definition)
    search(client, "inside", value=lambda params: sign * float(params[name]), count=8)
    trials = client.trials("inside")
    assert len(trials) == 60
    for trial in trials:
        engine.read_recipe(trial.params, definition["objective"]["settings"])
    for alarm in (alarm for each in client.rounds("inside") for alarm in each.alarms):
        if alarm.wider is not None:
            engine.check_value(name, type(spec["low"])(alarm.wider))
