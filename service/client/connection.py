"""The connection to a server: requests, retries and errors."""

from __future__ import annotations

import random
import re
import time
import uuid
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx
from pydantic import BaseModel

from caviar.service.client.in_process import synchronous
from caviar.service.contract.addresses import DEFAULT_SERVER
from caviar.service.contract.errors import CaviarError, Invalid, Unreachable, from_problem

A = TypeVar("A", bound=BaseModel)


class Connection:
    """Sends calls to a server, and repeats them while it does not answer.

    Every call is safe to send twice: a call whose repetition would change something again carries
    an Idempotency-Key.
    """

    def __init__(
        self,
        server: str = DEFAULT_SERVER,
        *,
        transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None = None,
        timeout_seconds: float = 60.0,
        patience_seconds: float = 30.0,
    ) -> None:
        self.server = _checked(server)
        self.patience_seconds = patience_seconds
        self._http = httpx.Client(
            base_url=self.server,
            transport=synchronous(transport),
            timeout=timeout_seconds,
            # A server on this machine is not behind a proxy.
            trust_env=not _is_loopback(self.server),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections to the server."""
        self._http.close()

    def _call(
        self,
        method: str,
        path: str,
        answer_type: type[A],
        *,
        body: BaseModel | dict[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        idempotent: bool = False,
    ) -> A:
        """Send a call and parse its answer; with `idempotent`, it carries an Idempotency-Key."""
        response = self._send(method, path, body=body, query=query, idempotent=idempotent)
        return answer_type.model_validate_json(response.content)

    def _send(
        self,
        method: str,
        path: str,
        *,
        body: BaseModel | dict[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        idempotent: bool = False,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        request: dict[str, Any] = {"headers": dict(headers or {})}
        if content is not None:
            request["content"] = content
        elif isinstance(body, BaseModel):
            request["content"] = body.model_dump_json(exclude_unset=True)
            request["headers"]["Content-Type"] = "application/json"
        elif body is not None:
            request["json"] = body
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
        problem = {"detail": f"the server answered {response.status_code}"}
    return from_problem(response.status_code, problem)


def _checked(server: str) -> str:
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
