"""From coarse to fine: the rounds, zooms by hand, what mattered, a look at a space."""

from __future__ import annotations

from caviar.service.contract import schemas
from caviar.service.server.http.common import DatabaseOf, KeyOf, StudyName, router
from caviar.service.server.operations import importance, rounds, zooms
from caviar.service.server.operations import space_preview as spaces

rounds_router = router("rounds")


@rounds_router.post("/spaces/preview")
def preview_space(body: schemas.SpaceBody) -> schemas.SpacePreview:
    """Show what a space means: shares by decade, histograms, example settings, warnings."""
    return spaces.look(body)


@rounds_router.get("/studies/{study}/rounds")
def list_rounds(study: StudyName, database: DatabaseOf) -> schemas.RoundList:
    """List the rounds from coarse to fine: where each drew from, and why."""
    return schemas.RoundList(rounds=rounds.list_all(database, study))


@rounds_router.post("/studies/{study}/rounds", status_code=201)
def zoom(
    study: StudyName, body: schemas.ZoomBody, database: DatabaseOf, key: KeyOf
) -> schemas.Round:
    """Zoom by hand: begin a round in this box now, in place of the rest of the current one."""
    return zooms.zoom(database, study, body, key)


@rounds_router.post("/studies/{study}/rounds/undo")
def undo(study: StudyName, database: DatabaseOf, key: KeyOf) -> schemas.RoundList:
    """Take the newest round back, as long as it has not started."""
    return zooms.undo(database, study, key)


@rounds_router.get("/studies/{study}/importance")
def show_importance(study: StudyName, database: DatabaseOf) -> schemas.Importance:
    """Show how much each parameter mattered, beside what luck does."""
    return importance.of(database, study)
