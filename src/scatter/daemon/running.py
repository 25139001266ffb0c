"""The process of a node: everything that runs in it, from its start to its end."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from scatter.api.app import create_app
from scatter.api.hosting import serving
from scatter.api.operated import Event, Events, RoleRefused
from scatter.daemon.announcing import Announcer
from scatter.daemon.assembly import Assembled, Keys, assemble
from scatter.daemon.errors import SettingsError
from scatter.daemon.lock import alone_in
from scatter.daemon.reading import Settings
from scatter.daemon.rewriting import write_role
from scatter.daemon.token import read_token
from scatter.node.node import Node
from scatter.node.orders import role_is_bound
from scatter.node.parts import Parts
from scatter.node.reports import Report
from scatter.node.tasks import Tasks
from scatter.p2p.libp2p_network import Libp2pNetwork
from scatter.ports import ContentShelf, Sandbox
from scatter.protocol.states import Role

LOOK_SECONDS = 0.1
"""How often whoever watches is told whether the node is idle."""

log = logging.getLogger(__name__)
Say = Callable[[str], None]


class RunningNode:
    """A node at work, as `api.operated.Operated`."""

    def __init__(self, settings: Settings, assembled: Assembled, events: Events) -> None:
        self._settings = settings
        self._assembled = assembled
        self._node = Node(assembled.parts, assembled.tasks)
        self._announcer = Announcer(assembled.peers)
        self._changing = asyncio.Lock()
        self.events = events

    @property
    def parts(self) -> Parts:
        """See `Operated`."""
        return self._node.parts

    @property
    def tasks(self) -> Tasks:
        """See `Operated`."""
        return self._assembled.tasks

    @property
    def shelf(self) -> ContentShelf:
        """See `Operated`."""
        return self._assembled.shelf

    @property
    def peers(self) -> Libp2pNetwork:
        """See `Operated`."""
        return self._assembled.peers

    @property
    def minimum_duration(self) -> int:
        """See `Operated`."""
        return self._assembled.minimum_duration

    def look_again(self) -> None:
        """See `Operated`."""
        self._node.reconciler.wake()

    def announce(self, cid: str) -> None:
        """See `Operated`."""
        self._announcer.announce(cid)

    async def change_role(self, role: Role) -> None:
        """See `Operated`."""
        async with self._changing:
            if role is self.parts.identity.role:
                return
            bound = role_is_bound(self.parts)
            if bound is not None:
                raise RoleRefused(f"the role cannot change now: {bound}")
            try:
                await asyncio.to_thread(write_role, self._settings, role)
            except SettingsError as error:
                raise RoleRefused(str(error)) from error
            await self._node.stop()
            identity = replace(self.parts.identity, role=role)
            self._node = Node(replace(self.parts, identity=identity), self.tasks)
            await self._node.start()

    async def work(self) -> None:
        """Work until cancelled, or until the chain cannot be followed any more: then that is raised."""
        try:
            await self._node.start()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._announcer.run(self.parts))
                group.create_task(self._tell())
                group.create_task(self.parts.view.until(lambda _: False))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            await self._node.stop()

    async def _tell(self) -> None:
        """Tell whoever watches how far the node sees, and whether it is idle."""
        said: Event | None = None
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if not self.events.watched:
                said = None
                continue
            block = self.parts.view.head.number
            event = Event("state", {"block": block, "idle": await self._node.idle()})
            if event != said:
                said = event
                self.events.publish(event)


def reported(events: Events) -> Callable[[Report], None]:
    """A reporter that tells the log and whoever watches."""

    def report(report: Report) -> None:
        duty = report.duty
        where = f"job {duty.job.hex()[:8]}, round {duty.round}"
        log.info("%s: %s %s%s", where, duty.kind, report.progress, report.error and f": {report.error}")
        events.publish(
            Event(
                "task",
                {
                    "node": report.node,
                    "job": duty.job.hex(),
                    "round": duty.round,
                    "kind": duty.kind.value,
                    "subject": duty.subject,
                    "deadline": duty.deadline,
                    "progress": report.progress.value,
                    "seconds": round(report.seconds, 3),
                    "error": report.error,
                },
            )
        )

    return report


async def run_node(settings: Settings, keys: Keys, sandbox: Sandbox, say: Say) -> None:
    """Run a node until cancelled. AlreadyRunning, CannotServe, SettingsError, and what `assemble` raises; ChainUnavailable when
    the chain has been away for longer than the settings allow."""
    async with AsyncExitStack() as stack:
        lock = stack.enter_context(alone_in(settings.folder))
        token = read_token(settings.place(settings.node.api.token_file)) if settings.node.api.enabled else ""
        events = Events()
        assembled = await assemble(stack, settings, keys, sandbox, reported(events))
        node = RunningNode(settings, assembled, events)
        for address in await assembled.peers.addresses():
            say(f"peers reach this node at {address}")
        async with _served(node, token, settings) as url:
            lock.tell(url)
            say(f"the API is at {url}/api/v1" if url else "there is no API: api.enabled is false")
            say(f"{settings.node.name} is at work as {assembled.parts.identity.address}")
            try:
                await node.work()
            finally:
                events.close()


@asynccontextmanager
async def _served(node: RunningNode, token: str, settings: Settings) -> AsyncIterator[str | None]:
    api = settings.node.api
    if not api.enabled:
        yield None
        return
    async with serving(create_app(node, token), api.host, api.port) as url:
        yield url
