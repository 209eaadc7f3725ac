"""Figures of a study, as plotly describes them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Request, Response

from caviar.service.contract import schemas
from caviar.service.contract.errors import NotFound
from caviar.service.server.figures import FIGURES
from caviar.service.server.http.access import READ
from caviar.service.server.http.common import NOT_MODIFIED, DatabaseOf, StudyName, router
from caviar.service.server.http.heavy_reads import HeavyReadsOf
from caviar.service.server.operations import figures

figures_router = router("studies")


@figures_router.get(
    "/studies/{study}/figures/{name}",
    response_model=schemas.Figure,
    responses=NOT_MODIFIED,
    dependencies=[READ],
)
async def show_figure(
    study: StudyName,
    name: Annotated[str, Path(max_length=64)],
    database: DatabaseOf,
    reads: HeavyReadsOf,
    request: Request,
) -> Response:
    """Describe a plot of the study as a plotly figure; `_` in its name stands for `-`."""
    name = name.replace("_", "-")
    if name not in FIGURES:
        known = ", ".join(sorted(FIGURES))
        raise NotFound(f"there is no figure {name!r}; known are {known}")
    return await reads.answer(
        request, database, (study, "figure", name), lambda: figures.draw(database, study, name)
    )
