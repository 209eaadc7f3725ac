"""The tables of the server itself: answers, data sets, keys and sessions."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from caviar.service.server.store.models.base import (
    Base,
    Identity,
    Json,
)


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
