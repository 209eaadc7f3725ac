"""Answers that are problems."""

from __future__ import annotations

import httpx


def assert_problem(response: httpx.Response, status: int) -> None:
    """The answer is a problem body with this status."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert problem["detail"]
    assert "Traceback" not in response.text
