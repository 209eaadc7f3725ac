"""`caviar space`: the preview of a space as tables on a terminal, as plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
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
from caviar.service.contract.numbers import number, setting

MAX_LISTED_VALUES = 8
"""The largest number of values whose shares are listed one by one."""

MAX_EXAMPLES = 5
"""Trials in the table of examples; the JSON has all of them."""

BARS = "▁▂▃▄▅▆▇█"
MAX_BARS = 40

space_app = typer.Typer(help="Preview search spaces.", no_args_is_help=True)


@space_app.command("preview")
def preview_space(
    file: Annotated[Path, typer.Argument(help="A JSON file with a space or a study's definition.")],
    seed: Annotated[int | None, typer.Option(help="The seed of the example trials.", min=0)] = None,
    as_json: AsJson = False,
) -> None:
    """Show where the draws of a space fall, example trials, and warnings. Needs no server."""
    from caviar.service.server.operations import space_preview

    preview = space_preview.preview_space(_read(file, seed))
    if as_json:
        print_json(preview.model_dump(mode="json"))
    elif out.is_terminal:
        print_tables(preview, out)
    else:
        for line in plain_lines(preview):
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


def print_tables(preview: schemas.SpacePreview, console: Console) -> None:
    """Print the preview as tables, and its warnings."""
    console.print(_draws_table(preview))
    console.print(_examples_table(preview))
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
        table.add_row(
            name, parameter.scale or parameter.type, _histogram(parameter), _shares(parameter)
        )
    return table


def _examples_table(preview: schemas.SpacePreview) -> Table:
    table = Table(title="example trials", title_justify="left", title_style="bold")
    shown = preview.examples[:MAX_EXAMPLES]
    table.add_column("")
    for place in range(len(shown)):
        table.add_column(str(place + 1), justify="right")
    for name in preview.parameters:
        values = [setting(params[name]) if name in params else "–" for params in shown]
        table.add_row(name, *values)
    return table


def plain_lines(preview: schemas.SpacePreview) -> Iterator[str]:
    """The preview as plain lines: shares, examples, warnings."""
    for name, parameter in preview.parameters.items():
        yield f"{name} ({parameter.scale or parameter.type}): {_shares(parameter)}"
    for params in preview.examples:
        yield "example: " + ", ".join(f"{name} {setting(value)}" for name, value in params.items())
    for warning in preview.warnings:
        yield f"warning: {warning.field}: {warning.message}"


def _histogram(parameter: schemas.ParameterPreview) -> str:
    """The histogram as a row of small bars."""
    shares = parameter.histogram.shares
    largest = max(shares)
    return "".join(BARS[round((len(BARS) - 1) * share / largest)] for share in shares[:MAX_BARS])


def _shares(parameter: schemas.ParameterPreview) -> str:
    """The share of each decade, or of each value, as text."""
    values, decades = parameter.histogram.values, parameter.decades
    if values is not None and (decades is None or len(values) <= MAX_LISTED_VALUES):
        pairs = zip(values, parameter.histogram.shares, strict=True)
        parts = [f"{setting(value)}: {_percent(share)}" for value, share in pairs]
    elif decades is not None:
        parts = [
            f"{_span(decade, decades.of)}: {_percent(decade.share)}" for decade in _rising(decades)
        ]
    else:
        edges = parameter.histogram.edges or [0.0, 0.0]
        parts = [f"evenly from {number(edges[0])} to {number(edges[-1])}"]
    more = f"; active in {_percent(parameter.active)} of the trials" if parameter.active < 1 else ""
    return ", ".join(parts) + more


def _rising(decades: schemas.Decades) -> list[schemas.Decade]:
    """The decades from the lowest x to the highest."""
    return decades.shares if decades.of == "x" else decades.shares[::-1]


def _span(decade: schemas.Decade, of: str) -> str:
    """A decade in the parameter's natural units."""
    ends = (decade.low, decade.high) if of == "x" else (1 - decade.high, 1 - decade.low)
    return " to ".join(setting(float(f"{end:.6g}")) for end in ends)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 or share == 0 else f"{100 * share:.1g} %"
