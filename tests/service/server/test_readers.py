"""Readers over real sockets: many who leave, and many at once, do not delay other calls."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from caviar.service.contract.schemas import StudyDefinition
from caviar.service.server import app
from caviar.service.server.http.heavy_reads import MAX_STREAMS, THREADS, HeavyReads
from caviar.service.server.operations import export, figures, studies
from caviar.service.server.store.database import Database
from tests.factories.studies import external
from tests.fakes.apps import listening

STUDIES = 10


class Gate:
    """Work that waits at a gate, and how much of it went through."""

    def __init__(self, work: Callable[..., Any]) -> None:
        self.work, self.open, self.count = work, threading.Event(), 0

    def __call__(self, *arguments: Any) -> Any:
        self.count += 1
        assert self.open.wait(30)
        return self.work(*arguments)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[HeavyReads]:
    """The heavy reads of the servers that are made."""
    made: list[HeavyReads] = []

    class Kept(HeavyReads):
        def __init__(self) -> None:
            super().__init__()
            made.append(self)

    monkeypatch.setattr(app, "HeavyReads", Kept)
    return made


@pytest.fixture
def port(sqlite: Database, reads: list[HeavyReads]) -> Iterator[int]:
    """A server with some studies."""
    for number in range(STUDIES):
        studies.create(sqlite, StudyDefinition.model_validate(external(f"s{number}")))
    with listening(sqlite) as address:
        yield int(address.rpartition(":")[2])


def opened(port: int, path: str) -> socket.socket:
    """A connection that has asked for a path."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=30)
    connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return connection


def status(connection: socket.socket) -> int:
    """The status of the answer."""
    return int(connection.recv(12).split()[1])


def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    for _ in range(3_000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError("it never came to that")


def test_readers_who_leave_are_not_computed_for(
    port: int, reads: list[HeavyReads], monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(figures.draw)
    monkeypatch.setattr(figures, "draw", gate)
    with ExitStack() as stack:
        for number in range(100):
            path = f"/studies/s{number % STUDIES}/figures/parameters"
            stack.enter_context(opened(port, path))
        until(lambda: gate.count == THREADS and len(reads[0]._jobs) == STUDIES)
        with opened(port, "/ready") as other:
            assert status(other) == 200
    until(lambda: len(reads[0]._jobs) == THREADS)
    gate.open.set()
    with opened(port, "/studies/s9/figures/parameters") as other:
        assert status(other) == 200
    assert gate.count <= THREADS + 1


def test_exports_at_once_are_few(
    port: int, reads: list[HeavyReads], monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(export._ranges)
    monkeypatch.setattr(export, "_ranges", gate)
    with ExitStack() as stack:
        asked = [stack.enter_context(opened(port, "/studies/s0/export")) for _ in range(30)]
        until(lambda: reads[0]._streams == MAX_STREAMS)
        with opened(port, "/ready") as other:
            assert status(other) == 200
        gate.open.set()
        answers = [status(connection) for connection in asked]
        assert {*answers} == {200, 503}
        assert answers.count(200) >= MAX_STREAMS
    until(lambda: reads[0]._streams == 0)
