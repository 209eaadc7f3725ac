"""Rename columns to the words of the glossary.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

COLUMNS = (
    ("trials", "line", "lineage"),
    ("trials", "taken", "manual"),
    ("trials", "wish", "requested_state"),
    ("trials", "held", "prefetched"),
    ("arrivals", "went_on", "promoted"),
    ("journal", "act", "action"),
    ("journal", "who", "author"),
    ("journal", "why", "reason"),
    ("rounds", "by_hand", "manual"),
)
REQUESTED_STATES = (("pause", "paused"), ("rest", "paused_at_stop"))
ANSWER_FIELDS = {
    "line": "lineage",
    "taken": "manual",
    "wish": "requested_state",
    "went_on": "promoted",
    "act": "action",
    "who": "author",
    "why": "reason",
    "by_hand": "manual",
    "luck": "noise",
    "evidence": "warm_start_trials",
    "setting": "current_params",
}
"""Fields of stored answers that have other names now."""

OPAQUE = ("params", "metrics", "space", "settings", "changes", "adjustments", "box", "ranges")
"""Fields of answers whose keys are names of the user's own."""


def upgrade() -> None:
    """Rename columns, stored values and the fields of stored answers."""
    for table, old, new in COLUMNS:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")
    _rename_index("arrivals", "went_on", "promoted")
    for old, new in REQUESTED_STATES:
        op.execute(f"UPDATE trials SET requested_state = '{new}' WHERE requested_state = '{old}'")
    _rename_release("give_back", "release")
    _move("evidence", "warm_starts")
    _rename_answers(ANSWER_FIELDS)


def downgrade() -> None:
    """Rename everything back."""
    # Two old names became one, so stored answers cannot be told apart: they are dropped.
    op.execute("DELETE FROM answers")
    _move("warm_starts", "evidence")
    _rename_release("release", "give_back")
    for new, old in REQUESTED_STATES:
        op.execute(f"UPDATE trials SET requested_state = '{new}' WHERE requested_state = '{old}'")
    for table, old, new in COLUMNS:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN {new} TO {old}")
    _rename_index("arrivals", "promoted", "went_on")


def _rename_index(table: str, old: str, new: str) -> None:
    op.drop_index(f"ix_{table}_study_id_{old}", table)
    op.create_index(f"ix_{table}_study_id_{new}", table, ["study_id", new])


def _rename_release(old: str, new: str) -> None:
    """Rename the one field of journal entries that is ours and has another name now."""
    journal = sa.table("journal", sa.column("detail", sa.Text))
    op.execute(
        journal.update()
        .where(journal.c.detail.contains(f'"{old}"', autoescape=True))
        .values(detail=sa.func.replace(journal.c.detail, f'"{old}":', f'"{new}":'))
    )


def _move(old: str, new: str) -> None:
    """Move what studies learned from others into a table of another name."""
    identity = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        new,
        sa.Column("study_id", identity, nullable=False),
        sa.Column("trials", sa.Integer(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("study_id", name=f"pk_{new}"),
        sa.ForeignKeyConstraint(
            ["study_id"], ["studies.id"], name=f"fk_{new}_study_id_studies", ondelete="CASCADE"
        ),
    )
    op.execute(
        f"INSERT INTO {new} (study_id, trials, data) SELECT study_id, trials, data FROM {old}"
    )
    op.drop_table(old)


def _rename_answers(names: dict[str, str]) -> None:
    """Rename fields of the answers kept by Idempotency-Key: a call sent again gets its answer."""
    answers = sa.table("answers", sa.column("key", sa.String), sa.column("answer", sa.Text))
    connection = op.get_bind()
    for key, answer in connection.execute(sa.select(answers.c.key, answers.c.answer)).all():
        renamed = json.dumps(_renamed(json.loads(answer), names), separators=(",", ":"))
        if renamed != answer:
            connection.execute(answers.update().where(answers.c.key == key).values(answer=renamed))


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    if isinstance(value, dict):
        return {
            names.get(name, name): item if name in OPAQUE else _renamed(item, names)
            for name, item in value.items()
        }
    return value
