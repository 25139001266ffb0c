"""A network of nodes in one process over one development chain, kept in one folder."""

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scatter.behaviours.persona import Persona
from scatter.behaviours.registry import create
from scatter.chain.anvil import DevelopmentChain
from scatter.chain.connection import Connection
from scatter.chain.deploy import ensure_deployed
from scatter.chain.deployment import DEVELOPMENT_CHAIN_ID, PROTOCOL, TOKEN
from scatter.chain.follower import EvmChain
from scatter.chain.keys import seeded_account
from scatter.chain.parameters import ChainParameters
from scatter.chain.signer import EvmSigner
from scatter.content.encryption import sealing_public_key
from scatter.content.fetching import ContentFetcher
from scatter.content.store import FileContentStore
from scatter.localnet.cast import Player
from scatter.localnet.clock import DevelopmentClock
from scatter.node.chain_view import ChainView
from scatter.node.node import Node
from scatter.node.parts import Contracts, Parts
from scatter.node.reports import Reporter
from scatter.node.running import Runner
from scatter.node.secrets import seeded_secrets
from scatter.node.tasks import Tasks
from scatter.p2p.identity import PeerIdentity
from scatter.p2p.in_process import InProcessNetwork
from scatter.ports import Call, Sandbox
from scatter.protocol.duties import Identity
from scatter.protocol.ids import WORD_BYTES, Address, address
from scatter.storage.artefacts import SqlArtefacts
from scatter.storage.database import Database
from scatter.storage.events import SqlEventLog
from scatter.storage.queue import SqlTaskQueue
from scatter.storage.transactions import SqlOutbox

GAS_MONEY = 10**21
"""Wei that every account gets on the development chain."""
OPERATOR = "operator"
"""Who deploys the contracts and holds the tokens that nobody was given."""


@dataclass(frozen=True, slots=True)
class Running:
    """A network at work. `outboxes` has the operator's too, by account."""

    chain: EvmChain
    view: ChainView
    operator: EvmSigner
    nodes: Mapping[str, Node]
    outboxes: Mapping[Address, SqlOutbox]

    async def balance(self, account: Address) -> int:
        """Tokens of an account, in base units."""
        return int(await self.chain.read(Call(TOKEN, "balanceOf", (account,))))

    async def supply(self) -> int:
        """All tokens, in base units."""
        return int(await self.chain.read(Call(TOKEN, "totalSupply", ())))

    def stake(self, account: Address) -> int:
        """What an account has in its ticket, in base units."""
        node = self.view.network.nodes.get(account)
        return 0 if node is None else node.stake

    async def all_idle(self) -> bool:
        """Whether every node waits for the chain or the clock."""
        for node in self.nodes.values():
            if not await node.idle():
                return False
        return True


