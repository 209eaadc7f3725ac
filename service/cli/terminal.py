"""What commands share: consoles, an impatient client, signals, the command's own name."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from caviar.service.contract.errors import Refused
from caviar.service.contract.texts import visible

if TYPE_CHECKING:
    from caviar.service.client import Client

IMPATIENCE_SECONDS = 2.0
"""How long a command waits for a server that does not answer."""


class VisibleConsole(Console):
    """A console that shows the control characters of a text: reasons and authors come from others.

    Otherwise an escape sequence in them could clear the screen or fill the clipboard.
    """

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """The segments of what is printed."""
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment  # of the console's own, such as those of a progress bar
            else:
                yield Segment(visible(segment.text), segment.style)


# Names, choices and reasons are printed as they are: a bracket or a colon in them is no markup.
out = VisibleConsole(markup=False, emoji=False, highlight=False)
err = VisibleConsole(stderr=True, markup=False, emoji=False, highlight=False)


def impatient(server: str) -> Client:
    """A client that gives up early: a person waits for its answer."""
    from caviar.service.client import Client  # slow to import, and a server needs none

    return Client(server, patience_seconds=IMPATIENCE_SECONDS)


def command_name() -> str:
    """What to type to call this command: its name if that is on the path, else as it was called."""
    if shutil.which("caviar"):
        return "caviar"
    return "python -m caviar" if sys.argv[0].endswith("__main__.py") else sys.argv[0]


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    typer.echo(json.dumps(value, indent=2))


def require_loopback(host: str) -> None:
    """Refuse an address that other machines reach: only `caviar serve` may listen there.

    Raises:
        Refused: it is not a loopback address.
    """
    from caviar.service.server.http.security import LOOPBACK

    if host not in LOOPBACK:
        raise Refused(
            f"--host {host} is reachable from other machines: use `caviar serve` there, with keys "
            "and --allowed-host, and `caviar work` beside it"
        )


TERMINATED = 143
"""The exit code of a process that SIGTERM ended, as shells have it."""


class Stopping(threading.Event):
    """Whether a signal has told the process to stop, and which one."""

    number: signal.Signals | None = None

    @property
    def exit_code(self) -> int:
        """130 after Ctrl-C, as shells have it; 0 after SIGTERM, which ends a process in order."""
        return 130 if self.number == signal.SIGINT else 0


def on_signal(act: Callable[[], None] | None = None) -> Stopping:
    """An event that Ctrl-C and SIGTERM set; a second Ctrl-C ends the process at once.

    Args:
        act: called in a thread of its own at the first signal.
    """
    stopping = Stopping()
    if act is not None:
        # It starts now: a signal may come when the interpreter ends and starts no more threads.
        threading.Thread(target=_act_when_set, args=(stopping, act), daemon=True).start()

    def handle(number: int, frame: object) -> None:
        if stopping.is_set():
            if number == signal.SIGINT:
                os._exit(130)
            return
        stopping.number = signal.Signals(number)
        stopping.set()

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)
    return stopping


def _act_when_set(event: threading.Event, act: Callable[[], None]) -> None:
    event.wait()
    act()
