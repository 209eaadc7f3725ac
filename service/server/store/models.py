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
    UniqueConstraint,
    and_,
    literal_column,
    or_,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeEngine, UserDefinedType

from caviar.service.contract.states import StudyState, TrialState

LARGEST = 1.7976931348623157e308
"""The largest double: anything past it is infinite, and NaN sorts past it on PostgreSQL."""


_encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


class Json(TypeDecorator[Any]):
    """JSON as text: keys keep their order and doubles their bits, alike on both databases."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:
        """A Python value to compact JSON text; NaN and infinity are refused."""
        if value is None:
            return None
        return _encode(value)

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
    """Its name, a slug: unique, and its id on the wire."""
    kind: Mapped[str] = mapped_column(String(16))
    """The kind of its objective, for asks over all studies."""
    state: Mapped[str] = mapped_column(String(16))
    definition: Mapped[str]
    """The definition as JSON, with every default; rules compile it to a plan."""
    revision: Mapped[int] = mapped_column(BigInteger)
    """Raised by each change that readers see: what `since=` and the ETag compare."""
    next_number: Mapped[int] = mapped_column(Integer)
    """The number of the next trial; all lower numbers are taken."""
    affordable: Mapped[int | None] = mapped_column(Integer)
    """How many trials a budget of epochs pays for, as last estimated; null: as defined."""
    epochs_trained: Mapped[int] = mapped_column(BigInteger)
    seconds_spent: Mapped[float]
    """For how long it ran, up to `running_since`."""
    running_since: Mapped[float | None]
    """Since when its time is counted; null while it is not."""
    counts: Mapped[dict[str, int]] = mapped_column(Json)
    """How many of its trials are in each state, and how many are void, whatever their state."""
    created_at: Mapped[float]
    started_at: Mapped[float | None]
    """When its first trial was leased."""
    finished_at: Mapped[float | None]
    """When a trial of it ended last."""
    note: Mapped[str | None]
    """What a person wrote about it."""
    tags: Mapped[list[str] | None] = mapped_column(Json)
    """What a person calls it; null: nothing."""

    __table_args__ = (Index(None, "state", "kind"),)

    def __init__(self, **fields: Any) -> None:
        super().__init__(**{**NEW_STUDY, **fields})


NEW_STUDY: dict[str, Any] = {
    "state": StudyState.RUNNING,
    "revision": 1,
    "next_number": 0,
    "epochs_trained": 0,
    "seconds_spent": 0.0,
    "counts": {},
}
"""What a new study has unless told otherwise; every other column is null."""


class TrialRow(Base):
    """A trial; its key is its study and its number."""

    __tablename__ = "trials"

    study_id: Mapped[int] = mapped_column(
        ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    round: Mapped[int] = mapped_column(Integer)
    """The number of the round that it belongs to."""
    state: Mapped[str] = mapped_column(String(16))
    params: Mapped[dict[str, Any]] = mapped_column(Json)
    """Its parameters; of a fork with the changes that it began with."""
    value: Mapped[float | None] = mapped_column(ExactDouble)
    """The objective's metric at its best or last epoch so far."""
    epoch: Mapped[int] = mapped_column(Integer)
    """How many epochs it has trained, as far as reported."""
    best_epoch: Mapped[int | None] = mapped_column(Integer)
    """The epoch that `value` and `metrics` are of."""
    metrics: Mapped[dict[str, float]] = mapped_column(Json)
    start_epoch: Mapped[int] = mapped_column(Integer)
    """Where its segment starts: at its newest checkpoint, or at 0."""
    stop_epoch: Mapped[int] = mapped_column(Integer)
    """Where its segment stops: at a rung, where a person sent it, or at its last epoch."""
    last_epoch: Mapped[int] = mapped_column(Integer)
    """Where it completes."""
    bracket: Mapped[int] = mapped_column(Integer)
    """The pruner's bracket, which decides its rungs."""
    lineage: Mapped[int] = mapped_column(Integer)
    """The number whose draws it has: its own, or that of its first ancestor."""
    origin: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """Of a fork: parent, epoch, the parent's first parameters, twin. Of a replay: its source."""
    replica_of: Mapped[int | None] = mapped_column(Integer)
    """The trial whose parameters it trains again on a fresh seed."""
    seed_offset: Mapped[int] = mapped_column(Integer)
    """Of a replica: what is added to the study's seed."""
    manual: Mapped[bool]
    """Under manual control: pruners and budgets do not end it, rounds do not wait for it."""
    adjusted: Mapped[bool]
    """Whether a person has changed its hyperparameters, so that samplers ignore it."""
    requested_state: Mapped[str | None] = mapped_column(String(16))
    """What a person requested of a running trial, until its worker is told."""
    attempt: Mapped[int] = mapped_column(Integer)
    """How many leases of its segment workers began."""
    prefetched: Mapped[bool]
    """Leased, but not begun: an expired lease counts as no attempt."""
    worker: Mapped[str | None] = mapped_column(String(128))
    lease_token: Mapped[str | None] = mapped_column(String(64))
    """Fences the results: only its holder is recorded. Kept when it has run out or ended."""
    lapsed: Mapped[bool]
    """The lease has run out and the trial was not leased again: its holder may still report."""
    lease_seconds: Mapped[float | None]
    """For how long each report renews the lease."""
    lease_expires_at: Mapped[float | None]
    """Set exactly while it runs."""
    seconds: Mapped[float]
    """For how long workers trained it, over all segments and attempts."""
    started_at: Mapped[float | None]
    """When it was leased first."""
    finished_at: Mapped[float | None]
    reason: Mapped[str | None]
    """Why it is in its state, for people."""
    void: Mapped[bool]
    """A person has excluded its finished result."""
    void_reason: Mapped[str | None]
    enqueued: Mapped[bool]
    """Its parameters were given by a person."""
    revision: Mapped[int] = mapped_column(BigInteger)
    """The study's revision when it changed last."""
    note: Mapped[str | None]
    """What a person wrote about it."""
    tags: Mapped[list[str] | None] = mapped_column(Json)
    """What a person calls it; null: nothing."""

    __table_args__ = (
        CheckConstraint(f"value BETWEEN -{LARGEST!r} AND {LARGEST!r}", name="value_is_finite"),
        CheckConstraint(
            "(state = 'running') = (lease_expires_at IS NOT NULL)", name="running_has_a_deadline"
        ),
        Index(None, "study_id", "state", "number"),
        Index(None, "study_id", "revision", "number"),
        Index(None, "study_id", "value", "number"),
        # New trials come at the end of these, so that they cost a write little.
        Index(None, "study_id", "round", "number"),
        Index(None, "study_id", "worker", "number"),
        Index(None, "study_id", "started_at", "number"),
    )

    def __init__(self, **fields: Any) -> None:
        super().__init__(**{**NEW_TRIAL, **fields})


