"""The request that a process works on now, for its log: the id is made when something is said.

Nothing is imported here but the standard library: the log of every process uses it.
"""

from __future__ import annotations

import secrets
from contextvars import ContextVar


class RequestInfo:
    """A request: the path of its route, once it is known, and its id.

    Attributes:
        route: the path of its route, with the names of its parts; empty where there is none.
        given_id: the id that its caller gave; None for none.
    """

    __slots__ = ("_made_id", "given_id", "route")

    def __init__(self, given_id: str | None = None) -> None:
        self.given_id = given_id
        self.route = ""
        self._made_id: str | None = None

    @property
    def id(self) -> str:
        """The caller's id, or one that is made now."""
        if self.given_id is not None:
            return self.given_id
        if self._made_id is None:
            self._made_id = secrets.token_hex(8)
        return self._made_id


current: ContextVar[RequestInfo | None] = ContextVar("current_request", default=None)
"""The request that this code runs for."""
