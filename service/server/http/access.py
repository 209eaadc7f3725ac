"""Who may call a route: each names the scope that a caller's key must have.

A route depends on one of the constants below, and does not exist without: `StrictRoute` checks it
before it reads the body. What is checked belongs to the route, never to the text of the path.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.openapi.models import HTTPBearer
from fastapi.params import Depends as Dependency
from fastapi.security.base import SecurityBase
from starlette.concurrency import run_in_threadpool
from starlette.types import Scope as HttpScope

from caviar.service.contract.errors import Refused, Unauthenticated
from caviar.service.contract.keys import KEY_VARIABLE, Scope, id_of
from caviar.service.server.operations.keyring import ANYONE, Caller, Keyring

COOKIE = "caviar_session"
"""The cookie of a browser that has signed in: a random id, not the key."""

CALLER = "caviar.caller"
"""Where the scope of a request has its caller."""

NEEDS_KEY = (
    f"this server needs a key: send it as `Authorization: Bearer …`; the command and clients take "
    f"it from the variable {KEY_VARIABLE}, and `caviar key create` makes one"
)
UNUSABLE = "this key or session is unknown, or it has expired or was revoked"


class Access:
    """The dependency by which a route names the scope that its callers need; None: any caller."""

    def __init__(self, scope: Scope | None = None) -> None:
        self.scope = scope

    async def __call__(self, request: Request) -> None:
        """Let the caller pass.

        Raises:
            Unauthenticated: the server needs a key, and the caller has none that can be used.
            Refused: the caller's key has not the scope.
            Unavailable: the database does not answer.
        """
        if self.scope is None or CALLER in request.scope:
            return  # it was checked before the body was read
        caller = await caller_of(request)
        if caller is None:
            raise Unauthenticated(UNUSABLE if any(_credentials(request.scope)) else NEEDS_KEY)
        if not caller.may(self.scope):
            raise _refusal(caller, self.scope)
        request.scope[CALLER] = caller


class KeyAccess(Access, SecurityBase):
    """The same for callers with a key, as the description of the API has it."""

    model = HTTPBearer(description="A key of the server, if it has any.")
    scheme_name = "key"


def access_of(dependencies: Sequence[Dependency], path: str) -> Access:
    """The access among the dependencies of a route.

    Raises:
        TypeError: there is none, so the route does not say who may call it.
    """
    for dependency in dependencies:
        if isinstance(dependency.dependency, Access):
            return dependency.dependency
    raise TypeError(f"{path} names no scope: add dependencies=[READ] or another of http.access")


async def caller_of(request: Request) -> Caller | None:
    """Who calls; None: the caller is unknown, and the server needs a key.

    Raises:
        Unavailable: the database does not answer.
    """
    keyring: Keyring = request.app.state.keyring
    if keyring.needs_reading:
        await run_in_threadpool(keyring.read)
    key, cookie = _credentials(request.scope)
    caller = _known(keyring, key, cookie)
    if caller is not None:
        return caller
    if not keyring.requires_keys:
        return ANYONE
    if key is None and cookie is None:
        return None
    # It may be newer than what was read: read again, but not for each of many wrong keys.
    seconds, since = keyring.wait_seconds()
    await asyncio.sleep(seconds)
    await run_in_threadpool(keyring.read, since=since)
    return _known(keyring, key, cookie)


CallerOf = Annotated[Caller | None, Depends(caller_of)]


def _known(keyring: Keyring, key: str | None, cookie: str | None) -> Caller | None:
    if key is not None:
        return keyring.by_key(key)
    return None if cookie is None else keyring.by_cookie(cookie)


def session_of(request: Request) -> str | None:
    """The session's id in the cookie of a browser, unless it calls with a key."""
    return _credentials(request.scope)[1]


def _credentials(scope: HttpScope) -> tuple[str | None, str | None]:
    """The key of a request, if it has the form of one, and else the session's id.

    Each request is asked, so that the headers are read once and as they are.
    """
    cookie = None
    for name, value in scope["headers"]:
        if name == b"authorization":
            scheme, _, text = value.decode("latin-1").partition(" ")
            key = text.strip()
            is_key = scheme.lower() == "bearer" and id_of(key) is not None
            return (key if is_key else None), None
        if name == b"cookie":
            for part in value.decode("latin-1").split(";"):
                label, _, text = part.strip().partition("=")
                cookie = text if label == COOKIE else cookie
    return None, cookie or None


def _refusal(caller: Caller, scope: Scope) -> Refused:
    if caller is ANYONE:
        return Refused(
            "keys are made over HTTP only with a key of the scope admin: make the first one with "
            "`caviar key create NAME --scope admin` on the server's machine"
        )
    has = ", ".join(sorted(caller.scopes))
    error = Refused(f"the key {caller.name!r} has not the scope {scope}; it has {has}")
    error.challenge = f'Bearer realm="caviar", error="insufficient_scope", scope="{scope}"'
    return error


def _needs(scope: Scope) -> Any:
    return Security(KeyAccess(scope), scopes=[scope.value])


READ = _needs(Scope.READ)
SUBMIT = _needs(Scope.SUBMIT)
WORK = _needs(Scope.WORK)
ADMIN = _needs(Scope.ADMIN)
OPEN: Any = Depends(Access())
"""For everyone who reaches the server: the page itself, whether it is ready, signing in."""
