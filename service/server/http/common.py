"""What routes share: strict bodies, the database, keys, pages, revisions as ETags."""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import math
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.routing import APIRoute

from caviar.service.contract import limits, strict_json
from caviar.service.contract.errors import CaviarError, Invalid
from caviar.service.contract.field_errors import field_errors
from caviar.service.contract.schemas import Slug
from caviar.service.server.http.access import access_of
from caviar.service.server.http.bodies import kind_of
from caviar.service.server.http.direct import FromState, direct
from caviar.service.server.http.problems import MEDIA_TYPE
from caviar.service.server.http.queries import known_names, refuse_unknown
from caviar.service.server.http.short_way import MAX_KEY, short_way
from caviar.service.server.http.watch import REQUEST
from caviar.service.server.operations.workers import Askers
from caviar.service.server.rules.idempotency import Key
from caviar.service.server.store.database import Database

SMALL_BODY_BYTES = 32 * 2**10
"""A body of this size is read within the event loop, which takes less time than a thread."""

READERS = 2
"""Threads that read larger bodies."""

T = TypeVar("T")


class StrictRequest(Request):
    """A request whose JSON is parsed strictly, and off the event loop if it is large."""

    model: Any = None
    """What FastAPI validates the body with: a large body is validated where it is parsed."""

    async def json(self) -> Any:
        """The value of the body; of a large one, the validated model.

        Raises:
            Invalid: it is not strict JSON, or large and not valid.
        """
        if not hasattr(self, "_json"):
            body = await self.body()
            if len(body) <= SMALL_BODY_BYTES:
                self._json = strict_json.parse(body)
            else:
                self._json = await off_loop(self._read, body)
        return self._json

    def _read(self, body: bytes) -> Any:
        with _NO_COLLECTION:
            value = strict_json.parse(body, max_values=kind_of(self.scope).max_values)
        if self.model is None:
            return value
        validated, errors = self.model.validate(value, {}, loc=("body",))
        if errors:
            raise Invalid.of(*field_errors(errors))
        return validated


class _NoCollection:
    """No garbage collection while JSON is parsed: it has no cycles, and collecting takes longer.

    The parser holds the interpreter all the while, and no other thread goes on.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            gc.disable()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                gc.enable()


_NO_COLLECTION = _NoCollection()


@cache
def _readers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(READERS, thread_name_prefix="body")


async def off_loop(work: Callable[..., T], *arguments: Any) -> T:
    """The result of `work` on a large body, from one of a few threads."""
    return await asyncio.get_running_loop().run_in_executor(_readers(), partial(work, *arguments))


class StrictRoute(APIRoute):
    """A route whose bodies are strict JSON."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, direct(endpoint, options), **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, given a strict request."""
        long = super().get_route_handler()
        handle = short_way(self.dependant, self.body_field, _idempotency_key, long)
        access = access_of(self.dependencies, self.path)
        model = self.body_field
        known, path = known_names(self.dependant), self.path

        async def strict(request: Request) -> Response:
            request.scope[REQUEST].route = path
            strict_request = StrictRequest(request.scope, request.receive)
            strict_request.model = model
            await access(request)  # before the body is read
            if request.scope["query_string"]:
                refuse_unknown(request.scope["query_string"], known)
            try:
                return await handle(strict_request)
            except Exception as error:
                # FastAPI wraps what goes wrong while a body is read; ours says more.
                if isinstance(error.__cause__, CaviarError):
                    raise error.__cause__ from None
                raise

        return strict


PROBLEM: dict[str, Any] = {
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
}


def router(tag: str) -> APIRouter:
    """A router of strict routes, whose failures are described as problems."""
    return APIRouter(
        route_class=StrictRoute,
        tags=[tag],
        responses={
            "4XX": {"description": "The request cannot be done: the problem says why."} | PROBLEM,
            "5XX": {"description": "The server cannot do it now: try again."} | PROBLEM,
        },
    )


async def _idempotency_key(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=MAX_KEY,
            description="The same key again gives the same answer, and does nothing twice.",
        ),
    ] = None,
) -> Key | None:
    if idempotency_key is None:
        return None
    operation, body = f"{request.method} {request.url.path}", await request.body()
    if len(body) <= SMALL_BODY_BYTES:
        return Key.of(idempotency_key, operation, body)
    return await off_loop(Key.of, idempotency_key, operation, body)


DatabaseOf = Annotated[Database, FromState("database")]
AskersOf = Annotated[Askers, FromState("askers")]
KeyOf = Annotated[Key | None, Depends(_idempotency_key)]
StudyName = Annotated[Slug, Path(description="The study's name.")]
TrialNumber = Annotated[int, Path(ge=0, description="The trial's number.")]
Limit = Annotated[int, Query(ge=1, le=limits.PAGE, description="Items on a page.")]
PageToken = Annotated[
    str | None, Query(max_length=512, description="The `next_page_token` of the page before.")
]


def encode_token(key: Any) -> str | None:
    """A page's key as an opaque token."""
    if key is None:
        return None
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def decode_token(token: str | None) -> Any:
    """The key of an opaque token.

    Raises:
        Invalid: we never gave out this token.
    """
    if token is None:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, RecursionError) as error:
        raise Invalid.field("page_token", "is not one that a list gave out") from error
    if not all(_is_key(part) for part in (key if isinstance(key, list) else [key])):
        raise Invalid.field("page_token", "is not one that a list gave out")
    return key


def _is_key(part: Any) -> bool:
    """Whether a page may begin after this: what both databases can compare with."""
    match part:
        case None | bool():
            return True
        case int():
            return abs(part) < 2**63
        case float():
            return math.isfinite(part)
        case str():
            return part.isprintable()
    return False


NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {"description": "The caller has this revision already, as its If-None-Match says."}
}


def not_modified(
    request: Request, response: Response, created_at: str, revision: int
) -> Response | None:
    """Set the ETag; a 304 when the caller has this revision already.

    The time of creation tells a study from an earlier one of its name.
    """
    etag = f'W/"{created_at}/{revision}"'
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "no-cache"
    if etag in request.headers.get("if-none-match", "").split(", "):
        return Response(status_code=304, headers={"ETag": etag})
    return None
