"""How large a body may be, by route, and how many large ones the server takes at once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import IO

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from caviar.service.contract import limits
from caviar.service.contract.errors import CaviarError, Invalid, Unavailable
from caviar.service.server.http.problems import respond
from caviar.service.server.rules.quotas import quotas, variable

RETRY_SECONDS = 1
"""How long a caller should wait whose large body is one too many."""


JSON = ("application/json",)

OCTETS = "application/octet-stream"

TABLES = {
    "text/csv": "csv",
    "application/csv": "csv",
    "application/vnd.apache.parquet": "parquet",
    "application/x-parquet": "parquet",
    "application/x-npy": "npy",
    "application/x-npz": "npz",
}
"""The kind of a table by its media type."""


class TooLarge(CaviarError):
    """The body is larger than the server takes."""

    status, slug, title = 413, "too-large", "The body is too large"


@dataclass(frozen=True)
class BodyKind:
    """The bodies of some routes."""

    limit_bytes: int
    advice: str
    """What may have how many bytes, and what to do with more."""
    places: int = limits.LARGE_BODIES
    """How many larger than `limits.BODY_BYTES` are received and read at once."""
    media_types: tuple[str, ...] = JSON
    may_be_unnamed: bool = False
    """Whether the media type may be missing."""
    max_values: int = limits.BODY_VALUES
    quota: str | None = None
    """The name of the quota that the server's owner may set in place of the limit."""

    @property
    def most_bytes(self) -> int:
        """The limit, or the owner's."""
        if self.quota is None:
            return self.limit_bytes
        most: int = getattr(quotas(), self.quota)
        return most

    def takes(self, media_type: str) -> bool:
        """Whether a body may be of this media type."""
        if not media_type:
            return self.may_be_unnamed
        is_json = media_type.endswith("+json") and self.media_types == JSON
        return is_json or media_type in self.media_types

    def too_large(self) -> TooLarge:
        """The error of a larger body."""
        limit = f"{self.most_bytes:,} bytes"
        if self.quota is not None:
            limit += f" (the server's {variable(self.quota)})"
        return TooLarge(self.advice.format(limit=limit))


PLAIN = BodyKind(limits.BODY_BYTES, "this body may have {limit}")

ITEMS = BodyKind(
    limits.ITEMS_BODY_BYTES,
    "a body may have {limit}: send the items in parts",
    max_values=limits.ITEMS_BODY_VALUES,
)

CHECKPOINT = BodyKind(
    limits.CHECKPOINT_BYTES,
    "a checkpoint may have {limit}",
    media_types=(OCTETS,),
    quota="checkpoint_bytes",
)

TABLE = BodyKind(
    limits.TABLE_BYTES,
    "a table may have {limit} over HTTP: send fewer rows, or a compressed .parquet file",
    media_types=(*TABLES, OCTETS),
    may_be_unnamed=True,
    quota="dataset_bytes",
)

KINDS = {
    ("POST", "report"): ITEMS,
    ("POST", "tell"): ITEMS,
    ("POST", "trials"): ITEMS,
    ("PUT", "checkpoint"): CHECKPOINT,
}
"""The kinds of bodies by method and last part of the path; any other body is a plain one."""


def kind_of(scope: Scope) -> BodyKind:
    """The kind of a request's body."""
    parent, _, last = scope["path"].rpartition("/")
    if scope["method"] == "PUT" and parent.endswith("/datasets"):
        return TABLE
    return KINDS.get((scope["method"], last), PLAIN)


class BodyLimit:
    """ASGI middleware that stops reading a body at its limit, whatever length was announced."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._taken: Counter[BodyKind] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on and count."""
        headers = dict(scope.get("headers", ()))
        length = _length(headers)
        if length == 0:
            await self.app(scope, receive, send)
            return
        kind = kind_of(scope)
        if length is not None and length > kind.most_bytes:
            await respond(kind.too_large())(scope, receive, send)
        elif length is not None and length <= limits.BODY_BYTES:
            await self.app(scope, receive, send)  # the protocol reads no more than was announced
        else:
            await self._count(kind, length or 0, scope, receive, send)

    async def _count(
        self, kind: BodyKind, length: int, scope: Scope, receive: Receive, send: Send
    ) -> None:
        received = 0
        has_place = False

        def take_place() -> None:
            nonlocal has_place
            if self._taken[kind] >= kind.places:
                raise Unavailable(
                    f"the server receives {kind.places} large bodies already: try again",
                    retry_after=RETRY_SECONDS,
                )
            self._taken[kind] += 1
            has_place = True

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > kind.most_bytes:
                raise kind.too_large()
            if received > limits.BODY_BYTES and not has_place:
                take_place()
            return message

        if length > limits.BODY_BYTES:
            try:
                take_place()
            except Unavailable as error:
                await respond(error)(scope, receive, send)
                return
        try:
            await self.app(scope, receive_counted, send)
        finally:
            self._taken[kind] -= has_place


def _length(headers: dict[bytes, bytes]) -> int | None:
    """The length of a body as its sender announces it; None if it does not."""
    if b"transfer-encoding" in headers:
        return None
    length = headers.get(b"content-length", b"0")
    return int(length) if length.isdigit() and len(length) < 20 else None


def is_small(request: Request) -> bool:
    """Whether a body is announced that may be held in memory."""
    length = _length(dict(request.scope["headers"]))
    return length is not None and length <= limits.BODY_BYTES


async def receive_into(file: IO[bytes], request: Request) -> None:
    """Write a body to a file while it arrives: it may be larger than the memory for it.

    Raises:
        Invalid: the body was cut off.
    """
    try:
        async for part in request.stream():
            file.write(part)
    except ClientDisconnect as error:
        raise Invalid("the body was cut off") from error
