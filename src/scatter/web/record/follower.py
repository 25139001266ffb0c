"""Follows runs in the store: one look for all who watch a run, and its record in memory."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from scatter.storage.runs import SqlRunEvents
from scatter.web.record.record import RunRecord

LOOK_SECONDS = 0.05
MOST_RECORDS = 12
BATCH = 500


@dataclass(slots=True)
class _Followed:
    record: RunRecord = field(default_factory=RunRecord)
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    watchers: int = 0
    looking: asyncio.Task[None] | None = None


@dataclass(slots=True)
class Follower:
    """Records of runs by id; those that nobody asked for lately are forgotten."""

    events: SqlRunEvents
    _followed: OrderedDict[str, _Followed] = field(default_factory=OrderedDict)

    async def record(self, run: str) -> RunRecord:
        """The record of a run with all that is in the store now."""
        followed = self._of(run)
        await self._read(run, followed)
        return followed.record

    def forget(self, run: str) -> None:
        """Let go of a run that is not there any more."""
        self._followed.pop(run, None)

    @asynccontextmanager
    async def watching(self, run: str) -> AsyncIterator["Watch"]:
        """Look at a run often meanwhile."""
        followed = self._of(run)
        followed.watchers += 1
        if followed.looking is None:
            followed.looking = asyncio.create_task(self._look(run, followed))
        try:
            yield Watch(followed)
        finally:
            followed.watchers -= 1
            if not followed.watchers and followed.looking is not None:
                followed.looking.cancel()
                followed.looking = None

    def _of(self, run: str) -> _Followed:
        followed = self._followed.setdefault(run, _Followed())
        self._followed.move_to_end(run)
        idle = [name for name, one in self._followed.items() if not one.watchers and name != run]
        for name in idle[: max(0, len(self._followed) - MOST_RECORDS)]:
            del self._followed[name]
        return followed

    async def _look(self, run: str, followed: _Followed) -> None:
        while True:
            if await self._read(run, followed):
                async with followed.changed:
                    followed.changed.notify_all()
            await asyncio.sleep(LOOK_SECONDS)

    async def _read(self, run: str, followed: _Followed) -> bool:
        """Take in what is new; whether there was anything."""
        async with followed.reading:
            before = followed.record.number
            while True:
                events = await self.events.after(run, followed.record.number, BATCH)
                for number, event in enumerate(events):
                    followed.record.add(event)
                    if number % 20 == 19:
                        await asyncio.sleep(0)
                if len(events) < BATCH:
                    return followed.record.number > before


@dataclass(frozen=True, slots=True)
class Watch:
    """A look at a run that grows."""

    followed: _Followed

    @property
    def record(self) -> RunRecord:
        """As far as it was read."""
        return self.followed.record

    async def beyond(self, number: int, seconds: float) -> bool:
        """Wait until there are events after one, at most so many seconds; whether there are."""
        if self.record.number > number:
            return True
        try:
            async with asyncio.timeout(seconds), self.followed.changed:
                await self.followed.changed.wait_for(lambda: self.record.number > number)
        except TimeoutError:
            return False
        return True
