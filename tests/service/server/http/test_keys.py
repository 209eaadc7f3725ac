"""Keys over HTTP: who may call what, sessions of browsers, and what keys never get into."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import text

from caviar.service.contract.keys import Scope, new_key
from caviar.service.contract.schemas import KeyBody
from caviar.service.server.app import ROUTERS, create_app
from caviar.service.server.http.access import COOKIE, access_of
from caviar.service.server.operations import keys
from caviar.service.server.operations.keyring import Keyring
from caviar.service.server.store.database import Database
from tests.assertions import assert_problem
from tests.factories.studies import external

ROUTES = [route for router in ROUTERS for route in router.routes]

OPEN_TO_ALL = {
    "GET /",
    "GET /static/plotly.min.js",
    "GET /ready",
    "GET /health",
    "GET /session",
    "POST /session",
    "DELETE /session",
}

SCOPES = {
    Scope.WORK: {
        "POST /ask",
        "POST /studies/{study}/ask",
        "POST /studies/{study}/report",
        "POST /studies/{study}/tell",
        "POST /studies/{study}/release",
        "PUT /studies/{study}/trials/{number}/checkpoint",
    },
    Scope.ADMIN: {"GET /keys", "POST /keys", "DELETE /keys/{key}"},
}
"""The routes of two scopes; of the others, GET and the preview of a space need `read`."""


def called(route: Any) -> str:
    """The method and the path of a route."""
    return f"{min(route.methods)} {route.path}"


def path_of(route: Any) -> str:
    """A path of the route, of what does not exist."""
    filled = route.path
    for name in route.param_convertors:
        filled = filled.replace(f"{{{name}}}", "0" if name == "number" else "none")
    return filled


def expected(route: Any) -> Scope | None:
    """The scope that a route should need."""
    name = called(route)
    if name in OPEN_TO_ALL:
        return None
    for scope, names in SCOPES.items():
        if name in names:
            return scope
    is_read = name.startswith("GET ") or name == "POST /spaces/preview"
    return Scope.READ if is_read else Scope.SUBMIT


def make(database: Database, *scopes: str, name: str = "some", **fields: Any) -> str:
    """A new key."""
    return keys.create(database, KeyBody(name=name, scopes=list(scopes), **fields)).key


def bearer(key: str) -> dict[str, str]:
    """The header that has a key."""
    return {"Authorization": f"Bearer {key}"}


@contextmanager
def served(database: Database, **options: Any) -> Iterator[TestClient]:
    """A client of an app over the database."""
    app = create_app(database, **options)
    with TestClient(app, base_url="http://localhost") as client:
        yield client


@pytest.fixture
def http(sqlite: Database) -> Iterator[TestClient]:
    """A client of an app over a database without keys."""
    with served(sqlite) as client:
        yield client


def test_every_route_names_a_scope_and_it_is_the_right_one() -> None:
    assert len(ROUTES) > 40
    for route in ROUTES:
        assert isinstance(route, APIRoute)
        assert access_of(route.dependencies, route.path).scope == expected(route), called(route)


def test_the_app_has_no_routes_but_these_and_the_files_of_the_page(sqlite: Database) -> None:
    others = [route for route in create_app(sqlite).routes if route not in ROUTES]
    assert [route.path for route in others] == ["/static"]  # type: ignore[attr-defined]


def test_the_description_of_the_api_names_the_scopes(http: TestClient) -> None:
    spec = http.get("/openapi.json").json()
    assert spec["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    assert spec["paths"]["/ask"]["post"]["security"] == [{"key": ["work"]}]
    assert "security" not in spec["paths"]["/ready"]["get"]


def test_a_route_without_a_scope_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="/bare names no scope"):
        ROUTERS[0].add_api_route("/bare", lambda: None)


@pytest.mark.parametrize("scope", [None, *Scope])
def test_what_a_key_may_do(http: TestClient, sqlite: Database, scope: Scope | None) -> None:
    key = make(sqlite, scope or "read")
    headers = {} if scope is None else bearer(key)
    for route in ROUTES:
        needed = expected(route)
        if needed is None:
            continue
        [method] = route.methods
        response = http.request(method, path_of(route), headers=headers)
        if scope is None:
            assert_problem(response, 401)
            assert response.headers["www-authenticate"].startswith("Bearer")
        elif scope in (needed, Scope.ADMIN):
            assert response.status_code not in (401, 403), called(route)
        else:
            assert_problem(response, 403)
            assert needed in response.headers["www-authenticate"]


def test_nothing_is_read_of_a_body_before_the_key_is_checked(
    http: TestClient, sqlite: Database
) -> None:
    make(sqlite, "read")
    headers = {"Content-Type": "application/json"}
    assert http.post("/studies", content=b"{" * 100, headers=headers).status_code == 401


def test_without_keys_everything_is_open_but_the_keys(http: TestClient) -> None:
    assert http.post("/studies", json=external()).status_code == 201
    assert http.get("/studies", headers=bearer(new_key())).status_code == 200
    assert http.get("/health").json()["version"]
    assert http.get("/session").json()["required"] is False
    assert_problem(http.post("/keys", json={"name": "mine", "scopes": ["admin"]}), 403)


def test_a_server_that_others_reach_is_never_open(sqlite: Database) -> None:
    with served(sqlite, is_open=False) as http:
        assert_problem(http.get("/studies"), 401)
        assert http.get("/", headers={"Accept": "text/html"}).status_code == 200


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer cav_",
        "Basic {key}",
        "{key}",
        "Bearer {key}x",
        "Bearer {other}",
        "Bearer ü",
    ],
)
def test_what_is_no_key_is_refused(http: TestClient, sqlite: Database, header: str) -> None:
    key = make(sqlite, "admin")
    other = key[:13] + new_key()[13:]  # the id of one and the secret of another
    given = header.format(key=key, other=other).encode("latin-1")
    response = http.get("/studies", headers={b"Authorization": given})
    assert_problem(response, 401)
    assert key not in response.text


def test_only_callers_with_a_key_see_versions(http: TestClient, sqlite: Database) -> None:
    key = make(sqlite, "read")
    health = http.get("/health").json()
    assert health.pop("status") == "ok"
    assert set(health.values()) == {None}
    assert http.get("/ready").json() == {"ready": True}
    assert http.get("/health", headers=bearer(key)).json()["version"]


def test_a_key_is_made_used_listed_and_revoked(http: TestClient, sqlite: Database) -> None:
    admin = bearer(make(sqlite, "admin", name="root"))
    body = {"name": "reader", "scopes": ["read"], "expires_seconds": 60.0}
    response = http.post("/keys", json=body, headers=admin)
    made = response.json()
    assert response.status_code == 201
    assert response.headers["cache-control"] == "no-store"
    assert http.get("/studies", headers=bearer(made["key"])).status_code == 200
    assert_problem(http.post("/keys", json=body, headers=admin), 409)
    listed = http.get("/keys", headers=admin)
    assert [(key["name"], key["state"]) for key in listed.json()["keys"]] == [
        ("reader", "usable"),
        ("root", "usable"),
    ]
    assert made["key"] not in listed.text
    assert http.delete(f"/keys/{made['id']}", headers=admin).status_code == 200
    assert_problem(http.get("/studies", headers=bearer(made["key"])), 401)
    assert_problem(http.delete("/keys/reader", headers=admin), 404)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "Not a slug"}, "name"),
        ({"scopes": []}, "scopes"),
        ({"scopes": ["root"]}, "scopes"),
        ({"expires_seconds": -1.0}, "expires_seconds"),
    ],
)
def test_a_wrong_key_names_its_field(
    http: TestClient, sqlite: Database, change: dict[str, Any], field: str
) -> None:
    admin = bearer(make(sqlite, "admin"))
    body = {"name": "new", "scopes": ["read"], **change}
    response = http.post("/keys", json=body, headers=admin)
    assert_problem(response, 422)
    assert response.json()["errors"][0]["field"].startswith(field)


@pytest.mark.both_databases
def test_the_keyring_follows_the_database(database: Database) -> None:
    seconds = [0.0]
    keyring = Keyring(database, clock=lambda: seconds[0])
    keyring.read()
    assert not keyring.requires_keys
    short = make(database, "read", name="short", expires_seconds=0.001)
    key = make(database, "read", "work")
    assert not keyring.needs_reading
    seconds[0] += 1.5
    assert keyring.needs_reading
    keyring.read()
    caller = keyring.by_key(key)
    assert keyring.requires_keys
    assert caller is not None
    assert (caller.name, caller.scopes) == ("some", {"read", "work"})
    assert keyring.by_key(short) is None
    keys.revoke(database, "some")
    seconds[0] += 1.5
    keyring.read()
    assert keyring.by_key(key) is None
    assert keyring.requires_keys  # the end of the last key does not open a server
    assert keys.clear(database) == 2
    keyring.forget()
    keyring.read()
    assert not keyring.requires_keys


def test_the_database_has_no_key_and_no_cookie(http: TestClient, sqlite: Database) -> None:
    key = make(sqlite, "read")
    cookie = http.post("/session", json={"key": key}).cookies[COOKIE]
    with sqlite.read() as session:
        rows = [str(session.execute(text(f"SELECT * FROM {table}")).all()) for table in TABLES]
    assert key[13:] not in "".join(rows)
    assert cookie not in "".join(rows)


TABLES = ("keys", "sessions")


def test_no_log_and_no_problem_has_a_key(
    http: TestClient, sqlite: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        key = make(sqlite, "read")
        texts = [http.post("/session", json={"key": key, "more": 1}).text]
        texts += [http.post("/session", json={"key": f"{key}x"}).text]
        texts += [http.post("/session", json={"key": key * 9}).text]
        keys.revoke(sqlite, "some")
        texts += [http.get("/studies", headers=bearer(key)).text]
    assert key[13:] not in "".join(texts)
    assert key[13:] not in caplog.text


class TestSessions:
    """A browser signs in with a key and has a cookie from then on."""

    def test_a_browser_signs_in_and_out(self, http: TestClient, sqlite: Database) -> None:
        key = make(sqlite, "read", name="laptop")
        response = http.post("/session", json={"key": key})
        cookie = response.headers["set-cookie"]
        assert response.status_code == 200
        assert key not in cookie
        for attribute in ("HttpOnly", "SameSite=strict", "Path=/", "Max-Age="):
            assert attribute in cookie
        assert "Secure" not in cookie
        assert http.get("/studies").status_code == 200  # with the cookie
        assert http.get("/session").json()["name"] == "laptop"
        copied = {"Cookie": f"{COOKIE}={http.cookies[COOKIE]}"}
        assert_problem(http.post("/studies", json=external()), 403)
        assert http.delete("/session").status_code == 204
        assert COOKIE not in http.cookies
        assert_problem(http.get("/studies", headers=copied), 401)

    def test_a_wrong_key_does_not_sign_in(self, http: TestClient, sqlite: Database) -> None:
        make(sqlite, "read")
        for wrong in (new_key(), "", "x"):
            response = http.post("/session", json={"key": wrong})
            assert_problem(response, 401)
            assert "set-cookie" not in response.headers

    def test_a_revoked_key_ends_its_sessions(self, http: TestClient, sqlite: Database) -> None:
        admin = make(sqlite, "admin", name="root")
        http.post("/session", json={"key": make(sqlite, "read")})
        assert http.get("/studies").status_code == 200
        cookies = {"Cookie": f"{COOKIE}={http.cookies[COOKIE]}"}
        http.delete("/keys/some", headers=bearer(admin))
        assert_problem(http.get("/studies", headers=cookies), 401)

    def test_another_server_on_the_database_takes_the_cookie(
        self, http: TestClient, sqlite: Database
    ) -> None:
        http.post("/session", json={"key": make(sqlite, "read")})
        with served(sqlite) as other:
            cookies = {"Cookie": f"{COOKIE}={http.cookies[COOKIE]}"}
            assert other.get("/studies", headers=cookies).status_code == 200

    def test_a_page_of_another_site_can_do_nothing_with_the_cookie(
        self, http: TestClient, sqlite: Database
    ) -> None:
        http.post("/session", json={"key": make(sqlite, "read", "submit")})
        foreign = {"Origin": "http://localhost:3000", "Sec-Fetch-Site": "same-site"}
        assert_problem(http.post("/studies", json=external(), headers=foreign), 403)

    @pytest.mark.parametrize("origin", ["https://localhost", "http://localhost"])
    def test_the_cookie_is_secure_under_tls(
        self, http: TestClient, sqlite: Database, origin: str
    ) -> None:
        headers = {"Origin": origin, "Sec-Fetch-Site": "same-origin"}
        response = http.post("/session", json={"key": make(sqlite, "read")}, headers=headers)
        is_secure = "Secure" in response.headers["set-cookie"]
        assert is_secure == origin.startswith("https")

    def test_one_key_has_a_bounded_number_of_sessions(self, sqlite: Database) -> None:
        key = make(sqlite, "read")
        for _ in range(keys.SESSIONS_OF_A_KEY + 3):
            keys.sign_in(sqlite, key)
        with sqlite.read() as session:
            count = session.execute(text("SELECT count(*) FROM sessions")).scalar()
        assert count == keys.SESSIONS_OF_A_KEY
