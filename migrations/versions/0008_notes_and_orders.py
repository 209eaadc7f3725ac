"""Notes and tags of studies and trials, and indexes for the orders of the list of trials.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INDEXES = (
    ("ix_trials_study_id_round_number", ["study_id", "round", "number"], None),
    ("ix_trials_study_id_worker_number", ["study_id", "worker", "number"], None),
    ("ix_trials_study_id_started_at_number", ["study_id", "started_at", "number"], None),
    ("ix_trials_ended", ["study_id", "finished_at", "number"], "finished_at IS NOT NULL"),
    ("ix_trials_ended_epoch", ["study_id", "epoch", "number"], "finished_at IS NOT NULL"),
    ("ix_trials_odd_attempt", ["study_id", "attempt", "number"], "attempt != 1"),
    ("ix_trials_annotated", ["study_id", "number"], "note IS NOT NULL OR tags IS NOT NULL"),
)


def upgrade() -> None:
    """Add them; nothing has a note or a tag yet."""
    for table in ("studies", "trials"):
        op.add_column(table, sa.Column("note", sa.Text()))
        op.add_column(table, sa.Column("tags", sa.Text()))
    for name, columns, condition in INDEXES:
        where = None if condition is None else sa.text(condition)
        op.create_index(name, "trials", columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Forget what persons wrote."""
    for name, _, _ in INDEXES:
        op.drop_index(name, "trials")
    for table in ("trials", "studies"):
        op.drop_column(table, "tags")
        op.drop_column(table, "note")
