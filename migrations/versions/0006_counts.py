"""Keep the counts of a study's trials in its row, and find the best and the leased by index.

Revision ID: 0006
Revises: 0005
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

COUNTED = """
SELECT study_id, CASE WHEN void THEN 'void' ELSE state END, count(*) FROM trials GROUP BY 1, 2
"""


def upgrade() -> None:
    """Count what is there."""
    column: sa.Column[str] = sa.Column("counts", sa.Text(), nullable=False, server_default="{}")
    op.add_column("studies", column)
    connection = op.get_bind()
    counts: dict[int, dict[str, int]] = {}
    for study_id, place, count in connection.execute(sa.text(COUNTED)):
        counts.setdefault(study_id, {})[place] = count
    for study_id, by_place in counts.items():
        connection.execute(
            sa.text("UPDATE studies SET counts = :counts WHERE id = :id"),
            {"counts": json.dumps(by_place, separators=(",", ":")), "id": study_id},
        )
    op.drop_index("ix_trials_state_lease_expires_at", "trials")
    is_false = "IS 0" if connection.dialect.name == "sqlite" else "IS false"
    for name, columns, where in (
        ("ix_trials_leased", ["study_id", "lease_expires_at"], "lease_expires_at IS NOT NULL"),
        ("ix_trials_replicas", ["study_id", "replica_of"], "replica_of IS NOT NULL"),
        (
            "ix_trials_competing",
            ["study_id", "value", "number"],
            f"value IS NOT NULL AND state = 'completed' AND void {is_false} AND replica_of IS NULL",
        ),
    ):
        condition = sa.text(where)
        op.create_index(name, "trials", columns, sqlite_where=condition, postgresql_where=condition)


def downgrade() -> None:
    """Count again whenever it is asked."""
    op.drop_index("ix_trials_competing", "trials")
    op.drop_index("ix_trials_replicas", "trials")
    op.drop_index("ix_trials_leased", "trials")
    op.create_index("ix_trials_state_lease_expires_at", "trials", ["state", "lease_expires_at"])
    op.drop_column("studies", "counts")
