"""Behind a proxy: under a path of its own, and under another name."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from caviar.service.cli.options import checked_root_path
from caviar.service.client import Client
from caviar.service.contract.errors import Invalid
from caviar.service.server.app import create_app
from caviar.service.server.http.page import DASHBOARD
from caviar.service.server.store.database import Database
from tests.factories.studies import external
from tests.fakes.apps import running

PUBLIC = "caviar.example.org"


@pytest.fixture
def http(database: Database) -> Iterator[httpx.Client]:
    """Requests to an app that a proxy publishes under /tools/caviar."""
    app = create_app(database, allowed_hosts=["localhost", PUBLIC], root_path="/tools/caviar")
    with (
        running(app) as transport,
        httpx.Client(transport=transport, base_url="http://localhost") as client,
    ):
        yield client


@pytest.mark.parametrize("prefix", ["/tools/caviar", ""], ids=["kept", "removed by the proxy"])
def test_page_and_api_answer_with_and_without_the_prefix(http: httpx.Client, prefix: str) -> None:
    page = http.get(f"{prefix}/")
    assert page.status_code == 200
    for link in re.findall(r'(?:href|src)="([^"]+)"', page.text):
        assert not link.startswith("/")
        assert http.get(f"{prefix}/{link}").status_code == 200
    created = http.post(f"{prefix}/studies", json=external())
    assert created.status_code == 201
    assert created.headers["location"] == "/tools/caviar/studies/outside"
    first = http.get(f"{prefix}/studies/outside")
    again = http.get(f"{prefix}/studies/outside", headers={"If-None-Match": first.headers["etag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    description = http.get(f"{prefix}/openapi.json").json()
    assert description["servers"] == [{"url": "/tools/caviar"}]


def test_the_prefix_without_a_slash_leads_to_the_page(http: httpx.Client) -> None:
    answer = http.get("/tools/caviar?study=x")
    assert answer.status_code == 307
    assert answer.headers["location"] == "/tools/caviar/?study=x"


def test_a_client_may_use_the_prefix(http: httpx.Client) -> None:
    transport = http._transport
    with Client("http://localhost/tools/caviar", transport=transport) as client:
        client.create_study(external())
        assert client.study("outside").name == "outside"


PAGE = f"https://{PUBLIC}"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": PUBLIC, "Origin": PAGE, "Sec-Fetch-Site": "same-origin"}, 201),
        ({"Host": "localhost", "Origin": PAGE, "Sec-Fetch-Site": "same-origin"}, 201),
        ({"Host": "localhost", "Origin": PAGE}, 201),
        ({"Host": PUBLIC, "Origin": f"{PAGE}:8443"}, 201),
        ({"Host": "localhost", "Origin": "https://evil.example"}, 403),
        ({"Host": "localhost", "Origin": "http://localhost:3000"}, 403),
        ({"Host": "localhost", "Origin": PAGE, "Sec-Fetch-Site": "same-site"}, 403),
        ({"Host": "evil.example", "Sec-Fetch-Site": "same-origin"}, 403),
    ],
)
def test_the_page_of_an_allowed_host_may_write(
    http: httpx.Client, headers: dict[str, str], status: int
) -> None:
    assert http.post("/studies", json=external(), headers=headers).status_code == status


def test_a_prefix_that_is_no_path_is_refused() -> None:
    assert checked_root_path("/") == checked_root_path("") == ""
    assert checked_root_path("/a/b/") == "/a/b"
    for wrong in ("caviar", "https://x/y", "/a b", "/a?b"):
        with pytest.raises(Invalid, match="--root-path"):
            checked_root_path(wrong)


def test_the_scripts_of_the_page_use_relative_paths() -> None:
    scripts = [script for script in DASHBOARD.rglob("*.js") if script.name != "plotly.min.js"]
    assert scripts
    for script in scripts:
        absolute = re.findall(
            r"""["'`]/(?:studies|static|spaces|workers|datasets)\b.*""", script.read_text()
        )
        assert absolute == [], script
