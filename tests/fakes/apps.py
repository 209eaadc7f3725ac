"""Apps in this process: behind a transport without any network, or on a port of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import httpx
from fastapi import FastAPI

from caviar.service.client.in_process import AppTransport
from caviar.service.local.listening import address, listen
from caviar.service.server import serving
from caviar.service.server.app import create_app
from caviar.service.server.store.database import Database


class Shared(httpx.BaseTransport):
    """A transport that many clients use, one after the other: none of them closes it."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        return self._transport.handle_request(request)


@contextmanager
def running(app: FastAPI) -> Iterator[Shared]:
    """Start an app, with its lifespan, and give the transport to it."""
    with closing(AppTransport(app)) as transport:
        yield Shared(transport)


class Apps:
    """One running app for each database, for as long as a stack of contexts is open."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._transports: dict[Database, Shared] = {}

    def transport(self, database: Database) -> Shared:
        """The transport to the app over a database."""
        if database not in self._transports:
            # The reaper runs too seldom to interfere: tests expire leases themselves.
            app = create_app(database, reap_seconds=3600)
            self._transports[database] = self._stack.enter_context(running(app))
        return self._transports[database]


@contextmanager
def listening(database: Database, *, own_key: str | None = None) -> Iterator[str]:
    """Serve a migrated database from a thread; the address."""
    with listen("127.0.0.1", 0) as listener, serving.served(database, listener, own_key=own_key):
        yield address(listener)
