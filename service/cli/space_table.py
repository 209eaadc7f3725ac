"""A preview of a space as text: tables on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table
from rich.text import Text

from caviar.service.contract import schemas
from caviar.service.contract.numbers import number, setting

FEW = 8
"""So many values are told one by one."""

BARS = "▁▂▃▄▅▆▇█"
SHOWN = 5
"""Settings in the table of examples; all of them are in the JSON."""


def show(seen: schemas.SpacePreview, console: Console) -> None:
    """Print tables and warnings."""
    console.print(_where(seen))
    console.print(_examples(seen))
    for warning in seen.warnings:
        line = Text.assemble(
            ("warning: ", "yellow"), (f"{warning.field} ", "bold"), warning.message
        )
        console.print(line, soft_wrap=True)
    if not seen.warnings:
        console.print("no warnings", style="dim")


def _where(seen: schemas.SpacePreview) -> Table:
    table = Table(title="where draws fall", title_justify="left", title_style="bold")
    for heading in ("parameter", "scale", "drawn", "share of draws"):
        table.add_column(heading)
    for name, look in seen.parameters.items():
        table.add_row(name, look.scale or look.type, _drawn(look), _shares(look))
    return table


def _examples(seen: schemas.SpacePreview) -> Table:
    table = Table(title="settings it would draw", title_justify="left", title_style="bold")
    shown = seen.examples[:SHOWN]
    table.add_column("")
    for place in range(len(shown)):
        table.add_column(str(place + 1), justify="right")
    for name in seen.parameters:
        values = [setting(params[name]) if name in params else "–" for params in shown]
        table.add_row(name, *values)
    return table


def lines(seen: schemas.SpacePreview) -> Iterator[str]:
    """Plain lines: shares, examples, warnings."""
    for name, look in seen.parameters.items():
        yield f"{name} ({look.scale or look.type}): {_shares(look)}"
    for params in seen.examples:
        yield "example: " + ", ".join(f"{name} {setting(value)}" for name, value in params.items())
    for warning in seen.warnings:
        yield f"warning: {warning.field}: {warning.message}"


def _drawn(look: schemas.ParameterPreview) -> str:
    """The histogram as a row of small bars."""
    shares = look.histogram.shares
    most = max(shares)
    return "".join(BARS[round((len(BARS) - 1) * share / most)] for share in shares[:40])


def _shares(look: schemas.ParameterPreview) -> str:
    """The share of each decade, or of each value, in words."""
    values, decades = look.histogram.values, look.decades
    if values is not None and (decades is None or len(values) <= FEW):
        pairs = zip(values, look.histogram.shares, strict=True)
        parts = [f"{setting(value)}: {_percent(share)}" for value, share in pairs]
    elif decades is not None:
        parts = [f"{_span(each, decades.of)}: {_percent(each.share)}" for each in _rising(decades)]
    else:
        edges = look.histogram.edges or [0.0, 0.0]
        parts = [f"evenly from {number(edges[0])} to {number(edges[-1])}"]
    more = f"; takes part in {_percent(look.active)} of settings" if look.active < 1 else ""
    return ", ".join(parts) + more


def _rising(decades: schemas.Decades) -> list[schemas.Decade]:
    """From the lowest x to the highest."""
    return decades.shares if decades.of == "x" else decades.shares[::-1]


def _span(decade: schemas.Decade, of: str) -> str:
    """A decade in the parameter's own values."""
    ends = (decade.low, decade.high) if of == "x" else (1 - decade.high, 1 - decade.low)
    return " to ".join(setting(float(f"{end:.6g}")) for end in ends)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.01 or share == 0 else f"{100 * share:.1g} %"
