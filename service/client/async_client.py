"""The client for asynchronous code: the calls of `Client`, as coroutines.

async with AsyncClient("http://127.0.0.1:8700") as client:
    first, second = await asyncio.gather(client.study("digits"), client.study("wine"))
    async for study in client.studies():
        print(study.name)
"""

from __future__ import annotations

import functools
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from itertools import islice
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

import anyio
import anyio.to_thread

from caviar.service.client import Client
from caviar.service.client.light_httpx import httpx
from caviar.service.client.study import ENDED, Study
from caviar.service.contract import schemas
from caviar.service.contract.errors import CaviarError

P = ParamSpec("P")
T = TypeVar("T")


class _Call(Generic[P, T]):
    """A method of `Client` that returns at once a coroutine for its result.

    A call that is cancelled is not waited for. Its thread still ends it, and then calls `undo`
    with the unused result.
    """

    def __init__(
        self,
        method: Callable[Concatenate[Client, P], T],
        undo: Callable[[Client, T], None] | None = None,
    ) -> None:
        self._name = method.__name__
        self._undo = undo
        self.__doc__ = method.__doc__

    @overload
    def __get__(self, owner: None, kind: type[AsyncClient]) -> Self: ...
    @overload
    def __get__(
        self, owner: AsyncClient, kind: type[AsyncClient]
    ) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(
        self, owner: AsyncClient | None, kind: type[AsyncClient]
    ) -> Self | Callable[P, Coroutine[Any, Any, T]]:
        if owner is None:
            return self
        method: Callable[P, T] = getattr(owner._client, self._name)
        undo = None if self._undo is None else functools.partial(self._undo, owner._client)

        @functools.wraps(method)
        async def call(*args: P.args, **options: P.kwargs) -> T:
            work = functools.partial(method, *args, **options)
            return await (_in_thread(work) if undo is None else _in_thread_or_undone(work, undo))

        return call


class _Items(Generic[P, T]):
    """A method of `Client` that returns an iterator, as one that returns an asynchronous one."""

    def __init__(self, method: Callable[Concatenate[Client, P], Iterator[T]]) -> None:
        self._name = method.__name__
        self.__doc__ = method.__doc__

    @overload
    def __get__(self, owner: None, kind: type[AsyncClient]) -> Self: ...
    @overload
    def __get__(
        self, owner: AsyncClient, kind: type[AsyncClient]
    ) -> Callable[P, AsyncIterator[T]]: ...
    def __get__(
        self, owner: AsyncClient | None, kind: type[AsyncClient]
    ) -> Self | Callable[P, AsyncIterator[T]]:
        if owner is None:
            return self
        method: Callable[P, Iterator[T]] = getattr(owner._client, self._name)

        @functools.wraps(method)
        def items(*args: P.args, **options: P.kwargs) -> AsyncIterator[T]:
            return _in_steps(method(*args, **options))

        return items


async def _in_thread(work: Callable[[], T]) -> T:
    return await anyio.to_thread.run_sync(work, abandon_on_cancel=True)


async def _in_thread_or_undone(work: Callable[[], T], undo: Callable[[T], None]) -> T:
    """The result of `work`; where the caller was cancelled, it is undone."""
    lock = threading.Lock()
    results: list[T] = []
    is_cancelled = False

    def whole() -> T:
        result = work()
        with lock:
            results.append(result)
            if not is_cancelled:
                return result
        undo(result)
        return result

    try:
        return await _in_thread(whole)
    except anyio.get_cancelled_exc_class():
        with lock:
            is_cancelled = True
            for result in results:  # it came while the caller was being cancelled
                threading.Thread(target=undo, args=(result,), daemon=True).start()
        raise


async def _in_steps(items: Iterator[T]) -> AsyncIterator[T]:
    def following() -> tuple[T, ...]:
        return tuple(islice(items, 1))

    while item := await _in_thread(following):
        yield item[0]


def _release(client: Client, answer: schemas.AskAnswer) -> None:
    """Give back trials that a cancelled call has leased."""
    for study in {trial.study for trial in answer.trials}:
        try:
            client.release(study, [trial for trial in answer.trials if trial.study == study])
        except (CaviarError, RuntimeError):  # the client may be closed: the leases expire
            return


