"""The tables of what training leaves: curves, checkpoints, rungs, and what people did."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from caviar.service.server.store.models.base import (
    Base,
    ExactDouble,
    Identity,
    Json,
)


class CurveRow(Base):
    """A batch of points of one trial's curve: the epochs, and a column for each metric."""

    __tablename__ = "curves"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    study_id: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[int] = mapped_column(Integer)
    epochs: Mapped[list[int]] = mapped_column(Json)
    metrics: Mapped[dict[str, list[float | None]]] = mapped_column(Json)

    __table_args__ = (
        ForeignKeyConstraint(
            ["study_id", "number"], ["trials.study_id", "trials.number"], ondelete="CASCADE"
        ),
        Index(None, "study_id", "number", "id"),
    )


class CheckpointRow(Base):
    """A checkpoint of a trial, and the best of the trial over every epoch up to there."""

    __tablename__ = "checkpoints"

    study_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    epoch: Mapped[int] = mapped_column(Integer, primary_key=True)
    value: Mapped[float | None] = mapped_column(ExactDouble)
    best_epoch: Mapped[int | None] = mapped_column(Integer)
    metrics: Mapped[dict[str, float]] = mapped_column(Json)
    size: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[float]
    data: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)

    __table_args__ = (
        ForeignKeyConstraint(
            ["study_id", "number"], ["trials.study_id", "trials.number"], ondelete="CASCADE"
        ),
    )


class ArrivalRow(Base):
    """A trial at a rung: its value there, and whether it was promoted; null: undecided."""

    __tablename__ = "arrivals"

    study_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    epoch: Mapped[int] = mapped_column(Integer, primary_key=True)
    round: Mapped[int] = mapped_column(Integer)
    bracket: Mapped[int] = mapped_column(Integer)
    value: Mapped[float] = mapped_column(ExactDouble)
    promoted: Mapped[bool | None]

    __table_args__ = (
        ForeignKeyConstraint(
            ["study_id", "number"], ["trials.study_id", "trials.number"], ondelete="CASCADE"
        ),
        Index(None, "study_id", "round", "bracket", "epoch"),
        Index(None, "study_id", "promoted"),
    )


class JournalRow(Base):
    """What a person did to a trial: when, from which epoch on, and why.

    `epoch` is null until a worker is told of an adjustment; `confirmed` once it has applied it;
    `undone` once a rewind went back before it. `detail` holds what the action changed.
    """

    __tablename__ = "journal"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    study_id: Mapped[int] = mapped_column(BigInteger)
    number: Mapped[int] = mapped_column(Integer)
    action: Mapped[str] = mapped_column(String(16))
    epoch: Mapped[int | None] = mapped_column(Integer)
    detail: Mapped[dict[str, Any]] = mapped_column(Json)
    author: Mapped[str] = mapped_column(String(128))
    reason: Mapped[str | None]
    at: Mapped[float]
    confirmed: Mapped[bool]
    undone: Mapped[bool]

    __table_args__ = (
        ForeignKeyConstraint(
            ["study_id", "number"], ["trials.study_id", "trials.number"], ondelete="CASCADE"
        ),
        Index(None, "study_id", "number", "id"),
    )
