"""The path under which a proxy publishes the server: `--root-path /caviar`."""

from __future__ import annotations

import re

from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from caviar.service.contract.errors import Invalid

FORM = re.compile(r"(/[\w.~-]+)*")


def checked(root_path: str) -> str:
    """A prefix without a slash at its end; "/" is none.

    Raises:
        Invalid: it does not start with a slash, or has characters that a proxy would have to quote.
    """
    prefix = root_path.rstrip("/")
    if not FORM.fullmatch(prefix):
        raise Invalid.field("--root-path", f"{root_path!r} is not a path such as /caviar")
    return prefix


class Prefix:
    """ASGI middleware that gives every path its prefix, whether or not the proxy removed it.

    An application expects the path with `root_path` in front. Callers that come without the proxy,
    such as workers on this machine, use paths without it.
    """

    def __init__(self, app: ASGIApp, *, root_path: str) -> None:
        self.app = app
        self.root_path = root_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its whole path."""
        prefix = self.root_path
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["path"] == prefix:
            # The page's links are relative: they need the slash at the end.
            query = scope["query_string"].decode("latin-1")
            target = f"{prefix}/?{query}" if query else f"{prefix}/"
            await RedirectResponse(target)(scope, receive, send)
        else:
            is_whole = scope["path"].startswith(f"{prefix}/")
            path = scope["path"] if is_whole else prefix + scope["path"]
            await self.app({**scope, "root_path": prefix, "path": path}, receive, send)
