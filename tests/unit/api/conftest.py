"""The API of nodes with real parts on the model chain, asked over its real application."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.unit.node.world import WallClock, World

from scatter.api.app import create_app
from scatter.api.operated import Events, RoleRefused
from scatter.content.store import FileContentStore
from scatter.node.orders import role_is_bound
from scatter.node.parts import Parts
from scatter.node.tasks import Tasks
from scatter.ports import ConnectedPeer
from scatter.protocol.states import Role
from scatter.storage.artefacts import SqlArtefacts
from scatter.storage.queue import SqlTaskQueue

TOKEN = "a token that is long enough"  # noqa: S105


@dataclass
class Directory:
    """Whom the node is connected to, as the test says."""

    there: list[ConnectedPeer] = field(default_factory=list)

    async def connected(self) -> list[ConnectedPeer]:
        return self.there

    async def addresses(self) -> list[str]:
        return ["/ip4/127.0.0.1/tcp/4001/p2p/12D3KooW"]


@dataclass
class Operated:
    """`api.operated.Operated` without a process around it."""

    parts: Parts
    tasks: Tasks
    shelf: FileContentStore
    peers: Directory = field(default_factory=Directory)
    events: Events = field(default_factory=Events)
    minimum_duration: int = 1
    announced: list[str] = field(default_factory=list)
    looks: int = 0

    def look_again(self) -> None:
        self.looks += 1

    def announce(self, cid: str) -> None:
        self.announced.append(cid)

    async def change_role(self, role: Role) -> None:
        bound = role_is_bound(self.parts)
        if bound is not None:
            raise RoleRefused(bound)
        self.parts = replace(self.parts, identity=replace(self.parts.identity, role=role))


def operated(parts: Parts) -> Operated:
    assert isinstance(parts.content, FileContentStore)
    assert isinstance(parts.artefacts, SqlArtefacts)
    return Operated(parts, Tasks(SqlTaskQueue(parts.artefacts._database), WallClock()), parts.content)


Ask = Callable[[Operated], httpx.AsyncClient]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    await made.view.start()
    yield made
    await made.close()


@pytest.fixture
async def client() -> AsyncIterator[Callable[..., Any]]:
    """Makes a client of a node's API; the token is sent unless another is given."""
    async with AsyncExitStack() as stack:

        async def make(node: Operated, token: str | None = TOKEN) -> httpx.AsyncClient:
            transport = httpx.ASGITransport(create_app(node, TOKEN), raise_app_exceptions=False)
            headers = {} if token is None else {"Authorization": f"Bearer {token}"}
            made = httpx.AsyncClient(transport=transport, base_url="http://node/api/v1", headers=headers)
            return await stack.enter_async_context(made)

        yield make
