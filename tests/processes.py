"""The command `caviar` as real processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TypeVar

import httpx

CAVIAR = (sys.executable, "-P", "-m", "caviar")
"""The command, whichever folder it is run in."""

T = TypeVar("T")

PATIENCE_SECONDS = 300.0
"""For what takes a second or two: a machine that others keep busy takes many times as long."""


def until(found: Callable[[], T | None], *, longest_pause: float = 0.1) -> T:
    """What is found, once it is anything or holds.

    It looks ever less often, up to the longest pause in seconds: a look is a call of a server,
    which takes time from what is awaited.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    pause = 0.01
    while not (result := found()):
        assert time.monotonic() < deadline, f"not within {PATIENCE_SECONDS:.0f} seconds"
        time.sleep(pause)
        pause = min(longest_pause, 1.5 * pause)
    return result


def free_port() -> int:
    """A port that no process listens on now."""
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
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def fails(*arguments: str) -> str:
    """Run a command that must fail with one plain message; the message."""
    done = subprocess.run(
        [*CAVIAR, *arguments], capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )
    assert done.returncode == 1, (done.stdout, done.stderr)
    assert "Traceback" not in done.stderr
    return done.stderr


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
    with stopping(started):
        yield started


@contextmanager
def stopping(started: subprocess.Popen[bytes]) -> Iterator[None]:
    """End a process with the context, and kill whatever it has started."""
    try:
        yield
    finally:
        if started.poll() is None:
            started.terminate()
        try:
            started.wait(timeout=PATIENCE_SECONDS)
        finally:
            kill_all(started)


def kill_all(started: subprocess.Popen[bytes]) -> None:
    """Kill -9 a process with everything that it started."""
    with suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)
    started.wait()


def kill_worker(worker: subprocess.Popen[bytes], *, alone: bool) -> None:
    """Kill -9 a worker's own process or its pool with it; wait until none of them is left.

    Functions have processes in sessions of their own, which end by themselves.
    """
    if alone:
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
    else:
        kill_all(worker)
    until(lambda: not group_members(worker.pid))  # orphans, too, end by themselves


def children(pid: int) -> list[int]:
    """The processes that a process started and that are there."""
    return [int(line[0]) for line in _processes() if int(line[1]) == pid]


def pool_processes(pid: int) -> list[int]:
    """The processes of a worker's pool."""
    return [child for child in children(pid) if "popen_loky_posix" in command_line(child)]


def group_members(group: int) -> list[str]:
    """The command lines of a process group's living processes."""
    return [line[4] for line in _processes() if int(line[2]) == group]


def is_alive(pid: int) -> bool:
    """Whether a process still runs; one that only waits to be buried does not."""
    return any(int(line[0]) == pid for line in _processes())


def command_line(pid: int) -> str:
    """What a process was started with; empty if it is gone."""
    return next((line[4] for line in _processes() if int(line[0]) == pid), "")


def _processes() -> list[list[str]]:
    """All living processes: pid, parent, group, state, command line."""
    listed = subprocess.run(
        # Twice w: a terminal's width, or COLUMNS, would cut the command lines.
        ["ps", "-A", "-ww", "-o", "pid=,ppid=,pgid=,stat=,args="],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = (line.split(None, 4) for line in listed.stdout.splitlines())
    return [line for line in lines if len(line) == 5 and not line[3].startswith("Z")]


# httpx.get reads all certificates each time, which takes longer than the call.
http = httpx.Client(trust_env=False, verify=False, timeout=30)
"""Calls servers on this machine."""


def wait_until_ready(server: str) -> None:
    """Wait until the server answers."""
    until(lambda: _is_ready(server))


def _is_ready(server: str) -> bool:
    try:
        return http.get(f"{server}/ready").status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def served(database: str) -> Iterator[str]:
    """A server process on a migrated database; its address."""
    port = free_port()
    server = f"http://127.0.0.1:{port}"
    with process("serve", "--database", database, "--port", str(port)):
        wait_until_ready(server)
        yield server
