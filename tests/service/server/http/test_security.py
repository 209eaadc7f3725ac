"""Who may speak to the server: host, origin, media type, headers."""

from __future__ import annotations

import pytest

from caviar.service.client import Client
from caviar.service.server.app import create_app
from caviar.service.server.operations import studies
from caviar.service.server.store.database import Database
from tests.assertions import assert_problem
from tests.factories.studies import external


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip", ""])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
def test_a_foreign_host_is_refused_before_routing(client: Client, method: str, host: str) -> None:
    response = client._http.request(method, "/studies", headers={"Host": host})
    assert_problem(response, 403)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8700", "[::1]:8700", "LOCALHOST:1"])
def test_loopback_hosts_are_answered(client: Client, host: str) -> None:
    assert client._http.get("/studies", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:3000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_write_from_another_site_is_refused(client: Client, headers: dict[str, str]) -> None:
    assert_problem(client._http.post("/studies", json=external(), headers=headers), 403)
    assert list(client.studies()) == []


def test_a_write_from_the_own_page_is_taken(client: Client) -> None:
    headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert client._http.post("/studies", json=external(), headers=headers).status_code == 201


def test_a_link_from_another_site_may_open_the_page_but_a_script_may_not_read(
    client: Client,
) -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    script = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert client._http.get("/", headers=link).status_code == 200
    assert_problem(client._http.get("/studies", headers=script), 403)


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_body_that_a_form_could_send_is_refused(client: Client, media_type: str) -> None:
    headers = {"Content-Type": media_type}
    assert_problem(client._http.post("/studies", content=b"{}", headers=headers), 415)


def test_every_answer_carries_the_headers(client: Client) -> None:
    for path in ("/", "/studies", "/nowhere", "/static/plotly.min.js"):
        headers = client._http.get(path).headers
        assert "unsafe-eval" not in headers["content-security-policy"]
        assert "script-src 'self';" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/static/main.js", 200), ("/health", 200), ("/studies/nowhere", 404)],
)
def test_a_head_is_the_get_without_its_body(client: Client, path: str, status: int) -> None:
    whole, head = client._http.get(path), client._http.head(path)
    assert (whole.status_code, head.status_code) == (status, status)
    assert head.content == b"" != whole.content
    assert head.headers["content-length"] == whole.headers["content-length"]


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/studies", {"GET", "HEAD", "POST"}),
        ("/studies/outside", {"DELETE", "GET", "HEAD", "PATCH"}),
        ("/studies/outside/trials", {"GET", "HEAD", "POST"}),
        ("/studies/outside/rounds", {"GET", "HEAD", "POST"}),
        ("/studies/outside/trials/0/checkpoint", {"GET", "HEAD", "PUT"}),
        ("/datasets/mine", {"DELETE", "GET", "HEAD", "PUT"}),
    ],
)
def test_a_method_that_is_not_there_is_told_which_are(
    client: Client, path: str, allowed: set[str]
) -> None:
    for method, body in (("TRACE", b"x"), ("SPLICE", b"")):
        answer = client._http.request(method, path, content=body)
        assert_problem(answer, 405)
        assert allowed <= set(answer.headers["allow"].split(", "))


def test_an_unexpected_error_carries_the_headers_too(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(studies, "list_page", None)
    answer = client._http.get("/studies")
    assert_problem(answer, 500)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_host_rule_that_is_switched_off_is_told(
    sqlite: Database, caplog: pytest.LogCaptureFixture
) -> None:
    create_app(sqlite, allowed_hosts=["*"])
    assert "--allowed-host '*'" in caplog.text
