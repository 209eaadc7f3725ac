"""Studies: create, list, show, change, delete."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request, Response

from caviar.service.contract import schemas
from caviar.service.server.http.access import READ, SUBMIT
from caviar.service.server.http.common import (
    NOT_MODIFIED,
    DatabaseOf,
    KeyOf,
    StudyName,
    decode_token,
    encode_token,
    not_modified,
    router,
)
from caviar.service.server.operations import studies, versions

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
    database: DatabaseOf, query: Annotated[schemas.StudyListQuery, Query()]
) -> schemas.StudyPage:
    """List studies, the newest first, or filtered and sorted.

    A page ends at its limit, or where many studies were read that do not pass: then it is shorter,
    or empty, and has a `next_page_token` to go on with.
    """
    shown, more = studies.list_page(database, query, decode_token(query.page_token))
    return schemas.StudyPage(studies=shown, next_page_token=encode_token(more))


@studies_router.post("/studies/actions", dependencies=[SUBMIT])
def act_on_studies(
    body: schemas.StudyActionsBody, database: DatabaseOf
) -> schemas.StudyActionsAnswer:
    """Pause, resume, stop or delete many studies; each is done or refused by itself."""
    return studies.act_on_many(database, body)


@studies_router.get(
    "/studies/{study}", response_model=schemas.Study, responses=NOT_MODIFIED, dependencies=[READ]
)
def show_study(study: StudyName, database: DatabaseOf, request: Request, response: Response) -> Any:
    """Show a study: state, counts, best, current round, progress, definition."""
    if "if-none-match" in request.headers:
        unchanged = not_modified(request, response, *versions.of(database, study))
        if unchanged is not None:
            return unchanged
    body = studies.show(database, study)
    not_modified(request, response, body.created_at, body.revision)
    return body


@studies_router.patch("/studies/{study}", dependencies=[SUBMIT])
def change_study(
    study: StudyName, change: schemas.StudyChange, database: DatabaseOf
) -> schemas.Study:
    """Pause, resume or stop a study, or change its budget, its note or its tags."""
    return studies.change(database, study, change)


@studies_router.delete("/studies/{study}", status_code=204, dependencies=[SUBMIT])
def delete_study(study: StudyName, database: DatabaseOf) -> None:
    """Delete a study with everything that belongs to it."""
    studies.delete(database, study)
