"""One trial by the hand, from its panel: adjust, pause, rewind, fork, void; the journal."""

from __future__ import annotations

import os
import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.page.conftest import Service, Visit

PANDA: dict[str, Any] = {
    "space": {"learning_rate": {"type": "constant", "value": 0.01}},
    "mode": "panda",
    "budget": {"trials": 1},
    "objective": {
        "kind": "network",
        "dataset": "digits",
        "epochs": 500_000,
        "settings": {"optimizer": "momentum", "hidden_units": 128},
    },
}


def click(page: Page, name: str) -> None:
    """Press a button of the panel."""
    page.locator(".panel").get_by_role("button", name=name, exact=True).click()


def test_a_person_takes_a_trial_by_the_hand(service: Service, visit: Visit) -> None:
    service.search("hand", **PANDA)
    page = visit.open("/?study=hand&trial=0")
    panel = page.locator(".panel")
    expect(panel).to_contain_text(re.compile(r"[1-9]\d* of 500000"), timeout=60_000)

    click(page, "Adjust …")
    form = panel.get_by_role("form", name="Adjust")
    form.get_by_label("What").select_option("learning_rate")
    form.get_by_label("To").fill("0.003")
    form.get_by_label("Why").fill("it jumps")
    click(page, "Adjust")
    entry = panel.locator(".journal li").first
    expect(entry).to_contain_text("learning_rate 0.01 → 0.003")
    expect(entry).to_contain_text("it jumps")
    expect(entry).to_contain_text(re.compile(r"epoch \d+"))

    click(page, "Pause")
    expect(panel.locator(".badge")).to_have_text(re.compile("paused", re.IGNORECASE))
    click(page, "Rewind …")
    form = panel.get_by_role("form", name="Rewind")
    form.get_by_label("To epoch").fill("0")
    click(page, "Rewind")
    expect(panel.locator(".journal .is-undone")).to_have_count(1)
    expect(panel).to_contain_text("0 of 500000")

    if "CAVIAR_SCREENSHOT" in os.environ:
        page.screenshot(path=os.environ["CAVIAR_SCREENSHOT"])
    click(page, "Fork …")
    form = panel.get_by_role("form", name="Fork")
    form.get_by_label("Children").fill("2")
    form.get_by_label("By a factor of up to").fill("3")
    click(page, "Fork")
    expect(page.locator("#panel-title")).to_have_text("Trial 1")
    expect(panel).to_contain_text("trial 0")
    for number in (1, 2, 3):
        service.call("POST", f"/studies/hand/trials/{number}/cancel", {"author": "ana"})
    expect(panel.locator(".badge")).to_have_text(re.compile("cancelled", re.IGNORECASE))

    click(page, "Void …")
    panel.get_by_role("form", name="Let it not count").get_by_label("Why").fill("only to see")
    click(page, "Let it not count")
    expect(panel).to_contain_text("Void: only to see")
    click(page, "Let it count again")
    expect(panel).not_to_contain_text("Void: only to see")
    service.call("PATCH", "/studies/hand", {"state": "stopped"})
