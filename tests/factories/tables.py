"""A small table of one's own, and studies on it."""

from __future__ import annotations

from typing import Any

from tests.factories.studies import network

CITIES = ("Paris", "Rome", "Oslo", "")


def churn_csv(rows: int = 400) -> bytes:
    """Customers as .csv text: an id, numbers with gaps, a category with gaps, notes, a target."""
    lines = ["customer,age,city,note,churn"]
    for row in range(rows):
        age = "" if row % 11 == 0 else 20 + row * 7 % 50
        churn = "yes" if (row * 7 % 50) > 30 or row % 13 == 0 else "no"
        lines.append(f'c{row},{age},{CITIES[row % 4]},"a note, {row}",{churn}')
    return "\n".join(lines).encode()


def churn_study(name: str, *, dataset: str = "churn", version: str | None = None) -> dict[str, Any]:
    """A study of two small networks on a data set of one's own."""
    made = network(name, trials=2)
    made["objective"]["dataset"] = dataset
    if version is not None:
        made["objective"]["version"] = version
    return made
