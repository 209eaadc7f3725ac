"""The client: every call of the contract, typed, over httpx.

with Client("http://127.0.0.1:8700") as client:
client.create_study({"name": "digits", "space": {…}, "objective": {…}})
print(client.wait("digits").best)
"""

from __future__ import annotations

import random
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

import httpx
from pydantic import BaseModel

from service import schemas
from service.errors import CaviarError, Invalid, NotFound, Unreachable, from_problem
from service.states import StudyState

DEFAULT_SERVER = "http://127.0.0.1:8700"

LEASE_SECONDS = 60.0
"""How long a lease lasts without a report."""

A = TypeVar("A", bound=BaseModel)

ENDED = (StudyState.STOPPED, StudyState.COMPLETED)


class Client:
    """A connection to a Caviar server. One client serves one thread.

    Args:
        server: the server's address.
        transport: how requests travel; `httpx.ASGITransport` reaches an app without a network.
        timeout_seconds: for one answer.
        patience_seconds: how long a call is tried again while the server is away. Every call is
            safe to send twice: those that change something carry an Idempotency-Key.
    """

    def __init__(
        self,
        server: str = DEFAULT_SERVER,
        *,
        transport: httpx.BaseTransport | None = None,
        timeout_seconds: float = 60.0,
        patience_seconds: float = 30.0,
    ) -> None:
        self.server = _checked(server)
        self.patience_seconds = patience_seconds
        self._http = httpx.Client(
            base_url=self.server,
            transport=transport,
            timeout=timeout_seconds,
            # A server on this machine is never behind a proxy.
            trust_env=not _is_loopback(self.server),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    # --- studies ---

    def create_study(
        self, definition: schemas.StudyDefinition | Mapping[str, Any]
    ) -> schemas.Study:
        """Create a study and start it.

        Raises:
            Invalid: names the fields that cannot be.
            Conflict: there is a study of this name.
        """
        if not isinstance(definition, BaseModel):
            return self._call("POST", "/studies", schemas.Study, body=dict(definition), once=True)
        return self._call("POST", "/studies", schemas.Study, body=definition, once=True)

    def study(self, name: str) -> schemas.Study:
        """One study as it stands.

        Raises:
            NotFound: there is none of this name.
        """
        return self._call("GET", _named(name), schemas.Study)

    def studies(self) -> Iterator[schemas.Study]:
        """Every study, the newest first."""
        token = None
        while True:
            page = self._call("GET", "/studies", schemas.StudyPage, query={"page_token": token})
            yield from page.studies
            token = page.next_page_token
            if token is None:
                return

    def change_study(
        self,
        name: str,
        *,
        state: Literal["running", "paused", "stopped"] | None = None,
        trials: int | None = None,
    ) -> schemas.Study:
        """Pause a study, let it go on, stop it, or change how many trials it may have."""
        budget = None if trials is None else schemas.BudgetChange(trials=trials)
        change = schemas.StudyChange(state=state, budget=budget)
        return self._call("PATCH", _named(name), schemas.Study, body=change)

    def delete_study(self, name: str) -> None:
        """Delete a study with everything that belongs to it."""
        self._send("DELETE", _named(name))

    def best(self, study: str) -> schemas.Trial | None:
        """The best trial so far, None while there is none."""
        return self.study(study).best

    def rounds(self, study: str) -> list[schemas.Round]:
        """The rounds from coarse to fine."""
        return self._call("GET", f"{_named(study)}/rounds", schemas.RoundList).rounds

    def wait(
        self,
        study: str,
        *,
        poll_seconds: float = 0.5,
        timeout_seconds: float | None = None,
        on_change: Callable[[schemas.Study], None] | None = None,
    ) -> schemas.Study:
        """Wait until a study has completed or was stopped, and return it.

        Args:
            study: its name.
            poll_seconds: the time between two looks.
            timeout_seconds: how long to wait at most.
            on_change: called with the study whenever it has changed.

        Raises:
            TimeoutError: it did not end in time.
        """
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        revision = -1
        while True:
            found = self.study(study)
            if on_change is not None and found.revision != revision:
                on_change(found)
            revision = found.revision
            if found.state in ENDED:
                return found
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError(f"study {study!r} did not end in {timeout_seconds} seconds")
            time.sleep(poll_seconds)

    # --- trials ---

    def ask(
        self,
        study: str | None = None,
        *,
        count: int = 1,
        worker: str = "anonymous",
        lease_seconds: float = LEASE_SECONDS,
        held: bool = False,
    ) -> schemas.AskAnswer:
        """Lease up to `count` trials of a study, or without one of any study of networks.

        With `held`, a trial begins with its first report: until then no lost lease counts.
        """
        path = "/ask" if study is None else f"{_named(study)}/ask"
        body = schemas.AskBody(count=count, worker=worker, lease_seconds=lease_seconds, held=held)
        return self._call("POST", path, schemas.AskAnswer, body=body, once=True)

    def report(self, study: str, reports: Sequence[schemas.Report]) -> list[schemas.Decision]:
        """Report metrics of epochs; returns what to do next with each trial."""
        body = schemas.ReportBody(reports=list(reports))
        answer = self._call("POST", f"{_named(study)}/report", schemas.ReportAnswer, body=body)
        return answer.decisions

    def tell(self, study: str, results: Sequence[schemas.Result]) -> list[schemas.Recorded]:
        """Give final results; a stale lease shows in its own entry."""
        body = schemas.TellBody(results=list(results))
        path = f"{_named(study)}/tell"
        return self._call("POST", path, schemas.TellAnswer, body=body, once=True).results

    def trials(
        self,
        study: str,
        *,
        since: int | None = None,
        state: str | None = None,
        sort: str = "number",
        limit: int | None = None,
    ) -> list[schemas.Trial]:
        """The trials of a study, or those changed after revision `since`; `limit` at most."""
        return list(
            islice(self._trials(study, {"since": since, "state": state, "sort": sort}), limit)
        )

    def _trials(self, study: str, query: dict[str, Any]) -> Iterator[schemas.Trial]:
        token = None
        while True:
            page = self._call(
                "GET",
                f"{_named(study)}/trials",
                schemas.TrialPage,
                query={**query, "limit": 1000, "page_token": token},
            )
            yield from page.trials
            token = page.next_page_token
            if token is None:
                return

    def trial(self, study: str, number: int) -> schemas.Trial:
        """One trial."""
        return self._call("GET", f"{_named(study)}/trials/{number}", schemas.Trial)

    def curve(self, study: str, number: int) -> schemas.Curve:
        """Metrics by epoch of one trial."""
        return self._call("GET", f"{_named(study)}/trials/{number}/curve", schemas.Curve)

    # --- the house ---

    def health(self) -> schemas.Health:
        """The server's health."""
        return self._call("GET", "/health", schemas.Health)

    def datasets(self) -> list[dict[str, Any]]:
        """The data sets that a network objective can train on."""
        return self._call("GET", "/datasets", schemas.DatasetList).datasets

    def workers(self) -> list[schemas.Worker]:
        """The workers that hold leases now."""
        return self._call("GET", "/workers", schemas.WorkerList).workers

    # --- how calls travel ---

    def _call(
        self,
        method: str,
        path: str,
        answer_type: type[A],
        *,
        body: BaseModel | dict[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        once: bool = False,
    ) -> A:
        response = self._send(method, path, body=body, query=query, once=once)
        return answer_type.model_validate_json(response.content)

    def _send(
        self,
        method: str,
        path: str,
        *,
        body: BaseModel | dict[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        once: bool = False,
    ) -> httpx.Response:
        request: dict[str, Any] = {"headers": {}}
        if isinstance(body, BaseModel):
            request["content"] = body.model_dump_json(exclude_unset=True)
            request["headers"]["Content-Type"] = "application/json"
        elif body is not None:
            request["json"] = body
        if query:
            request["params"] = {key: value for key, value in query.items() if value is not None}
        if once:
            request["headers"]["Idempotency-Key"] = str(uuid.uuid4())
        deadline = time.monotonic() + self.patience_seconds
        for wait_seconds in _growing_waits():
            try:
                return self._attempt(method, path, request)
            except (httpx.TransportError, _Away) as error:
                if time.monotonic() + wait_seconds > deadline:
                    raise _final(error, self.server) from error
                time.sleep(wait_seconds)
        raise AssertionError("the waits never end")

    def _attempt(self, method: str, path: str, request: dict[str, Any]) -> httpx.Response:
        response = self._http.request(method, path, **request)
        if response.is_success:
            return response
        error = _error_of(response)
        if response.status_code in (502, 503, 504):
            raise _Away(error)
        raise error


class _Away(Exception):
    """The server is there but cannot answer now."""

    def __init__(self, error: CaviarError) -> None:
        super().__init__(str(error))
        self.error = error


def _final(error: httpx.TransportError | _Away, server: str) -> CaviarError:
    if isinstance(error, _Away):
        return error.error
    return Unreachable(
        f"no server answers at {server} ({error}): start one with `caviar up`, or name "
        "another with --server"
    )


def _growing_waits() -> Iterator[float]:
    """Seconds between tries: doubling from 0.05 to 2, with jitter so that clients spread."""
    wait_seconds = 0.05
    while True:
        yield wait_seconds * random.uniform(0.5, 1.5)
        wait_seconds = min(2.0, 2 * wait_seconds)


def _error_of(response: httpx.Response) -> CaviarError:
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        problem = {"detail": f"the server answered {response.status_code}"}
    return from_problem(response.status_code, problem)


def _named(study: str) -> str:
    """A study's path.

    Raises:
        NotFound: no study can have this name.
    """
    if not re.fullmatch(schemas.SLUG, study):
        raise NotFound(f"there is no study named {study!r}: names match {schemas.SLUG}")
    return f"/studies/{study}"


def _checked(server: str) -> str:
    try:
        url = httpx.URL(server)
    except (httpx.InvalidURL, ValueError) as error:
        raise Invalid(f"{server!r} is not an address: {error}") from error
    if url.scheme not in ("http", "https") or not re.fullmatch(r"[\w.:-]+", url.host):
        raise Invalid(f"{server!r} is not an address such as {DEFAULT_SERVER}")
    return server.rstrip("/")


def _is_loopback(server: str) -> bool:
    host = httpx.URL(server).host
    return host in ("localhost", "::1") or host.startswith("127.")
