"""Who reaches a server: what must be there before others do, and what to warn of."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from caviar.service.cli.terminal import command_name
from caviar.service.contract.errors import Refused

if TYPE_CHECKING:
    from caviar.service.server.store.database import Database

logger = logging.getLogger("caviar")


def require_protection(database: Database, host: str, allowed_hosts: Sequence[str]) -> None:
    """Refuse to listen where other machines call, unless keys and names keep strangers out.

    Raises:
        Refused: says what to do.
    """
    missing = []
    if not _has_keys(database):
        missing.append(
            f"make a key with `{command_name()} key create NAME --scope admin` and the same --data "
            "or --database"
        )
    if not allowed_hosts:
        missing.append("give the name by which others reach the server with --allowed-host NAME")
    if missing:
        raise Refused(
            f"--host {host} is reachable from other machines: {', and '.join(missing)}; "
            "--insecure serves everyone without"
        )


def warn_of_strangers(database: Database, allowed_hosts: Sequence[str]) -> None:
    """Warn of a server that others reach by a name, such as through a proxy, without a key."""
    if allowed_hosts and not _has_keys(database):
        logger.warning(
            "everyone who reaches the server as %s may do everything: `%s key create NAME "
            "--scope admin` makes a key, and every call then needs one",
            ", ".join(allowed_hosts),
            command_name(),
        )


def warn_of_plain_http() -> None:
    """Warn of keys that cross a network unencrypted."""
    logger.warning(
        "the server speaks plain HTTP: keys and results cross the network unencrypted unless a "
        "proxy before it speaks TLS; with --tls-certificate and --tls-key it speaks HTTPS itself"
    )


def _has_keys(database: Database) -> bool:
    from caviar.service.server.operations import keys  # imports the server

    return keys.are_usable(database)
