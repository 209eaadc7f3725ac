"""Heavy reads: shared, bounded, kept, and dropped when no caller waits for them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator

import pytest
from fastapi import Request, Response

from caviar.service.client import Client
from caviar.service.contract.errors import Unavailable
from caviar.service.server.http.heavy_reads import CLIENT_CLOSED_REQUEST, HeavyReads, Read
from caviar.service.server.operations import figures, versions
from caviar.service.server.store.database import Database
from tests.factories.studies import external

NAME = ("outside", "figure")


class Work:
    """A read that takes until it may go on, and counts how often it is computed."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.begun, self.may_end = threading.Event(), threading.Event()
        self.count = 0

    def __call__(self) -> Read:
        self.count += 1
        self.begun.set()
        assert self.may_end.wait(10)
        return (*versions.of(self.database, "outside"), b"{}")


@pytest.fixture
def work(client: Client, database: Database) -> Iterator[Work]:
    """A read of a study that is there."""
    client.create_study(external())
    made = Work(database)
    yield made
    made.may_end.set()


def request(*, etag: str = "", left: threading.Event | None = None) -> Request:
    """A request, whose caller leaves at some time or not."""

    async def receive() -> dict[str, str]:
        while left is None or not left.is_set():
            await asyncio.sleep(0.01)
        return {"type": "http.disconnect"}

    headers = [(b"if-none-match", etag.encode())]
    return Request({"type": "http", "headers": headers}, receive)  # type: ignore[arg-type]


def ask(reads: HeavyReads, work: Work, asked: Request, name: str = "figure") -> Awaitable[Response]:
    """Ask for the read of a study."""
    return reads.answer(asked, work.database, ("outside", name), work)


async def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    for _ in range(1_000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to that")


def test_all_who_ask_share_one_computation_and_what_it_gave_is_kept(work: Work) -> None:
    async def run() -> None:
        reads = HeavyReads(threads=1, waiting=0)
        asked = [asyncio.ensure_future(ask(reads, work, request())) for _ in range(20)]
        await until(work.begun.is_set)
        work.may_end.set()
        answers = await asyncio.gather(*asked)
        assert {answer.body for answer in answers} == {b"{}"}
        later = await ask(reads, work, request())
        assert work.count == 1
        unchanged = await ask(reads, work, request(etag=later.headers["etag"]))
        assert (unchanged.status_code, unchanged.body) == (304, b"")

    asyncio.run(run())


def test_another_revision_is_computed_again(client: Client, work: Work) -> None:
    work.may_end.set()
    reads = HeavyReads()
    first = asyncio.run(ask(reads, work, request()))
    client.ask("outside")
    second = asyncio.run(ask(reads, work, request(etag=first.headers["etag"])))
    assert (second.status_code, work.count) == (200, 2)
    assert first.headers["etag"] != second.headers["etag"]


def test_beyond_a_short_queue_readers_come_again(work: Work) -> None:
    async def run() -> None:
        reads = HeavyReads(threads=1, waiting=1)
        asked = [asyncio.ensure_future(ask(reads, work, request(), name)) for name in "ab"]
        await until(lambda: len(reads._jobs) == 2)
        with pytest.raises(Unavailable) as refused:
            await ask(reads, work, request(), "c")
        assert refused.value.retry_after
        work.may_end.set()
        await asyncio.gather(*asked)
        await ask(reads, work, request(), "c")

    asyncio.run(run())


def test_what_nobody_waits_for_is_dropped(work: Work) -> None:
    async def run() -> None:
        reads = HeavyReads(threads=1, waiting=100)
        running = asyncio.ensure_future(ask(reads, work, request()))
        await until(work.begun.is_set)
        left = threading.Event()
        gone = [
            asyncio.ensure_future(ask(reads, work, request(left=left), str(number % 50)))
            for number in range(100)
        ]
        stays = asyncio.ensure_future(ask(reads, work, request(), "7"))
        await until(lambda: len(reads._jobs) == 51)
        left.set()
        assert {answer.status_code for answer in await asyncio.gather(*gone)} == {
            CLIENT_CLOSED_REQUEST
        }
        assert len(reads._jobs) == 2
        work.may_end.set()
        assert (await running).body == (await stays).body == b"{}"
        assert work.count == 2

    asyncio.run(run())


def test_a_failed_read_is_not_kept(work: Work) -> None:
    def fail() -> Read:
        raise ValueError("broken")

    reads = HeavyReads()
    with pytest.raises(ValueError, match="broken"):
        asyncio.run(reads.answer(request(), work.database, NAME, fail))
    work.may_end.set()
    assert asyncio.run(ask(reads, work, request())).body == b"{}"


def test_answers_are_kept_up_to_a_size(work: Work) -> None:
    work.may_end.set()
    reads = HeavyReads(cache_bytes=4)
    for name in ("a", "b", "a", "c", "a", "b"):
        asyncio.run(ask(reads, work, request(), name))
    assert work.count == 4, "b was dropped for c"


def test_figures_are_unchanged_before_they_are_drawn(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.create_study(external())
    path = "/studies/outside/figures/best_so_far"
    first = client._http.get(path)
    assert first.json()["layout"]["annotations"][0]["text"] == "No trial has ended yet."
    monkeypatch.setattr(figures, "draw", None)
    etag = {"If-None-Match": first.headers["etag"]}
    assert client._http.get(path, headers=etag).status_code == 304
    kept = client._http.get(path)
    assert (kept.status_code, kept.content) == (200, first.content)
