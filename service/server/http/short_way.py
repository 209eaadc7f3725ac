"""The short way of a good call: from path and body to the endpoint, without FastAPI's solver.

The solver looks for every kind of parameter of every dependency, which takes as long as the rest of
a call. The hot routes have names in the path, one body, and a key. Whatever is not as expected goes
the long way, so that the answers to it are FastAPI's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from starlette.concurrency import run_in_threadpool

Handler = Callable[[Any], Awaitable[Response]]
KeyReader = Callable[[Request, str | None], Awaitable[Any]]

KEY = "idempotency-key"
MAX_KEY = 255
"""The length of an Idempotency-Key."""


def short_way(dependant: Dependant, body_field: Any, read_key: KeyReader, long: Handler) -> Handler:
    """A handler that goes the short way where the route has one, and else the long one.

    Args:
        dependant: the endpoint and its parameters, as FastAPI has found them.
        body_field: the model of the body.
        read_key: reads the key of a call; the one dependency that is known here.
        long: FastAPI's own handler.
    """
    named = [own for own in dependant.dependencies if own.name]
    others = [own for own in named if own.call is not read_key]
    if dependant.query_params or dependant.header_params or dependant.cookie_params or others:
        return long
    if len(dependant.body_params) != 1 or not getattr(dependant.call, "responds", False):
        return long
    keys = [own.name for own in named if own.name]
    return _ShortWay(dependant, body_field, keys, read_key, long)


class _ShortWay:
    """The handler of one route."""

    def __init__(
        self,
        dependant: Dependant,
        body_field: Any,
        keys: list[str],
        read_key: KeyReader,
        long: Handler,
    ) -> None:
        assert dependant.call is not None
        self._endpoint = dependant.call
        self._path = dependant.path_params
        self._body, self._body_name = body_field, dependant.body_params[0].name
        self._keys, self._read_key = keys, read_key
        self._request_name = dependant.request_param_name
        self._response_name = dependant.response_param_name
        self._long = long

    async def __call__(self, request: Any) -> Response:
        """Answer a request."""
        arguments = await self._arguments(request)
        if arguments is None:
            return await self._long(request)
        answer: Response = await run_in_threadpool(self._endpoint, **arguments)
        return answer

    async def _arguments(self, request: Any) -> dict[str, Any] | None:
        """What the endpoint gets; None where something is not as expected."""
        given = request.headers.get(KEY)
        if given is not None and not 1 <= len(given) <= MAX_KEY:
            return None
        if not await request.body():
            return None
        body, errors = self._body.validate(await request.json(), {}, loc=("body",))
        if errors:
            return None
        arguments: dict[str, Any] = {self._body_name: body}
        for field in self._path:
            text = request.path_params.get(field.alias)
            arguments[field.name], errors = field.validate(text, {}, loc=("path", field.alias))
            if errors:
                return None
        for name in self._keys:
            arguments[name] = await self._read_key(request, given)
        if self._request_name:
            arguments[self._request_name] = request
        if self._response_name:
            arguments[self._response_name] = _blank_response()
        return arguments


def _blank_response() -> Response:
    """What an endpoint sets headers on, and a status if it is not that of its route."""
    response = Response()
    response.status_code = None  # type: ignore[assignment]
    del response.headers["content-length"]
    return response
