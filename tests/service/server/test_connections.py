"""Connections over real sockets: half requests, slow ones, and too many."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from caviar.service.server import connections
from caviar.service.server.store.database import Database
from tests.fakes.apps import listening

HEAD = b"POST /studies/none/ask HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
READY = b"GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def port(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A server that is impatient."""
    for name in ("HEADER_SECONDS", "BODY_SECONDS", "LOOK_SECONDS"):
        monkeypatch.setattr(connections, name, 0.1)
    with listening(sqlite) as address:
        yield int(address.rpartition(":")[2])


def opened(port: int, sent: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.sendall(sent)
    return connection


def answer(connection: socket.socket) -> tuple[int, bytes]:
    """The status and the body of what comes until the other end closes; 0 for nothing."""
    with connection.makefile("rb") as stream:
        received: bytes = stream.read()
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split()[1]) if head else 0, body


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"", 0),
        (HEAD[:20], 408),
        (HEAD, 408),
        (HEAD + b"Content-Length: 100\r\n\r\n{", 408),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{", 408),
        (b"PUT /datasets/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n\r\na", 408),
    ],
)
def test_half_a_request_is_not_waited_for(port: int, sent: bytes, status: int) -> None:
    with opened(port, sent) as connection:
        found, body = answer(connection)
        assert found == status
        assert not body or json.loads(body)["type"] == "urn:caviar:problem:request-timeout"


def test_half_a_second_request_is_not_waited_for(port: int) -> None:
    with opened(port, READY) as connection:
        assert connection.recv(10_000).startswith(b"HTTP/1.1 200")
        connection.sendall(READY[:10])
        assert answer(connection)[0] == 408


def test_an_answer_that_nobody_takes_is_given_up(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up = threading.Event()
    lost = connections.Connection.connection_lost

    def note(connection: connections.Connection, error: Exception | None) -> None:
        lost(connection, error)
        given_up.set()

    monkeypatch.setattr(connections, "READ_SECONDS", 0.1)
    monkeypatch.setattr(connections.Connection, "connection_lost", note)
    request = b"GET /static/plotly.min.js HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        connection.connect(("127.0.0.1", port))
        connection.sendall(request)
        assert given_up.wait(60)


def test_one_connection_too_many_is_told_so(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEADER_SECONDS", 60.0)
    monkeypatch.setattr(connections, "most_connections", lambda: 3)
    with ExitStack() as stack:
        kept = [stack.enter_context(opened(port)) for _ in range(3)]
        status, body = answer(stack.enter_context(opened(port)))
        assert (status, json.loads(body)["status"]) == (503, 503)
        kept.pop().close()
        kept[0].sendall(READY)
        assert kept[0].recv(12) == b"HTTP/1.1 200"


def test_connections_leave_descriptors_for_everything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    for soft, most in ((256, 128), (20, 16), (100_000, connections.CONNECTIONS)):
        monkeypatch.setattr(connections.resource, "getrlimit", lambda _, s=soft: (s, s))
        assert connections.most_connections() == most
