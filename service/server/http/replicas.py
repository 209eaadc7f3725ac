"""Replicas: the best trials trained again on fresh seeds."""

from __future__ import annotations

from fastapi import Request, Response

from caviar.service.contract import schemas
from caviar.service.server.http.access import READ, SUBMIT
from caviar.service.server.http.common import NOT_MODIFIED, DatabaseOf, KeyOf, StudyName, router
from caviar.service.server.http.heavy_reads import HeavyReadsOf
from caviar.service.server.operations import replicas

replicas_router = router("replicates")


@replicas_router.post("/studies/{study}/replicate", status_code=201, dependencies=[SUBMIT])
def replicate(
    study: StudyName, body: schemas.ReplicateBody, database: DatabaseOf, key: KeyOf
) -> schemas.Replicates:
    """Train the best trials again on fresh seeds, on top of the budget."""
    return replicas.replicate(database, study, body, key)


@replicas_router.get(
    "/studies/{study}/replicates",
    response_model=schemas.Replicates,
    responses=NOT_MODIFIED,
    dependencies=[READ],
)
async def list_replicates(
    study: StudyName, database: DatabaseOf, reads: HeavyReadsOf, request: Request
) -> Response:
    """Compare the best trials with their replicas: mean, deviation, and a verdict."""
    return await reads.answer(
        request, database, (study, "replicates"), lambda: replicas.show(database, study)
    )
