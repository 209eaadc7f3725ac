"""Keys, and the sessions of browsers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from caviar.service.contract.keys import Scope
from caviar.service.contract.patterns import SLUG
from caviar.service.contract.schemas.base import Answer, Body, example

MAX_EXPIRY_SECONDS = 10 * 366 * 86_400.0

KEY: dict[str, Any] = {
    "id": "1a2b3c4d",
    "name": "gpu-cluster",
    "scopes": ["read", "work"],
    "state": "usable",
    "created_at": "2026-11-20T12:00:00.000Z",
    "expires_at": "2026-12-20T12:00:00.000Z",
    "revoked_at": None,
}
SCOPES = ["read", "work"]


class KeyBody(Body):
    """A new key."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {"name": "gpu-cluster", "scopes": SCOPES, "expires_seconds": 2_592_000.0}
        )
    )

    name: Annotated[str, Field(pattern=SLUG, description="What the key is for.")]
    scopes: Annotated[
        list[Annotated[Scope, Field(strict=False)]], Field(min_length=1, max_length=len(Scope))
    ]
    expires_seconds: Annotated[
        float | None,
        Field(gt=0, le=MAX_EXPIRY_SECONDS, description="After which time it ends; null: never."),
    ] = None


class Key(Answer):
    """What a key allows and until when; never the key itself."""

    model_config = ConfigDict(json_schema_extra=example(KEY))

    id: str
    name: str
    scopes: list[Scope]
    state: Literal["usable", "expired", "revoked"]
    created_at: str
    expires_at: str | None
    revoked_at: str | None


class NewKey(Key):
    """A key, and the only answer that ever has the key itself."""

    model_config = ConfigDict(json_schema_extra=example({**KEY, "key": f"cav_1a2b3c4d_{'x' * 43}"}))

    key: str = Field(description="The key: keep it, for the server does not.")


class KeyList(Answer):
    """Keys, the newest first."""

    model_config = ConfigDict(json_schema_extra=example({"keys": [KEY]}))

    keys: list[Key]


class SessionBody(Body):
    """The key that a browser signs in with."""

    model_config = ConfigDict(json_schema_extra=example({"key": f"cav_1a2b3c4d_{'x' * 43}"}))

    key: Annotated[str, Field(max_length=256)]


class Session(Answer):
    """Whether the server asks for keys, and what the caller may do."""

    model_config = ConfigDict(
        json_schema_extra=example(
            {
                "required": True,
                "name": "laptop",
                "scopes": ["read", "submit"],
                "expires_at": "2026-11-27T12:00:00.000Z",
            }
        )
    )

    required: bool = Field(description="Whether a key is required.")
    name: str | None = Field(description="The name of the caller's key; null: there is none.")
    scopes: list[Scope] = Field(description="What the caller may do.")
    expires_at: str | None = Field(description="When the browser's session ends, if it has one.")
