"""What passes through the server: requests are counted, timed and logged, and have an id.

The outermost layer of the application. What it does for a request takes a few microseconds: plain
counters go up, and `GET /metrics` makes a text of them when it is asked.
"""

from __future__ import annotations

import logging
import re
import time
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from caviar.service import request_ids
from caviar.service.logs import about
from caviar.service.request_ids import RequestInfo

REQUEST = "caviar.request"
"""Where the scope of a request has its RequestInfo, which layers that copy the scope share."""

HEADER = b"x-request-id"
SANE_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
"""An id that is taken from a caller: nothing that a log or a header could be broken with."""

METHODS = frozenset(("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"))
"""Methods that are counted by their name; a caller may invent others."""

BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Upper ends of the intervals in which the seconds of requests are counted."""

LINES_A_SECOND = 20
"""Refused requests that the log tells in a second; of more, how many there were."""

logger = logging.getLogger("caviar")


@dataclass
class Seconds:
    """How long the requests of a route took: how many in each interval, and all together."""

    counts: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS) + 1))
    total: float = 0.0


class Traffic:
    """Counters of all requests; only the thread of the event loop changes them."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, str, int]] = Counter()
        """By method, route and status."""
        self.seconds: dict[str, Seconds] = {}
        """By route."""

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that has been answered."""
        self.requests[method if method in METHODS else "other", route, status] += 1
        times = self.seconds.get(route)
        if times is None:
            times = self.seconds[route] = Seconds()
        times.counts[bisect_left(BUCKETS, seconds)] += 1
        times.total += seconds


class Watch:
    """ASGI middleware that counts, times and logs every request."""

    def __init__(self, app: ASGIApp, *, traffic: Traffic) -> None:
        self.app = app
        self.traffic = traffic
        self._second = 0
        self._lines = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = scope[REQUEST] = RequestInfo(_given_id(scope))
        request_ids.current.set(request)
        status = 500
        began = time.perf_counter()

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if request.given_id is not None or status >= 400:
                    headers = [*message.get("headers", ()), (HEADER, request.id.encode())]
                    message = {**message, "headers": headers}
            await send(message)

        try:
            await self.app(scope, receive, send_noted)
        finally:
            seconds = time.perf_counter() - began
            self.traffic.count(scope["method"], request.route, status, seconds)
            if status >= 400 or logger.isEnabledFor(logging.DEBUG):
                self._log(scope, status, seconds)

    def _log(self, scope: Scope, status: int, seconds: float) -> None:
        """Tell of a request: of one that failed or was refused for who sent it, else in debug."""
        is_ours = status >= 500
        level = logging.WARNING if is_ours else logging.INFO
        if not is_ours and status not in (401, 403):
            level = logging.DEBUG
        if not logger.isEnabledFor(level) or not (level == logging.DEBUG or self._may_tell()):
            return
        method, path = scope["method"], scope["path"]
        fields = {"method": method, "path": path, "status": status, "seconds": round(seconds, 6)}
        logger.log(
            level, "%s %s: %d in %.1f ms", method, path, status, 1e3 * seconds,
            extra=about(**fields),
        )  # fmt: skip

    def _may_tell(self) -> bool:
        """Whether the log has room: who is refused a thousand times fills no disk with it."""
        now = int(time.monotonic())
        if now != self._second:
            untold = self._lines - LINES_A_SECOND
            self._second, self._lines = now, 0
            if untold > 0:
                logger.warning("%d more requests were refused or failed at that time", untold)
        self._lines += 1
        return self._lines <= LINES_A_SECOND


def _given_id(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == HEADER and SANE_ID.fullmatch(value):
            return str(value, "ascii")
    return None