IS_LEASED = TrialRow.lease_expires_at.is_not(None)
"""That a worker trains the trial, or holds it for later; the same as that it is running."""

COMPETES = and_(
    TrialRow.value.is_not(None),
    # A literal, for no database sees that a parameter implies the condition of an index.
    TrialRow.state == literal_column(f"'{TrialState.COMPLETED}'"),
    TrialRow.void.is_(False),
    TrialRow.replica_of.is_(None),
)
"""That a trial may be the best of its study."""

ENDED = TrialRow.finished_at.is_not(None)
"""That a trial has ended: it is in one of the finished states."""

ODD_ATTEMPT = TrialRow.attempt != literal_column("1")
"""That a trial is not at its first attempt, as nearly all are."""

ANNOTATED = or_(TrialRow.note.is_not(None), TrialRow.tags.is_not(None))
"""That a person wrote a note or tags."""

for name, column, condition in (
    ("ix_trials_ended", TrialRow.finished_at, ENDED),
    ("ix_trials_ended_epoch", TrialRow.epoch, ENDED),
    ("ix_trials_odd_attempt", TrialRow.attempt, ODD_ATTEMPT),
):
    Index(
        name,
        TrialRow.study_id,
        column,
        TrialRow.number,
        sqlite_where=condition,
        postgresql_where=condition,
    )
