"""Journals as text and tables, of one trial or of a whole study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from caviar.service.cli.render import moment, or_dash
from caviar.service.cli.terminal import out, print_json
from caviar.service.contract import schemas
from caviar.service.contract.numbers import setting


def print_journal(
    entries: Sequence[schemas.JournalEntry], as_json: bool, space: Mapping[str, Any]
) -> None:
    """Print the entries of a journal of a study with this space."""
    if as_json:
        print_json([entry.model_dump(mode="json") for entry in entries])
    else:
        out.print(journal_table(entries, space))


def journal_table(entries: Sequence[schemas.JournalEntry], space: Mapping[str, Any]) -> Table:
    """The entries of a journal as rows."""
    table = Table(title="journal", title_justify="left", title_style="bold")
    for heading in ("trial", "epoch", "action", "author", "reason", "time"):
        table.add_column(heading)
    for entry in entries:
        table.add_row(
            str(entry.number),
            "next"
            if entry.epoch is None and entry.action == "adjust"
            else or_dash(entry.epoch, str),
            action_text(entry, space) + (" (undone)" if entry.undone else ""),
            entry.author,
            entry.reason or "",
            moment(entry.at),
        )
    return table


def action_text(entry: schemas.JournalEntry, space: Mapping[str, Any]) -> str:
    """An action with its details: `adjust learning_rate 0.01 to 0.003`."""
    detail = entry.detail
    if entry.action == "adjust":
        old, new = detail["old"], detail["new"]
        before = {name: setting(value, space.get(name)) for name, value in old.items()}
        changes = (
            f"{name} {before.get(name, '–')} to {setting(value, space.get(name))}"
            for name, value in new.items()
        )
        return f"adjust {', '.join(changes)}"
    if entry.action == "rewind":
        return f"rewind from {detail['before']}"
    if entry.action == "extend":
        return f"extend by {detail['epochs']}"
    if entry.action == "fork":
        return f"fork {', '.join(map(str, detail['children']))}"
    return f"{entry.action} and release" if detail.get("release") else entry.action
