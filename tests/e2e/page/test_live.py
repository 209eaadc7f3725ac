"""The page beside a running search: its updates and its requests."""

from __future__ import annotations

import re

from playwright.sync_api import Route, expect

from tests.e2e.page.conftest import Service, Visit
from tests.factories.studies import external

COUNTS = """() => {
  window.counts = [];
  new MutationObserver(() => {
    const text = document.getElementById("shown")?.textContent;
    const count = text && Number(text.split(" of ")[1].replace(",", ""));
    if (typeof count === "number" && counts.at(-1) !== count) counts.push(count);
  }).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""


def test_rows_appear_without_a_reload(service: Service, visit: Visit) -> None:
    page = visit.open()
    expect(page.locator("h1")).to_be_visible()
    page.evaluate(COUNTS)
    service.search("watched", budget={"trials": 30})
    page.get_by_role("link", name="watched").click()
    expect(page.locator("#shown")).to_contain_text("of 30", timeout=40_000)
    expect(page.locator(".heading .badge").first).to_have_text("completed", timeout=40_000)
    expect(page.locator("tbody tr")).to_have_count(30)
    counts = page.evaluate("() => counts")
    assert counts == sorted(counts)
    assert counts[0] < counts[-1] == 30
    assert visit.navigations == 1


def test_a_hidden_page_asks_nothing(service: Service, visit_alone: Visit, digits: object) -> None:
    visit = visit_alone  # it stops the clock
    visit.page.clock.install()
    page = visit.open("/?study=digits")
    expect(page.locator("#parameters .point").first).to_be_visible()
    visit.hide()
    page.clock.run_for(30_000)
    page.clock.run_for(30_000)  # what was under way has ended, and its wait with it
    before = visit.probe("asked")
    page.clock.run_for(600_000)
    assert visit.probe("asked") == before
    with page.expect_request("**/studies/digits"):
        visit.hide(False)


def test_without_changes_it_asks_ever_less_often(visit: Visit, digits: object) -> None:
    page = visit.open("/")
    waits = page.evaluate(
        """async () => {
          const { nextWait } = await import("/static/poll.js");
          const waits = [nextWait(0, "changed")];
          for (let i = 0; i < 8; i += 1) waits.push(nextWait(waits.at(-1), "same"));
          return [...waits, nextWait(waits.at(-1), "changed"), nextWait(1000, "offline")];
        }"""
    )
    same = waits[:9]
    assert (same[0], same[-1]) == (1_000, 10_000)
    assert same == sorted(same)
    assert waits[9:] == [1_000, 2_000]


def test_an_offline_server_is_polled_until_it_answers(visit: Visit, digits: object) -> None:
    page = visit.open("/?study=digits")
    expect(page.locator("#best-value")).to_be_visible()

    def cut(route: Route) -> None:
        route.abort("connectionrefused")

    page.route("**/studies/**", cut)
    offline = page.locator(".offline")
    expect(offline).to_contain_text("The server does not answer")
    expect(offline).to_contain_text(re.compile(r"(next attempt in \d+ s|trying again)\."))
    expect(page.locator("#best-value"), "what was known stays").to_be_visible()
    page.unroute("**/studies/**", cut)
    expect(offline).to_be_hidden(timeout=15_000)
    expect(page.locator(".connection")).to_have_text("live")
    assert visit.navigations == 1
    refused = [error for error in visit.errors if "ERR_CONNECTION_REFUSED" in error]
    assert refused, "the browser itself reports each refused request"
    visit.errors[:] = [error for error in visit.errors if error not in refused]


def test_pause_resume_and_stop(service: Service, visit: Visit) -> None:
    service.call("POST", "/studies", external("steered"))
    page = visit.open("/?study=steered")
    state = page.locator(".heading .badge").first
    for label, word in (("Pause", "paused"), ("Resume", "running")):
        page.get_by_role("button", name=label).click()
        expect(state).to_have_text(word)
        assert service.call("GET", "/studies/steered")["state"] == word
    page.get_by_role("button", name="Stop …").click()
    assert service.call("GET", "/studies/steered")["state"] == "running", "asks before it ends"
    page.get_by_role("button", name="Stop the study").click()
    expect(state).to_have_text("stopped")
    assert service.call("GET", "/studies/steered")["state"] == "stopped"


def test_a_missing_study(visit: Visit) -> None:
    page = visit.open("/?study=nowhere")
    expect(page.locator("h1")).to_have_text("Study not found")
    page.get_by_role("link", name="All studies", exact=True).click()
    expect(page.locator("h1")).not_to_have_text("Study not found")
    visit.errors[:] = [error for error in visit.errors if "404" not in error]