Index(
    "ix_trials_annotated",
    TrialRow.study_id,
    TrialRow.number,
    sqlite_where=ANNOTATED,
    postgresql_where=ANNOTATED,
)
Index(
    "ix_trials_leased",
    TrialRow.study_id,
    TrialRow.lease_expires_at,
    sqlite_where=IS_LEASED,
    postgresql_where=IS_LEASED,
)
Index(
    "ix_trials_replicas",
    TrialRow.study_id,
    TrialRow.replica_of,
    sqlite_where=TrialRow.replica_of.is_not(None),
    postgresql_where=TrialRow.replica_of.is_not(None),
)
Index(
    "ix_trials_competing",
    TrialRow.study_id,
    TrialRow.value,
    TrialRow.number,
    sqlite_where=COMPETES,
    postgresql_where=COMPETES,
)

NEW_TRIAL: dict[str, Any] = {
    "round": 0,
    "state": TrialState.WAITING,
    "epoch": 0,
    "metrics": {},
    "start_epoch": 0,
    "bracket": 0,
    "seed_offset": 0,
    "manual": False,
    "adjusted": False,
    "attempt": 0,
    "prefetched": False,
    "lapsed": False,
    "seconds": 0.0,
    "void": False,
    "enqueued": False,
}
"""What a new trial has unless told otherwise; every other column is null."""


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


class RoundRow(Base):
    """A round: a range of trial numbers and, as data, what its draws come from and why.

    It begins at `first` and holds `size` proposals of its own, fewer than planned when a manual
    zoom cut it, and `enqueued` trials that persons added between them. `manual`: a person drew its
    box.
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

    @property
    def settings_left(self) -> int | None:
        """Of a finite space: how many settings were neither tried nor are in the round."""
        left: int | None = self.data.get("model", {}).get("left")
        return left


class WarmStartRow(Base):
    """The trials that a study took from another one when it was created, as they were then."""

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


class DatasetRow(Base):
    """A version of a data set that a user has added; its files are in the server's data folder."""

    __tablename__ = "datasets"

    id: Mapped[int] = mapped_column(Identity, primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    version: Mapped[str] = mapped_column(String(64))
    """The hash of its content, and the name of its folder."""
    description: Mapped[dict[str, Any]] = mapped_column(Json)
    """Task, sizes, columns, warnings and files, as the API gives them."""
    created_at: Mapped[float]
    """When it was added last: the newest version is what a new study gets."""

    __table_args__ = (UniqueConstraint("name", "version"),)


class KeyRow(Base):
    """A key: what it allows, and until when. The key itself is nowhere."""

    __tablename__ = "keys"

    id: Mapped[str] = mapped_column(String(8), primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    """The SHA-256 of the whole key."""
    scopes: Mapped[list[str]] = mapped_column(Json)
    created_at: Mapped[float]
    expires_at: Mapped[float | None]
    """When it ends by itself; null: never."""
    revoked_at: Mapped[float | None]
    """When it was revoked. The row stays: the end of the last key does not open the server."""

    __table_args__ = (Index(None, "name"),)


class SessionRow(Base):
    """A browser that signed in with a key, until it signs out, or the session or its key ends."""

    __tablename__ = "sessions"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    """The SHA-256 of the random id in the browser's cookie."""
    key_id: Mapped[str] = mapped_column(ForeignKey("keys.id", ondelete="CASCADE"))
    created_at: Mapped[float]
    expires_at: Mapped[float]

    __table_args__ = (Index(None, "key_id"),)
