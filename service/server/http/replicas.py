"""Replicates: the best settings trained again on fresh seeds."""

from __future__ import annotations

from caviar.service.contract import schemas
from caviar.service.server.http.common import DatabaseOf, KeyOf, StudyName, router
from caviar.service.server.operations import replicas

replicas_router = router("replicates")


@replicas_router.post("/studies/{study}/replicate", status_code=201)
def replicate(
    study: StudyName, body: schemas.ReplicateBody, database: DatabaseOf, key: KeyOf
) -> schemas.Replicates:
    """Train the best settings again on fresh seeds, on top of the budget."""
    return replicas.replicate(database, study, body, key)


@replicas_router.get("/studies/{study}/replicates")
def list_replicates(study: StudyName, database: DatabaseOf) -> schemas.Replicates:
    """Show the best settings beside what fresh seeds gave: mean, spread, and a verdict."""
    return replicas.show(database, study)
