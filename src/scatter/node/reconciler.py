"""The loop that turns what is owed into tasks: look, queue what is new, drop what is void."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from scatter.node.parts import Parts
from scatter.node.tasks import payload_of
from scatter.protocol.duties import Duty, Holdings, duties, enrolment_duties
from scatter.protocol.duties.enrolment import Keys
from scatter.protocol.ids import Digest

COMPLETE = "complete/"
"""Artefacts under this prefix name manifests that are here with everything they list."""


class Reconciler:
    """Keeps the queue of one node equal to what the node owes."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.work = asyncio.Event()
        """Set when there may be something in the queue."""
        self.given_up: dict[str, str] = {}
        """Duties that failed for good, with the error. They are tried again after a restart of the node."""
        self.owed: Sequence[Duty] = ()

    def wake(self) -> None:
        """Look again soon: a block arrived, or a task ended."""
        self._wake.set()

    async def start(self) -> None:
        """Forget the tasks of an earlier process, whose duties the first look finds again, and start looking."""
        unfinished = await self._parts.queue.unfinished()
        await self._parts.queue.cancel(list(unfinished), now=self._parts.clock())
        self._parts.view.on_change(self.wake)
        self._wake.set()
        self._task = asyncio.create_task(self._run(), name=f"{self._parts.name} reconciler")

    async def stop(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def look(self) -> None:
        """Ask what is owed now, queue it, and cancel what is queued but no longer owed."""
        owed = [duty for duty in await self._owed() if duty.key not in self.given_up]
        self.owed = self._parts.behaviour.duties(owed)
        unfinished = await self._parts.queue.unfinished()
        now = self._parts.clock()
        for priority, duty in enumerate(reversed(self.owed)):
            if duty.key not in unfinished:
                await self._parts.queue.add(
                    duty.key, duty.kind, payload_of(duty), now=now, deadline=duty.deadline, priority=priority
                )
        if self.owed:
            self.work.set()
        void = set(unfinished) - {duty.key for duty in self.owed}
        # What runs is left to end by itself: its transaction may be on the way, and its deadline ends it anyway.
        await self._parts.queue.cancel([key for key in void if unfinished[key] != "leased"], now=now)

    async def idle(self) -> bool:
        """Whether there is nothing to do until a block or the clock brings something new."""
        return not self._wake.is_set() and not await self._parts.queue.unfinished()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self.look()

    async def _owed(self) -> list[Duty]:
        parts, network = self._parts, self._parts.view.network
        me = network.nodes.get(parts.identity.address)
        enrolment = enrolment_duties(me, parts.identity, Keys(parts.network.peer, parts.sealing_public))
        if enrolment:
            return enrolment
        holdings = await self._holdings()
        return [
            duty for view in network.jobs.values() for duty in duties(view, parts.identity, holdings, parts.view.now)
        ]

    async def _holdings(self) -> Holdings:
        keys = await self._parts.artefacts.keys("")
        content = frozenset(
            Digest(bytes.fromhex(key.removeprefix(COMPLETE))) for key in keys if key.startswith(COMPLETE)
        )
        return Holdings(content, keys)
