"""The chain as a view: built once for each block and shared by all nodes of a process."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from scatter.ports import BlockRef, Chain, ChainEvent, ChainUpdate
from scatter.protocol.duties import Now
from scatter.protocol.projection import apply
from scatter.protocol.view import NetworkView

Listener = Callable[[], None]
EventListener = Callable[[ChainEvent], None]


class ChainView:
    """Folds a chain's events into a `NetworkView`, and starts again from nothing after a reorganisation."""

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._events: list[ChainEvent] = []
        self._head: BlockRef | None = None
        self._listeners: list[Listener] = []
        self._event_listeners: list[EventListener] = []
        self._advanced = asyncio.Condition()
        self._following: asyncio.Task[None] | None = None
        self.network = NetworkView()

    async def start(self) -> None:
        """Follow the chain until `stop`; returns once the view has reached the head."""
        if self._following is None:
            self._following = asyncio.create_task(self._follow(), name="chain view")
        async with self._advanced:
            await self._advanced.wait_for(lambda: self._head is not None or self._failed())
        if self._failed():
            await self._following

    async def stop(self) -> None:
        """Stop following."""
        if self._following is not None:
            self._following.cancel()
            with suppress(asyncio.CancelledError):
                await self._following

    @property
    def head(self) -> BlockRef:
        """The newest block that the view includes; only after `start`."""
        if self._head is None:
            raise RuntimeError("the chain view has not started")
        return self._head

    @property
    def now(self) -> Now:
        """The head as duties count time."""
        return Now(self.head.number, self.head.timestamp)

    def on_change(self, listener: Listener) -> None:
        """Call `listener` after every new block."""
        self._listeners.append(listener)

    def on_event(self, listener: EventListener) -> None:
        """Call `listener` for each event as it arrives. After a reorganisation an event may come again."""
        self._event_listeners.append(listener)

    async def reached(self, block: int) -> None:
        """Wait until the view includes a block."""
        async with self._advanced:
            await self._advanced.wait_for(lambda: self.head.number >= block or self._failed())

    async def until(self, condition: Callable[[NetworkView], bool]) -> None:
        """Wait until the view meets a condition; raises what ended the following of the chain if it ends first."""
        async with self._advanced:
            await self._advanced.wait_for(lambda: condition(self.network) or self._failed())
        if self._following is not None and self._failed():
            await self._following

    def _failed(self) -> bool:
        return self._following is not None and self._following.done()

    async def _follow(self) -> None:
        try:
            async for update in self._chain.updates():
                self._take(update)
                async with self._advanced:
                    self._advanced.notify_all()
                for listener in self._listeners:
                    listener()
        finally:
            async with self._advanced:
                self._advanced.notify_all()

    def _take(self, update: ChainUpdate) -> None:
        if update.rewound_to is not None:
            self._events = [event for event in self._events if event.block <= update.rewound_to.number]
            self.network = NetworkView()
            for event in self._events:
                self.network = apply(self.network, event.name, event.values, event.block)
        for event in update.events:
            self._events.append(event)
            self.network = apply(self.network, event.name, event.values, event.block)
            for listener in self._event_listeners:
                listener(event)
        self._head = update.head
