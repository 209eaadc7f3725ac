"""The first tables: studies, trials, what belongs to trials, rounds, evidence, answers.

Revision ID: 0001
Revises: none
"""

import sqlalchemy as sa
from alembic import op

from caviar.service.server.store.models import ExactDouble

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

LARGEST = "1.7976931348623157e+308"


def identity() -> sa.types.TypeEngine[int]:
    """A 64-bit key that SQLite, too, counts up by itself."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def of_a_trial(table: str) -> sa.ForeignKeyConstraint:
    """Rows that go with their trial."""
    return sa.ForeignKeyConstraint(
        ["study_id", "number"],
        ["trials.study_id", "trials.number"],
        name=f"fk_{table}_study_id_trials",
        ondelete="CASCADE",
    )


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "studies",
        sa.Column("id", identity(), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("next_number", sa.Integer(), nullable=False),
        sa.Column("epochs_trained", sa.BigInteger(), nullable=False),
        sa.Column("seconds_spent", sa.Double(), nullable=False),
        sa.Column("running_since", sa.Double()),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("started_at", sa.Double()),
        sa.Column("finished_at", sa.Double()),
        sa.PrimaryKeyConstraint("id", name="pk_studies"),
        sa.UniqueConstraint("name", name="uq_studies_name"),
    )
    op.create_index("ix_studies_state_kind", "studies", ["state", "kind"])

    op.create_table(
        "trials",
        sa.Column("study_id", identity(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("value", ExactDouble),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("best_epoch", sa.Integer()),
        sa.Column("metrics", sa.Text(), nullable=False),
        sa.Column("start_epoch", sa.Integer(), nullable=False),
        sa.Column("stop_epoch", sa.Integer(), nullable=False),
        sa.Column("last_epoch", sa.Integer(), nullable=False),
        sa.Column("bracket", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("origin", sa.Text()),
        sa.Column("replica_of", sa.Integer()),
        sa.Column("seed_offset", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Boolean(), nullable=False),
        sa.Column("adjusted", sa.Boolean(), nullable=False),
        sa.Column("wish", sa.String(16)),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("worker", sa.String(128)),
        sa.Column("lease_token", sa.String(64)),
        sa.Column("lease_seconds", sa.Double()),
        sa.Column("lease_expires_at", sa.Double()),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("started_at", sa.Double()),
        sa.Column("finished_at", sa.Double()),
        sa.Column("reason", sa.Text()),
        sa.Column("void", sa.Boolean(), nullable=False),
        sa.Column("void_reason", sa.Text()),
        sa.Column("enqueued", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("study_id", "number", name="pk_trials"),
        sa.ForeignKeyConstraint(
            ["study_id"], ["studies.id"], name="fk_trials_study_id_studies", ondelete="CASCADE"
        ),
        sa.CheckConstraint(
            f"value BETWEEN -{LARGEST} AND {LARGEST}", name=op.f("ck_trials_value_is_finite")
        ),
        sa.CheckConstraint(
            "(state = 'running') = (lease_expires_at IS NOT NULL)",
            name=op.f("ck_trials_running_has_a_deadline"),
        ),
    )
    for columns in (
        ["study_id", "state", "number"],
        ["study_id", "revision", "number"],
        ["study_id", "value", "number"],
        ["state", "lease_expires_at"],
    ):
        op.create_index(f"ix_trials_{'_'.join(columns)}", "trials", columns)

    op.create_table(
        "curves",
        sa.Column("id", identity(), primary_key=True),
        sa.Column("study_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("epochs", sa.Text(), nullable=False),
        sa.Column("metrics", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_curves"),
        of_a_trial("curves"),
    )
    op.create_index("ix_curves_study_id_number_id", "curves", ["study_id", "number", "id"])

    op.create_table(
        "checkpoints",
        sa.Column("study_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("value", ExactDouble),
        sa.Column("best_epoch", sa.Integer()),
        sa.Column("metrics", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("study_id", "number", "epoch", name="pk_checkpoints"),
        of_a_trial("checkpoints"),
    )

    op.create_table(
        "arrivals",
        sa.Column("study_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("bracket", sa.Integer(), nullable=False),
        sa.Column("value", ExactDouble, nullable=False),
        sa.Column("went_on", sa.Boolean()),
        sa.PrimaryKeyConstraint("study_id", "number", "epoch", name="pk_arrivals"),
        of_a_trial("arrivals"),
    )
    columns = ["study_id", "round", "bracket", "epoch"]
    op.create_index(f"ix_arrivals_{'_'.join(columns)}", "arrivals", columns)
    op.create_index("ix_arrivals_study_id_went_on", "arrivals", ["study_id", "went_on"])

    op.create_table(
        "journal",
        sa.Column("id", identity(), primary_key=True),
        sa.Column("study_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(16), nullable=False),
        sa.Column("epoch", sa.Integer()),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("who", sa.String(128), nullable=False),
        sa.Column("why", sa.Text()),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_journal"),
        of_a_trial("journal"),
    )
    op.create_index("ix_journal_study_id_number_id", "journal", ["study_id", "number", "id"])

    op.create_table(
        "rounds",
        sa.Column("study_id", identity(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("enqueued", sa.Integer(), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("study_id", "number", name="pk_rounds"),
        sa.ForeignKeyConstraint(
            ["study_id"], ["studies.id"], name="fk_rounds_study_id_studies", ondelete="CASCADE"
        ),
    )

    op.create_table(
        "evidence",
        sa.Column("study_id", identity(), nullable=False),
        sa.Column("trials", sa.Integer(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("study_id", name="pk_evidence"),
        sa.ForeignKeyConstraint(
            ["study_id"], ["studies.id"], name="fk_evidence_study_id_studies", ondelete="CASCADE"
        ),
    )

    op.create_table(
        "answers",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("body_digest", sa.String(64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_answers"),
    )
    op.create_index("ix_answers_created_at", "answers", ["created_at"])


def downgrade() -> None:
    """Drop them."""
    for table in ("answers", "evidence", "rounds", "journal", "arrivals", "checkpoints", "curves"):
        op.drop_table(table)
    for table in ("trials", "studies"):
        op.drop_table(table)
