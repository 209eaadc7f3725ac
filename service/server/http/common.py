"""What routes share: strict bodies, the database, keys, pages, revisions as ETags."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.routing import APIRoute

from caviar.service.contract import limits, strict_json
from caviar.service.contract.errors import CaviarError, Invalid
from caviar.service.contract.schemas import Slug
from caviar.service.server.http.problems import MEDIA_TYPE
from caviar.service.server.operations.workers import Askers
from caviar.service.server.rules.idempotency import Key
from caviar.service.server.store.database import Database


class StrictRequest(Request):
    """A request whose JSON is parsed strictly."""

    async def json(self) -> Any:
        """The value of the body.

        Raises:
            Invalid: it is not strict JSON.
        """
        if not hasattr(self, "_json"):
            self._json = strict_json.parse(await self.body())
        return self._json


class StrictRoute(APIRoute):
    """A route whose bodies are strict JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, given a strict request."""
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            try:
                return await handle(StrictRequest(request.scope, request.receive))
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


def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def _askers(request: Request) -> Askers:
    askers: Askers = request.app.state.askers
    return askers


async def _idempotency_key(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=255,
            description="The same key again gives the same answer, and does nothing twice.",
        ),
    ] = None,
) -> Key | None:
    if idempotency_key is None:
        return None
    operation = f"{request.method} {request.url.path}"
    return Key.of(idempotency_key, operation, await request.body())


DatabaseOf = Annotated[Database, Depends(_database)]
AskersOf = Annotated[Askers, Depends(_askers)]
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
        return json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except ValueError as error:
        raise Invalid.field("page_token", "is not one that a list gave out") from error


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
