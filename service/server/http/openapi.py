"""The description of the API, which names the server's version: for callers with a key."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from caviar.service.contract import schemas
from caviar.service.server.http.access import READ
from caviar.service.server.http.common import router

openapi_router = router("system")


BOUNDS = {
    "ge": "minimum",
    "le": "maximum",
    "gt": "exclusiveMinimum",
    "lt": "exclusiveMaximum",
}
"""By the names that Pydantic gives to the bounds of an optional number: their names in a schema."""


def _with_bounds(schema: Any) -> Any:
    """A description in which each bound of a number has the name that readers of schemas know."""
    if isinstance(schema, list):
        return [_with_bounds(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    is_number = schema.get("type") in ("integer", "number")
    return {
        BOUNDS.get(name, name) if is_number else name: _with_bounds(value)
        for name, value in schema.items()
    }


def _with_whole_examples(description: dict[str, Any]) -> dict[str, Any]:
    """The description, with the examples of the models as they are: FastAPI leaves out their nulls.

    Without them an example would lack fields that its schema requires.
    """
    for name, schema in description["components"]["schemas"].items():
        extra = getattr(schemas, name, BaseModel).model_config.get("json_schema_extra")
        if isinstance(extra, dict) and "examples" in extra:
            schema["examples"] = extra["examples"]
    return description


@openapi_router.get("/openapi.json", include_in_schema=False, dependencies=[READ])
def describe(request: Request) -> JSONResponse:
    """The OpenAPI description."""
    description = _with_bounds(_with_whole_examples(request.app.openapi()))
    if prefix := request.scope["root_path"]:
        description = {**description, "servers": [{"url": prefix}]}
    return JSONResponse(description)
