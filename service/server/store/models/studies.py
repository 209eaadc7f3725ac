"""The tables of studies: themselves, their rounds, and what they took from others."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from caviar.service.contract.states import StudyState
from caviar.service.server.store.models.base import (
    Base,
    Identity,
    Json,
)


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
