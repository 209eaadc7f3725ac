"""Rounds, manual zooms, importance, and the preview of a space."""

from __future__ import annotations

from fastapi import Request, Response

from caviar.service.contract import schemas
from caviar.service.server.http.access import READ, SUBMIT
from caviar.service.server.http.common import NOT_MODIFIED, DatabaseOf, KeyOf, StudyName, router
from caviar.service.server.http.heavy_reads import HeavyReadsOf
from caviar.service.server.operations import importance, rounds, space_preview, zooms

rounds_router = router("rounds")


@rounds_router.post("/spaces/preview", dependencies=[READ])
def preview_space(body: schemas.SpaceBody) -> schemas.SpacePreview:
    """Preview a space: shares by decade, histograms, example params, warnings."""
    return space_preview.preview_space(body)


@rounds_router.get(
    "/studies/{study}/rounds",
    response_model=schemas.RoundList,
    responses=NOT_MODIFIED,
    dependencies=[READ],
)
async def list_rounds(
    study: StudyName, database: DatabaseOf, reads: HeavyReadsOf, request: Request
) -> Response:
    """List the rounds of a study: where each draws from, and why."""
    return await reads.answer(
        request, database, (study, "rounds"), lambda: rounds.show(database, study)
    )


@rounds_router.post("/studies/{study}/rounds", status_code=201, dependencies=[SUBMIT])
def zoom(
    study: StudyName, body: schemas.ZoomBody, database: DatabaseOf, key: KeyOf
) -> schemas.Round:
    """Zoom: begin a round in this box now, in place of the rest of the current one."""
    return zooms.zoom(database, study, body, key)


@rounds_router.post("/studies/{study}/rounds/undo", dependencies=[SUBMIT])
def undo(study: StudyName, database: DatabaseOf, key: KeyOf) -> schemas.RoundList:
    """Remove the newest round, as long as it has not started."""
    return zooms.undo(database, study, key)


@rounds_router.get(
    "/studies/{study}/importance",
    response_model=schemas.Importance,
    responses=NOT_MODIFIED,
    dependencies=[READ],
)
async def show_importance(
    study: StudyName, database: DatabaseOf, reads: HeavyReadsOf, request: Request
) -> Response:
    """Show how important each parameter is, beside the noise between equal trials."""
    return await reads.answer(
        request, database, (study, "importance"), lambda: importance.show(database, study)
    )
