"""The tables. Every change here is also an Alembic migration; a test holds the two together.

Times are seconds since 1970 (UTC) as double precision, on both databases.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeEngine, UserDefinedType

LARGEST = 1.7976931348623157e308
"""The largest double: anything past it is infinite, and NaN sorts past it on PostgreSQL."""


class Json(TypeDecorator[Any]):
    """JSON as text: keys keep their order and doubles their bits, alike on both databases."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:
        """A Python value to compact JSON text; NaN and infinity are refused."""
        if value is None:
            return None
        return json.dumps(value, allow_nan=False, separators=(",", ":"))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """JSON text back to the Python value."""
        return None if value is None else json.loads(value)


class Untyped(UserDefinedType[float]):
    """A column of SQLite that stores a double as it is; its REAL columns make 0.0 of -0.0."""

    cache_ok = True

    def get_col_spec(self, **options: Any) -> str:
        """No affinity: what goes in is what is stored."""
        return "BLOB"


ExactDouble: TypeEngine[float] = Double().with_variant(Untyped(), "sqlite")

# SQLite counts only a plain INTEGER primary key up by itself.
Identity = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """The declarative base: named constraints, so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {str: Text, float: Double, bool: Boolean}  # noqa: RUF012


class StudyRow(Base):
    """A study, with its own counters: the next trial number and the revision."""

    __tablename__ = "studies"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    definition: Mapped[str]
    revision: Mapped[int] = mapped_column(BigInteger)
    next_number: Mapped[int] = mapped_column(Integer)
    affordable: Mapped[int | None] = mapped_column(Integer)
    epochs_trained: Mapped[int] = mapped_column(BigInteger)
    seconds_spent: Mapped[float]
    running_since: Mapped[float | None]
    created_at: Mapped[float]
    started_at: Mapped[float | None]
    finished_at: Mapped[float | None]

    __table_args__ = (Index(None, "state", "kind"),)


class TrialRow(Base):
    """A trial; its key is its study and its number."""

    __tablename__ = "trials"

    study_id: Mapped[int] = mapped_column(
        ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    round: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(16))
    params: Mapped[dict[str, Any]] = mapped_column(Json)
    value: Mapped[float | None] = mapped_column(ExactDouble)
    epoch: Mapped[int] = mapped_column(Integer)
    best_epoch: Mapped[int | None] = mapped_column(Integer)
    metrics: Mapped[dict[str, float]] = mapped_column(Json)
    start_epoch: Mapped[int] = mapped_column(Integer)
    stop_epoch: Mapped[int] = mapped_column(Integer)
    last_epoch: Mapped[int] = mapped_column(Integer)
    bracket: Mapped[int] = mapped_column(Integer)
    lineage: Mapped[int] = mapped_column(Integer)
    origin: Mapped[dict[str, Any] | None] = mapped_column(Json)
    replica_of: Mapped[int | None] = mapped_column(Integer)
    seed_offset: Mapped[int] = mapped_column(Integer)
    manual: Mapped[bool]
    adjusted: Mapped[bool]
    requested_state: Mapped[str | None] = mapped_column(String(16))
    attempt: Mapped[int] = mapped_column(Integer)
    prefetched: Mapped[bool]
    worker: Mapped[str | None] = mapped_column(String(128))
    lease_token: Mapped[str | None] = mapped_column(String(64))
    lease_seconds: Mapped[float | None]
    lease_expires_at: Mapped[float | None]
    seconds: Mapped[float]
    started_at: Mapped[float | None]
    finished_at: Mapped[float | None]
    reason: Mapped[str | None]
    void: Mapped[bool]
    void_reason: Mapped[str | None]
    enqueued: Mapped[bool]
    revision: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (
        CheckConstraint(f"value BETWEEN -{LARGEST!r} AND {LARGEST!r}", name="value_is_finite"),
        CheckConstraint(
            "(state = 'running') = (lease_expires_at IS NOT NULL)", name="running_has_a_deadline"
        ),
        Index(None, "study_id", "state", "number"),
        Index(None, "study_id", "revision", "number"),
        Index(None, "study_id", "value", "number"),
        Index(None, "state", "lease_expires_at"),
    )


class CurveRow(Base):
    """A batch of points of one trial's curve: the epochs, and a column a metric beside them."""

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
    """What a trial goes on from, and the best of it so far, over every epoch up to there."""

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
    """A trial that came to a rung: its value there, and once it is decided whether it went on."""

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
    """What a person did to a trial: when, from which epoch on, and why."""

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


class RoundRow(Base):
    """A round: a range of trial numbers and, as data, what its draws come from and why.

    It begins at `first` and holds `size` proposals of its own, fewer than planned when a zoom by
    hand cut it, and `enqueued` settings of the user's between them.
    """

    __tablename__ = "rounds"

    study_id: Mapped[int] = mapped_column(
        ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    first: Mapped[int] = mapped_column(Integer)
    size: Mapped[int] = mapped_column(Integer)
    enqueued: Mapped[int] = mapped_column(Integer)
    manual: Mapped[bool]
    data: Mapped[dict[str, Any]] = mapped_column(Json)

    @property
    def stop(self) -> int:
        """The number of the trial after its last."""
        return self.first + self.size + self.enqueued


class WarmStartRow(Base):
    """What a study learned from another one when it was created, as it was then."""

    __tablename__ = "warm_starts"

    study_id: Mapped[int] = mapped_column(
        ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True
    )
    trials: Mapped[int] = mapped_column(Integer)
    data: Mapped[list[dict[str, Any]]] = mapped_column(Json)


class AnswerRow(Base):
    """The stored answer of a call that carried an Idempotency-Key."""

    __tablename__ = "answers"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    body_digest: Mapped[str] = mapped_column(String(64))
    answer: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[float]

    __table_args__ = (Index(None, "created_at"),)
