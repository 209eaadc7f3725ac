"""Remember a lease that has run out until its trial is leased again.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it; leases that have run out before are forgotten already."""
    column: sa.Column[bool] = sa.Column(
        "lapsed", sa.Boolean(), nullable=False, server_default=sa.false()
    )
    op.add_column("trials", column)


def downgrade() -> None:
    """Forget these leases: their trials continue where their segments began."""
    op.execute(
        "UPDATE trials SET epoch = start_epoch, lease_token = NULL "
        "WHERE lapsed AND state = 'waiting'"
    )
    op.drop_column("trials", "lapsed")
