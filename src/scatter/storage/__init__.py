"""What is remembered in SQL: a node's task queue, what it made, what it sent, what it saw on the chain; and simulations.

`Database.open` brings the schema up to date; `SqlTaskQueue`, `SqlArtefacts`, `SqlOutbox` and `SqlEventLog` implement the
ports on top of it; `SqlWorkspaces`, `SqlRuns` and `SqlRunEvents` keep what the web interface shows. SQLite today; the
statements keep to what PostgreSQL has too.
"""

from scatter.storage.artefacts import SqlArtefacts
from scatter.storage.database import Database, DatabaseUnusable
from scatter.storage.events import SqlEventLog
from scatter.storage.queue import SqlTaskQueue
from scatter.storage.runs import SqlRunEvents, SqlRuns
from scatter.storage.transactions import SqlOutbox
from scatter.storage.workspaces import SqlWorkspaces

__all__ = [
    "Database",
    "DatabaseUnusable",
    "SqlArtefacts",
    "SqlEventLog",
    "SqlOutbox",
    "SqlRunEvents",
    "SqlRuns",
    "SqlTaskQueue",
    "SqlWorkspaces",
]
