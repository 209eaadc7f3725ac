"""Rounds on the page: boxes on their scales, elites, alarms, and manual zooms."""

from __future__ import annotations

import math
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.page.conftest import Service, Visit
from tests.factories.studies import MOMENTUM_SPACE, external

FINE = {"kind": "coarse_to_fine"}
PLACES = """name => {
  const item = [...document.querySelectorAll(".tracks li")]
    .find(each => each.querySelector(".track-name").textContent === name);
  const line = item.querySelector(".is-shown");
  const { left, width } = line.getBoundingClientRect();
  const at = each => (each.getBoundingClientRect().left - left) / width;
  const box = line.querySelector("i").getBoundingClientRect();
  const middle = each => at(each) + each.getBoundingClientRect().width / width / 2;
  return {
    start: (box.left - left) / width,
    end: (box.right - left) / width,
    elites: [...line.querySelectorAll(".elite")].map(middle),
  };
}"""


def fast(params: dict[str, Any]) -> float:
    """The faster the better: the best press against the high end of the learning rate."""
    return float(-math.log10(params["learning_rate"]) + 0.1 * params["momentum"])


def searched(service: Service, name: str, *, trials: int, **changes: Any) -> None:
    """A study with so many finished trials, and more to come."""
    service.call("POST", "/studies", external(name, trials=80, sampler=FINE, **changes))
    finished = 0
    while finished < trials:
        leased = service.call("POST", f"/studies/{name}/ask", {"count": trials - finished})[
            "trials"
        ]
        body = [
            {"number": t["number"], "lease": t["lease"]["token"], "value": fast(t["params"])}
            for t in leased
        ]
        service.call("POST", f"/studies/{name}/tell", {"results": body})
        finished += len(leased)


def test_a_round_is_shown_on_its_scales(service: Service, visit: Visit) -> None:
    searched(service, "coarse", trials=24)
    newest = service.call("GET", "/studies/coarse/rounds")["rounds"][-1]
    page = visit.open("/?study=coarse")
    card = page.locator(".rounds")
    expect(card).to_contain_text(newest["reason"])
    expect(card.locator(".alarm")).to_have_text("1 → 10?")
    expect(page.locator(".rounds .track-line")).to_have_count(2 * (newest["number"] + 1))
    for name, (start, end) in newest["box"].items():
        shown = page.evaluate(PLACES, name)
        assert shown["start"] == pytest.approx(start, abs=0.02)
        assert shown["end"] == pytest.approx(end, abs=0.02)
        assert len(shown["elites"]) == len(newest["elites"])
    trials = {t["number"]: t for t in service.call("GET", "/studies/coarse/trials")["trials"]}
    elites = [trials[number]["params"] for number in newest["elites"]]
    rates = sorted(1 + math.log10(each["learning_rate"]) / 4 for each in elites)
    assert sorted(page.evaluate(PLACES, "learning_rate")["elites"]) == pytest.approx(
        rates, abs=0.02
    )
    rest = sorted(-(1 + math.log10(1 - each["momentum"])) / 2 for each in elites)
    assert sorted(page.evaluate(PLACES, "momentum")["elites"]) == pytest.approx(rest, abs=0.02)
    page.get_by_role("button", name="Round 0").click()
    first = service.call("GET", "/studies/coarse/rounds")["rounds"][0]
    expect(card).to_contain_text(first["reason"])


def test_a_manual_zoom_is_made_and_undone(service: Service, visit: Visit) -> None:
    searched(service, "zoomed", trials=14)
    page = visit.open("/?study=zoomed")
    page.get_by_role("button", name="Zoom …").click()
    page.get_by_label("learning_rate, low end").fill("0.001")
    page.get_by_label("learning_rate, high end").fill("7")
    page.get_by_role("button", name="Zoom here").click()
    expect(page.locator(".notice.is-error")).to_contain_text("must be from 0.0001 to 1")
    page.get_by_label("learning_rate, high end").fill("0,01")
    page.get_by_label("Reason").fill("<b>calm</b> here")
    page.get_by_role("button", name="Zoom here").click()
    card = page.locator(".rounds")
    expect(card).to_contain_text("“<b>calm</b> here”")
    rounds = service.call("GET", "/studies/zoomed/rounds")["rounds"]
    expect(card).to_contain_text(rounds[-1]["reason"])
    assert rounds[-1]["manual"]
    assert rounds[-1]["ranges"]["learning_rate"] == pytest.approx([0.001, 0.01])
    page.get_by_role("button", name="Undo round 2").click()
    expect(page.locator(".notice")).to_have_text("Round 2 is undone.")
    assert len(service.call("GET", "/studies/zoomed/rounds")["rounds"]) == 2
    expect(page.get_by_role("button", name="Round 2")).to_have_count(0)
    # What the browser says of the answer 422 that it was meant to get:
    visit.errors[:] = [text for text in visit.errors if "422" not in text]


def test_ordered_choices_are_zoomed_by_their_names(service: Service, visit: Visit) -> None:
    ordered = {"type": "categorical", "choices": [8, 32, 64, 256], "ordered": True}
    kind = {"type": "categorical", "choices": ["adam", "gd"]}
    space = {**MOMENTUM_SPACE, "width": ordered, "kind": kind}
    searched(service, "ordered", trials=5, space=space)
    page = visit.open("/?study=ordered")
    page.get_by_role("button", name="Zoom …").click()
    assert page.get_by_label("kind, low end").count() == 0
    low, high = (page.get_by_label(f"width, {end} end") for end in ("low", "high"))
    assert [low.input_value(), high.input_value()] == ["0", "3"]
    low.select_option("32")
    high.select_option("64")
    page.get_by_role("button", name="Zoom here").click()
    track = page.locator(".tracks li", has_text="width").locator(".track-range")
    expect(track).to_have_text("32, 64")
    newest = service.call("GET", "/studies/ordered/rounds")["rounds"][-1]
    assert newest["ranges"]["width"] == [32, 64]
    expect(page.locator(".rounds")).to_contain_text(newest["reason"])


def test_importance_and_warnings(service: Service, visit: Visit) -> None:
    searched(service, "searched", trials=20)
    page = visit.open("/?study=searched")
    importance = page.locator(".importance")
    expect(importance.locator("li").first).to_contain_text("learning_rate")
    note = service.call("GET", "/studies/searched/importance")["note"]
    expect(importance).to_contain_text(note)
    space = {"rate": {"type": "float", "low": 0.0001, "high": 1.0}}
    definition = external("linear", space=space, sampler=FINE, asynchronous=True)
    service.call("POST", "/studies", definition)
    service.call("POST", "/studies/linear/trials", {"trials": [{"params": {"rate": 0.5}}]})
    page = visit.open("/?study=linear")
    warnings = service.call("GET", "/studies/linear")["warnings"]
    assert len(warnings) > 1
    for warning in warnings:
        expect(page.locator(".heading")).to_contain_text(warning["message"])
    expect(page.locator("tbody tr")).to_contain_text("enqueued")
