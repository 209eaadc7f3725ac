"""Endpoints without detours: what the server has comes from the request, answers are JSON at once.

FastAPI would validate an answer again, in another thread, before it writes it. Ours are of the
declared type already, as mypy sees, and a change of threads costs more than the text. It would also
resolve the database and the like as dependencies, each at the price of reading a header.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel

REQUEST = "request"


class FromState:
    """In the annotation of a parameter: it comes from this attribute of the application's state."""

    def __init__(self, name: str) -> None:
        self.name = name


def direct(endpoint: Callable[..., Any], options: Mapping[str, Any]) -> Callable[..., Any]:
    """An endpoint that gets what is FromState, and whose answers are responses.

    Only answers that are exactly of the declared model become responses; others stay as they are.

    Args:
        endpoint: the function of a route.
        options: those of the route, among them the status and the model of its answers.
    """
    signature = inspect.signature(endpoint, eval_str=True)
    model, status = options.get("response_model"), options.get("status_code") or 200
    if not isinstance(model, type):
        model = signature.return_annotation
    states = {name: state for name, own in signature.parameters.items() if (state := _state(own))}
    takes_request = REQUEST in signature.parameters

    def prepared(arguments: dict[str, Any]) -> dict[str, Any]:
        if states:
            state = arguments[REQUEST].app.state
            arguments.update((name, getattr(state, own)) for name, own in states.items())
            if not takes_request:
                del arguments[REQUEST]
        return arguments

    if inspect.iscoroutinefunction(endpoint):

        @wraps(endpoint)
        async def call(**arguments: Any) -> Any:
            return await endpoint(**prepared(arguments))

    elif isinstance(model, type) and issubclass(model, BaseModel):

        @wraps(endpoint)
        def call(**arguments: Any) -> Any:
            answer = endpoint(**prepared(arguments))
            return _response(answer, arguments, status) if type(answer) is model else answer

        # The declared answer, not that of a `response_model`, which an endpoint may leave.
        call.responds = signature.return_annotation is model  # type: ignore[attr-defined]

    else:

        @wraps(endpoint)
        def call(**arguments: Any) -> Any:
            return endpoint(**prepared(arguments))

    call.__signature__ = _without(signature, states, takes_request)  # type: ignore[attr-defined]
    return call


def _state(parameter: inspect.Parameter) -> str | None:
    marks = getattr(parameter.annotation, "__metadata__", ())
    return next((mark.name for mark in marks if isinstance(mark, FromState)), None)


def _without(
    signature: inspect.Signature, states: Mapping[str, str], takes_request: bool
) -> inspect.Signature:
    """The signature that FastAPI sees: the request in place of what comes from the state."""
    kept = [own for name, own in signature.parameters.items() if name not in states]
    if states and not takes_request:
        own = inspect.Parameter(REQUEST, inspect.Parameter.KEYWORD_ONLY, annotation=Request)
        kept = [*kept, own]
    return signature.replace(parameters=kept)


def _response(answer: BaseModel, arguments: Mapping[str, Any], status: int) -> Response:
    """An answer as JSON, with what the endpoint set on the response that it was given."""
    text = answer.__pydantic_serializer__.to_json(answer, by_alias=True)
    response = Response(text, status_code=status, media_type="application/json")
    given = next((own for own in arguments.values() if type(own) is Response), None)
    if given is not None:
        response.headers.update(given.headers)
        response.status_code = given.status_code or status
    return response
