"""The command `caviar` as real processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

CAVIAR = (sys.executable, "-m", "service")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run(*arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """Run a command to its end; its standard output."""
    done = subprocess.run(
        [*CAVIAR, *arguments],
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def process(
    *arguments: str, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command until the context ends; whatever it started ends with it."""
    started = subprocess.Popen(
        [*CAVIAR, *arguments],
        env={**os.environ, **(environment or {})},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield started
    finally:
        if started.poll() is None:
            started.terminate()
        try:
            started.wait(timeout=15)
        finally:
            kill_all(started)


def kill_all(started: subprocess.Popen[bytes]) -> None:
    """Kill -9 a process with everything that it started."""
    with suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)
    started.wait()


def wait_until_ready(server: str, *, seconds: float = 30.0) -> None:
    """Wait until the server answers."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if httpx.get(f"{server}/ready", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline, f"no server at {server}"
        time.sleep(0.05)


@contextmanager
def served(data: Path) -> Iterator[str]:
    """A server process on an SQLite file of its own; its address."""
    run("db", "upgrade", "--data", str(data))
    port = free_port()
    server = f"http://127.0.0.1:{port}"
    with process("serve", "--data", str(data), "--port", str(port)):
        wait_until_ready(server)
        yield server
