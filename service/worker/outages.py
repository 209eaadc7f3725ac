"""Outages of the server, as a log tells them: one line when it is away and one when it is back."""

from __future__ import annotations

import logging
import time

from caviar.service.contract.numbers import duration

logger = logging.getLogger("caviar")


class Outage:
    """Whether the server answers. Tell it of every call."""

    def __init__(self) -> None:
        self._since: float | None = None

    @property
    def is_on(self) -> bool:
        """Whether the last call got no answer."""
        return self._since is not None

    def begin(self, what: str, detail: str) -> None:
        """A call got no answer: what failed by that is said once, for all calls of the outage."""
        if self._since is None:
            self._since = time.monotonic()
            logger.warning("%s, and calls are repeated until the server answers: %s", what, detail)

    def end(self) -> None:
        """A call was answered."""
        if self._since is not None:
            logger.info("the server answers again after %s", duration(self._away()))
            self._since = None

    def _away(self) -> float:
        return 0.0 if self._since is None else time.monotonic() - self._since
