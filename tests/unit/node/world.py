"""Nodes with real parts (database, content, encryption, peers) on the model chain; job code is computed by the test."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.property.protocol.model_chain import account
from tests.unit.node.jobcode import DATASET, ScriptedSandbox
from tests.unit.node.ledger import Ledger, ModelSigner, Step, no_step

from scatter.content.encryption import sealing_public_key
from scatter.content.fetching import ContentFetcher
from scatter.content.serving import ContentServer
from scatter.content.store import FileContentStore
from scatter.node.chain_view import ChainView
from scatter.node.doing import do
from scatter.node.key_exchange import serve_keys
from scatter.node.owing import Owing
from scatter.node.parts import Contracts, Parts
from scatter.node.reports import Report
from scatter.node.running import Runner
from scatter.node.secrets import random_secrets, seeded_secrets
from scatter.node.serving import may_have
from scatter.node.tasks import Tasks
from scatter.p2p.in_process import InProcessNetwork
from scatter.ports import Artefacts
from scatter.protocol.duties import Duty, DutyKind, Identity
from scatter.protocol.duties.enrolment import STAKED_ROLES
from scatter.protocol.duties.timing import next_turn
from scatter.protocol.ids import Address, JobId, Round
from scatter.protocol.states import Role
from scatter.protocol.view import JobView
from scatter.storage.artefacts import SqlArtefacts
from scatter.storage.database import Database
from scatter.storage.queue import SqlTaskQueue

Held = Callable[[Parts, Duty], bool]
_EMPTY: list[bytes] = []


@dataclass
class WallClock:
    """Seconds that pass when the test says so."""

    seconds: float = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@dataclass
class World:
    """One model chain, one view, one network of peers, and a folder with a home for each node."""

    folder: Path
    ledger: Ledger = field(default_factory=Ledger)
    peers: InProcessNetwork = field(default_factory=InProcessNetwork)
    sandbox: ScriptedSandbox = field(default_factory=ScriptedSandbox)
    reports: list[Report] = field(default_factory=list)
    _databases: dict[str, Database] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.view = ChainView(self.ledger)

    async def node(self, name: str, role: Role, *, step: Step = no_step, **changes: Any) -> Parts:
        """The parts of a node over its home: the same identity, database and content every time."""
        database = await self.database(name)
        address = account(self._numbers.setdefault(name, len(self._numbers) + 1))
        fixed = seeded_secrets(name.encode(), 31_337)
        workspace = self.folder / name / "workspace"
        workspace.mkdir(parents=True, exist_ok=True)
        content = FileContentStore(self.folder / name / "content")
        peer = self.peers.join(fixed("peer"))
        parts = Parts(
            name=name,
            identity=Identity(address, role),
            contracts=Contracts(self.ledger.chain_id, self.ledger.model.contract, account(0xC1)),
            chain=self.ledger,
            view=self.view,
            signer=ModelSigner(self.ledger, address, step),
            content=content,
            fetcher=ContentFetcher(content, peer, timeout=2.0),
            network=peer,
            runner=Runner(self.sandbox, workspace),
            artefacts=SqlArtefacts(database),
            secrets=random_secrets,
            sealing_key=fixed("sealing"),
            sealing_public=sealing_public_key(fixed("sealing")),
            reporter=self.reports.append,
            datasets={DATASET: self.folder / name / "data"} if role is Role.TRAINER else {},
        )
        parts = replace(parts, **changes)
        ContentServer(parts.content, lambda peer, cid: may_have(parts, peer, cid)).serve_on(parts.network)
        serve_keys(parts)
        return parts

    async def tasks(self, parts: Parts, clock: Callable[[], float] | None = None) -> Tasks:
        """What a node has to do, over its home."""
        return Tasks(SqlTaskQueue(await self.database(parts.name)), clock or WallClock())

    async def database(self, name: str) -> Database:
        if name not in self._databases:
            path = self.folder / name / "node.sqlite"
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(_EMPTY[0] if _EMPTY else b"")
            self._databases[name] = await Database.open(path)
            await self._remember(path)
        return self._databases[name]

    async def _remember(self, path: Path) -> None:
        """Migrations take longer than most tests: one database without rows is made with them, the others are copies."""
        if not _EMPTY:
            await self._databases.popitem()[1].close()
            _EMPTY.append(path.read_bytes())  # noqa: ASYNC240
            self._databases[path.parent.name] = await Database.open(path)

    async def close(self) -> None:
        await self.view.stop()
        for database in self._databases.values():
            await database.close()

    def job(self, job: JobId) -> JobView:
        return self.view.network.jobs[job]

    async def settle(self) -> None:
        """Wait until the view shows all of the chain."""
        await self.view.reached(self.ledger.model.block)

    async def pass_time(self, job: JobId, seconds: int | None = None) -> None:
        """A block, at the next time that changes something or so many seconds later."""
        now = self.view.now.timestamp
        turn = next_turn(self.job(job), now) or now + 1
        self.ledger.model.wait(turn - now if seconds is None else seconds)
        self.ledger.tell()
        await self.settle()

    async def drive(
        self,
        everybody: Iterable[Parts],
        job: JobId,
        until: Callable[[JobView], bool],
        held: Held = lambda parts, duty: False,
    ) -> JobView:
        """Let everybody do what is owed, one after the other and without queues, until the job is as wanted."""
        everybody = list(everybody)
        for _ in range(500):
            acted = False
            for parts in everybody:
                await self.settle()
                if until(self.job(job)):
                    return self.job(job)
                pending = [duty for duty in await owed(parts) if not held(parts, duty)]
                if pending:
                    await do(parts, pending[0])
                    acted = True
            if not acted:
                await self.pass_time(job)
        raise AssertionError(f"the job stays in {self.job(job).state.name}, round {self.job(job).round}")


async def owed(parts: Parts) -> list[Duty]:
    """What a node owes now, without a word to its queue."""
    return list(await Owing(parts).now())


async def enrol(everybody: Iterable[Parts]) -> None:
    """Register all nodes, with tickets where they need one."""
    for parts in everybody:
        while duties := [d for d in await owed(parts) if d.kind in (DutyKind.REGISTER, DutyKind.DEPOSIT)]:
            await do(parts, duties[0])


def duty(job: JobView, kind: DutyKind, subject: str = "", round_: int | None = None) -> Duty:
    """A duty of a job's present round."""
    return Duty(job.id, job.round if round_ is None else Round(round_), kind, subject)


def only(kinds: Iterable[DutyKind], *who: Address) -> Held:
    """Hold back duties of some kinds, of everybody or of some accounts."""
    held = frozenset(kinds)
    return lambda parts, duty: duty.kind in held and (not who or parts.identity.address in who)


def members_wait(parts: Parts, duty: Duty) -> bool:
    """Hold back all that validators and challengers owe."""
    return parts.identity.role in STAKED_ROLES


class Wrapped:
    """A port with a step before and after each call."""

    def __init__(self, port: Any, step: Step) -> None:
        self._port, self._step = port, step

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._port, name)

        async def call(*arguments: Any, **named: Any) -> Any:
            await self._step(f"before {name}")
            result = await method(*arguments, **named)
            await self._step(f"after {name}")
            return result

        return call


async def eventually(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until something is so that tells nobody."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.003)


async def everything_kept(artefacts: Artefacts) -> Mapping[str, bytes | None]:
    """All artefacts of a node."""
    return {key: await artefacts.get(key) for key in await artefacts.keys("")}
