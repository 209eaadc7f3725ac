"""Another checkout of this repository, driven by its command and over HTTP.

Nothing of a checkout is imported, so that one script can drive an old and a new one. Fields of the
contract that were renamed are read under both names.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

Json = Any
Row = dict[str, Any]

PATIENCE_SECONDS = 3_600.0
"""The longest wait for a state; the machine may be busy with other work."""

JOBS = 2

ALIASES = {
    "manual": ("manual", "taken"),
    "author": ("author", "who"),
    "reason": ("reason", "why"),
    "requested_state": ("requested_state", "wish"),
    "promoted": ("promoted", "went_on"),
    "lineage": ("lineage", "line"),
    "action": ("action", "act"),
    "current_params": ("current_params", "setting"),
}
"""Names of renamed fields of the contract, by the newest one."""


class CheckoutError(Exception):
    """A checkout does not do what it is asked to."""


def read(item: Row, name: str) -> Json:
    """A field of an answer, under the name that the answer uses.

    Raises:
        CheckoutError: it has none of them.
    """
    for alias in ALIASES.get(name, (name,)):
        if alias in item:
            return item[alias]
    raise CheckoutError(f"an answer has no field {name}: {sorted(item)}")


def until(holds: Callable[[], Json], what: str) -> Json:
    """Wait until something holds, and return its result.

    Raises:
        CheckoutError: it did not hold within PATIENCE_SECONDS.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if result := holds():
            return result
        time.sleep(0.1)
    raise CheckoutError(f"not within {PATIENCE_SECONDS:.0f} seconds: {what}")


class Server:
    """The HTTP interface of a running server."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._http = httpx.Client(base_url=address, timeout=600.0)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def is_ready(self) -> bool:
        """Whether the server answers."""
        try:
            return self._http.get("/ready").status_code == 200
        except httpx.TransportError:
            return False

    def get(self, path: str, **query: Json) -> Json:
        """The answer of a GET.

        Raises:
            CheckoutError: it is an error.
        """
        return _answer(self._http.get(path, params=query))

    def post(self, path: str, body: Json = None, *, key: str | None = None) -> Json:
        """The answer of a POST, sent with an Idempotency-Key if there is one.

        Raises:
            CheckoutError: it is an error.
        """
        headers = {} if key is None else {"Idempotency-Key": key}
        return _answer(self._http.post(path, json=body or {}, headers=headers))

    def patch(self, path: str, body: Json) -> Json:
        """The answer of a PATCH.

        Raises:
            CheckoutError: it is an error.
        """
        return _answer(self._http.patch(path, json=body))

    def void(self, study: str, number: int, reason: str) -> None:
        """Mark a finished trial as void: the one action whose reason is required.

        Raises:
            CheckoutError: the server refuses.
        """
        path = f"/studies/{study}/trials/{number}/void"
        for name in ALIASES["reason"]:
            answer = self._http.post(path, json={name: reason})
            if answer.status_code != 422:
                break
        _answer(answer)

    def trials(self, study: str) -> list[Row]:
        """All trials of a study, by number."""
        rows: list[Row] = []
        token: str | None = None
        while True:
            query = {} if token is None else {"page_token": token}
            page = self.get(f"/studies/{study}/trials", limit=100, **query)
            rows += page["trials"]
            token = page["next_page_token"]
            if token is None:
                return rows

    def wait_for_trials(
        self, study: str, holds: Callable[[Row], bool], what: str, *, numbers: list[int]
    ) -> None:
        """Wait until something holds for each of some trials."""
        path = f"/studies/{study}/trials"
        until(
            lambda: all(holds(self.get(f"{path}/{number}")) for number in numbers),
            f"{study}: trials {numbers} are {what}",
        )

    def wait_for_study(self, study: str, state: str) -> None:
        """Wait until a study is in a state."""
        until(lambda: self.get(f"/studies/{study}")["state"] == state, f"study {study} is {state}")


def _answer(response: httpx.Response) -> Json:
    if response.is_success:
        return response.json()
    request = f"{response.request.method} {response.request.url.path}"
    raise CheckoutError(f"{request}: {response.status_code} {response.text[:500]}")


class Checkout:
    """A folder that holds the repository and a `.venv` in which it is installed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.command = self.folder / ".venv" / "bin" / "caviar"
        if not self.command.exists():
            raise CheckoutError(f"{folder} is not a checkout with its own .venv: no {self.command}")

    def run(self, *arguments: str) -> None:
        """Run a command to its end.

        Raises:
            CheckoutError: it failed.
        """
        done = subprocess.run(
            [self.command, *arguments],
            env=_environment(),
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise CheckoutError(f"caviar {' '.join(arguments)}: {done.stderr[-2_000:]}")

    @contextmanager
    def process(self, log: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a command until the context ends; all processes that it started end with it."""
        with log.open("ab") as output:
            process = subprocess.Popen(
                [self.command, *arguments],
                env=_environment(),
                cwd=self.folder,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=60)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    @contextmanager
    def serve(self, data: Path) -> Iterator[Server]:
        """A server without a pool, on the database of a folder, which has its schema."""
        with self._server(data, "serve") as server:
            yield server

    @contextmanager
    def up(self, data: Path) -> Iterator[Server]:
        """A server with a pool, on the database of a folder."""
        with self._server(data, "up", "--jobs", str(JOBS)) as server:
            yield server

    @contextmanager
    def work(self, server: Server, data: Path) -> Iterator[None]:
        """A pool for a server; its log is in the folder."""
        arguments = ("work", "--server", server.address, "--jobs", str(JOBS))
        with self.process(data / "work.log", *arguments):
            yield

    @contextmanager
    def _server(self, data: Path, *arguments: str) -> Iterator[Server]:
        port = _free_port()
        log = data / "server.log"
        options = ("--data", str(data), "--port", str(port))
        with self.process(log, *arguments, *options) as process:
            server = Server(f"http://127.0.0.1:{port}")
            until(lambda: server.is_ready() or process.poll() is not None, "the server answers")
            if process.poll() is not None:
                raise CheckoutError(f"caviar {arguments[0]} ended: {log.read_text()[-2_000:]}")
            try:
                yield server
            finally:
                server.close()


def _environment() -> dict[str, str]:
    """The environment without the variables that would redirect another checkout."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CAVIAR_", "PYTHON", "VIRTUAL_ENV"))
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
