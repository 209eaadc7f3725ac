"""Reporting for a function: a server that is away does not keep the function waiting."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import suppress

from caviar.service.client import Client
from caviar.service.contract import schemas
from caviar.service.contract.errors import CaviarError, Conflict, Invalid, NotFound
from caviar.service.worker.outages import Outage
from caviar.service.worker.segment import Sender, Snapshot, is_time

RETRY_SECONDS = (1.0, 30.0)
"""The first and the longest wait after a report that did not reach the server."""

logger = logging.getLogger("caviar")


class TolerantSender(Sender):
    """Sends one trial's reports and checkpoints; what does not reach the server is sent later.

    Args:
        client: for what must arrive: checkpoints and results.
        study: the study of the trial.
        brief: a client without patience, for reports.
    """

    def __init__(self, client: Client, study: str, *, brief: Client) -> None:
        super().__init__(client, study)
        self._brief = brief
        self._tried_at = time.monotonic()
        self._retry_seconds = 0.0
        self._outage = Outage()

    def is_ready(self, *, urgent: bool) -> bool:
        """Whether the wait since the last report that did not arrive is over."""
        if urgent:
            self._retry_seconds = 0.0
        return is_time(self._tried_at, self._retry_seconds)

    def report(self, reports: Sequence[schemas.Report]) -> list[schemas.Decision] | None:
        """Send reports; None if they did not arrive. In a deleted study every trial stops."""
        try:
            decisions = self._brief.report(self._study, reports)
        except NotFound:
            numbers = {report.number for report in reports}
            decisions = [schemas.Decision(number=number, action="stop") for number in numbers]
        except (Conflict, Invalid):
            raise
        except CaviarError as error:
            self._outage.begin(f"trial {reports[0].number} was not reported", error.detail)
            first, longest = RETRY_SECONDS
            self._retry_seconds = min(longest, max(first, 2 * self._retry_seconds))
            self._tried_at = time.monotonic()
            return None
        self._outage.end()
        self._retry_seconds = 0.0
        return decisions

    def save(self, number: int, snapshot: Snapshot, *, lease: str) -> bool:
        """Save a checkpoint; False if it did not arrive."""
        try:
            return super().save(number, snapshot, lease=lease)
        except CaviarError as error:
            logger.warning(
                "the checkpoint of trial %s at epoch %s was not saved: %s",
                number,
                snapshot.epoch,
                error.detail,
            )
            return isinstance(error, Invalid)  # it would be refused again

    def tell(self, results: Sequence[schemas.Result]) -> list[schemas.Recorded]:
        """Tell results; those of a deleted study are discarded."""
        with suppress(NotFound):
            return super().tell(results)
        return []
