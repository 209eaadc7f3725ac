"""Was the winner lucky: the page trains the best again, and says what came of it."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.page.conftest import Service, Visit


def test_the_best_are_trained_again(service: Service, visit: Visit) -> None:
    name = "lucky"
    service.told(name, lambda number: {"value": 0.1 + number / 10}, trials=4)
    page = visit.open(f"/?study={name}")
    card = page.locator(".replicas")
    expect(card).to_contain_text("The best of many was lucky, too.")
    expect(card.locator("table")).to_have_count(0)
    page.get_by_role("button", name="Train the best again").click()
    page.get_by_label("The best … settings").fill("2")
    page.get_by_label("each on … fresh seeds").fill("2")
    page.get_by_role("button", name="Train them").click()
    expect(page.locator(".notice")).to_have_text("4 replicas to train.")
    rows = card.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("2 of 2 replicas are still to come")

    values = {4: 0.5, 5: 0.2, 6: 0.52, 7: 0.21}  # of trial 0, of trial 1, and again of each
    leased = service.call("POST", f"/studies/{name}/ask", {"count": 9})["trials"]
    body = [
        {"number": t["number"], "lease": t["lease"]["token"], "value": values[t["number"]]}
        for t in leased
    ]
    service.call("POST", f"/studies/{name}/tell", {"results": body})
    told = service.call("GET", f"/studies/{name}/replicates")
    expect(rows.first.locator("b")).to_have_text("lucky")
    expect(rows.first).to_contain_text(told["trials"][0]["verdict"][7:])
    cells = rows.first.locator("td")
    assert cells.all_inner_texts()[:4] == ["0", "0.1000", "0.5100", "± 0.01414"]
    expect(card).to_contain_text(told["note"])
    expect(rows.first.locator(".strip i")).to_have_count(4)
    expect(page.locator(".trials tbody")).to_contain_text("trial 1 again")

    page.get_by_role("button", name="Train the best again").click()
    page.get_by_role("button", name="Cancel").click()
    assert service.call("GET", f"/studies/{name}")["progress"]["total"] == 8
