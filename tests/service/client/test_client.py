"""The client: errors as exceptions, patience, waiting."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from caviar.service.client import Client
from caviar.service.contract.errors import (
    CaviarError,
    Conflict,
    Invalid,
    NotFound,
    Unavailable,
    Unreachable,
)
from caviar.service.contract.schemas import Result, Study
from tests.factories.studies import external


class Script(httpx.BaseTransport):
    """Answers requests one after the other from a list; an exception is raised."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers: Iterator[httpx.Response | Exception] = iter(answers)
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The next answer."""
        self.requests.append(request)
        answer = next(self.answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


EMPTY_ASK = {"trials": [], "study_state": "running"}


def test_problems_become_errors_with_their_fields(client: Client) -> None:
    with pytest.raises(NotFound, match="no study named 'none'"):
        client.study("none")
    with pytest.raises(Invalid) as caught:
        client.create_study(external(trials=0))
    assert caught.value.errors[0].field == "budget.trials"
    client.create_study(external())
    with pytest.raises(Conflict, match="already"):
        client.create_study(external())


def test_a_call_is_sent_again_with_the_same_key_until_the_server_is_back() -> None:
    script = Script(
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("no answer"),
        httpx.Response(503, json={"detail": "busy"}),
        httpx.Response(200, json=EMPTY_ASK),
    )
    with Client("http://localhost", transport=script, patience_seconds=10) as client:
        assert client.ask("s").trials == []
    keys = {request.headers["Idempotency-Key"] for request in script.requests}
    assert len(script.requests) == 4
    assert len(keys) == 1


def test_two_calls_have_two_keys() -> None:
    script = Script(*(httpx.Response(200, json=EMPTY_ASK) for _ in range(2)))
    with Client("http://localhost", transport=script) as client:
        client.ask("s")
        client.ask("s")
    assert len({request.headers["Idempotency-Key"] for request in script.requests}) == 2


def test_a_client_without_patience_raises_the_reason() -> None:
    refused = Script(httpx.ConnectError("refused"))
    with (
        Client("http://localhost:1", transport=refused, patience_seconds=0) as client,
        pytest.raises(Unreachable, match="caviar up"),
    ):
        client.health()
    busy = Script(httpx.Response(503, json={"detail": "the database is busy"}))
    with (
        Client("http://localhost:1", transport=busy, patience_seconds=0) as client,
        pytest.raises(Unavailable, match="busy"),
    ):
        client.health()


def test_a_call_that_cannot_succeed_is_not_sent_again() -> None:
    script = Script(httpx.Response(422, json={"detail": "no"}), httpx.Response(200))
    with Client("http://localhost", transport=script) as client, pytest.raises(Invalid):
        client.ask("s")
    assert len(script.requests) == 1


def test_wait_calls_on_change_and_ends_with_the_study(client: Client) -> None:
    client.create_study(external(trials=2))
    finished: list[int] = []

    def finish_one(study: Study) -> None:
        finished.append(study.progress.finished)
        for trial in client.ask("outside").trials:
            result = Result(number=trial.number, lease=trial.lease.token, value=1.0)
            client.tell("outside", [result])

    ended = client.wait("outside", poll_seconds=0, timeout_seconds=30, on_change=finish_one)
    assert ended.state == "completed"
    assert finished == [0, 1, 2]


def test_waiting_for_too_long_is_an_error(client: Client) -> None:
    client.create_study(external())
    with pytest.raises(TimeoutError, match="outside"):
        client.wait("outside", poll_seconds=0, timeout_seconds=0)


def test_many_trials_come_in_pages_as_one_list(client: Client) -> None:
    client.create_study(external(trials=1200))
    asked = [t.number for _ in range(2) for t in client.ask("outside", count=1000).trials]
    assert asked == list(range(1200))
    assert [trial.number for trial in client.trials("outside")] == asked
    assert len(client.trials("outside", limit=7)) == 7


@pytest.mark.parametrize("server", ["nope", "", "http://[", "ftp://host", "http://"])
def test_an_invalid_address_is_refused_at_once(server: str) -> None:
    with pytest.raises(CaviarError, match="is not an address"):
        Client(server)


@pytest.mark.parametrize("name", ["../health", "a?x", "a/trials", "", "."])
def test_a_name_stays_one_part_of_the_path(client: Client, name: str) -> None:
    client.create_study(external("a"))
    with pytest.raises(CaviarError) as caught:
        client.study(name)
    assert caught.value.status in (404, 422)


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda client: client.create_study("outside"), "definition"),
        (lambda client: client.ask("outside", count=0), "count"),
        (lambda client: client.ask("outside", worker="a b"), "worker"),
        (lambda client: client.ask(3), "study"),
        (lambda client: client.tell("outside", []), "results"),
        (lambda client: client.tell("outside", 3), "results"),
        (lambda client: client.enqueue("outside", [3]), "params[0]"),
        (lambda client: client.trials("outside", limit=-1), "limit"),
        (lambda client: client.change_study("outside", trials=0), "trials"),
        (lambda client: client.change_study("outside", state="gone"), "state"),
        (lambda client: client.replicate("outside", top=0), "top"),
        (lambda client: client.study("outside").replicate(seeds=0), "seeds"),
        (lambda client: client.study("outside").top("a"), "count"),
        (lambda client: next(client.study("outside").ask(worker="a b")), "worker"),
        (lambda client: client.zoom("outside", 3), "box"),
        (lambda client: client.adjust("outside", 0, {}), "changes"),
        (lambda client: client.extend("outside", 0, 0), "epochs"),
        (lambda client: client.replay("outside", "A b"), "name"),
        (lambda client: client.dataset(3), "name"),
        (lambda client: Result(number=0, lease="x", value="high"), "value"),
    ],
)
def test_a_wrong_argument_is_named(
    client: Client, call: Callable[[Client], object], field: str
) -> None:
    client.create_study(external())
    with pytest.raises(Invalid) as caught:
        call(client)
    assert [error.field for error in caught.value.errors][:1] == [field]
