"""Answers that are made JSON in the thread of their endpoint, once.

FastAPI would validate an answer again, in another thread, before it writes it. Ours are of the
declared type already, as mypy sees, and a change of threads costs more than the text.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from fastapi import Response
from pydantic import BaseModel


def serialized(endpoint: Callable[..., Any], options: Mapping[str, Any]) -> Callable[..., Any]:
    """An endpoint whose answers of the declared model become responses; others stay as they are.

    Args:
        endpoint: the function of a route.
        options: those of the route, among them the status and the model of its answers.
    """
    model, status = options.get("response_model"), options.get("status_code") or 200
    if not isinstance(model, type):
        model = inspect.signature(endpoint, eval_str=True).return_annotation
    is_async = inspect.iscoroutinefunction(endpoint)
    if is_async or not isinstance(model, type) or not issubclass(model, BaseModel):
        return endpoint

    @wraps(endpoint)
    def call(**arguments: Any) -> Any:
        answer = endpoint(**arguments)
        if type(answer) is not model:
            return answer
        text = answer.__pydantic_serializer__.to_json(answer, by_alias=True)
        # What the endpoint has set on the response that it was given: headers, or a status.
        given = next((own for own in arguments.values() if type(own) is Response), None)
        response = Response(text, status_code=status, media_type="application/json")
        if given is not None:
            response.headers.update(given.headers)
            response.status_code = given.status_code or status
        return response

    return call
