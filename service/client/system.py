"""The client's calls about the system: health, data sets, workers."""

from __future__ import annotations

from typing import Any

from caviar.service.client.connection import Connection
from caviar.service.contract import schemas


class SystemCalls(Connection):
    """Health, data sets, workers."""

    def health(self) -> schemas.Health:
        """The server's health."""
        return self._call("GET", "/health", schemas.Health)

    def datasets(self) -> list[dict[str, Any]]:
        """The data sets that a network objective can train on."""
        return self._call("GET", "/datasets", schemas.DatasetList).datasets

    def workers(self) -> list[schemas.Worker]:
        """The workers that hold leases now."""
        return self._call("GET", "/workers", schemas.WorkerList).workers
