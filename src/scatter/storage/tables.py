"""The schema. A change here needs a migration: a test compares the two.

Amounts never become columns: raw logs and raw transactions are kept as bytes, so no column has to hold a uint256.
"""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

# SQLite only counts up by itself in a column of type INTEGER.
RowId = BigInteger().with_variant(Integer, "sqlite")

artefacts = Table(
    "artefacts",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

tasks = Table(
    "tasks",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("payload", JSON, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("deadline", BigInteger),
    Column("status", String(16), nullable=False),
    Column("ready_at", Float(53), nullable=False),  # leased: when the lease expires
    Column("worker", Text),
    Column("leases", Integer, nullable=False),
    Column("error", Text),
    Column("added_at", Float(53), nullable=False),
    Column("finished_at", Float(53)),
)
UNFINISHED = tasks.c.finished_at.is_(None)
Index("ix_tasks_unfinished_key", tasks.c.key, unique=True, sqlite_where=UNFINISHED, postgresql_where=UNFINISHED)
Index(
    "ix_tasks_next",
    tasks.c.priority.desc(),
    tasks.c.id,
    sqlite_where=UNFINISHED,
    postgresql_where=UNFINISHED,
)

transactions = Table(
    "transactions",
    metadata,
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("account", String(42), nullable=False),
    Column("key", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("status", String(16), nullable=False),
    Column("block", BigInteger),
    Column("gas_used", BigInteger),
    Column("error", Text),
    UniqueConstraint("account", "key", "attempt"),
    Index(None, "account", "nonce"),
)

blocks = Table(
    "blocks",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    Column("timestamp", BigInteger, nullable=False),
)

logs = Table(
    "logs",
    metadata,
    Column("block", BigInteger, nullable=False),
    Column("log_index", Integer, nullable=False),
    Column("head", BigInteger, nullable=False),  # the kept block that the log came with; goes when that goes
    Column("address", String(42), nullable=False),
    Column("topics", LargeBinary, nullable=False),  # 32 bytes each
    Column("data", LargeBinary, nullable=False),
    Column("transaction", LargeBinary, nullable=False),
    PrimaryKeyConstraint("block", "log_index"),
    ForeignKeyConstraint(["head"], ["blocks.number"], ondelete="CASCADE"),
    Index(None, "head"),
)

workspaces = Table(
    "workspaces",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("name", Text, nullable=False),
    Column("document", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("changed_at", Float(53), nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("workspace", String(16), nullable=False),
    Column("number", Integer, nullable=False),
    Column("document", Text, nullable=False),
    Column("short", Boolean, nullable=False),
    Column("seed", BigInteger),
    Column("status", String(16), nullable=False),
    Column("wanted", String(16), nullable=False),
    Column("until", Integer),
    Column("pace", Float(53), nullable=False),
    Column("error", Text),
    Column("result", JSON),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Float(53), nullable=False),
    Column("started_at", Float(53)),
    Column("finished_at", Float(53)),
    UniqueConstraint("workspace", "number"),
    ForeignKeyConstraint(["workspace"], ["workspaces.id"], ondelete="CASCADE"),
)

run_events = Table(
    "run_events",
    metadata,
    Column("run", String(16), nullable=False),
    Column("number", Integer, nullable=False),
    Column("mark", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    PrimaryKeyConstraint("run", "number"),
    UniqueConstraint("run", "mark"),
    ForeignKeyConstraint(["run"], ["runs.id"], ondelete="CASCADE"),
)

run_interventions = Table(
    "run_interventions",
    metadata,
    Column("run", String(16), nullable=False),
    Column("number", Integer, nullable=False),
    Column("do", String(16), nullable=False),
    Column("nodes", JSON, nullable=False),
    Column("asked_at", Float(53), nullable=False),
    Column("before_block", Integer),
    PrimaryKeyConstraint("run", "number"),
    ForeignKeyConstraint(["run"], ["runs.id"], ondelete="CASCADE"),
)
