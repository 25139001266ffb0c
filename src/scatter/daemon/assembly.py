"""The parts of one node, made of its settings: everything that is opened here is closed with the stack it is opened on."""

import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from scatter.behaviours.persona import Persona
from scatter.behaviours.registry import create
from scatter.chain.connection import Connection
from scatter.chain.deployment import DEVELOPMENT_CHAIN_ID, PROTOCOL, TOKEN, Deployment
from scatter.chain.follower import EvmChain
from scatter.chain.keys import Account
from scatter.chain.keystore import Keystore, read_private_key
from scatter.chain.signer import EvmSigner
from scatter.content.encryption import sealing_public_key
from scatter.content.fetching import ContentFetcher
from scatter.daemon.datasets import FolderOfDatasets
from scatter.daemon.errors import SettingsError
from scatter.daemon.reading import Settings
from scatter.daemon.settings import ALL_JOBS, HONEST
from scatter.daemon.shelves import opened_shelf
from scatter.node.behaviour import Behaviour
from scatter.node.chain_view import ChainView
from scatter.node.parts import Contracts, Parts
from scatter.node.reports import Reporter
from scatter.node.running import Runner
from scatter.node.secrets import SecretSource, random_secrets, seeded_secrets
from scatter.node.tasks import Tasks
from scatter.p2p.identity import PeerIdentity
from scatter.p2p.identity_file import read_identity
from scatter.p2p.libp2p_network import Libp2pNetwork
from scatter.p2p.settings import PeerSettings
from scatter.ports import ContentShelf, Sandbox
from scatter.protocol.duties import Identity
from scatter.protocol.ids import WORD_BYTES, Address, address
from scatter.storage.artefacts import SqlArtefacts
from scatter.storage.database import Database
from scatter.storage.events import SqlEventLog
from scatter.storage.queue import SqlTaskQueue
from scatter.storage.transactions import SqlOutbox

SEALING_KEY = "node/sealing-key"
"""The artefact that the node's X25519 private key is: what others sealed to it, it can open after every restart."""
FIRST_LOOK_SECONDS = 10.0
"""For how long a chain that does not answer is asked at the start: a wrong URL is said at once."""

Password = Callable[[Path], str]
"""keystore's file → its password, from wherever the operator keeps it."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Who a node is, from its files."""

    account: Account
    peer: PeerIdentity
    deployment: Deployment


@dataclass(frozen=True, slots=True)
class Assembled:
    """The parts of a node, and what is behind some of them."""

    parts: Parts
    tasks: Tasks
    shelf: ContentShelf
    peers: Libp2pNetwork
    minimum_duration: int
    """The shortest that a state of a new job may last, in seconds."""


def read_keys(settings: Settings, password: Password) -> Keys:
    """Read the node's keys and deployment. KeyUnusable, IdentityUnusable, DeploymentUnusable, SettingsError."""
    node = settings.node
    deployment = Deployment.load(settings.place(node.chain.deployment))
    if deployment.chain_id != DEVELOPMENT_CHAIN_ID and node.development.behaviour != HONEST:
        raise SettingsError(f"development.behaviour is for chain {DEVELOPMENT_CHAIN_ID}, not for {deployment.chain_id}")
    return Keys(_account(settings, password), read_identity(settings.place(node.peers.identity)), deployment)


def _account(settings: Settings, password: Password) -> Account:
    table = settings.node.account
    if table.private_key_file is not None:
        return read_private_key(settings.place(table.private_key_file))
    keystore = settings.place(table.keystore)
    return Keystore.load(keystore).unlock(password(keystore))


async def assemble(
    stack: AsyncExitStack, settings: Settings, keys: Keys, sandbox: Sandbox, reporter: Reporter
) -> Assembled:
    """Open everything and start what follows the chain and what listens to peers. WrongChain, ChainUnavailable, CannotListen,
    InvalidAddress, DatabaseUnusable, SeedRefused, BehaviourError, KuboUnavailable."""
    node = settings.node
    me = address(keys.account.address)
    database = await stack.enter_async_context(await Database.open(settings.place(node.storage.database)))
    connection = await _connected(stack, settings, keys.deployment)
    chain = await stack.enter_async_context(EvmChain(connection, SqlEventLog(database)))
    view = ChainView(chain)
    stack.push_async_callback(view.stop)
    await view.start()
    peers = await stack.enter_async_context(Libp2pNetwork.running(keys.peer, _peer_settings(settings)))
    shelf = await stack.enter_async_context(opened_shelf(settings.folder, node.storage))
    workspace = settings.place(node.storage.workspace)
    workspace.mkdir(parents=True, exist_ok=True)
    secrets, artefacts = _secrets(settings, keys.deployment.chain_id), SqlArtefacts(database)
    sealing_key = await artefacts.keep(SEALING_KEY, secrets("sealing key"))
    parts = Parts(
        name=node.name,
        identity=Identity(me, node.role, confirmations=node.chain.confirmations),
        contracts=_contracts(keys.deployment),
        chain=chain,
        view=view,
        signer=EvmSigner(connection, keys.account, SqlOutbox(database)),
        content=shelf,
        fetcher=ContentFetcher(shelf, peers, routing=peers),
        network=peers,
        runner=Runner(sandbox, workspace),
        artefacts=artefacts,
        secrets=secrets,
        sealing_key=sealing_key,
        sealing_public=sealing_public_key(sealing_key),
        reporter=reporter,
        datasets=FolderOfDatasets(settings.place(node.trainer.datasets)),
        joins=None if ALL_JOBS in node.trainer.join else frozenset(node.trainer.join),
        largest_stake=node.trainer.largest_stake,
        behaviour=_behaviour(settings, me),
    )
    tasks = Tasks(SqlTaskQueue(database), time.time)
    return Assembled(parts, tasks, shelf, peers, keys.deployment.parameters.minimum_duration)


async def _connected(stack: AsyncExitStack, settings: Settings, deployment: Deployment) -> Connection:
    chain = settings.node.chain
    async with await Connection.open(chain.rpc_url, deployment, patience=FIRST_LOOK_SECONDS):
        pass
    connection = await Connection.open(
        chain.rpc_url, deployment, interval=chain.poll_seconds, patience=chain.patience_seconds
    )
    return await stack.enter_async_context(connection)


def _contracts(deployment: Deployment) -> Contracts:
    return Contracts(deployment.chain_id, deployment.addresses[PROTOCOL], deployment.addresses[TOKEN])


def _secrets(settings: Settings, chain_id: int) -> SecretSource:
    seed = settings.node.development.seed
    if seed is None:
        return random_secrets
    return seeded_secrets(seed.to_bytes(WORD_BYTES, "big") + settings.node.name.encode(), chain_id)


def _behaviour(settings: Settings, me: Address) -> Behaviour:
    node = settings.node
    if node.development.behaviour == HONEST:
        return Behaviour()
    return create(node.development.behaviour, {}, Persona(node.name, me, node.role, node.development.seed or 0))


def _peer_settings(settings: Settings) -> PeerSettings:
    table = settings.node.peers
    return PeerSettings(
        listen=table.listen,
        announce=table.announce,
        bootstrap=table.bootstrap,
        mdns=table.mdns,
        address_book=settings.place(table.addresses),
    )
