"""How a world begins: a chain, the contracts on it, and the nodes of a scenario with what they have."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scatter.chain.anvil import DevelopmentChain
from scatter.chain.connection import Connection
from scatter.chain.deploy import Progress, deploy
from scatter.chain.deployment import DEVELOPMENT_CHAIN_ID, PROTOCOL, TOKEN, Deployment
from scatter.chain.keys import seeded_account
from scatter.chain.parameters import ChainParameters
from scatter.chain.plan import Plan
from scatter.chain.stepped import SteppedChain, SteppedSigner
from scatter.content.encryption import sealing_public_key
from scatter.content.fetching import ContentFetcher
from scatter.content.memory import ContentPool, MemoryContentStore
from scatter.content.serving import ContentServer
from scatter.localnet.ground import GAS_MONEY, OPERATOR, secret_of
from scatter.node.behaviour import Behaviour
from scatter.node.chain_view import ChainView
from scatter.node.key_exchange import serve_keys
from scatter.node.parts import Contracts, Parts
from scatter.node.reports import Reporter
from scatter.node.running import Runner
from scatter.node.secrets import seeded_secrets
from scatter.node.serving import may_have
from scatter.p2p.identity import PeerIdentity
from scatter.p2p.in_process import InProcessNetwork
from scatter.ports import Sandbox
from scatter.protocol.duties import Identity
from scatter.protocol.ids import address
from scatter.protocol.states import Role
from scatter.simulation.blocks import Actor
from scatter.simulation.turns import May, Turns
from scatter.simulation.world import Inhabitant, World
from scatter.storage.memory import MemoryArtefacts


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A node to be: who it is, what it trains on, where it runs code, how it behaves, and which duties wait for a step."""

    actor: Actor
    datasets: Mapping[str, Path]
    sandbox: Sandbox
    behaviour: Behaviour
    may: May


@asynccontextmanager
async def empty_world(seed: int, block_seconds: int, state: Path | None = None) -> AsyncIterator[World]:
    """A chain with nothing on it but its operator, or one in a state that `DevelopmentChain.dump` wrote."""
    async with AsyncExitStack() as stack:
        miner = await stack.enter_async_context(await DevelopmentChain.start(state=state))
        connection = await stack.enter_async_context(await Connection.open(miner.url, None))
        chain = SteppedChain(connection, miner, secret_of(seed))
        await chain.start()
        view = ChainView(chain)
        await view.start()
        account = seeded_account(seed, OPERATOR, DEVELOPMENT_CHAIN_ID)
        await miner.set_balance(address(account.address), GAS_MONEY)
        world = World(miner, chain, view, SteppedSigner(chain, account), InProcessNetwork(), block_seconds)
        stack.push_async_callback(world.close)
        yield world


async def deploy_contracts(
    world: World, parameters: ChainParameters, seed: int, progress: Progress | None = None
) -> Deployment:
    """Put the contracts on the chain, and tell of each; the operator holds the whole supply of tokens."""
    plan = Plan(parameters, world.operator.address, secret_of(seed))
    deployment: Deployment = await world.perform(
        world.operator, deploy(world.operator, plan, chain_id=DEVELOPMENT_CHAIN_ID, progress=progress)
    )
    await world.chain.know(deployment.bindings(), deployment.block)
    return deployment


@dataclass(frozen=True, slots=True)
class Founder:
    """Makes nodes out of what they share. `workspace`: where packages and inputs of runs lie."""

    world: World
    deployment: Deployment
    seed: int
    pool: ContentPool
    workspace: Path
    reporter: Reporter

    async def settle(self, newcomer: Newcomer, artefacts: MemoryArtefacts, content: MemoryContentStore) -> Inhabitant:
        """Make a node, with what it has, and let others reach it. It acts once it is at work."""
        actor = newcomer.actor
        signer = SteppedSigner(self.world.chain, account_of(self.seed, actor.name))
        await self.world.miner.set_balance(actor.address, GAS_MONEY)
        parts = self._parts(newcomer, signer, artefacts, content)
        serve(parts)
        inhabitant = Inhabitant(actor, Turns(parts, signer, newcomer.may), signer, artefacts, content)
        self.world.inhabitants[actor.name] = inhabitant
        return inhabitant

    def _parts(
        self, newcomer: Newcomer, signer: SteppedSigner, artefacts: MemoryArtefacts, content: MemoryContentStore
    ) -> Parts:
        name, role = newcomer.actor.name, newcomer.actor.role
        secrets = seeded_secrets(secret_of(self.seed) + name.encode(), DEVELOPMENT_CHAIN_ID)
        sealing_key = secrets("sealing key")
        peer = self.world.peers.join(PeerIdentity.from_seed(secrets("peer")).public_key)
        return Parts(
            name=name,
            identity=Identity(newcomer.actor.address, role),
            contracts=Contracts(
                DEVELOPMENT_CHAIN_ID,
                self.deployment.addresses[PROTOCOL],
                self.deployment.addresses[TOKEN],
            ),
            chain=self.world.chain,
            view=self.world.view,
            signer=signer,
            content=content,
            fetcher=ContentFetcher(content, peer),
            network=peer,
            runner=Runner(newcomer.sandbox, self.workspace),
            artefacts=artefacts,
            secrets=secrets,
            sealing_key=sealing_key,
            sealing_public=sealing_public_key(sealing_key),
            reporter=self.reporter,
            datasets=newcomer.datasets,
            behaviour=newcomer.behaviour,
        )


def account_of(seed: int, name: str) -> Any:
    """The account of a node by its name."""
    return seeded_account(seed, name, DEVELOPMENT_CHAIN_ID)


def actor_of(seed: int, name: str, group: str, role: Role, behaviour: str) -> Actor:
    """Who a node is for the scenario."""
    return Actor(name, group, role, behaviour, address(account_of(seed, name).address))


def serve(parts: Parts) -> None:
    """Answer other nodes from now on."""
    ContentServer(parts.content, lambda peer, cid: may_have(parts, peer, cid)).serve_on(parts.network)
    serve_keys(parts)
