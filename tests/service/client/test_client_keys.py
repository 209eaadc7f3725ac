"""Keys of clients: where they come from, and that they go to the server only."""

from __future__ import annotations

import pickle

import httpx
import pytest

from caviar.service.client import Client
from caviar.service.client.async_client import AsyncClient
from caviar.service.contract.errors import CaviarError, Invalid, Unauthenticated
from caviar.service.contract.keys import new_key
from caviar.service.contract.schemas import KeyBody
from caviar.service.server.app import create_app
from caviar.service.server.operations import keys
from caviar.service.server.store.database import Database


class Recorder(httpx.BaseTransport):
    """Remembers the requests, and redirects all of them to another host."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        self.requests.append(request)
        return httpx.Response(307, headers={"Location": "http://other.example/studies"})


def sent(client: Client) -> str | None:
    """The header that a call has."""
    recorder = Recorder()
    client._transport = recorder
    client._opened = client._opened[0], client._open()
    with pytest.raises(CaviarError):
        client.health()
    [request] = recorder.requests  # the redirect is not followed
    header: str | None = request.headers.get("Authorization")
    return header


def test_the_key_is_an_argument_or_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = new_key(), new_key()
    monkeypatch.delenv("CAVIAR_KEY", raising=False)
    assert sent(Client("http://caviar.example")) is None
    assert sent(Client("http://caviar.example", key=f" {one}\n")) == f"Bearer {one}"
    assert sent(AsyncClient("http://caviar.example", key=one)._client) == f"Bearer {one}"
    monkeypatch.setenv("CAVIAR_KEY", other)
    assert sent(Client("http://caviar.example")) == f"Bearer {other}"
    assert sent(Client("http://caviar.example", key=one)) == f"Bearer {one}"


@pytest.mark.parametrize(
    "url",
    ["http://other.example/health", "https://caviar.example/health", "http://caviar.example:81/x"],
)
def test_the_key_goes_to_no_other_address(url: str) -> None:
    client = Client("http://caviar.example", key=new_key(), transport=Recorder())
    assert "Authorization" not in client._http.get(url).request.headers


def test_a_pickled_client_has_the_key_that_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    key, other = new_key(), new_key()
    assert sent(pickle.loads(pickle.dumps(Client(key=key)))) == f"Bearer {key}"
    monkeypatch.setenv("CAVIAR_KEY", other)
    assert other.encode() not in pickle.dumps(Client())


def test_what_is_no_key_is_named_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = new_key() + "x"
    with pytest.raises(Invalid, match=r"^key: ") as caught:
        Client(key=wrong)
    monkeypatch.setenv("CAVIAR_KEY", wrong)
    with pytest.raises(Invalid, match=r"^CAVIAR_KEY: ") as of_environment:
        Client()
    assert wrong[13:] not in f"{caught.value}{of_environment.value}"


def test_keys_are_made_and_revoked_by_a_client(sqlite: Database) -> None:
    root = keys.create(sqlite, KeyBody(name="root", scopes=["admin"]))
    transport = httpx.ASGITransport(create_app(sqlite))
    with Client(key=root.key, transport=transport) as client:
        made = client.create_key("reader", ["read"], expires_seconds=3600.0)
        assert [key.name for key in client.list_keys()] == ["reader", "root"]
        with pytest.raises(Invalid, match=f"name it by its id, {made.id}"):
            client.revoke_key(made.key)
        assert client.revoke_key("reader")[0].state == "revoked"
    with (
        Client(transport=httpx.ASGITransport(create_app(sqlite))) as anyone,
        pytest.raises(Unauthenticated, match="CAVIAR_KEY"),
    ):
        anyone.workers()
