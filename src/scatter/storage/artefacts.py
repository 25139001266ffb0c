"""What a node made and must never make twice, in SQL."""

from sqlalchemy import delete, func, insert, select

from scatter.storage.database import Database, uninterrupted
from scatter.storage.tables import artefacts


class SqlArtefacts:
    """`ports.Artefacts` over a database. What `keep` returned is on the disk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
    async def keep(self, key: str, value: bytes) -> bytes:
        """Insert, and return what is kept under the key: `value`, or what was there first."""
        async with self._database.writing() as connection:
            kept: bytes | None = await connection.scalar(select(artefacts.c.value).where(artefacts.c.key == key))
            if kept is not None:
                return kept
            await connection.execute(insert(artefacts).values(key=key, value=value))
        return value

    @uninterrupted
    async def get(self, key: str) -> bytes | None:
        """What is kept under the key."""
        async with self._database.reading() as connection:
            kept: bytes | None = await connection.scalar(select(artefacts.c.value).where(artefacts.c.key == key))
        return kept

    @uninterrupted
    async def keys(self, prefix: str) -> frozenset[str]:
        """All keys that start with a prefix."""
        # LIKE would ignore case on SQLite; the lower bound lets the index narrow the search.
        matches = (artefacts.c.key >= prefix) & (func.substr(artefacts.c.key, 1, len(prefix)) == prefix)
        async with self._database.reading() as connection:
            return frozenset(await connection.scalars(select(artefacts.c.key).where(matches)))

    @uninterrupted
    async def forget(self, key: str) -> None:
        """Take away a key, if it is there."""
        async with self._database.writing() as connection:
            await connection.execute(delete(artefacts).where(artefacts.c.key == key))
