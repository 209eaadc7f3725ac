"""The description of the API, which names the server's version: for callers with a key."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import JSONResponse

from caviar.service.server.http.access import READ
from caviar.service.server.http.common import router

openapi_router = router("system")


@openapi_router.get("/openapi.json", include_in_schema=False, dependencies=[READ])
def describe(request: Request) -> JSONResponse:
    """The OpenAPI description."""
    description = request.app.openapi()
    if prefix := request.scope["root_path"]:
        description = {**description, "servers": [{"url": prefix}]}
    return JSONResponse(description)
