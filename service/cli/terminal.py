"""What commands share: where they print, how they stop, how they call themselves."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

import typer
from rich.console import Console

from caviar.service.client import Client
from caviar.service.contract.errors import Refused

IMPATIENCE_SECONDS = 2.0
"""How long a command that only looks waits for a server to come back."""

out = Console()
err = Console(stderr=True)


def impatient(server: str) -> Client:
    """A client for a command that only looks."""
    return Client(server, patience_seconds=IMPATIENCE_SECONDS)


def command() -> str:
    """How a person calls us: by name where that works, else as they just did."""
    if shutil.which("caviar"):
        return "caviar"
    return "python -m caviar" if sys.argv[0].endswith("__main__.py") else sys.argv[0]


def print_json(value: Any) -> None:
    """A value for programs."""
    typer.echo(json.dumps(value, indent=2))


def require_loopback(host: str) -> None:
    """Refuse an address that other machines reach, for want of a sign-in.

    Raises:
        Refused: it is no loopback address.
    """
    from caviar.service.server.http.security import LOOPBACK

    if host not in LOOPBACK:
        raise Refused(
            f"listening on {host} would let other machines in without a sign-in: "
            "`caviar serve --insecure --allowed-host NAME` says that this is meant"
        )


def on_signal(act: Callable[[], None] | None = None) -> threading.Event:
    """An event that Ctrl-C and SIGTERM set, and what else they do; a second Ctrl-C ends at once."""
    stopping = threading.Event()

    def handle(number: int, frame: object) -> None:
        if stopping.is_set():
            if number == signal.SIGINT:
                os._exit(130)
            return
        stopping.set()
        if act is not None:
            threading.Thread(target=act, daemon=True).start()

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)
    return stopping
