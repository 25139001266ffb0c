"""What a node remembers, in SQL: its task queue, what it made, what it sent, and what it saw on the chain.

`Database.open` brings the schema up to date; `SqlTaskQueue`, `SqlArtefacts`, `SqlOutbox` and `SqlEventLog` implement the
ports on top of it. SQLite today; the statements keep to what PostgreSQL has too.
"""

from scatter.storage.artefacts import SqlArtefacts
from scatter.storage.database import Database, DatabaseUnusable
from scatter.storage.events import SqlEventLog
from scatter.storage.queue import SqlTaskQueue
from scatter.storage.transactions import SqlOutbox

__all__ = ["Database", "DatabaseUnusable", "SqlArtefacts", "SqlEventLog", "SqlOutbox", "SqlTaskQueue"]
