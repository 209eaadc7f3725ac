"""A browser, a live server with its pool, and a page whose every request and error is on record."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.factories.studies import external
from tests.processes import free_port, http, process, until, wait_until_ready

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")

PATIENCE_MS = 20_000
"""How long a busy machine may take for what must come."""

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

PROBE = """
// How many requests are under way (until their last byte), and whether the page may be seen.
window.probe = { now: 0, most: 0, asked: 0, hidden: false };
const real = window.fetch;
window.fetch = async (...request) => {
  probe.now += 1;
  probe.asked += 1;
  probe.most = Math.max(probe.most, probe.now);
  try {
    const response = await real(...request);
    await response.clone().arrayBuffer();
    return response;
  } finally {
    probe.now -= 1;
  }
};
Object.defineProperty(document, "hidden", { get: () => probe.hidden });
"""

SPACE: dict[str, Any] = {
    "learning_rate": {"type": "float", "low": 0.0001, "high": 1.0, "scale": "log"},
    "momentum": {"type": "float", "low": 0.9, "high": 0.999, "scale": "reverse_log"},
    "batch_size": {"type": "int", "low": 16, "high": 128, "scale": "log", "base": 2},
    "activation": {"type": "categorical", "choices": ["relu", "tanh"]},
}


HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep these tests in one process: they share a browser and a service."""
    for item in items:
        if HERE in item.path.parents:
            for mark in (pytest.mark.browser, pytest.mark.processes):
                item.add_marker(mark)
            item.add_marker(pytest.mark.xdist_group("page"))


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium, if there is one."""
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI needs a browser: install chromium")
        pytest.skip("no browser: install chromium")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield launched
        launched.close()


@dataclass(frozen=True)
class Service:
    """A running `caviar up`, as its callers see it."""

    url: str

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of a call that must succeed."""
        answer = http.request(method, self.url + path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def search(self, name: str, **changes: Any) -> dict[str, Any]:
        """Start a search on digits, short but real."""
        definition = {
            "name": name,
            "space": SPACE,
            "objective": {
                "kind": "network",
                "dataset": "digits",
                "epochs": 6,
                "settings": {"optimizer": "momentum", "hidden_units": 32},
            },
            "budget": {"trials": 24},
        }
        created: dict[str, Any] = self.call("POST", "/studies", definition | changes)
        return created

    def finished(self, name: str) -> dict[str, Any]:
        """The study, once it has completed."""

        def ended() -> dict[str, Any] | None:
            study: dict[str, Any] = self.call("GET", f"/studies/{name}")
            return study if study["state"] == "completed" else None

        return until(ended)

    def finish(self, name: str, results: Callable[[int], dict[str, Any]], *, trials: int) -> None:
        """A study whose trials end as `results` says, without any training."""
        self.call("POST", "/studies", external(name, trials=trials))
        while leased := self.call("POST", f"/studies/{name}/ask", {"count": 500})["trials"]:
            body = [
                {"number": t["number"], "lease": t["lease"]["token"], **results(t["number"])}
                for t in leased
            ]
            self.call("POST", f"/studies/{name}/tell", {"results": body})


@pytest.fixture(scope="package")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The command `caviar up`, with a pool of two."""
    port, data = free_port(), tmp_path_factory.mktemp("browser")
    with process("up", "--port", str(port), "--data", str(data), "--jobs", "2", "--json"):
        url = f"http://127.0.0.1:{port}"
        wait_until_ready(url)
        yield Service(url)


@pytest.fixture(scope="package")
def digits(service: Service) -> dict[str, Any]:
    """A search that has completed."""
    service.search("digits")
    return service.finished("digits")


@dataclass
class Visit:
    """A page, and what happened on it."""

    page: Page
    url: str
    requests: list[Request] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    navigations: int = 0

    def open(self, place: str = "/") -> Page:
        """Go to a place of the dashboard."""
        self.page.goto(self.url + place)
        return self.page

    def probe(self, name: str) -> Any:
        """A number that the probe in the page has counted."""
        return self.page.evaluate(f"() => probe.{name}")

    def hide(self, hidden: bool = True) -> None:
        """Hide the page from its own view of visibility, or show it again."""
        change = "hidden => { probe.hidden = hidden; "
        self.page.evaluate(
            change + "document.dispatchEvent(new Event('visibilitychange')); }", hidden
        )

    def note_console(self, message: ConsoleMessage) -> None:
        """Keep what the browser complains about."""
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def note_navigation(self, request: Request) -> None:
        """Keep a request, and count those that load a page."""
        self.requests.append(request)
        self.navigations += request.is_navigation_request()


SIZE: ViewportSize = {"width": 1280, "height": 800}


def new_context(browser: Browser) -> BrowserContext:
    """A browser of its own, which keeps nothing of others."""
    # Without movement a page is painted less often.
    context = browser.new_context(viewport=SIZE, reduced_motion="reduce")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.add_init_script(PROBE)
    return context


@pytest.fixture(scope="package")
def shared_page(browser: Browser) -> Iterator[Page]:
    """A page for all tests: it has compiled what is drawn with, which takes seconds."""
    with new_context(browser) as context:
        yield context.new_page()


@pytest.fixture
def visit(shared_page: Page, service: Service) -> Iterator[Visit]:
    """A visit to the dashboard; at the end, nothing must have gone wrong on the page."""
    shared_page.set_viewport_size(SIZE)
    shared_page.emulate_media(color_scheme="light")
    with visiting(shared_page, service.url) as visit:
        yield visit


@pytest.fixture
def visit_alone(browser: Browser, service: Service) -> Iterator[Visit]:
    """A visit in a browser of its own, for a test that changes more of it than its page."""
    with new_context(browser) as context, visiting(context.new_page(), service.url) as visit:
        yield visit


@contextmanager
def visiting(page: Page, url: str) -> Iterator[Visit]:
    """A visit, after which the page is blank again."""
    visit = Visit(page, url)
    page.set_default_timeout(PATIENCE_MS)
    listeners: list[tuple[Any, Callable[[Any], None]]] = [
        ("request", visit.note_navigation),
        ("console", visit.note_console),
        ("pageerror", lambda error: visit.errors.append(str(error))),
    ]
    for event, listener in listeners:
        page.on(event, listener)
    try:
        yield visit
        most = visit.probe("most")
    finally:
        for event, listener in listeners:
            page.remove_listener(event, listener)
        page.goto("about:blank")
    hosts = {urlsplit(request.url).netloc for request in visit.requests}
    schemes = {urlsplit(request.url).scheme for request in visit.requests}
    assert visit.errors == []
    assert hosts - {""} == {urlsplit(url).netloc}, "no request leaves the machine"
    assert schemes <= {"http", "data", "blob"}
    assert most <= 1, "one request in flight at most"
