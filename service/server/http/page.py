"""The dashboard: one page, its modules, and plotly.js from the installed package."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles

from caviar.service.server.http.access import OPEN

DASHBOARD = Path(__file__).parent.parent / "dashboard"
PLOTLY = Path(str(files("plotly") / "package_data" / "plotly.min.js"))

page_router = APIRouter(include_in_schema=False)


@page_router.get("/", dependencies=[OPEN])
def index() -> FileResponse:
    """The page."""
    return FileResponse(DASHBOARD / "index.html", headers={"Cache-Control": "no-cache"})


@page_router.get("/static/plotly.min.js", dependencies=[OPEN])
def plotly() -> FileResponse:
    """The chart library; a new version comes only with a new installation."""
    return FileResponse(PLOTLY, headers={"Cache-Control": "max-age=86400"})


def mount_assets(app: FastAPI) -> None:
    """Serve the page's own files."""
    app.mount("/static", StaticFiles(directory=DASHBOARD), name="static")
