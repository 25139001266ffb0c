"""What the API needs of the process that it runs in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from scatter.node.parts import Parts
from scatter.ports import ContentShelf, PeerDirectory
from scatter.protocol.states import Role

MOST_WAITING = 1_000
MOST_WATCHERS = 16


class RoleRefused(ValueError):
    """The node cannot take a role now; the message says why, and the way out."""


class Operated(Protocol):
    """A node at work."""

    @property
    def parts(self) -> Parts:
        """What it is made of now; others after its role changed."""
        ...

    @property
    def shelf(self) -> ContentShelf:
        """Its content."""
        ...

    @property
    def peers(self) -> PeerDirectory:
        """Whom it is connected to."""
        ...

    @property
    def events(self) -> "Events":
        """What happens to it."""
        ...

    @property
    def minimum_duration(self) -> int:
        """The shortest that a state of a new job may last here, in seconds."""
        ...

    def look_again(self) -> None:
        """Let the node look soon for what it owes."""
        ...

    def announce(self, cid: str) -> None:
        """Tell others before long that content is here."""
        ...

    async def change_role(self, role: Role) -> None:
        """Be of another role from now on, also after a restart. RoleRefused."""
        ...


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: `name` as in the stream, `data` as JSON values."""

    name: str
    data: dict[str, Any]


class TooManyWatchers(RuntimeError):
    """As many watch as are allowed."""


class Events:
    """Passes on what happens to whoever watches. A watcher that does not keep up is left behind: its stream ends."""

    def __init__(self) -> None:
        self._watchers: set[asyncio.Queue[Event | None]] = set()

    @property
    def watched(self) -> bool:
        """Whether anybody watches."""
        return bool(self._watchers)

    def publish(self, event: Event) -> None:
        """Tell everybody."""
        for queue in tuple(self._watchers):
            if queue.qsize() < MOST_WAITING:
                queue.put_nowait(event)
            else:
                self._end(queue)

    def close(self) -> None:
        """End all streams."""
        for queue in tuple(self._watchers):
            self._end(queue)

    def require_room(self) -> None:
        """TooManyWatchers when so many watch that nobody else may."""
        if len(self._watchers) >= MOST_WATCHERS:
            raise TooManyWatchers(f"{MOST_WATCHERS} others watch already")

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[AsyncIterator[Event]]:
        """Everything that happens from now on."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        self._watchers.add(queue)
        try:
            yield _events(queue)
        finally:
            self._watchers.discard(queue)

    def _end(self, queue: asyncio.Queue[Event | None]) -> None:
        self._watchers.discard(queue)
        queue.put_nowait(None)


async def _events(queue: asyncio.Queue[Event | None]) -> AsyncIterator[Event]:
    while (event := await queue.get()) is not None:
        yield event
