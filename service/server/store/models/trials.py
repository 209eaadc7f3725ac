"""The table of trials, and the conditions that its indexes know."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    and_,
    literal_column,
    or_,
)
from sqlalchemy.orm import Mapped, mapped_column

from caviar.service.contract.states import TrialState
from caviar.service.server.store.models.base import (
    LARGEST,
    Base,
    ExactDouble,
    Json,
)


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