class AsyncClient:
    """A connection to a Caviar server for asynchronous code: each method of `Client`, awaited.

    The calls run in threads. A call may be cancelled; trials that a cancelled `ask` was given go
    back to their study. The methods of a `Study` are those of the synchronous client, and block. It
    is a context manager; `close` closes it.

    Args:
        server: the server's address; by default the variable CAVIAR_SERVER, or else
            http://127.0.0.1:8700.
        key: a key of the server; by default the variable CAVIAR_KEY, if it is set.
        transport: an httpx transport; `httpx.ASGITransport` calls an app without a network.
        timeout_seconds: the time limit of one answer.
        patience_seconds: how long a call is repeated while the server does not answer.

    Raises:
        Invalid: `server` is not an address, or `key` is not a key.
    """

    def __init__(
        self,
        server: str | None = None,
        *,
        key: str | None = None,
        transport: httpx.BaseTransport | httpx.AsyncBaseTransport | None = None,
        timeout_seconds: float = 60.0,
        patience_seconds: float = 30.0,
    ) -> None:
        self._client = Client(
            server,
            key=key,
            transport=transport,
            timeout_seconds=timeout_seconds,
            patience_seconds=patience_seconds,
        )
        self.server = self._client.server

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with anyio.CancelScope(shield=True):
            await self.close()

    async def wait(
        self,
        study: str,
        *,
        poll_seconds: float = 0.5,
        timeout_seconds: float | None = None,
        on_change: Callable[[Study], None] | None = None,
    ) -> Study:
        """Wait until a study completes or is stopped, and return it; see `Client.wait`."""
        # Between two polls no thread waits, so that a cancelled call leaves none behind.
        polls = self._client._polled(study, timeout_seconds=timeout_seconds, on_change=on_change)
        async for current in _in_steps(polls):
            if current.state in ENDED:
                return current
            await anyio.sleep(poll_seconds)
        raise AssertionError("unreachable: polling ends with the study")

    act = _Call(Client.act)
    act_on_many = _Call(Client.act_on_many)
    act_on_studies = _Call(Client.act_on_studies)
    add_dataset = _Call(Client.add_dataset)
    adjust = _Call(Client.adjust)
    annotate = _Call(Client.annotate)
    annotate_many = _Call(Client.annotate_many)
    ask = _Call(Client.ask, undo=_release)
    best = _Call(Client.best)
    cancel = _Call(Client.cancel)
    change_study = _Call(Client.change_study)
    checkpoint = _Call(Client.checkpoint)
    close = _Call(Client.close)
    create_key = _Call(Client.create_key)
    create_study = _Call(Client.create_study)
    curve = _Call(Client.curve)
    dataset = _Call(Client.dataset)
    datasets = _Call(Client.datasets)
    delete_study = _Call(Client.delete_study)
    download_dataset_file = _Call(Client.download_dataset_file)
    enqueue = _Call(Client.enqueue)
    export = _Call(Client.export)
    extend = _Call(Client.extend)
    figure = _Call(Client.figure)
    fork = _Call(Client.fork)
    health = _Call(Client.health)
    importance = _Call(Client.importance)
    journal = _Call(Client.journal)
    list_keys = _Call(Client.list_keys)
    model = _Call(Client.model)
    pause = _Call(Client.pause)
    preview_space = _Call(Client.preview_space)
    put_checkpoint = _Call(Client.put_checkpoint)
    release = _Call(Client.release)
    remove_dataset = _Call(Client.remove_dataset)
    replay = _Call(Client.replay)
    replicate = _Call(Client.replicate)
    replicates = _Call(Client.replicates)
    report = _Call(Client.report)
    resume = _Call(Client.resume)
    revoke_key = _Call(Client.revoke_key)
    rewind = _Call(Client.rewind)
    rounds = _Call(Client.rounds)
    studies = _Items(Client.studies)
    study = _Call(Client.study)
    tell = _Call(Client.tell)
    trial = _Call(Client.trial)
    trials = _Call(Client.trials)
    undo_round = _Call(Client.undo_round)
    unvoid = _Call(Client.unvoid)
    void = _Call(Client.void)
    workers = _Call(Client.workers)
    zoom = _Call(Client.zoom)
