"""Bodies that cost more than they weigh: each is refused for a price that is bounded."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from caviar.service.client import Client
from caviar.service.contract import limits
from caviar.service.contract.errors import MAX_ERRORS
from caviar.service.server.app import create_app
from caviar.service.server.http import bodies
from caviar.service.server.store.database import Database
from tests.assertions import assert_problem
from tests.factories.studies import external

JSON = {"Content-Type": "application/json"}
REPORT = "/studies/outside/report"
TELL = "/studies/outside/tell"


def names(count: int) -> bytes:
    """An object with many unknown names."""
    return b"{%s}" % b",".join(b'"u%d":0' % i for i in range(count))


def listed(name: str, item: bytes, count: int) -> bytes:
    """An object with one list of equal items."""
    return b'{"%s":[%s]}' % (name.encode(), b",".join([item] * count))


ATTACKS: dict[str, tuple[str, bytes, int, str]] = {
    "empty reports": (REPORT, listed("reports", b"{}", 10_000), 422, "reports[0].number"),
    "names of no study": ("/studies", names(9_000), 422, "name"),
    "more names": ("/studies", names(64_000), 422, "body: has more than 10,000 names"),
    "names as a report": (REPORT, names(250_000), 422, "more than 10,000 names"),
    "a study too large": ("/studies", b" " * (limits.BODY_BYTES + 1), 413, "1,048,576 bytes"),
    "lists": (REPORT, listed("reports", b"[]", 1_000_000), 422, "1,000,000 values"),
    "fewer lists": (REPORT, listed("reports", b"[]", 40_000), 422, "reports[0]"),
    "NaN": (TELL, listed("results", b"NaN", 30_000), 422, "results[0]"),
    "depth": (TELL, b'{"results":' + b"[" * 100 + b"]" * 100 + b"}", 422, "nested"),
    "depth, small in brackets": ("/studies", b"[" * 65 + b"]" * 65, 422, "nested"),
    "a long name": ("/studies", b'{"%s":1}' % (b"a" * 100_000), 422, "name"),
    "metrics of texts": (
        TELL,
        listed("results", b'{"number":0,"lease":"x","value":1.0,"metrics":%s}' % names(50), 500)
        .replace(b":0,", b':"x",')
        .replace(b'"number":"x"', b'"number":0'),
        422,
        "results[0].metrics.u0",
    ),
}


@pytest.mark.parametrize("case", ATTACKS)
def test_a_body_that_costs_much_gets_a_short_answer(client: Client, case: str) -> None:
    client.create_study(external())
    path, body, status, hint = ATTACKS[case]
    answer = client._http.post(path, content=body, headers=JSON)
    assert_problem(answer, status)
    assert hint in answer.json()["detail"]
    assert len(answer.json().get("errors", ())) <= MAX_ERRORS
    assert len(answer.content) < 8_000
    assert client.study("outside").revision == 1


def test_errors_that_are_not_listed_are_counted(client: Client) -> None:
    client.create_study(external())
    answer = client._http.post(REPORT, content=listed("reports", names(50), 1), headers=JSON)
    assert len(answer.json()["errors"]) == MAX_ERRORS
    assert "(and 52 more errors)" in answer.json()["detail"]  # number, lease and epoch are missing


def test_a_large_body_is_taken_as_a_small_one_is(client: Client) -> None:
    client.create_study(external())
    [trial] = client.ask("outside", count=1).trials
    report = {"number": trial.number, "lease": trial.lease.token, "epoch": 0}
    body = {"reports": [report | {"metrics": {"a": 1.5, "b": i}} for i in range(1_000)]}
    answer = client._http.post(REPORT, json=body)
    assert answer.status_code == 200
    assert [decision["number"] for decision in answer.json()["decisions"]] == [0]
    body["reports"][500]["epoch"] = -1
    answer = client._http.post(REPORT, json=body)
    assert_problem(answer, 422)
    assert answer.json()["errors"][0]["field"] == "reports[500].epoch"


def test_one_body_too_many_has_to_wait(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second large body comes while the first one is still on its way."""
    monkeypatch.setitem(bodies.KINDS, ("POST", "report"), bodies.BodyKind(2**22, "", places=1))
    body = json.dumps({"reports": [{"x": " " * 2**20}]}).encode()

    async def both() -> tuple[httpx.Response, httpx.Response]:
        transport = httpx.ASGITransport(create_app(sqlite))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
            first_waits, first_may_end = asyncio.Event(), asyncio.Event()

            async def parts() -> Any:
                yield body
                first_waits.set()
                await first_may_end.wait()
                yield b" "

            send = asyncio.create_task(http.post(REPORT, content=parts(), headers=JSON))
            await first_waits.wait()
            second = await http.post(REPORT, content=body, headers=JSON)
            first_may_end.set()
            return await send, second

    first, second = asyncio.run(both())
    assert_problem(first, 422)
    assert_problem(second, 503)
    assert second.headers["retry-after"] == "1"


def test_metrics_are_limited(client: Client) -> None:
    client.create_study(external())
    [trial] = client.ask("outside", count=1).trials
    held = {"number": 0, "lease": trial.lease.token}
    metrics = {f"m{i}": 0.0 for i in range(limits.METRICS + 1)}
    for path, items, item in (
        (REPORT, "reports", held | {"epoch": 0, "metrics": metrics}),
        (TELL, "results", held | {"value": 0.0, "metrics": metrics}),
    ):
        answer = client._http.post(path, json={items: [item]})
        assert_problem(answer, 422)
        assert answer.json()["errors"] == [
            {"field": f"{items}[0].metrics", "message": "must have at most 256 entries"}
        ]
