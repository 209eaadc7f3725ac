"""Figures of a study, as plotly describes them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Request, Response

from caviar.service.contract import schemas
from caviar.service.contract.errors import NotFound
from caviar.service.server.figures import FIGURES
from caviar.service.server.http.access import READ
from caviar.service.server.http.common import DatabaseOf, StudyName, not_modified, router
from caviar.service.server.operations import figures

figures_router = router("studies")


@figures_router.get(
    "/studies/{study}/figures/{name}", response_model=schemas.Figure, dependencies=[READ]
)
def show_figure(
    study: StudyName,
    name: Annotated[str, Path(max_length=64)],
    database: DatabaseOf,
    request: Request,
    response: Response,
) -> Any:
    """Describe a plot of the study as a plotly figure."""
    draw = FIGURES.get(name)
    if draw is None:
        known = ", ".join(sorted(FIGURES))
        raise NotFound(f"there is no figure {name!r}; known are {known}")
    unchanged = not_modified(request, response, *figures.version(database, study))
    return unchanged or draw(figures.data(database, study))
