"""Studies: create, list, show, change, delete."""

from __future__ import annotations

from typing import Any

from fastapi import Request, Response

from caviar.service.contract import schemas
from caviar.service.contract.errors import Invalid
from caviar.service.server.http.access import READ, SUBMIT
from caviar.service.server.http.common import (
    DatabaseOf,
    KeyOf,
    Limit,
    PageToken,
    StudyName,
    decode_token,
    encode_token,
    not_modified,
    router,
)
from caviar.service.server.operations import studies

studies_router = router("studies")


@studies_router.post("/studies", status_code=201, dependencies=[SUBMIT])
def create_study(
    definition: schemas.StudyDefinition,
    database: DatabaseOf,
    key: KeyOf,
    request: Request,
    response: Response,
) -> schemas.Study:
    """Create a study and start it."""
    response.headers["Location"] = f"{request.scope['root_path']}/studies/{definition.name}"
    return studies.create(database, definition, key)


@studies_router.get("/studies", dependencies=[READ])
def list_studies(
    database: DatabaseOf, limit: Limit = 50, page_token: PageToken = None
) -> schemas.StudyPage:
    """List studies, the newest first."""
    before = decode_token(page_token)
    known = isinstance(before, int) and not isinstance(before, bool) and abs(before) < 2**63
    if before is not None and not known:
        raise Invalid.field("page_token", "is not one that this list gave out")
    shown, more = studies.list_page(database, limit=limit, before=before)
    return schemas.StudyPage(studies=shown, next_page_token=encode_token(more))


@studies_router.get("/studies/{study}", response_model=schemas.Study, dependencies=[READ])
def show_study(study: StudyName, database: DatabaseOf, request: Request, response: Response) -> Any:
    """Show a study: state, counts, best, current round, progress, definition."""
    body = studies.show(database, study)
    return not_modified(request, response, body.created_at, body.revision) or body


@studies_router.patch("/studies/{study}", dependencies=[SUBMIT])
def change_study(
    study: StudyName, change: schemas.StudyChange, database: DatabaseOf
) -> schemas.Study:
    """Pause, resume or stop a study, or change its budget."""
    return studies.change(database, study, change)


@studies_router.delete("/studies/{study}", status_code=204, dependencies=[SUBMIT])
def delete_study(study: StudyName, database: DatabaseOf) -> None:
    """Delete a study with everything that belongs to it."""
    studies.delete(database, study)
