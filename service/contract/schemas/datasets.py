"""Data sets: those that are built in, and those that users have added."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from caviar.service.contract import html
from caviar.service.contract.schemas.base import Answer, example

DATASET: dict[str, Any] = {
    "name": "churn",
    "version": "5f0c9d5c4a3b2e1f0a9b8c7d6e5f4a3b",
    "builtin": False,
    "task": "binary",
    "rows": 5000,
    "features": 19,
    "classes": 2,
    "split": {"fractions": {"training": 0.6, "validation": 0.2, "test": 0.2}, "seed": 0},
    "target": "churn",
    "warnings": ["column 'refund' alone tells 'churn' without an error: drop it …"],
    "created_at": "2026-11-20T12:00:00.000Z",
}
COLUMN = {
    "name": "city",
    "kind": "category",
    "missing": 12,
    "features": 4,
    "levels": ["Paris", "Rome"],
    "unused": None,
}
FILE = {"name": "training_features.npy", "bytes": 228128, "sha256": "9c1185a5c5e9fc54"}
DETAIL = DATASET | {
    "labels": ["no", "yes"],
    "columns": [COLUMN],
    "rows_without_target": 3,
    "files": [FILE],
    "versions": ["5f0c9d5c4a3b2e1f0a9b8c7d6e5f4a3b"],
}


class DatasetColumn(Answer):
    """A column of a table, and what became of it."""

    name: str
    kind: Literal["number", "boolean", "date", "category", "target", "other"]
    missing: int = Field(description="The number of rows without a value.")
    features: int = Field(description="How many features of the network it became.")
    levels: list[str] = Field(description="Of a category: the texts with a feature of their own.")
    unused: str | None = Field(description="Why it is not used; null: it is used.")


class DatasetFile(Answer):
    """A file of a data set, for workers that have no copy."""

    name: str
    bytes: int
    sha256: str


class Dataset(Answer):
    """A data set that a network objective can train on."""

    model_config = ConfigDict(json_schema_extra=example(DATASET))

    name: str
    version: str | None = Field(
        None, description="A hash of its content, of one that a user has added."
    )
    builtin: bool = True
    task: Literal["binary", "multiclass", "regression"]
    rows: int
    features: int = Field(description="The number of features of a network.")
    classes: int = Field(description="The number of classes; 0 in regression.")
    split: dict[str, Any] = Field(description="How training, validation and test part were made.")
    target: str | None = Field(None, description="The column that is predicted.")
    warnings: list[str] = Field([], description="What may be wrong with it.")
    created_at: str | None = None

    def __repr__(self) -> str:
        """One line: name, task and sizes."""
        classes = f", {self.classes} classes" if self.classes else ""
        sizes = f"{self.rows:,} rows, {self.features:,} features{classes}"
        return f"<data set {self.name}: {self.task}, {sizes}>"

    def __str__(self) -> str:
        """The same line."""
        return repr(self)


class DatasetDetail(Dataset):
    """A data set with its columns."""

    model_config = ConfigDict(json_schema_extra=example(DETAIL))

    labels: list[Any] = Field([], description="The label of each class.")
    columns: list[DatasetColumn] = Field([])
    rows_without_target: int = 0
    files: list[DatasetFile] = Field([])
    versions: list[str] = Field([], description="Its versions, the newest first.")

    def _repr_html_(self) -> str:
        rows = [
            (column.name, column.kind, column.missing, column.unused or ", ".join(column.levels))
            for column in self.columns
        ]
        head = ("column", "kind", "missing", "levels, or why it is not used")
        warnings = [("warning", warning, "", "") for warning in self.warnings]
        return html.table([*rows, *warnings], head=head, caption=repr(self))


class DatasetList(Answer):
    """The data sets for network objectives."""

    model_config = ConfigDict(json_schema_extra=example({"datasets": [DATASET]}))

    datasets: list[Dataset]
