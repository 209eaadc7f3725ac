"""Asynchronous transports for the synchronous client: an app in this process, without a network.

with Client(transport=httpx.ASGITransport(create_app(database))) as client:
    client.studies()

An asynchronous transport runs in an event loop of its own, in a thread; the client's calls wait
for it. An app also has its lifespan run there, from the client's construction until it is closed.
"""

from __future__ import annotations

import asyncio
import functools
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from typing import Any

from anyio.from_thread import start_blocking_portal

from caviar.service.client.light_httpx import httpx
from caviar.service.contract.errors import Unreachable

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]
"""An ASGI application."""


class BridgedTransport(httpx.BaseTransport):
    """Carries the requests of a synchronous client through an asynchronous transport.

    Any number of threads may send at once. Bodies and answers are held in memory as a whole.
    `close` ends the event loop and its thread, and the end of the process does, too.

    Args:
        transport: the asynchronous transport, which is closed with this one.
        around: a context to be in while this transport is open, in the same event loop.
    """

    def __init__(
        self,
        transport: httpx.AsyncBaseTransport,
        *,
        around: AbstractAsyncContextManager[None] | None = None,
    ) -> None:
        self._transport = transport
        self._pid = os.getpid()
        self._closing = threading.Lock()
        with ExitStack() as stack:
            self._portal = stack.enter_context(start_blocking_portal("asyncio", name="transport"))
            if around is not None:
                stack.enter_context(self._portal.wrap_async_context_manager(around))
            stack.enter_context(self._portal.wrap_async_context_manager(transport))
            self._open = stack.pop_all()
        _closed_at_exit(self._pid).add(self)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request and read the whole answer.

        Raises:
            Unreachable: this process is a fork of the one that opened the transport.
        """
        if os.getpid() != self._pid:
            raise Unreachable(
                "this client calls an app of the process that opened it, and a fork has no part of "
                "it: start a server with `caviar up` and give its address"
            )
        request.read()  # an asynchronous transport cannot read a synchronous stream
        return self._portal.call(self._handle, request)

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        response = await self._transport.handle_async_request(request)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        try:
            content = b"".join([part async for part in response.stream])
        finally:
            await response.aclose()
        return httpx.Response(
            response.status_code,
            headers=response.headers,
            stream=httpx.ByteStream(content),
            extensions=response.extensions,
        )

    def close(self) -> None:
        """Close the transport, and end the app's lifespan if it is one of an app."""
        if os.getpid() != self._pid:
            return  # the event loop stayed in the parent
        with self._closing:
            self._open.close()
        _closed_at_exit(self._pid).discard(self)


class AppTransport(BridgedTransport):
    """Calls an ASGI app in this process, and runs its lifespan until it is closed.

    Args:
        app: the application, or an `httpx.ASGITransport` to it.

    Raises:
        Conflict: the app is Caviar's and its database has another schema.
    """

    def __init__(self, app: App | httpx.ASGITransport) -> None:
        if isinstance(app, httpx.ASGITransport):
            super().__init__(app, around=_lifespan(app.app))
        else:
            # The app answers a failure of its own with a problem, as it does behind a socket.
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            super().__init__(transport, around=_lifespan(app))


def bridged(transport: httpx.AsyncBaseTransport) -> httpx.BaseTransport:
    """A transport that a synchronous client can use, and with it the lifespan of its app."""
    if isinstance(transport, httpx.ASGITransport):
        return AppTransport(transport)
    return BridgedTransport(transport)


@functools.cache
def _closed_at_exit(pid: int) -> set[BridgedTransport]:
    """The transports that are closed when the main thread of this process ends.

    An app's event loop has threads that end with the loop. The interpreter waits for them before
    it calls what is registered with atexit, so that would come too late.
    """
    transports: set[BridgedTransport] = set()

    def close_all() -> None:
        threading.main_thread().join()
        for transport in tuple(transports):
            transport.close()

    threading.Thread(target=close_all, name="transports", daemon=True).start()
    return transports


@asynccontextmanager
async def _lifespan(app: App) -> AsyncIterator[None]:
    """The time from an app's startup to its shutdown, by the lifespan protocol of ASGI."""
    to_app: asyncio.Queue[Message] = asyncio.Queue()
    from_app: asyncio.Queue[Message | None] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": {}}

    async def run() -> None:
        try:
            await app(scope, to_app.get, from_app.put)
        finally:
            from_app.put_nowait(None)

    to_app.put_nowait({"type": "lifespan.startup"})
    task = asyncio.create_task(run())
    answer = await from_app.get()
    if answer is None:
        # An app without a lifespan refuses the scope, each in its own way.
        await asyncio.wait([task])
        task.exception()
        yield
        return
    if answer["type"] == "lifespan.startup.failed":
        await task
        raise RuntimeError(f"the app did not start: {answer.get('message', '')}")
    try:
        yield
    finally:
        to_app.put_nowait({"type": "lifespan.shutdown"})
        await task
