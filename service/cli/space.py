"""`caviar space`: the preview of a space as tables on a terminal, as plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from caviar.service.cli.options import AsJson
from caviar.service.cli.terminal import out, print_json
from caviar.service.contract import schemas, strict_json
from caviar.service.contract.errors import Invalid
from caviar.service.contract.numbers import setting
from caviar.service.local.space_text import MAX_EXAMPLES, bars, plain_lines, shares

space_app = typer.Typer(help="Preview search spaces.", no_args_is_help=True)


@space_app.command("preview")
def preview_space(
    file: Annotated[Path, typer.Argument(help="A JSON file with a space or a study's definition.")],
    seed: Annotated[int | None, typer.Option(help="The seed of the example trials.", min=0)] = None,
    as_json: AsJson = False,
) -> None:
    """Show where the draws of a space fall, example trials, and warnings. Needs no server."""
    from caviar.service.server.operations import space_preview

    body = _read(file, seed)
    preview = space_preview.preview_space(body)
    if as_json:
        print_json(preview.model_dump(mode="json"))
    elif out.is_terminal:
        print_tables(preview, body.space, out)
    else:
        for line in plain_lines(preview, body.space):
            typer.echo(line)


def _read(file: Path, seed: int | None) -> schemas.SpaceBody:
    """The space in a file; from a study's definition, its sampler and seed as well.

    Raises:
        Invalid: the file cannot be read, is not JSON, or holds no space.
    """
    content = strict_json.read(file)
    if not isinstance(content, dict):
        raise Invalid(f"{file} must hold an object: a space, or a study's definition")
    body: dict[str, Any] = {"space": content}
    if "space" in content and "type" not in (content["space"] or {}):
        body = {name: content[name] for name in ("space", "sampler", "seed") if name in content}
    if seed is not None:
        body["seed"] = seed
    return schemas.SpaceBody.model_validate(body)


def print_tables(preview: schemas.SpacePreview, space: Mapping[str, Any], console: Console) -> None:
    """Print the preview as tables, and its warnings."""
    console.print(_draws_table(preview))
    console.print(_examples_table(preview, space))
    for warning in preview.warnings:
        line = Text.assemble(
            ("warning: ", "yellow"), (f"{warning.field} ", "bold"), warning.message
        )
        console.print(line, soft_wrap=True)
    if not preview.warnings:
        console.print("no warnings", style="dim")


def _draws_table(preview: schemas.SpacePreview) -> Table:
    table = Table(title="draws", title_justify="left", title_style="bold")
    for heading in ("parameter", "scale", "histogram", "share of draws"):
        table.add_column(heading)
    for name, parameter in preview.parameters.items():
        table.add_row(name, parameter.scale or parameter.type, bars(parameter), shares(parameter))
    return table


def _examples_table(preview: schemas.SpacePreview, space: Mapping[str, Any]) -> Table:
    table = Table(title="example trials", title_justify="left", title_style="bold")
    shown = preview.examples[:MAX_EXAMPLES]
    table.add_column("")
    for place in range(len(shown)):
        table.add_column(str(place + 1), justify="right")
    for name in preview.parameters:
        spec = space.get(name)
        values = [setting(params[name], spec) if name in params else "–" for params in shown]
        table.add_row(name, *values)
    return table
