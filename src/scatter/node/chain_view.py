"""The chain as a view: built once for each block and shared by all nodes of a process."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

from scatter.ports import BlockRef, Chain, ChainEvent, ChainUnavailable, ChainUpdate
from scatter.protocol.duties import Now
from scatter.protocol.ids import JobId
from scatter.protocol.projection import apply
from scatter.protocol.view import NetworkView

log = logging.getLogger(__name__)

Listener = Callable[[], None]
EventListener = Callable[[ChainEvent], None]
Unsubscribe = Callable[[], None]


class ChainView:
    """Folds a chain's events into a `NetworkView`, and starts again from nothing after a reorganisation.

    A job whose events cannot be understood is left out, with a message in the log: it must not stop the others.
    """

    def __init__(self, chain: Chain) -> None:
        self._chain = chain
        self._events: list[ChainEvent] = []
        self._head: BlockRef | None = None
        self._left_out: set[JobId] = set()
        self._listeners: list[Listener] = []
        self._event_listeners: list[EventListener] = []
        self._advanced = asyncio.Condition()
        self._following: asyncio.Task[None] | None = None
        self._ended: Exception | None = None
        self.network = NetworkView()

    async def start(self) -> None:
        """Follow the chain until `stop`; returns once the view has reached the head. Raises what ends the following."""
        if self._following is None:
            self._following = asyncio.create_task(self._follow(), name="chain view")
        await self._wait(lambda: self._head is not None)

    async def stop(self) -> None:
        """Stop following. Who still waits for something gets ChainUnavailable."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.wait([self._following])

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

    def on_change(self, listener: Listener) -> Unsubscribe:
        """Call `listener` after every new block, until the function that is returned is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def on_event(self, listener: EventListener) -> None:
        """Call `listener` for each event as it arrives. After a reorganisation an event may come again."""
        self._event_listeners.append(listener)

    async def reached(self, block: int) -> None:
        """Wait until the view includes a block; raises what ended the following of the chain if it ends first."""
        await self._wait(lambda: self.head.number >= block)

    async def until(self, condition: Callable[[NetworkView], bool]) -> None:
        """Wait until the view meets a condition; raises what ended the following of the chain if it ends first."""
        await self._wait(lambda: condition(self.network))

    async def _wait(self, condition: Callable[[], bool]) -> None:
        async with self._advanced:
            await self._advanced.wait_for(lambda: self._ended is not None or condition())
            if self._ended is not None and not condition():
                raise self._ended

    async def _follow(self) -> None:
        ended: Exception = ChainUnavailable("the chain is no longer followed")
        try:
            async for update in self._chain.updates():
                self._take(update)
                async with self._advanced:
                    self._advanced.notify_all()
                self._tell(self._listeners)
        except Exception as error:
            log.exception("following the chain ended")
            ended = error
        finally:
            self._ended = ended
            async with self._advanced:
                self._advanced.notify_all()

    def _take(self, update: ChainUpdate) -> None:
        if update.rewound_to is not None:
            self._events = [event for event in self._events if event.block <= update.rewound_to.number]
            self.network = NetworkView()
            self._left_out.clear()
            for event in self._events:
                self._fold(event)
        for event in update.events:
            self._events.append(event)
            self._fold(event)
            self._tell(self._event_listeners, event)
        self._head = update.head

    def _fold(self, event: ChainEvent) -> None:
        job = event.values.get("job")
        if job in self._left_out:
            return
        try:
            self.network = apply(self.network, event.name, event.values, event.block)
        except Exception:
            log.exception("%s in block %d cannot be understood; its job is left out", event.name, event.block)
            if isinstance(job, bytes):
                self._left_out.add(JobId(job))
                self.network = _without(self.network, JobId(job))

    @staticmethod
    def _tell(listeners: Sequence[Callable[..., None]], *news: ChainEvent) -> None:
        for listener in tuple(listeners):
            try:
                listener(*news)
            except Exception:
                log.exception("a listener of the chain view failed")


def _without(network: NetworkView, job: JobId) -> NetworkView:
    return replace(network, jobs={id_: view for id_, view in network.jobs.items() if id_ != job})
