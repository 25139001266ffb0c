"""What is remembered in SQL: a node's task queue, what it made, what it sent, what it saw on the chain; and simulations.

`Database.open` brings the schema up to date; `SqlTaskQueue`, `SqlArtefacts`, `SqlOutbox` and `SqlEventLog` implement the
ports on top of it; `SqlWorkspaces`, `SqlRuns`, `SqlRunEvents` and `SqlInterventions` keep what the web interface shows. SQLite today; the
statements keep to what PostgreSQL has too.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scatter.storage.artefacts import SqlArtefacts
    from scatter.storage.database import Database, DatabaseUnusable
    from scatter.storage.events import SqlEventLog
    from scatter.storage.interventions import SqlInterventions
    from scatter.storage.queue import SqlTaskQueue
    from scatter.storage.runs import SqlRunEvents, SqlRuns
    from scatter.storage.transactions import SqlOutbox
    from scatter.storage.workspaces import SqlWorkspaces

__all__ = [
    "Database",
    "DatabaseUnusable",
    "SqlArtefacts",
    "SqlEventLog",
    "SqlInterventions",
    "SqlOutbox",
    "SqlRunEvents",
    "SqlRuns",
    "SqlTaskQueue",
    "SqlWorkspaces",
]
_MODULES = {
    "Database": "database",
    "DatabaseUnusable": "database",
    "SqlArtefacts": "artefacts",
    "SqlEventLog": "events",
    "SqlInterventions": "interventions",
    "SqlOutbox": "transactions",
    "SqlRunEvents": "runs",
    "SqlRuns": "runs",
    "SqlTaskQueue": "queue",
    "SqlWorkspaces": "workspaces",
}


def __getattr__(name: str) -> Any:
    """Each comes when it is asked for: `storage.memory` does without SQLAlchemy, which takes 0.3 s to import."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
