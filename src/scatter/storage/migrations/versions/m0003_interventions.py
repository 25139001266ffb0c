"""What is done by hand to nodes of a run."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create where that is kept."""
    op.create_table(
        "run_interventions",
        sa.Column("run", sa.String(16), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("do", sa.String(16), nullable=False),
        sa.Column("nodes", sa.JSON, nullable=False),
        sa.Column("asked_at", sa.Float(53), nullable=False),
        sa.Column("before_block", sa.Integer),
        sa.PrimaryKeyConstraint("run", "number", name="pk_run_interventions"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_run_interventions_run_runs", ondelete="CASCADE"),
    )
