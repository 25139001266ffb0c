"""Workspaces, runs and their events."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create what the web interface keeps."""
    op.create_table(
        "workspaces",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("changed_at", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workspaces"),
    )
    _create_runs()
    op.create_table(
        "run_events",
        sa.Column("run", sa.String(16), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("mark", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("run", "number", name="pk_run_events"),
        sa.UniqueConstraint("run", "mark", name="uq_run_events_run_mark"),
        sa.ForeignKeyConstraint(["run"], ["runs.id"], name="fk_run_events_run_runs", ondelete="CASCADE"),
    )


def _create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.String(16), nullable=False),
        sa.Column("workspace", sa.String(16), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("short", sa.Boolean, nullable=False),
        sa.Column("seed", sa.BigInteger),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("wanted", sa.String(16), nullable=False),
        sa.Column("until", sa.Integer),
        sa.Column("pace", sa.Float(53), nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("result", sa.JSON),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created_at", sa.Float(53), nullable=False),
        sa.Column("started_at", sa.Float(53)),
        sa.Column("finished_at", sa.Float(53)),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sa.UniqueConstraint("workspace", "number", name="uq_runs_workspace_number"),
        sa.ForeignKeyConstraint(
            ["workspace"], ["workspaces.id"], name="fk_runs_workspace_workspaces", ondelete="CASCADE"
        ),
    )
