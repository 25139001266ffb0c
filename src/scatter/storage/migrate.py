"""Bringing a database up to the newest schema with Alembic, inside the caller's transaction."""

from pathlib import Path

from sqlalchemy import Connection

FOLDER = Path(__file__).parent / "migrations"


class WrittenByNewerVersion(LookupError):
    """The database is at a revision that this version does not know."""


def migrate(connection: Connection) -> None:
    """Run the migrations that the database lacks. WrittenByNewerVersion, and nothing changes, when it is ahead of us."""
    # Imported late: Alembic is only needed here, and not cheap.
    from alembic import command
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    script = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_heads()
    if set(current) == set(script.get_heads()):
        return
    known = {revision.revision for revision in script.walk_revisions()}
    if unknown := [revision for revision in current if revision not in known]:
        raise WrittenByNewerVersion(f"a newer version of Scatter wrote it (schema {unknown[0]})")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
