"""Requests are counted, logged and named by an id; what others send breaks neither."""

from __future__ import annotations

import logging

import pytest
from prometheus_client.parser import text_string_to_metric_families

from caviar.service.client import Client
from caviar.service.contract.schemas import Result
from caviar.service.server.http import watch
from tests.factories.studies import external


def samples(client: Client) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """The metrics by their names and labels."""
    response = client._http.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def test_metrics_count_requests_and_what_the_database_has(client: Client) -> None:
    answered = ("caviar_requests_total", (("method", "POST"), ("route", ASK), ("status", "200")))
    timed = ("caviar_request_seconds_count", (("route", ASK),))
    before = samples(client)
    client.create_study(external())
    trials = client.ask("outside", count=3, worker="left").trials
    client.tell("outside", [Result(number=0, lease=trials[0].lease.token, value=1.0)])
    client._http.request("BREW", "/coffee")
    after = samples(client)
    assert after[answered] == before.get(answered, 0) + 1
    assert after[timed] == before.get(timed, 0) + 1
    assert after["caviar_trials", (("state", "completed"),)] == 1
    assert after["caviar_trials", (("state", "running"),)] == 2
    assert after["caviar_studies", (("state", "running"),)] == 1
    assert after["caviar_leases_open", ()] == 2
    assert after["caviar_workers", (("state", "training"),)] == 1
    assert after["caviar_database_writes_total", ()] > before["caviar_database_writes_total", ()]
    methods = {dict(labels).get("method") for _, labels in after}
    assert "BREW" not in methods
    assert "other" in methods


ASK = "/studies/{study}/ask"


def test_an_id_is_taken_from_the_caller_or_made_for_an_error(client: Client) -> None:
    def answered_id(path: str, given: str | None = None) -> str | None:
        headers = {} if given is None else {"X-Request-Id": given}
        found: str | None = client._http.get(path, headers=headers).headers.get("x-request-id")
        return found

    assert answered_id("/ready") is None
    assert answered_id("/ready", "proxy-17.a") == "proxy-17.a"
    assert answered_id("/ready", "a b") is None
    assert answered_id("/ready", "x" * 65) is None
    made = answered_id("/studies/none"), answered_id("/studies/none")
    assert made[0] is not None
    assert made[0] != made[1]


def test_requests_are_told_in_debug_and_refused_callers_in_info(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    def told(level: int, path: str, **headers: str) -> list[logging.LogRecord]:
        caplog.clear()
        with caplog.at_level(level, logger="caviar"):
            client._http.get(path, headers=headers)
        return [record for record in caplog.records if path in record.getMessage()]

    assert told(logging.INFO, "/ready") == []
    assert told(logging.INFO, "/studies/none") == []
    [debug] = told(logging.DEBUG, "/ready")
    assert debug.levelname == "DEBUG"
    [refused] = told(logging.INFO, "/ready", Host="evil.example")
    assert "403" in refused.getMessage()


def test_a_flood_of_refused_requests_does_not_fill_the_log(
    client: Client, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch.time, "monotonic", lambda: 1e9)
    with caplog.at_level(logging.INFO, logger="caviar"):
        for _ in range(watch.LINES_A_SECOND + 5):
            client._http.get("/ready", headers={"Host": "evil.example"})
        told = [record for record in caplog.records if "evil" not in record.getMessage()]
        assert len(told) == watch.LINES_A_SECOND
        monkeypatch.setattr(watch.time, "monotonic", lambda: 1e9 + 1)
        client._http.get("/ready", headers={"Host": "evil.example"})
    assert "5 more requests" in caplog.text
