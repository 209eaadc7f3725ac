"""Choices of any JSON on the page: shown as text, zoomed to, adjusted; and a space that ends."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from tests.e2e.page.conftest import Service, Visit
from tests.factories.studies import external
from tests.processes import until

SPACE: dict[str, Any] = {
    "sizes": {
        "type": "categorical",
        "choices": [None, [64, 32], {"units": [1.0], "kind": "<b>wide</b>"}],
        "ordered": True,
    },
    "C": {"type": "categorical", "choices": [0.5, 1.0]},
}


def test_choices_are_shown_as_their_author_wrote_them(service: Service, visit: Visit) -> None:
    service.call("POST", "/studies", external("choices", trials=40, space=SPACE))
    while leased := service.call("POST", "/studies/choices/ask", {"count": 4})["trials"]:
        results = [
            {"number": t["number"], "lease": t["lease"]["token"], "value": t["number"]}
            for t in leased
        ]
        service.call("POST", "/studies/choices/tell", {"results": results})
    page = visit.open("/?study=choices&sort=number")
    expect(page.locator(".note")).to_contain_text("6 of 40 trials were enough")
    cells = page.locator("tbody tr").first.locator("td")
    expect(cells).to_have_count(7)
    texts = page.locator("tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.cells].slice(3, 5).map(cell => cell.textContent))"
    )
    wide = '{"units": [1.0], "kind": "<b>wide</b>"}'
    assert sorted(map(tuple, texts)) == sorted(
        (sizes, c) for sizes in ("null", "[64, 32]", wide) for c in ("0.5", "1.0")
    )
    for tick in ("null", "[64, 32]"):
        expect(page.locator("#parameters").get_by_text(tick, exact=True)).to_be_attached()


def test_a_range_of_lists_is_zoomed_to_and_a_list_is_typed(service: Service, visit: Visit) -> None:
    space = {**SPACE, "x": {"type": "float", "low": 0, "high": 1}}
    objective = {"kind": "external", "epochs": 9}
    service.call("POST", "/studies", external("typed", trials=40, space=space, objective=objective))
    service.call("POST", "/studies/typed/ask", {"count": 1, "lease_seconds": 600})
    page = visit.open("/?study=typed&trial=0")
    page.get_by_role("button", name="Adjust …").click()
    page.get_by_label("Hyperparameter").select_option("sizes")
    page.get_by_label("New value").fill("[64,32]")
    page.get_by_role("button", name="Adjust", exact=True).click()
    expect(page.locator(".notice")).to_contain_text("Adjusted")
    trial = service.call("GET", "/studies/typed/trials/0")
    assert trial["current_params"]["sizes"] == [64, 32]
    page = visit.open("/?study=typed")
    page.get_by_role("button", name="Zoom …").click()
    page.get_by_label("sizes, high end").select_option(label="[64, 32]")
    page.get_by_role("button", name="Zoom here").click()
    rounds = until(lambda: service.call("GET", "/studies/typed/rounds")["rounds"][1:])
    assert rounds[-1]["ranges"]["sizes"] == [None, [64, 32]]
    expect(page.locator(".rounds")).to_contain_text("null, [64, 32]")
