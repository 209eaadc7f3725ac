"""Keys, and the sessions of browsers that sign in with one."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request, Response

from caviar.service.contract import schemas
from caviar.service.server.http.access import ADMIN, COOKIE, OPEN, CallerOf, session_of
from caviar.service.server.http.common import DatabaseOf, router
from caviar.service.server.operations import keys
from caviar.service.server.operations.keyring import Keyring

keys_router = router("keys")


def _forget(request: Request) -> None:
    """Let the change count in this server at once, and in others within two seconds."""
    keyring: Keyring = request.app.state.keyring
    keyring.forget()


@keys_router.get("/keys", dependencies=[ADMIN])
def list_keys(database: DatabaseOf) -> schemas.KeyList:
    """List the keys, without the keys themselves."""
    return schemas.KeyList(keys=keys.list_all(database))


@keys_router.post("/keys", status_code=201, dependencies=[ADMIN])
def create_key(
    body: schemas.KeyBody, database: DatabaseOf, request: Request, response: Response
) -> schemas.NewKey:
    """Make a key; this answer is the only place where it can be read."""
    made = keys.create(database, body)
    _forget(request)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Location"] = f"{request.scope['root_path']}/keys"
    return made


@keys_router.delete("/keys/{key}", dependencies=[ADMIN])
def revoke_key(
    key: Annotated[str, Path(max_length=64, description="The key's id or name.")],
    database: DatabaseOf,
    request: Request,
) -> schemas.KeyList:
    """Revoke a key, and end the sessions that began with it."""
    ended = keys.revoke(database, key)
    _forget(request)
    return schemas.KeyList(keys=ended)


@keys_router.get("/session", dependencies=[OPEN])
def show_session(caller: CallerOf, request: Request, response: Response) -> schemas.Session:
    """Show whether the server needs a key, and what the caller may do."""
    response.headers["Cache-Control"] = "no-store"
    keyring: Keyring = request.app.state.keyring
    return schemas.Session(
        required=keyring.requires_keys,
        name=None if caller is None else caller.name,
        scopes=[] if caller is None else sorted(caller.scopes),
        expires_at=None if caller is None else caller.session_ends,
    )


@keys_router.post("/session", dependencies=[OPEN])
def sign_in(
    body: schemas.SessionBody, database: DatabaseOf, request: Request, response: Response
) -> schemas.Session:
    """Sign a browser in with a key: the answer sets a cookie that scripts cannot read."""
    signed_in = keys.sign_in(database, body.key.strip())
    _forget(request)
    response.headers["Cache-Control"] = "no-store"
    response.set_cookie(
        COOKIE,
        signed_in.cookie,
        max_age=int(signed_in.seconds),
        path=_path(request),
        secure=_is_secure(request),
        httponly=True,
        samesite="strict",
    )
    return signed_in.session


@keys_router.delete("/session", status_code=204, dependencies=[OPEN])
def sign_out(database: DatabaseOf, request: Request, response: Response) -> None:
    """Sign a browser out: its session ends, also for a copy of the cookie."""
    cookie = session_of(request)
    if cookie is not None:
        keys.sign_out(database, cookie)
        _forget(request)
    response.delete_cookie(COOKIE, path=_path(request), httponly=True, samesite="strict")


def _path(request: Request) -> str:
    return f"{request.scope['root_path']}/"


def _is_secure(request: Request) -> bool:
    """Whether the browser came by TLS, to this server or to a proxy before it."""
    origin = request.headers.get("origin", "")
    return request.url.scheme == "https" or origin.startswith("https://")
