"""What one node is made of: its identity, its keys, and its share of each room."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scatter.content.fetching import ContentFetcher
from scatter.node.behaviour import Behaviour
from scatter.node.chain_view import ChainView
from scatter.node.reports import Reporter
from scatter.node.running import Runner
from scatter.node.secrets import SecretSource
from scatter.ports import Artefacts, Chain, ContentStore, PeerNetwork, Signer, TaskQueue
from scatter.protocol.duties import Identity
from scatter.protocol.ids import Address

PROTOCOL = "ScatterProtocol"
TOKEN = "ScatterToken"  # noqa: S105 — a contract's name
RECORDS = "ScatterRecords"
REPUTATION = "ScatterReputation"


@dataclass(frozen=True, slots=True)
class Contracts:
    """Addresses that a node sends to, and the chain that they are on."""

    chain_id: int
    protocol: Address
    token: Address


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that the work of one node needs. Whatever is here was made elsewhere; nothing is made on the way."""

    name: str
    identity: Identity
    contracts: Contracts
    chain: Chain
    view: ChainView
    signer: Signer
    content: ContentStore
    fetcher: ContentFetcher
    network: PeerNetwork
    runner: Runner
    artefacts: Artefacts
    queue: TaskQueue
    secrets: SecretSource
    sealing_key: bytes
    """X25519 private key, 32 bytes."""
    sealing_public: bytes
    reporter: Reporter
    clock: Callable[[], float]
    """Wall-clock seconds, for leases and retries only; duties count the chain's time."""
    spending: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held from an approval to the transaction that uses it."""
    datasets: Mapping[str, Path] = field(default_factory=dict)
    """Data that this node may train on, by the name that jobs call it."""
    joins: frozenset[str] | None = None
    """Names and ids (hex) of the jobs that a trainer joins by itself; None: all that suit."""
    largest_stake: int | None = None
    """The most that a trainer's operator puts up for one job, in base units; None: whatever a job asks for."""
    behaviour: Behaviour = field(default_factory=Behaviour)
