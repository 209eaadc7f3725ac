"""The asynchronous client: every call of the other one, many at once, and cancelled ones."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest

from caviar.service.client import Client
from caviar.service.client.async_client import AsyncClient
from caviar.service.contract.errors import NotFound
from caviar.service.contract.schemas import Result, Study
from caviar.service.server.app import create_app
from caviar.service.server.operations import leases
from caviar.service.server.store.database import Database
from tests.factories.studies import external
from tests.processes import until


@pytest.fixture
def run(sqlite: Database) -> Callable[..., Any]:
    """Run a coroutine function with a client of an app."""

    def whole(work: Callable[[AsyncClient], Coroutine[Any, Any, Any]]) -> Any:
        async def connected() -> Any:
            async with AsyncClient(transport=httpx.ASGITransport(create_app(sqlite))) as client:
                return await work(client)

        return asyncio.run(connected())

    return whole


def public(kind: type) -> set[str]:
    """The names of a class that are not private."""
    return {name for name in dir(kind) if not name.startswith("_")}


def test_it_has_every_method_of_the_synchronous_client() -> None:
    assert public(AsyncClient) == public(Client)
    client = AsyncClient()
    for name in public(Client):
        given, expected = getattr(client, name), getattr(client._client, name)
        assert getattr(AsyncClient, name).__doc__
        assert inspect.signature(given) == inspect.signature(expected)


def test_a_study_from_create_to_completed(run: Callable[..., Any]) -> None:
    async def work(client: AsyncClient) -> list[str]:
        await client.create_study(external(trials=3))
        waiting = asyncio.create_task(client.wait("outside", poll_seconds=0.01))
        asked = await client.ask("outside", count=3)
        for trial in asked.trials:
            result = Result(number=trial.number, lease=trial.lease.token, value=1.0)
            [recorded] = await client.tell("outside", [result])
            assert recorded.recorded
        ended: Study = await waiting
        assert ended.state == "completed"
        with pytest.raises(NotFound):
            await client.study("none")
        return [study.name async for study in client.studies()]

    assert run(work) == ["outside"]


def test_twenty_calls_at_once(run: Callable[..., Any]) -> None:
    async def work(client: AsyncClient) -> list[str]:
        await asyncio.gather(*(client.create_study(external(f"s{n}")) for n in range(20)))
        studies = await asyncio.gather(*(client.study(f"s{n}") for n in range(20)))
        return [study.name for study in studies]

    assert run(work) == [f"s{n}" for n in range(20)]


def test_the_trials_of_a_cancelled_ask_are_given_back(
    run: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, goes_on = threading.Event(), threading.Event()
    ask = leases.ask

    def slow(*given: Any, **options: Any) -> Any:
        asked.set()
        goes_on.wait()
        return ask(*given, **options)

    monkeypatch.setattr(leases, "ask", slow)

    async def work(client: AsyncClient) -> None:
        await client.create_study(external())
        task = asyncio.create_task(client.ask("outside", count=2))
        await asyncio.to_thread(asked.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        goes_on.set()

        def given_back() -> bool:
            return [t.state for t in client._client.trials("outside")] == ["waiting"] * 2

        assert await asyncio.to_thread(until, given_back)
        assert [trial.attempt for trial in await client.trials("outside")] == [0, 0]

    run(work)


def test_waiting_that_is_cancelled_leaves_no_thread_behind(run: Callable[..., Any]) -> None:
    async def work(client: AsyncClient) -> None:
        await client.create_study(external())
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.wait("outside", poll_seconds=60), timeout=0.5)

    run(work)  # asyncio.run would wait for a thread that sleeps
