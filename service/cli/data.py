"""`caviar data`: data sets of one's own, added from tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from caviar.service.cli.options import AsJson
from caviar.service.cli.render import moment
from caviar.service.cli.sources import GivenData, GivenServer, connected
from caviar.service.cli.terminal import out, print_json
from caviar.service.contract import schemas
from caviar.service.contract.errors import Invalid

data_app = typer.Typer(help="Add, list, show and remove data sets.", no_args_is_help=True)

MAX_LEVELS = 6
"""Levels of a category that the table of columns shows."""

MAX_LABELS = 12

Name = Annotated[str, typer.Argument(help="The data set's name.")]


@data_app.command("add")
def add(
    file: Annotated[Path, typer.Argument(help="A .csv, .parquet, .npy or .npz file.")],
    target: Annotated[
        str | None,
        typer.Option(help="The column to predict. An .npz file with X and y needs none."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="The data set's name. Default: that of the file.")
    ] = None,
    regression: Annotated[
        bool, typer.Option("--regression", help="The target is a number rather than a class.")
    ] = False,
    drop: Annotated[
        list[str] | None, typer.Option(help="A column that is not used; repeatable.")
    ] = None,
    server: GivenServer = None,
    data: GivenData = None,
    as_json: AsJson = False,
) -> None:
    """Add a data set from a table, or a new version of it."""
    with connected(server, data) as (client, where):
        added = client.add_dataset(
            name or slug(file.stem), file, target=target, regression=regression, drop=drop or ()
        )
    if as_json:
        print_json(added.model_dump(mode="json"))
        return
    show_dataset(added)
    objective = f'"objective": {{"kind": "network", "dataset": "{added.name}"}}'
    out.print(Text(f"\nAdded to {where}. A study trains on it with {objective}."), soft_wrap=True)


@data_app.command("list")
def list_datasets(
    server: GivenServer = None, data: GivenData = None, as_json: AsJson = False
) -> None:
    """List the data sets: those that were added, and those that are built in."""
    with connected(server, data) as (client, _):
        found = client.datasets()
    if as_json:
        print_json([dataset.model_dump(mode="json") for dataset in found])
    else:
        out.print(_list_table(found))


@data_app.command("show")
def show(
    name: Name, server: GivenServer = None, data: GivenData = None, as_json: AsJson = False
) -> None:
    """Show a data set: its columns, classes and warnings."""
    with connected(server, data) as (client, _):
        found = client.dataset(name)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        show_dataset(found)


@data_app.command("remove")
def remove(name: Name, server: GivenServer = None, data: GivenData = None) -> None:
    """Remove a data set with all its versions."""
    with connected(server, data) as (client, where):
        client.remove_dataset(name)
    out.print(f"data set {name} was removed from {where}")


def slug(text: str) -> str:
    """A name of a data set that is like a text."""
    found = re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-_")[:64]
    if not found:
        raise Invalid.field("--name", f"is required: {text!r} has no letters for a name")
    return found


def show_dataset(dataset: schemas.DatasetDetail) -> None:
    """Print a data set: its sizes, its columns and its warnings."""
    out.print(Text.assemble((dataset.name, "bold"), f": {_sizes(dataset)}"), soft_wrap=True)
    if dataset.labels:
        labels = ", ".join(str(label) for label in dataset.labels[:MAX_LABELS])
        more = len(dataset.labels) - MAX_LABELS
        out.print(f"classes: {labels}{f' and {more} more' if more > 0 else ''}", soft_wrap=True)
    used = [column for column in dataset.columns if column.unused is None]
    if used:
        out.print(_column_table(used))
    for column in dataset.columns:
        if column.unused is not None:
            out.print(f"not used: {column.name} ({column.unused})", soft_wrap=True)
    for warning in dataset.warnings:
        out.print(Text.assemble(("warning: ", "yellow"), warning), soft_wrap=True)


def _sizes(dataset: schemas.Dataset) -> str:
    task = {"binary": "two classes", "multiclass": f"{dataset.classes} classes"}
    what = task.get(dataset.task, "regression")
    target = f" of {dataset.target}" if dataset.target is not None else ""
    counts = dataset.split.get("counts", {})
    parts = " / ".join(f"{count:,}" for count in counts.values())
    return f"{what}{target}, {dataset.rows:,} rows ({parts}), {dataset.features:,} features"


def _column_table(columns: Sequence[schemas.DatasetColumn]) -> Table:
    table = Table(title="columns", title_justify="left", title_style="bold")
    table.add_column("name", overflow="fold")
    table.add_column("kind")
    table.add_column("missing", justify="right")
    table.add_column("features", justify="right")
    table.add_column("levels", overflow="fold")
    for column in columns:
        levels = ", ".join(column.levels[:MAX_LEVELS])
        more = "" if len(column.levels) <= MAX_LEVELS else ", …"
        features = "" if column.kind == "target" else str(column.features)
        table.add_row(
            Text(column.name), column.kind, f"{column.missing:,}", features, Text(levels + more)
        )
    return table


def _list_table(datasets: Sequence[schemas.Dataset]) -> Table:
    table = Table(title="data sets", title_justify="left", title_style="bold")
    table.add_column("name", overflow="fold")
    table.add_column("task")
    for heading in ("rows", "features", "classes"):
        table.add_column(heading, justify="right")
    table.add_column("added")
    for dataset in datasets:
        added = "built in" if dataset.created_at is None else moment(dataset.created_at)
        sizes = (f"{dataset.rows:,}", f"{dataset.features:,}", str(dataset.classes or ""))
        table.add_row(dataset.name, dataset.task, *sizes, added)
    return table
