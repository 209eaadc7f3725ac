"""Actions on one trial from its panel: adjust, pause, rewind, fork, exclude; the journal."""

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


def test_a_trial_is_steered_from_its_panel(service: Service, visit: Visit) -> None:
    service.search("steered-trial", **PANDA)
    page = visit.open("/?study=steered-trial&trial=0")
    panel = page.locator(".panel")
    expect(panel).to_contain_text(re.compile(r"[1-9]\d* of 500000"), timeout=60_000)

    click(page, "Adjust …")
    form = panel.get_by_role("form", name="Adjust")
    form.get_by_label("Hyperparameter").select_option("learning_rate")
    form.get_by_label("New value").fill("0.003")
    form.get_by_label("Reason").fill("it jumps")
    click(page, "Adjust")
    entry = panel.locator(".journal li").first
    expect(entry).to_contain_text("learning_rate 0.01 → 0.003")
    expect(entry).to_contain_text("it jumps")
    expect(entry).to_contain_text(re.compile(r"epoch \d+"))
    expect(panel.get_by_role("heading", name="Adjusted to")).to_be_visible()

    click(page, "Pause")
    expect(panel.locator(".badge")).to_have_text(re.compile("paused", re.IGNORECASE))
    click(page, "Rewind …")
    form = panel.get_by_role("form", name="Rewind")
    form.get_by_label("To epoch").fill("0")
    click(page, "Rewind")
    expect(panel.locator(".journal .is-undone")).to_have_count(1)
    expect(panel).to_contain_text("0 of 500000")
    click(page, "Pause at …")
    form = panel.get_by_role("form", name="Pause at this epoch")
    form.get_by_label("At epoch").fill("2")
    click(page, "Pause at this epoch")
    expect(panel).to_contain_text("2 of 500000", timeout=60_000)
    expect(panel.locator(".badge")).to_have_text(re.compile("paused", re.IGNORECASE))

    if "CAVIAR_SCREENSHOT" in os.environ:
        page.screenshot(path=os.environ["CAVIAR_SCREENSHOT"])
    click(page, "Fork …")
    form = panel.get_by_role("form", name="Fork")
    form.get_by_label("Children").fill("2")
    form.get_by_label("Largest factor").fill("3")
    click(page, "Fork")
    expect(page.locator("#panel-title")).to_have_text("Trial 1")
    expect(panel).to_contain_text("trial 0")
    for number in (1, 2, 3):
        service.call("POST", f"/studies/steered-trial/trials/{number}/cancel", {"author": "ana"})
    expect(panel.locator(".badge")).to_have_text(re.compile("cancelled", re.IGNORECASE))

    click(page, "Exclude …")
    panel.get_by_role("form", name="Exclude").get_by_label("Reason").fill("only to see")
    click(page, "Exclude")
    expect(panel).to_contain_text("Excluded: only to see")
    click(page, "Include again")
    expect(panel).not_to_contain_text("Excluded: only to see")
    service.call("PATCH", "/studies/steered-trial", {"state": "stopped"})
