"""The table of trials as a file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Annotated, Literal

from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from caviar.service.server.http.access import READ
from caviar.service.server.http.common import DatabaseOf, StudyName, router
from caviar.service.server.http.heavy_reads import HeavyReadsOf
from caviar.service.server.operations.export import FORMATS

exports_router = router("trials")


class FileStream(StreamingResponse):
    """A file in chunks, which gives up its place among the exports when it ends or is cut off."""

    def __init__(
        self, chunks: AsyncIterator[bytes], place: AsyncExitStack, *, media_type: str, name: str
    ) -> None:
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        super().__init__(chunks, media_type=media_type, headers=headers)
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the chunks until the caller has them, or has left."""
        async with self._place:
            await super().__call__(scope, receive, send)


@exports_router.get("/studies/{study}/export", response_class=Response, dependencies=[READ])
async def export(
    study: StudyName,
    database: DatabaseOf,
    reads: HeavyReadsOf,
    request: Request,
    format: Annotated[Literal["csv", "json"], Query()] = "csv",  # noqa: A002
) -> Response:
    """The whole table of trials as a file."""
    file = FORMATS[format]
    async with AsyncExitStack() as place:
        iterate = await place.enter_async_context(reads.stream())
        chunks = iterate(file.chunks(database, study))
        # What is wrong appears before the first bytes: a problem, and not a broken file.
        async for first in chunks:
            if first or await request.is_disconnected():
                break
        return FileStream(
            _after(first, chunks),
            place.pop_all(),
            media_type=file.media_type,
            name=f"{study}.{format}",
        )


async def _after(first: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in chunks:
        yield chunk
