"""The client's calls about replicas."""

from __future__ import annotations

from caviar.service.client.connection import Connection
from caviar.service.client.paths import path_of
from caviar.service.contract import schemas


class ReplicaCalls(Connection):
    """The best settings trained again on fresh seeds."""

    def replicate(self, study: str, *, top: int = 5, seeds: int = 3) -> schemas.Replicates:
        """Let the best `top` settings be trained again, `seeds` times each.

        Raises:
            Conflict: nothing has completed yet, or the study trains no more.
        """
        body = schemas.ReplicateBody(top=top, seeds=seeds)
        path = f"{path_of(study)}/replicate"
        return self._call("POST", path, schemas.Replicates, body=body, idempotent=True)

    def replicates(self, study: str) -> schemas.Replicates:
        """The settings that were trained again: mean, spread and a verdict for each."""
        return self._call("GET", f"{path_of(study)}/replicates", schemas.Replicates)
