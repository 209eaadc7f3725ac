"""Apps in this process: behind a transport without any network, or on a port of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import FastAPI

from caviar.service.local.listening import address, listen
from caviar.service.server import serving
from caviar.service.server.app import create_app
from caviar.service.server.store.database import Database


class AppTransport(httpx.BaseTransport):
    """Carries a synchronous client's requests to an ASGI app through httpx.ASGITransport."""

    def __init__(self, app: FastAPI, portal: BlockingPortal) -> None:
        self._transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._portal = portal

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and read the whole answer."""
        request.read()  # the asynchronous transport cannot read a synchronous stream
        return self._portal.call(self._handle, request)

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        response = await self._transport.handle_async_request(request)
        content = await response.aread()
        return httpx.Response(response.status_code, headers=response.headers, content=content)


@contextmanager
def running(app: FastAPI) -> Iterator[AppTransport]:
    """Start an app, with its lifespan, and give the transport to it."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(app.router.lifespan_context(app)),
    ):
        yield AppTransport(app, portal)


class Apps:
    """One running app for each database, for as long as a stack of contexts is open."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._transports: dict[Database, AppTransport] = {}

    def transport(self, database: Database) -> AppTransport:
        """The transport to the app over a database."""
        if database not in self._transports:
            # The reaper runs too seldom to interfere: tests expire leases themselves.
            app = create_app(database, reap_seconds=3600)
            self._transports[database] = self._stack.enter_context(running(app))
        return self._transports[database]


@contextmanager
def listening(database: Database) -> Iterator[str]:
    """Serve a migrated database from a thread; the address."""
    with listen("127.0.0.1", 0) as listener, serving.served(database, listener):
        yield address(listener)
