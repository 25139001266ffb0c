"""A network of nodes in one process over one development chain, kept in one folder."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from scatter.behaviours.persona import Persona
from scatter.behaviours.registry import create
from scatter.chain.deployment import DEVELOPMENT_CHAIN_ID, PROTOCOL, TOKEN
from scatter.chain.keys import seeded_account
from scatter.chain.signer import EvmSigner
from scatter.content.encryption import sealing_public_key
from scatter.content.fetching import ContentFetcher
from scatter.content.store import FileContentStore
from scatter.jobs.folder import JobPackage
from scatter.localnet.cast import REQUESTOR, Player
from scatter.localnet.ground import Ground, on_ground, open_database, secret_of
from scatter.node.node import Node
from scatter.node.parts import Contracts, Parts
from scatter.node.posting import post_job
from scatter.node.reports import Reporter
from scatter.node.running import Runner
from scatter.node.secrets import seeded_secrets
from scatter.p2p.identity import PeerIdentity
from scatter.p2p.in_process import InProcessNetwork
from scatter.ports import Sandbox
from scatter.protocol.duties import Identity
from scatter.protocol.ids import Address, address
from scatter.storage.artefacts import SqlArtefacts
from scatter.storage.database import Database
from scatter.storage.queue import SqlTaskQueue
from scatter.storage.transactions import SqlOutbox


@dataclass(frozen=True, slots=True)
class Running:
    """Nodes of this process, and what they sent: by account, the operator's too."""

    ground: Ground
    nodes: Mapping[str, Node]
    outboxes: Mapping[Address, SqlOutbox]

    @property
    def accounts(self) -> Mapping[str, Address]:
        """Accounts by player's name."""
        return {name: node.parts.identity.address for name, node in self.nodes.items()}

    @property
    def requestor(self) -> Parts:
        """Of the one who posts the job."""
        return self.nodes[REQUESTOR].parts

    async def post(self, package: JobPackage) -> None:
        """Let the requestor post a job, and wait until the view shows it."""
        await post_job(self.requestor, package)

    @asynccontextmanager
    async def afterwards(self) -> AsyncIterator["Running"]:
        """Everything that nodes have, once the job is over."""
        yield self

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
            ground = await stack.enter_async_context(on_ground(self.folder, self.seed))
            running = await self.stage(stack, ground)
            await ground.hand_out(running.accounts, self.tokens)
            for node in running.nodes.values():
                stack.push_async_callback(node.stop)
                await node.start()
            ground.clock.watch(ground.view, running.all_idle)
            yield running

    async def stage(self, stack: AsyncExitStack, ground: Ground) -> Running:
        """The nodes with all that they have, none of them at work."""
        workshop = _Workshop(self, ground, InProcessNetwork())
        nodes, outboxes = {}, {ground.operator.address: ground.operators_outbox}
        for player in self.players:
            database = await open_database(stack, self.folder, player.name)
            node = workshop.node(player, database)
            nodes[player.name], outboxes[node.parts.identity.address] = node, SqlOutbox(database)
        return Running(ground, nodes, outboxes)


@dataclass(frozen=True, slots=True)
class _Workshop:
    """Makes nodes out of what they share."""

    network: LocalNetwork
    ground: Ground
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
        bindings = self.ground.connection.bindings
        return Node(
            Parts(
                name=player.name,
                identity=me,
                contracts=Contracts(DEVELOPMENT_CHAIN_ID, bindings.address(PROTOCOL), bindings.address(TOKEN)),
                chain=self.ground.chain,
                view=self.ground.view,
                signer=EvmSigner(self.ground.connection, account, SqlOutbox(database)),
                content=content,
                fetcher=ContentFetcher(content, peer),
                network=peer,
                runner=Runner(self.network.sandbox, workspace),
                artefacts=SqlArtefacts(database),
                queue=SqlTaskQueue(database),
                secrets=secrets,
                sealing_key=sealing_key,
                sealing_public=sealing_public_key(sealing_key),
                reporter=self.network.reporter,
                clock=time.time,
                datasets=self.network.datasets.get(player.name, {}),
                behaviour=create(player.conduct, {}, Persona(player.name, me.address, player.role, self.network.seed)),
            )
        )
