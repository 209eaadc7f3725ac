"""Calls for replicas: the best trials trained again with fresh seeds."""

from __future__ import annotations

from caviar.service.client.connection import Connection
from caviar.service.client.paths import path_of
from caviar.service.contract import schemas
from caviar.service.contract.plain import plain


class ReplicaCalls(Connection):
    """Start replicas, and read their values."""

    def replicate(self, study: str, *, top: int = 5, seeds: int = 3) -> schemas.Replicates:
        """Train the best `top` trials again, with `seeds` fresh seeds each.

        Raises:
            Conflict: no trial has completed yet, or the study was stopped.
        """
        body = schemas.ReplicateBody(top=plain(top, "top"), seeds=plain(seeds, "seeds"))
        path = f"{path_of(study)}/replicate"
        return self._call("POST", path, schemas.Replicates, body=body, idempotent=True)

    def replicates(self, study: str) -> schemas.Replicates:
        """The replicated trials: mean, standard deviation and a verdict for each."""
        return self._call("GET", f"{path_of(study)}/replicates", schemas.Replicates)
