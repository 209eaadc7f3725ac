"""How many trials a budget of epochs pays for, by what those that have ended took.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it; where it is not known, it is what the definition says."""
    op.add_column("studies", sa.Column("affordable", sa.Integer()))
    op.execute(
        "UPDATE studies SET affordable = next_number WHERE state IN ('completed', 'stopped')"
    )


def downgrade() -> None:
    """Forget it."""
    op.drop_column("studies", "affordable")
