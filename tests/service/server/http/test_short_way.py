"""The short way of the hot calls: they have it, and what is odd goes the long way."""

from __future__ import annotations

from typing import Any, cast

import pytest

from caviar.service.client import Client
from caviar.service.server.http.common import _idempotency_key
from caviar.service.server.http.short_way import short_way
from caviar.service.server.http.trials import trials_router
from tests.assertions import assert_problem
from tests.factories.studies import external


async def long(request: Any) -> Any:
    """Stand for FastAPI's handler."""


@pytest.mark.parametrize("name", ["ask", "ask_any", "report", "tell", "release"])
def test_hot_calls_have_it(name: str) -> None:
    route = cast(Any, next(own for own in trials_router.routes if cast(Any, own).name == name))
    assert short_way(route.dependant, route.body_field, _idempotency_key, long) is not long


def test_what_is_odd_is_answered_as_elsewhere(client: Client) -> None:
    client.create_study(external())
    post = client._http.post
    for path, body, key, field in (
        ("Outside!", {}, "once", "study"),
        ("outside", {"count": 0}, "once", "count"),
        ("outside", {}, "", "Idempotency-Key"),
    ):
        response = post(f"/studies/{path}/ask", json=body, headers={"Idempotency-Key": key})
        assert_problem(response, 422)
        assert field.lower() in response.text.lower()
    assert post("/studies/outside/ask", json={}).json()["trials"][0]["number"] == 0
