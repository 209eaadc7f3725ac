"""Who may speak to the server: host and origin checks, and the headers that answers carry.

A web page that a person visits can send requests to a server on their own machine. Three rules
keep it out, before anything is routed: the Host header must be one that we answer to (against
DNS rebinding), a request that changes something must not come from another site, and it must be
JSON (which no plain form can send).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from caviar.service.contract.errors import CaviarError, Refused
from caviar.service.server.http.problems import respond

LOOPBACK = ("127.0.0.1", "localhost", "::1")

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}

TABLES = {
    "text/csv": "csv",
    "application/csv": "csv",
    "application/vnd.apache.parquet": "parquet",
    "application/x-parquet": "parquet",
    "application/x-npy": "npy",
    "application/x-npz": "npz",
}
"""The kind of a table by its media type."""

TABLE_PATH = re.compile(r".*/datasets/[^/]+")

# Everything is a file of our own, but for two <style> elements that plotly.js makes: an empty one
# that it fills by script, and one for maps, which we never draw. They are let in by their hashes;
# after an update of plotly the second may differ, and is then left out without harm.
PLOTLY_STYLES = (
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
    "'sha256-ji27qzEtxXZW+7dun6UwjHXJ18e6WAin1VvNtkzIE/o='",
)

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        f"style-src 'self' {' '.join(PLOTLY_STYLES)}",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "font-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class TooLarge(CaviarError):
    """The body is larger than the server takes."""

    status, slug, title = 413, "too-large", "The body is too large"

    def __init__(self, detail: str, limit_bytes: int) -> None:
        super().__init__(detail)
        self.limit_bytes = limit_bytes


class WrongMediaType(CaviarError):
    """The body is not JSON, or not a table where one is due."""

    status, slug, title = 415, "media-type", "The body is of a wrong media type"


class Guard:
    """ASGI middleware that applies the rules above to every request."""

    def __init__(self, app: ASGIApp, *, allowed_hosts: Sequence[str]) -> None:
        self.app = app
        self.allowed_hosts = frozenset(host.lower() for host in allowed_hosts)
        # Names that a person gave: pages of these hosts are this server's, whatever Host a proxy
        # passes on. On this machine's own names other servers have pages, too.
        self.own_names = self.allowed_hosts - {*LOOPBACK, "*"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on and add the headers."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        error = self._refusal(scope)
        if error is not None:
            await respond(error)(scope, receive, send_with_headers)
        else:
            await self.app(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> CaviarError | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if "*" not in self.allowed_hosts and _name(host) not in self.allowed_hosts:
            return Refused(
                f"this server does not answer to the host {host!r}: "
                f"start it with --allowed-host {_name(host) or 'NAME'}"
            )
        if self._is_foreign(scope, headers, host):
            return Refused(
                "requests from other sites are refused: if this page is the server's own, behind a "
                "proxy, start it with --allowed-host and the page's host name"
            )
        if scope["method"] in SAFE_METHODS or not _has_body(headers) or _is_octets(scope, headers):
            return None
        if _is_table(scope):
            return _table_refusal(headers)
        if not _is_json(headers):
            return WrongMediaType("send the body with Content-Type: application/json")
        return None

    def _is_foreign(self, scope: Scope, headers: Headers, host: str) -> bool:
        site = headers.get("sec-fetch-site")
        if scope["method"] in SAFE_METHODS:
            # A link on another site may lead here; a script or an image there may not.
            return site == "cross-site" and headers.get("sec-fetch-mode") != "navigate"
        if site == "same-origin":
            return False  # browsers compare with the address that the proxy has, if there is one
        if site not in (None, "none"):
            return True
        origin = headers.get("origin")
        return origin is not None and not self._is_own(origin.partition("://")[2].lower(), host)

    def _is_own(self, authority: str, host: str) -> bool:
        return authority == host.lower() or _name(authority) in self.own_names


class BodyLimit:
    """ASGI middleware that stops reading a body at the limit, whatever length was announced."""

    def __init__(self, app: ASGIApp, *, limit_bytes: int, octets: int, tables: int) -> None:
        self.app = app
        self.limit_bytes = limit_bytes
        self.octets = octets
        self.tables = tables

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on and count."""
        headers = Headers(scope=scope) if "headers" in scope else Headers()
        error = self._error(scope, headers)
        length = headers.get("content-length", "0")
        if length.isdecimal() and int(length) > error.limit_bytes:
            await respond(error)(scope, receive, send)
            return
        left = error.limit_bytes

        async def receive_counted() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise error
            return message

        await self.app(scope, receive_counted, send)

    def _error(self, scope: Scope, headers: Headers) -> TooLarge:
        if _is_table(scope):
            message = (
                f"a table may have {self.tables:,} bytes over HTTP: send fewer rows, or a "
                "compressed .parquet file"
            )
            return TooLarge(message, self.tables)
        if _is_octets(scope, headers):
            return TooLarge(f"a checkpoint may have {self.octets:,} bytes", self.octets)
        message = f"a body may have {self.limit_bytes:,} bytes: send the items in parts"
        return TooLarge(message, self.limit_bytes)


def _name(host: str) -> str:
    """The name in a Host header, without its port: `[::1]:8700` is `::1`."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def _has_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _is_octets(scope: dict[str, Any] | Scope, headers: Headers) -> bool:
    """A checkpoint: no form can PUT, and no script of another site without being asked about."""
    put = scope.get("method") == "PUT"
    return put and headers.get("content-type", "") == "application/octet-stream"


def _is_table(scope: dict[str, Any] | Scope) -> bool:
    """A file that becomes a data set: see `_is_octets`."""
    is_put = scope.get("method") == "PUT"
    return is_put and TABLE_PATH.fullmatch(scope.get("path", "")) is not None


def _table_refusal(headers: Headers) -> CaviarError | None:
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if not media_type or media_type in TABLES or media_type == "application/octet-stream":
        return None
    known = ", ".join([*TABLES, "application/octet-stream"])
    return WrongMediaType(f"send a table with one of these as its Content-Type: {known}")


def _is_json(headers: Headers) -> bool:
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    return media_type == "application/json" or media_type.endswith("+json")
