"""A study's page: it agrees with the API, on the right axes, and keeps its route."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.page.conftest import Service, Visit
from tests.factories.studies import external

AXIS = """name => {
  const { layout } = document.getElementById("parameters");
  const axes = Object.keys(layout).filter(key => key.startsWith("xaxis"));
  const key = axes.find(key => layout[key].title.text.startsWith(name));
  const ticks = document.querySelectorAll(`#parameters .${key.replace("axis", "")}tick text`);
  const shown = [...ticks].map(tick => [tick.getBoundingClientRect().x, tick.textContent]);
  return shown.sort((a, b) => a[0] - b[0]).map(([, text]) => text);
}"""

POINTS = """id => document.getElementById(id).querySelectorAll(".scatterlayer .point").length"""
LINES = """id => document.getElementById(id).querySelectorAll(".scatterlayer .js-line").length"""


def drawn(page: Page) -> None:
    """Wait until all charts are drawn."""
    for chart in ("best-so-far", "parameters", "curves"):
        expect(page.locator(f"#{chart} .scatterlayer .trace").first).to_be_attached()


def test_the_best_card_is_the_best_of_the_api(visit: Visit, digits: dict[str, Any]) -> None:
    page, best = visit.open("/?study=digits"), digits["best"]
    card = page.locator(".best")
    expect(card).to_contain_text(f"trial {best['number']}")
    shown = float(page.locator("#best-value").inner_text())
    assert shown == pytest.approx(best["value"], rel=1e-3)
    for name in best["params"]:
        expect(card).to_contain_text(name)
    card.get_by_role("button", name="Copy as JSON").click()
    expect(page.locator(".notice")).to_have_text("Copied.")
    assert json.loads(page.evaluate("() => navigator.clipboard.readText()")) == best["params"]


def test_charts_are_drawn_each_parameter_on_its_own_scale(
    visit: Visit, digits: dict[str, Any]
) -> None:
    page = visit.open("/?study=digits")
    drawn(page)
    ended = sum(digits["trials"][state] for state in ("completed", "failed", "diverged"))
    assert page.evaluate(POINTS, "best-so-far") == ended
    assert page.evaluate(POINTS, "parameters") == ended * len(digits["space"])
    assert page.evaluate(LINES, "best-so-far") == 1
    assert page.evaluate(LINES, "curves") == 5
    assert {name: page.evaluate(AXIS, name) for name in TICKS} == TICKS, "from left to right"
    titles = page.evaluate(
        "() => [...document.querySelectorAll('.modebar-btn')].map(each => each.dataset.title)"
    )
    assert set(titles) == {"Download plot as a PNG", "Reset axes"}, "nothing is uploaded"


TICKS = {
    "momentum": ["0.9", "0.99", "0.999"],
    "learning_rate": ["0.0001", "0.001", "0.01", "0.1", "1"],
    "batch_size": ["16", "32", "64", "128"],
    "activation": ["relu", "tanh"],
}


def test_a_reload_keeps_the_route(visit: Visit, digits: object) -> None:
    page = visit.open("/?study=digits")
    page.get_by_role("button", name="momentum").click()
    page.locator("tbody tr").nth(2).click()
    title = page.locator("#panel-title").inner_text()
    rows = page.locator("tbody tr").evaluate_all("rows => rows.map(row => row.dataset.number)")
    address = page.url
    page.reload()
    expect(page.locator("#panel-title")).to_have_text(title)
    expect(page.locator("th[aria-sort]")).to_have_text("momentum")
    assert page.url == address
    again = page.locator("tbody tr").evaluate_all("rows => rows.map(row => row.dataset.number)")
    assert again == rows
    page.go_back()
    expect(page.locator("#panel-title")).to_be_hidden()


def test_a_trial_opens_beside_the_study(
    service: Service, visit: Visit, digits: dict[str, Any]
) -> None:
    page, number = visit.open("/?study=digits"), digits["best"]["number"]
    page.locator(f"#trial-{number}").focus()
    page.keyboard.press("Enter")
    panel = page.locator(".panel")
    expect(panel.locator("#panel-title")).to_be_focused()
    expect(panel).to_contain_text("★ best")
    expect(panel.locator("#trial-curve .js-line")).to_have_count(2)
    trial = service.call("GET", f"/studies/digits/trials/{number}")
    expect(panel).to_contain_text(trial["worker"])
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page.locator(f"#trial-{number}")).to_be_focused()


def test_thousands_of_trials_show_as_pages(service: Service, visit: Visit) -> None:
    def result(number: int) -> dict[str, Any]:
        if number % 10 == 3:
            return {"state": "diverged", "reason": "loss became NaN in epoch 2"}
        return {"value": 1 + (number * 7919 % 1_200) / 1_200}

    service.finish("many", result, trials=1_200)
    page = visit.open("/?study=many")
    expect(page.locator("#shown")).to_have_text("1 – 50 of 1,200")
    assert page.locator("tbody tr").count() == 50
    page.get_by_role("button", name="value").click()
    expect(page.locator("tbody tr").first).to_have_class("is-best")
    page.get_by_role("button", name="Next page").click()
    expect(page.locator("#shown")).to_have_text("51 – 100 of 1,200")
    page.get_by_label("State").select_option("diverged")
    expect(page.locator("#shown")).to_have_text("1 – 50 of 120")
    expect(page.locator("tbody tr").first).to_contain_text("diverged")
    drawn_note = page.locator("#best-so-far .annotation-text", has_text="1,000 of 1,200 trials")
    expect(drawn_note).to_be_attached()


def test_text_is_text(service: Service, visit: Visit) -> None:
    evil = "<img src=x onerror=alert(1)>"
    space = {"choice": {"type": "categorical", "choices": [evil, "plain"]}}
    service.call("POST", "/studies", external("evil", trials=4, space=space))
    leased = service.call("POST", "/studies/evil/ask", {"count": 4})["trials"]
    results = [
        {"number": t["number"], "lease": t["lease"]["token"], "value": 1.0} for t in leased[1:]
    ]
    lost = {"number": 0, "lease": leased[0]["lease"]["token"], "state": "failed", "reason": evil}
    service.call("POST", "/studies/evil/tell", {"results": [lost, *results]})
    page = visit.open("/?study=evil&trial=0")
    expect(page.locator(".panel .is-quoted")).to_have_text(evil)
    expect(page.locator("#parameters .point").first).to_be_attached()
    assert page.locator("img").count() == 0


def test_nothing_sticks_out(visit: Visit, digits: object) -> None:
    page = visit.open("/?study=digits&trial=1")
    looks: tuple[tuple[int, Literal["light", "dark"]], ...]
    looks = ((390, "light"), (768, "light"), (1440, "light"), (390, "dark"))
    for width, scheme in looks:
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        drawn(page)
        expect(page.locator("#trial-curve .js-line").first).to_be_attached()
        sizes = page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
        assert sizes[0] <= sizes[1], (width, scheme)
