"""Calls for keys: make, list and revoke them, with a key that has the scope `admin`."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from caviar.service.client.connection import Connection
from caviar.service.contract import schemas
from caviar.service.contract.errors import Invalid
from caviar.service.contract.keys import id_of


class KeyCalls(Connection):
    """Make, list and revoke keys."""

    def create_key(
        self, name: str, scopes: Sequence[str], *, expires_seconds: float | None = None
    ) -> schemas.NewKey:
        """Make a key. The answer has it, and no other call ever will.

        The call is not repeated with the same effect: where its answer was lost, a key of this name
        may exist. Revoke it then.

        Args:
            name: lower-case letters, digits, - and _; what the key is for.
            scopes: what it allows: `read`, `submit`, `work`, `admin`.
            expires_seconds: after which time it ends; by default never.

        Raises:
            Conflict: a usable key has this name, or there are too many.
            Invalid: the name or a scope is not one.
        """
        body = {"name": name, "scopes": list(scopes), "expires_seconds": expires_seconds}
        return self._call("POST", "/keys", schemas.NewKey, body=body)

    def list_keys(self) -> list[schemas.Key]:
        """All keys, the newest first, with those that have ended; never the keys themselves."""
        return self._call("GET", "/keys", schemas.KeyList).keys

    def revoke_key(self, name: str) -> list[schemas.Key]:
        """End a key, named by its id or its name, and the sessions that began with it.

        Raises:
            NotFound: no usable key has this id or name.
            Invalid: it is a whole key, which must not be in an address.
        """
        if id_of(name) is not None:
            raise Invalid.field("name", f"is a whole key: name it by its id, {id_of(name)}")
        return self._call("DELETE", f"/keys/{quote(name, safe='')}", schemas.KeyList).keys
