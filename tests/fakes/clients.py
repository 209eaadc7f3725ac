"""Clients for a segment that die, or to which something happens, while it trains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from caviar.service.client import Client
from caviar.service.contract import schemas


class Killed(Exception):
    """The process died here."""


class Dying:
    """A client that dies after a number of reports, as a process does at kill -9."""

    def __init__(self, client: Client, *, reports: int) -> None:
        self._client = client
        self._left = reports

    def report(self, study: str, reports: Sequence[schemas.Report]) -> list[schemas.Decision]:
        """Report, or die."""
        if self._left == 0:
            raise Killed
        self._left -= 1
        return self._client.report(study, reports)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


class Interrupted:
    """A client that does something just before it reports certain epochs."""

    def __init__(self, client: Client, acts: dict[int, Callable[[], object]]) -> None:
        self._client = client
        self._acts = acts

    def report(self, study: str, reports: Sequence[schemas.Report]) -> list[schemas.Decision]:
        """Do what is due, then report."""
        for epoch in sorted({report.epoch for report in reports}):
            self._acts.pop(epoch, lambda: None)()
        return self._client.report(study, reports)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)
