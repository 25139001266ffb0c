"""Artefacts, tasks, transactions, blocks and logs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_UNFINISHED = sa.text("finished_at IS NULL")


def upgrade() -> None:
    """Create the first tables."""
    op.create_table(
        "artefacts",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_artefacts"),
    )
    _create_tasks()
    _create_transactions()
    _create_logs()


def _create_tasks() -> None:
    op.create_table(
        "tasks",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("payload", sa.JSON, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("deadline", sa.BigInteger),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("ready_at", sa.Float(53), nullable=False),
        sa.Column("worker", sa.Text),
        sa.Column("leases", sa.Integer, nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("added_at", sa.Float(53), nullable=False),
        sa.Column("finished_at", sa.Float(53)),
        sa.PrimaryKeyConstraint("id", name="pk_tasks"),
    )
    op.create_index(
        "ix_tasks_unfinished_key",
        "tasks",
        ["key"],
        unique=True,
        sqlite_where=_UNFINISHED,
        postgresql_where=_UNFINISHED,
    )
    op.create_index(
        "ix_tasks_next",
        "tasks",
        [sa.text("priority DESC"), "id"],
        sqlite_where=_UNFINISHED,
        postgresql_where=_UNFINISHED,
    )


def _create_transactions() -> None:
    op.create_table(
        "transactions",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("account", sa.String(42), nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("nonce", sa.BigInteger, nullable=False),
        sa.Column("raw", sa.LargeBinary, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("block", sa.BigInteger),
        sa.Column("gas_used", sa.BigInteger),
        sa.Column("error", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_transactions"),
        sa.UniqueConstraint("account", "key", "attempt", name="uq_transactions_account_key_attempt"),
    )
    op.create_index("ix_transactions_account_nonce", "transactions", ["account", "nonce"])


def _create_logs() -> None:
    op.create_table(
        "blocks",
        sa.Column("number", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.Column("timestamp", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_blocks"),
    )
    op.create_table(
        "logs",
        sa.Column("block", sa.BigInteger, nullable=False),
        sa.Column("log_index", sa.Integer, nullable=False),
        sa.Column("head", sa.BigInteger, nullable=False),
        sa.Column("address", sa.String(42), nullable=False),
        sa.Column("topics", sa.LargeBinary, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.Column("transaction", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("block", "log_index", name="pk_logs"),
        sa.ForeignKeyConstraint(["head"], ["blocks.number"], name="fk_logs_head_blocks", ondelete="CASCADE"),
    )
    op.create_index("ix_logs_head", "logs", ["head"])
