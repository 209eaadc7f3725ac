"""Replicas on the page: the best settings are trained again, and their table is shown."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.e2e.page.conftest import Service, Visit


def test_the_best_settings_are_trained_again(service: Service, visit: Visit) -> None:
    name = "replicated"
    service.finish(name, lambda number: {"value": 0.1 + number / 10}, trials=4)
    page = visit.open(f"/?study={name}")
    card = page.locator(".replicas")
    expect(card).to_contain_text("does the best setting hold on other seeds?")
    expect(card.locator("table")).to_have_count(0)
    page.get_by_role("button", name="Train replicas …").click()
    page.get_by_label("Best settings").fill("2")
    page.get_by_label("Seeds for each").fill("2")
    page.get_by_role("button", name="Train replicas", exact=True).click()
    expect(page.locator(".notice")).to_have_text("4 replicas to train.")
    rows = card.locator("tbody tr")
    expect(rows).to_have_count(2)
    pending = service.call("GET", f"/studies/{name}/replicates")["trials"][0]["verdict"]
    expect(rows.first).to_contain_text(pending)

    values = {4: 0.5, 5: 0.2, 6: 0.52, 7: 0.21}  # of trial 0, of trial 1, and again of each
    leased = service.call("POST", f"/studies/{name}/ask", {"count": 9})["trials"]
    body = [
        {"number": t["number"], "lease": t["lease"]["token"], "value": values[t["number"]]}
        for t in leased
    ]
    service.call("POST", f"/studies/{name}/tell", {"results": body})
    replicates = service.call("GET", f"/studies/{name}/replicates")
    word, _, rest = replicates["trials"][0]["verdict"].partition(": ")
    expect(rows.first.locator("b")).to_have_text(word)
    expect(rows.first).to_contain_text(rest)
    cells = rows.first.locator("td")
    assert cells.all_inner_texts()[:4] == ["0", "0.1", "0.51", "± 0.01414"]
    expect(card).to_contain_text(replicates["note"])
    expect(rows.first.locator(".strip i")).to_have_count(4)
    expect(page.locator(".trials tbody")).to_contain_text("replica of trial 1")

    page.get_by_role("button", name="Train replicas …").click()
    page.get_by_role("button", name="Back").click()
    assert service.call("GET", f"/studies/{name}")["progress"]["total"] == 8
