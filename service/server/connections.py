"""Connections of bounded number and patience: what uvicorn leaves open.

A connection that sends half a request, or none, is closed after some seconds. The bytes of a body
must keep coming. A connection that is one too many is told so and closed, long before the process
has no file descriptors left, because it cannot answer any client after that.
"""

from __future__ import annotations

import asyncio
import json
import logging
import resource
import socket
from functools import partial
from http import HTTPStatus
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from caviar.service.contract.errors import problem

HEADER_SECONDS = 10.0
"""How long the head of a request may take, and a new connection before it."""

BODY_SECONDS = 10.0
"""How long a body may be slower than MIN_BODY_RATE."""

MIN_BODY_RATE = 4_096
"""Bytes per second of a body, on average after BODY_SECONDS."""

READ_SECONDS = 60.0
"""How long the reader of an answer may take nothing of it."""

LOOK_SECONDS = 1.0
"""How often the connections are looked at."""

CONNECTIONS = 4_096
"""Connections at once."""

DESCRIPTORS = 65_536
"""File descriptors of the process, if so many are allowed."""

ACCEPTED_AT_ONCE = 64
"""Connections that are accepted before any of them is counted."""

RESERVED = 64 + ACCEPTED_AT_ONCE
"""File descriptors that are not for connections: those of the database, of files, of libraries."""

BACKLOG = 2_048
"""Connections that the operating system keeps waiting."""

COMPLAINT_SECONDS = 60.0
"""How often the log says that there are too many connections."""

logger = logging.getLogger("caviar")


def _answer(status: HTTPStatus, slug: str, detail: str, *headers: str) -> bytes:
    """A whole answer as bytes, after which the connection is closed."""
    body = json.dumps(problem(status, slug, status.phrase, detail)).encode()
    lines = (
        f"HTTP/1.1 {status.value} {status.phrase}",
        "content-type: application/problem+json",
        f"content-length: {len(body)}",
        "connection: close",
        *headers,
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


TOO_SLOW = _answer(
    HTTPStatus.REQUEST_TIMEOUT, "request-timeout", "the request did not arrive whole in time"
)

TOO_MANY = _answer(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "unavailable",
    "the server has as many connections as it may have: try again",
    "retry-after: 1",
)


class Connection(H11Protocol):
    """A connection that does not wait for ever for its other end."""

    _received = 0
    _waits_for: tuple[str, object] | None = None
    """What the connection waits for: a head or a body, and of which request."""
    _since = 0.0
    _had = 0
    """Bytes that had been received when the wait began."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, or tell it that it is one too many."""
        super().connection_made(transport)
        if len(self.connections) > most_connections():
            _complain("the server has %d connections, and takes no more", len(self.connections))
            transport.write(TOO_MANY)
            transport.close()

    def data_received(self, data: bytes) -> None:
        """Count what comes."""
        self._received += len(data)
        super().data_received(data)

    def look(self, now: float) -> None:
        """Close the connection if it has waited for too long."""
        waits_for = self._wait()
        if waits_for != self._waits_for:
            self._waits_for, self._since = waits_for, now
            self._had = self._received
        elif waits_for is not None:
            self._judge(waits_for[0], now - self._since)

    def _wait(self) -> tuple[str, object] | None:
        if self.flow.write_paused:
            return "reader", self.transport.get_write_buffer_size()
        if self.cycle is None or self.cycle.response_complete:
            # uvicorn itself closes connections that have nothing to say, between two requests.
            return ("head", self.cycle) if self.timeout_keep_alive_task is None else None
        return ("body", self.cycle) if self.cycle.more_body and not self.flow.read_paused else None

    def _judge(self, what: str, waited: float) -> None:
        if what == "reader" and waited > READ_SECONDS:
            self.transport.abort()
        elif what == "head" and waited > HEADER_SECONDS:
            self._close(TOO_SLOW if self._received else b"")
        elif what == "body":
            due = (waited - BODY_SECONDS) * MIN_BODY_RATE
            if self._received - self._had < due:
                self._close(b"" if self.cycle.response_started else TOO_SLOW)

    def _close(self, last_words: bytes) -> None:
        if last_words:
            self.transport.write(last_words)
        self.transport.close()


class LimitedServer(uvicorn.Server):
    """A server that looks after its connections."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen and to look."""
        loop = asyncio.get_running_loop()
        if self.config.is_ssl:
            # uvicorn leaves it at a minute, in which a connection is not counted yet.
            patient = partial(loop.create_server, ssl_handshake_timeout=HEADER_SECONDS)
            loop.create_server = patient  # type: ignore[method-assign]
        await super().startup(sockets)
        loop.set_exception_handler(_tell)
        for listener in sockets or ():
            # asyncio listens with as many as it accepts at once.
            listener.listen(BACKLOG)
        loop.call_later(LOOK_SECONDS, self._look)

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in list(self.server_state.connections):
            if isinstance(connection, Connection) and not connection.transport.is_closing():
                connection.look(now)
        loop.call_later(LOOK_SECONDS, self._look)


OPTIONS: dict[str, Any] = {"http": Connection, "ws": "none", "backlog": ACCEPTED_AT_ONCE}
"""What `uvicorn.Config` needs for a LimitedServer."""


def raise_descriptor_limit() -> None:
    """Let this process have as many file descriptors as it may, up to DESCRIPTORS."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if hard == resource.RLIM_INFINITY else min(DESCRIPTORS, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def most_connections() -> int:
    """How many connections there may be: CONNECTIONS, or as file descriptors allow."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return CONNECTIONS if soft < 0 else max(16, min(CONNECTIONS, soft - RESERVED))


_last_complaint = -COMPLAINT_SECONDS


def _complain(message: str, *arguments: object) -> None:
    """Log a warning, unless there was one lately: each connection would be a line."""
    global _last_complaint
    now = asyncio.get_running_loop().time()
    if now - _last_complaint >= COMPLAINT_SECONDS:
        _last_complaint = now
        logger.warning(message, *arguments)


def _tell(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what goes wrong in the event loop; that no descriptor is left, once a minute."""
    if "out of system resource" in str(context.get("message")):
        _complain("no file descriptors are left for new connections: raise `ulimit -n`")
    else:
        loop.default_exception_handler(context)
