"""Calls for the system: health, workers."""

from __future__ import annotations

from caviar.service.client.connection import Connection
from caviar.service.contract import schemas


class SystemCalls(Connection):
    """Read the health of the server and its workers."""

    def health(self) -> schemas.Health:
        """The version of the server and of its database."""
        return self._call("GET", "/health", schemas.Health)

    def workers(self) -> list[schemas.Worker]:
        """The workers that hold leases now, and those that asked for trials lately."""
        return self._call("GET", "/workers", schemas.WorkerList).workers
