"""The connection to a server: requests, retries and errors."""

from __future__ import annotations

import json
import os
import random
import re
import ssl
import time
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError

from caviar.service.client.light_httpx import httpx
from caviar.service.contract.addresses import DEFAULT_SERVER
from caviar.service.contract.errors import CaviarError, Invalid, Unreachable, from_problem
from caviar.service.contract.keys import checked_key, key_of_environment
from caviar.service.contract.plain import plain

SERVER_VARIABLE = "CAVIAR_SERVER"
"""The environment variable with the address of the server, for the command and for clients."""

A = TypeVar("A", bound=BaseModel)
C = TypeVar("C", bound="Connection")


class Connection:
    """Sends calls to a server, and repeats them while it does not answer.

    Every call is safe to send twice: a call whose repetition would change something again carries
    an Idempotency-Key. Threads may share a connection. A process that was forked opens sockets of
    its own at its first call, and one that a connection was pickled for does, too.
    """

    def __init__(
        self,
        server: str | None = None,
        *,
        key: str | None = None,
        transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None = None,
        timeout_seconds: float = 60.0,
        patience_seconds: float = 30.0,
    ) -> None:
        if server is None:
            is_named = transport is None and SERVER_VARIABLE in os.environ
            server = os.environ[SERVER_VARIABLE] if is_named else DEFAULT_SERVER
        self.server = _checked(server)
        self.timeout_seconds = timeout_seconds
        self.patience_seconds = patience_seconds
        self._key = None if key is None else checked_key(key)
        self._auth = _Auth(self.server, self._key or key_of_environment())
        self._transport = None if transport is None else _synchronous(transport)
        self._opened = os.getpid(), self._open()
        self.check: Callable[[], None] = _no_check
        """Called before every call. What it raises is raised in place of the answer."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Callable[..., Self], tuple[Any, ...]]:
        if self._transport is not None:
            raise TypeError("a client with a transport of its own cannot be pickled")
        # A key of the environment is not pickled: the other process has an environment of its own.
        settings = self.server, self._key, self.timeout_seconds, self.patience_seconds
        return _again, (type(self), *settings)

    def close(self) -> None:
        """Close all connections to the server."""
        self._http.close()

    @property
    def _http(self) -> httpx.Client:
        """The HTTP client of this process: sockets that a fork inherits are its parent's."""
        pid, opened = self._opened
        if pid != os.getpid():
            closed = opened.is_closed
            self._opened = _, opened = os.getpid(), self._open()
            if closed:
                opened.close()
        return opened

    def _open(self) -> httpx.Client:
        is_here = _is_loopback(self.server)
        return httpx.Client(
            base_url=self.server,
            transport=self._transport,
            auth=self._auth,
            timeout=self.timeout_seconds,
            # Reading the certificates takes most of a start. A plain address needs none, where no
            # proxy is between, whose certificate counts.
            verify=_certificates(self.server, is_here=is_here),
            # A server on this machine is not behind a proxy.
            trust_env=not is_here,
        )

    def _call(
        self,
        method: str,
        path: str,
        answer_type: type[A],
        *,
        body: BaseModel | Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        idempotent: bool = False,
    ) -> A:
        """Send a call and parse its answer; with `idempotent`, it carries an Idempotency-Key."""
        response = self._send(method, path, body=body, query=query, idempotent=idempotent)
        try:
            return answer_type.model_validate_json(response.content)
        except ValidationError as error:
            raise Unreachable(
                f"what answers at {self.server} is not Caviar, or a much older or newer version"
            ) from error

    def _send(
        self,
        method: str,
        path: str,
        *,
        body: BaseModel | Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        idempotent: bool = False,
        content: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        self.check()
        request: dict[str, Any] = {"headers": dict(headers or {})}
        if content is not None:
            request["content"] = content
        elif body is not None:
            request["content"] = _json(body)
            request["headers"]["Content-Type"] = "application/json"
        if query:
            request["params"] = {key: value for key, value in query.items() if value is not None}
        if idempotent:
            request["headers"]["Idempotency-Key"] = str(uuid.uuid4())
        deadline = time.monotonic() + self.patience_seconds
        for wait_seconds in _growing_waits():
            try:
                return self._attempt(method, path, request)
            except (httpx.TransportError, _Busy) as error:
                if time.monotonic() + wait_seconds > deadline:
                    raise _final(error, self.server) from error
                time.sleep(wait_seconds)
        raise AssertionError("unreachable: the waits are endless")

    def _attempt(self, method: str, path: str, request: dict[str, Any]) -> httpx.Response:
        response = self._http.request(method, path, **request)
        if response.is_success:
            return response
        error = _error_of(response)
        if response.status_code in (502, 503, 504):
            raise _Busy(error)
        raise error


def _certificates(server: str, *, is_here: bool) -> bool | ssl.SSLContext:
    """What the server's certificate is checked with."""
    if is_here and server.startswith("https:"):
        return ssl.create_default_context()  # reads SSL_CERT_FILE, where httpx reads no variable
    return not is_here


class _Auth(httpx.Auth):
    """Sends the key to the server, and to no other address."""

    def __init__(self, server: str, key: str | None) -> None:
        self._origin = _origin(httpx.URL(server))
        self._header = None if key is None else f"Bearer {key}"

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the key to a request."""
        if self._header is not None and _origin(request.url) == self._origin:
            request.headers["Authorization"] = self._header
        yield request


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _synchronous(
    transport: httpx.BaseTransport | httpx.AsyncBaseTransport,
) -> httpx.BaseTransport:
    if isinstance(transport, httpx.BaseTransport):
        return transport
    from caviar.service.client.in_process import bridged  # few need it, and it takes a while

    return bridged(transport)


def _no_check() -> None:
    """Nothing has to hold for a call."""


def _again(
    kind: type[C], server: str, key: str | None, timeout_seconds: float, patience_seconds: float
) -> C:
    """A connection that was pickled, opened anew."""
    return kind(server, key=key, timeout_seconds=timeout_seconds, patience_seconds=patience_seconds)


def _json(body: BaseModel | Mapping[str, Any]) -> str:
    """A body as JSON text.

    Raises:
        Invalid: a value has no form in JSON; names the field.
    """
    if isinstance(body, BaseModel):
        try:
            return body.model_dump_json(exclude_unset=True)
        except PydanticSerializationError:  # a part that the model takes as it is
            body = body.model_dump(exclude_unset=True)
    return json.dumps(plain(body, finite=True))


class _Busy(Exception):
    """The server is reachable but cannot answer now."""

    def __init__(self, error: CaviarError) -> None:
        super().__init__(str(error))
        self.error = error


def _final(error: httpx.TransportError | _Busy, server: str) -> CaviarError:
    if isinstance(error, _Busy):
        return error.error
    return Unreachable(
        f"no server answers at {server} ({error}): start one with `caviar up` or give the address "
        "of another"
    )


def _growing_waits() -> Iterator[float]:
    """Seconds between attempts: doubling from 0.05 to 2, with jitter so that clients spread."""
    wait_seconds = 0.05
    while True:
        yield wait_seconds * random.uniform(0.5, 1.5)
        wait_seconds = min(2.0, 2 * wait_seconds)


def _error_of(response: httpx.Response) -> CaviarError:
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        detail = f"{response.url} answered {response.status_code}, and not as Caviar does"
        problem = {"detail": f"{detail}: check the address"}
    return from_problem(response.status_code, problem)


def _checked(server: str) -> str:
    if not isinstance(server, str):
        raise Invalid(f"{server!r} is not an address such as {DEFAULT_SERVER}")
    try:
        url = httpx.URL(server)
    except (httpx.InvalidURL, ValueError) as error:
        raise Invalid(f"{server!r} is not an address: {error}") from error
    if url.scheme not in ("http", "https") or not re.fullmatch(r"[\w.:-]+", url.host):
        raise Invalid(f"{server!r} is not an address such as {DEFAULT_SERVER}")
    return server.rstrip("/")


def _is_loopback(server: str) -> bool:
    host = httpx.URL(server).host
    return host in ("localhost", "::1") or host.startswith("127.")
