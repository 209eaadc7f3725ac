"""Who may speak to the server: host and origin checks, and the headers that answers carry.

A web page that a person visits can send requests to a server on their own machine. Three rules
keep it out, before anything is routed: the Host header must be one that we answer to (against
DNS rebinding), a request that changes something must not come from another site, and it must be
JSON (which no plain form can send).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from caviar.service.contract.errors import CaviarError, Refused
from caviar.service.server.http.answer_headers import NAMES, RAW_HEADERS
from caviar.service.server.http.bodies import kind_of
from caviar.service.server.http.problems import respond

LOOPBACK = ("127.0.0.1", "localhost", "::1")

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}

BODY_METHODS = {"POST", "PUT", "PATCH", "DELETE"}
"""Those that may have a body; others have no route."""

RawHeaders = Mapping[bytes, bytes]


class WrongMediaType(CaviarError):
    """The body is not what its route takes: JSON, a checkpoint or a table."""

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
                headers = list(message.get("headers", ()))
                own = NAMES.intersection(name for name, _ in headers)
                headers += [item for item in RAW_HEADERS if item[0] not in own]
                message["headers"] = headers
            await send(message)

        error = self._refusal(scope, dict(scope["headers"]))
        if error is not None:
            await respond(error)(scope, receive, send_with_headers)
        else:
            await self.app(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope, headers: RawHeaders) -> CaviarError | None:
        host = _text(headers, b"host")
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
        if scope["method"] not in BODY_METHODS or not _has_body(headers):
            return None
        # No form can send JSON or PUT a file, and no script of another site without being asked.
        kind = kind_of(scope)
        if kind.takes(_text(headers, b"content-type").partition(";")[0].strip().lower()):
            return None
        return WrongMediaType(f"send the body with Content-Type: {' or '.join(kind.media_types)}")

    def _is_foreign(self, scope: Scope, headers: RawHeaders, host: str) -> bool:
        site = headers.get(b"sec-fetch-site")
        if scope["method"] in SAFE_METHODS:
            # A link on another site may lead here; a script or an image there may not.
            return site == b"cross-site" and headers.get(b"sec-fetch-mode") != b"navigate"
        if site == b"same-origin":
            return False  # browsers compare with the address that the proxy has, if there is one
        if site not in (None, b"none"):
            return True
        if b"origin" not in headers:
            return False
        return not self._is_own(_text(headers, b"origin").partition("://")[2].lower(), host)

    def _is_own(self, authority: str, host: str) -> bool:
        return authority == host.lower() or _name(authority) in self.own_names


def _name(host: str) -> str:
    """The name in a Host header, without its port: `[::1]:8700` is `::1`."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def _text(headers: RawHeaders, name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1")


def _has_body(headers: RawHeaders) -> bool:
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
