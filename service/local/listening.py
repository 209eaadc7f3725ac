"""Sockets that a server listens on."""

from __future__ import annotations

import socket

from caviar.service.contract.addresses import DEFAULT_PORT
from caviar.service.contract.errors import Conflict

BACKLOG = 2048


def listen(host: str, port: int | None) -> socket.socket:
    """A listening socket: connections wait until a server accepts them.

    Args:
        host: the address to listen on.
        port: 0 for a free port; None for the default one, or a free one if it is in use.

    Raises:
        Conflict: the port is in use.
    """
    if port is None:
        try:
            return listen(host, DEFAULT_PORT)
        except Conflict:
            return listen(host, 0)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only on sockets whose protocol is named. Without it, an answer whose
    # head and body are two packets waits 40 ms for the acknowledgement of the first.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise Conflict(
            f"cannot listen on {host}:{port} ({error.strerror}): choose another with --port"
        ) from error
    return listener


WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""All addresses of this machine, and the one among them that only this machine reaches."""


def address(listener: socket.socket, *, tls: bool = False) -> str:
    """The address of a server that listens there, from this machine."""
    host, port = listener.getsockname()[:2]
    name = WILDCARDS.get(host, host)
    scheme = "https" if tls else "http"
    return f"{scheme}://[{name}]:{port}" if ":" in name else f"{scheme}://{name}:{port}"
