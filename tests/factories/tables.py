"""Tables of one's own as columns, as .csv text and as bad archives, and studies on them."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np

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


ROWS = 500


def churn(rows: int = ROWS, **changes: Any) -> dict[str, Any]:
    """A table with every kind of column; values are missing in two of them."""
    random = np.random.default_rng(1)
    age = np.where(np.arange(rows) % 10 == 3, np.nan, random.normal(40, 10, rows))
    city = random.choice(["Paris", "Rome", "Oslo"], rows, p=[0.6, 0.3, 0.1]).astype(object)
    city[::50] = None
    city[7::100] = [f"village {number}" for number in range(len(city[7::100]))]
    columns = {
        "customer": [f"c{number}" for number in range(rows)],
        "age": age,
        "city": city.tolist(),
        "active": random.random(rows) < 0.5,
        "since": np.datetime64("2020-01-01") + random.integers(0, 900, rows),
        "country": ["FR"] * rows,
        "churn": np.where(random.random(rows) < 0.3, "yes", "no"),
    }
    return {name: values for name, values in (columns | changes).items() if values is not None}


def npy(array: Any) -> bytes:
    """An array as the bytes of an .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def bomb(bytes_: int) -> bytes:
    """An .npz file of a few kilobytes that says that it holds an array of so many bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("X.npy", npy(np.zeros(bytes_ // 8))[:128] + bytes(bytes_))
    return buffer.getvalue()
