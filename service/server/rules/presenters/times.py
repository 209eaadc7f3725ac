"""Builds timestamps of answers: ISO 8601 in UTC."""

from __future__ import annotations

from datetime import UTC, datetime


def timestamp(seconds: float) -> str:
    """Seconds since 1970 as ISO 8601 in UTC, to the millisecond."""
    return (
        datetime.fromtimestamp(seconds, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )


def optional_timestamp(seconds: float | None) -> str | None:
    """The same, or None for a time that has not come."""
    return None if seconds is None else timestamp(seconds)
