"""Studies: create, list, show, change, delete; their figures."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Request, Response

from caviar.service.contract import schemas
from caviar.service.contract.errors import Invalid, NotFound
from caviar.service.contract.states import IN_TRAINING, TrialState
from caviar.service.server import figures
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
from caviar.service.server.operations import rounds, studies, trials

studies_router = router("studies")


@studies_router.post("/studies", status_code=201)
def create_study(
    definition: schemas.StudyDefinition, database: DatabaseOf, key: KeyOf, response: Response
) -> schemas.Study:
    """Create a study and start it."""
    response.headers["Location"] = f"/studies/{definition.name}"
    return studies.create(database, definition, key)


@studies_router.get("/studies")
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


@studies_router.get("/studies/{study}", response_model=schemas.Study)
def show_study(study: StudyName, database: DatabaseOf, request: Request, response: Response) -> Any:
    """Show a study: state, counts, best, current round, progress, definition."""
    body = studies.show(database, study)
    return not_modified(request, response, body.created_at, body.revision) or body


@studies_router.patch("/studies/{study}")
def change_study(
    study: StudyName, change: schemas.StudyChange, database: DatabaseOf
) -> schemas.Study:
    """Pause, resume or stop a study, or change its budget."""
    return studies.change(database, study, change)


@studies_router.delete("/studies/{study}", status_code=204)
def delete_study(study: StudyName, database: DatabaseOf) -> None:
    """Delete a study with everything that belongs to it."""
    studies.delete(database, study)


@studies_router.get("/studies/{study}/figures/{name}", response_model=schemas.Figure)
def show_figure(
    study: StudyName,
    name: Annotated[str, Path(max_length=64)],
    database: DatabaseOf,
    request: Request,
    response: Response,
) -> Any:
    """Describe a plot of the study as a plotly figure."""
    draw = figures.FIGURES.get(name)
    if draw is None:
        known = ", ".join(sorted(figures.FIGURES))
        raise NotFound(f"there is no figure {name!r}; known are {known}")
    body = studies.show(database, study)
    unchanged = not_modified(request, response, body.created_at, body.revision)
    return unchanged or draw(_figure_data(database, body))


def _figure_data(database: DatabaseOf, study: schemas.Study) -> figures.FigureData:
    everything = trials.all_of(database, study.name)
    in_training = sorted(
        (trial for trial in everything if trial.state in IN_TRAINING),
        key=lambda trial: trial.state == TrialState.RUNNING,
    )
    drawn = [trial.number for trial in in_training[-FIGURE_CURVES:]]
    return figures.FigureData(
        study=study,
        trials=everything,
        curves=trials.curves_of(database, study.name, [*drawn, *_best_few(study, everything)]),
        rounds=rounds.list_all(database, study.name),
    )


FIGURE_CURVES = 24
"""Learning curves of paused and running trials in one picture, running ones first."""

BEST_CURVES = 5
"""Learning curves of the best finished trials beside them."""


def _best_few(study: schemas.Study, everything: list[schemas.Trial]) -> list[int]:
    sign = -1 if study.direction == "maximize" else 1
    ranked = sorted(
        (sign * trial.value, trial.number)
        for trial in everything
        if trial.value is not None and not trial.void and trial.state == TrialState.COMPLETED
    )
    return [number for _, number in ranked[:BEST_CURVES]]
