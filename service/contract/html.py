"""Small pieces of HTML for notebooks. Every text is escaped; nothing is loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

STYLE = "text-align:left;padding:1px 12px 1px 0;white-space:nowrap"


def table(
    rows: Iterable[Sequence[object]], *, head: Sequence[object] = (), caption: str = ""
) -> str:
    """A table; cells are text."""
    parts = ['<table style="border-collapse:collapse">']
    if caption:
        parts.append(f'<caption style="text-align:left"><b>{escape(caption)}</b></caption>')
    if head:
        parts.append(_row(head, "th"))
    parts += [_row(row, "td") for row in rows]
    return "".join([*parts, "</table>"])


def _row(cells: Sequence[object], tag: str) -> str:
    inner = "".join(f'<{tag} style="{STYLE}">{escape(str(cell))}</{tag}>' for cell in cells)
    return f"<tr>{inner}</tr>"
