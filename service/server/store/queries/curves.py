"""Queries on curves: metrics by epoch, kept in batches of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Table, bindparam, delete, insert, select
from sqlalchemy.orm import Session

from caviar.service.server.store.models import CurveRow, StudyRow
from caviar.service.server.store.prepared import Prepared

COLUMNS = ("study_id", "number", "epochs", "metrics")

CURVES = cast(Table, CurveRow.__table__)

# The key counts up by itself.
ADD = Prepared(insert(CURVES).inline().values({name: bindparam(name) for name in COLUMNS}))

Points = Mapping[int, Mapping[str, float]]
"""Metrics by epoch."""


def add(session: Session, study: StudyRow, points: Mapping[int, Points]) -> None:
    """Insert points of many trials: one row a trial."""
    rows = [
        {"study_id": study.id, "number": number, **_columns(epochs)}
        for number, epochs in sorted(points.items())
        if epochs
    ]
    if rows:
        ADD.write(session.connection(), rows)


def _columns(points: Points) -> dict[str, Any]:
    epochs = sorted(points)
    names = sorted({name for metrics in points.values() for name in metrics})
    metrics = {name: [points[epoch].get(name) for epoch in epochs] for name in names}
    return {"epochs": epochs, "metrics": metrics}


def of(
    session: Session, study: StudyRow, numbers: Sequence[int]
) -> dict[int, dict[int, dict[str, float]]]:
    """Metrics by epoch of these trials; of an epoch reported twice, the later report counts."""
    query = (
        select(CurveRow.number, CurveRow.epochs, CurveRow.metrics)
        .where(CurveRow.study_id == study.id, CurveRow.number.in_(numbers))
        .order_by(CurveRow.id)
    )
    curves: dict[int, dict[int, dict[str, float]]] = {number: {} for number in numbers}
    for number, epochs, columns in session.execute(query):
        for index, epoch in enumerate(epochs):
            values = {name: column[index] for name, column in columns.items()}
            curves[number][epoch] = {n: v for n, v in values.items() if v is not None}
    return curves


def cut(session: Session, study: StudyRow, number: int, epoch: int) -> None:
    """Drop what a trial's curve has after an epoch: it is trained again from there."""
    points = of(session, study, [number])[number]
    kept = {at: metrics for at, metrics in points.items() if at <= epoch}
    session.execute(
        delete(CurveRow).where(CurveRow.study_id == study.id, CurveRow.number == number)
    )
    add(session, study, {number: kept})
