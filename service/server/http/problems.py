"""Every failure as a problem body (RFC 9457): one place where errors become HTTP."""

from __future__ import annotations

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from caviar.service.contract.errors import MAX_FIELD, CaviarError, Invalid, problem
from caviar.service.contract.field_errors import field_errors
from caviar.service.contract.texts import keep_start
from caviar.service.server.http.answer_headers import HEADERS
from caviar.service.server.http.watch import REQUEST

MEDIA_TYPE = "application/problem+json"

logger = logging.getLogger("caviar")


def respond(error: CaviarError) -> JSONResponse:
    """The response of an expected error."""
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(error.retry_after)
    if error.challenge is not None:
        headers["WWW-Authenticate"] = error.challenge
    return JSONResponse(
        error.problem(), status_code=error.status, media_type=MEDIA_TYPE, headers=headers
    )


def install(app: FastAPI) -> None:
    """Let every error of the app become a problem body."""

    # Starlette runs plain functions in threads, which takes longer than these do.
    @app.exception_handler(CaviarError)
    async def expected(request: Request, error: CaviarError) -> JSONResponse:
        return respond(error)

    @app.exception_handler(ClientDisconnect)
    async def gone(request: Request, error: ClientDisconnect) -> JSONResponse:
        return respond(Invalid("the body was cut off"))  # for the log of a proxy

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return respond(Invalid.of(*field_errors(error.errors())))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> JSONResponse:
        title = HTTPStatus(error.status_code).phrase
        slug = title.lower().replace(" ", "-")
        path = keep_start(request.url.path, MAX_FIELD)
        detail = {
            404: f"there is nothing at {path}",
            405: f"{request.method:.20} is not possible at {path}",
        }.get(error.status_code, str(error.detail))
        headers = dict(error.headers or {})
        if error.status_code == 405:
            headers["Allow"] = ", ".join(_methods(request))
        return JSONResponse(
            problem(error.status_code, slug, title, detail),
            status_code=error.status_code,
            media_type=MEDIA_TYPE,
            headers=headers,
        )

    @app.exception_handler(Exception)
    def unexpected(request: Request, error: Exception) -> JSONResponse:
        logger.exception("%s %s failed", request.method, request.url.path, exc_info=error)
        response = respond(CaviarError("internal server error; see the server log"))
        response.headers.update(HEADERS)  # it is answered outside of all middleware
        response.headers["X-Request-Id"] = request.scope[REQUEST].id
        return response


def _methods(request: Request) -> list[str]:
    """The methods of all routes at a path: a router tells those of the first one only."""
    methods: set[str] = set()
    for included in request.app.routes:
        router = getattr(included, "original_router", None)
        for route in [included] if router is None else router.routes:
            if route.matches(request.scope)[0] is not Match.NONE:
                methods |= getattr(route, "methods", None) or {"GET"}
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))