@dataclass(frozen=True, slots=True)
class LocalNetwork:
    """What to run: players with their data, under a seed, in a folder.

    `tokens`: what each player gets, in base units; `datasets`: by player's name, folders of data by dataset name.
    """

    folder: Path
    seed: int
    players: tuple[Player, ...]
    tokens: int
    datasets: Mapping[str, Mapping[str, Path]]
    sandbox: Sandbox
    reporter: Reporter

    @asynccontextmanager
    async def run(self) -> AsyncIterator[Running]:
        """Start everything, or take it up again where it was killed; end everything on leaving. What ends the chain or its
        clock ends the block with the same error."""
        async with AsyncExitStack() as stack:
            miner = await stack.enter_async_context(await DevelopmentChain.start(self.folder / "chain"))
            clock = DevelopmentClock(miner)
            await stack.enter_async_context(beside(clock.run()))
            operators = SqlOutbox(await self._database(stack, OPERATOR))
            operator_account = seeded_account(self.seed, OPERATOR, DEVELOPMENT_CHAIN_ID)
            await miner.set_balance(address(operator_account.address), GAS_MONEY)
            deployment = await ensure_deployed(
                self.folder / "deployment.json",
                miner.url,
                lambda connection: EvmSigner(connection, operator_account, operators),
                ChainParameters.development(),
                seed=secret_of(self.seed),
            )
            connection = await stack.enter_async_context(await Connection.open(miner.url, deployment))
            operator = EvmSigner(connection, operator_account, operators)
            chain = await stack.enter_async_context(
                EvmChain(connection, SqlEventLog(await self._database(stack, "chain-log")))
            )
            view = ChainView(chain)
            stack.push_async_callback(view.stop)
            await view.start()
            workshop = _Workshop(self, connection, chain, view, InProcessNetwork())
            nodes, outboxes = {}, {operator.address: operators}
            for player in self.players:
                database = await self._database(stack, player.name)
                node = workshop.node(player, database)
                nodes[player.name], outboxes[node.parts.identity.address] = node, SqlOutbox(database)
                await miner.set_balance(node.parts.identity.address, GAS_MONEY)
            running = Running(chain, view, operator, nodes, outboxes)
            await self._hand_out(running)
            for node in nodes.values():
                stack.push_async_callback(node.stop)
                await node.start()
            clock.watch(view, running.all_idle)
            yield running

    async def _database(self, stack: AsyncExitStack, name: str) -> Database:
        return await stack.enter_async_context(await Database.open(self.folder / "nodes" / name / "node.sqlite"))

    async def _hand_out(self, running: Running) -> None:
        """Give every player its tokens, once."""
        await asyncio.gather(
            *(
                running.operator.send(
                    f"tokens/{name}", Call(TOKEN, "transfer", (node.parts.identity.address, self.tokens))
                )
                for name, node in running.nodes.items()
            )
        )


@dataclass(frozen=True, slots=True)
class _Workshop:
    """Makes nodes out of what they share."""

    network: LocalNetwork
    connection: Connection
    chain: EvmChain
    view: ChainView
    peers: InProcessNetwork

    def node(self, player: Player, database: Database) -> Node:
        home = self.network.folder / "nodes" / player.name
        workspace = home / "workspace"
        workspace.mkdir(parents=True, exist_ok=True)
        account = seeded_account(self.network.seed, player.name, DEVELOPMENT_CHAIN_ID)
        me = Identity(address(account.address), player.role)
        secrets = seeded_secrets(secret_of(self.network.seed) + player.name.encode(), DEVELOPMENT_CHAIN_ID)
        sealing_key = secrets("sealing key")
        peer = self.peers.join(PeerIdentity.from_seed(secrets("peer")).public_key)
        content = FileContentStore(home / "content")
        return Node(
            Parts(
                name=player.name,
                identity=me,
                contracts=Contracts(
                    DEVELOPMENT_CHAIN_ID,
                    self.connection.bindings.address(PROTOCOL),
                    self.connection.bindings.address(TOKEN),
                ),
                chain=self.chain,
                view=self.view,
                signer=EvmSigner(self.connection, account, SqlOutbox(database)),
                content=content,
                fetcher=ContentFetcher(content, peer),
                network=peer,
                runner=Runner(self.network.sandbox, workspace),
                artefacts=SqlArtefacts(database),
                secrets=secrets,
                sealing_key=sealing_key,
                sealing_public=sealing_public_key(sealing_key),
                reporter=self.network.reporter,
                datasets=self.network.datasets.get(player.name, {}),
                behaviour=create(player.conduct, {}, Persona(player.name, me.address, player.role, self.network.seed)),
            ),
            Tasks(SqlTaskQueue(database), time.time),
        )


def secret_of(seed: int) -> bytes:
    """A number as the 32 bytes that contracts and secrets take."""
    return seed.to_bytes(WORD_BYTES, "big")


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run work beside a block: ended with the block, and ending the block with its error."""
    try:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(work)
            yield
            task.cancel()
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
