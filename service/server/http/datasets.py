"""Data sets: listed, shown, added from a file, removed; their files for workers elsewhere."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from caviar.service.contract import schemas
from caviar.service.contract.schemas import Slug
from caviar.service.server.http.access import READ, SUBMIT
from caviar.service.server.http.bodies import OCTETS, TABLES, receive_into
from caviar.service.server.http.checkpoints import CONTENT
from caviar.service.server.http.common import DatabaseOf, router
from caviar.service.server.operations import datasets

datasets_router = router("datasets")

CSV = {"type": "string", "examples": ["age,city,churn\n31,Paris,no\n47,Rome,yes\n"]}
TABLE: dict[str, Any] = {"text/csv": {"schema": CSV}, **CONTENT}

DatasetName = Annotated[Slug, Path(description="The data set's name.")]
ColumnName = Annotated[str, Field(max_length=1_000)]


@datasets_router.get("/datasets", dependencies=[READ])
def list_datasets(database: DatabaseOf) -> schemas.DatasetList:
    """List the data sets that a network objective can train on, in their newest versions."""
    return datasets.list_all(database)


@datasets_router.get("/datasets/{name}", dependencies=[READ])
def show_dataset(
    name: DatasetName,
    database: DatabaseOf,
    version: Annotated[
        str | None, Query(max_length=64, description="A version; else the newest.")
    ] = None,
) -> schemas.DatasetDetail:
    """Show a data set: its task, columns, labels and warnings."""
    return datasets.show(database, name, version)


@datasets_router.put(
    "/datasets/{name}",
    openapi_extra={"requestBody": {"content": TABLE, "required": True}},
    responses={201: {"model": schemas.DatasetDetail, "description": "A new version."}},
    dependencies=[SUBMIT],
)
async def put_dataset(
    name: DatasetName,
    database: DatabaseOf,
    request: Request,
    response: Response,
    target: Annotated[
        ColumnName | None, Query(description="The column to predict; an .npz file may have y.")
    ] = None,
    regression: Annotated[
        bool, Query(description="Whether the target is a number rather than a class.")
    ] = False,
    drop: Annotated[
        list[ColumnName], Query(description="A column that is not used; repeatable.")
    ] = [],  # noqa: B006
    format: Annotated[  # noqa: A002
        Literal["csv", "parquet", "npy", "npz"] | None,
        Query(description="The kind of file; else the Content-Type or the first bytes tell."),
    ] = None,
) -> schemas.DatasetDetail:
    """Add a data set from a table, or a new version of it: .csv, .parquet, .npy or .npz."""
    media_type = request.headers.get("content-type", OCTETS).partition(";")[0].strip().lower()
    with datasets.upload(database) as path:
        with path.open("wb") as file:
            await receive_into(file, request)
        shown, is_new = await run_in_threadpool(
            datasets.put,
            database,
            name,
            path,
            kind=format or TABLES.get(media_type),
            target=target,
            regression=regression,
            drop=drop,
        )
    response.status_code = 201 if is_new else 200
    return shown


@datasets_router.delete("/datasets/{name}", status_code=204, dependencies=[SUBMIT])
def delete_dataset(name: DatasetName, database: DatabaseOf) -> None:
    """Remove a data set with all its versions; 409 while a study trains on it."""
    datasets.delete(database, name)


@datasets_router.get(
    "/datasets/{name}/versions/{version}/files/{file}",
    response_class=Response,
    responses={200: {"content": CONTENT}},
    dependencies=[READ],
)
def get_dataset_file(
    name: DatasetName,
    version: Annotated[str, Path(max_length=64)],
    file: Annotated[str, Path(max_length=64)],
    database: DatabaseOf,
) -> FileResponse:
    """Download a file of a prepared data set, for a worker that has no copy."""
    return FileResponse(datasets.file(database, name, version, file), media_type=OCTETS)
