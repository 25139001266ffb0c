"""What a node needs from the world, as protocols; every implementation of one runs the same test suite (tests/ports).

Nothing here knows how a port is made: no web3, no libp2p, no SQL, no bubblewrap. Rooms that implement ports do not know
one another; `node` wires them together.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from scatter.protocol.ids import Address, Timestamp


# ── the chain ──────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class BlockRef:
    """A block by number and hash, with its timestamp: what a cursor remembers."""

    number: int
    hash: bytes
    timestamp: Timestamp


@dataclass(frozen=True, slots=True)
class ChainEvent:
    """One decoded Solidity log: `name` as in the ABI, `values` by argument name (addresses as `Address`, bytes32 as
    bytes)."""

    name: str
    values: Mapping[str, Any]
    """By snake_case argument name: enums as int, structs as dicts with snake_case keys, arrays as tuples."""
    block: int
    log_index: int
    transaction: bytes


@dataclass(frozen=True, slots=True)
class ChainUpdate:
    """What changed since the last update: `events` in order; after a reorganisation `rewound_to` names the common
    ancestor and everything after it is to be forgotten before `events` are applied."""

    head: BlockRef
    events: Sequence[ChainEvent]
    rewound_to: BlockRef | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A function call to make or to send: contract name in the deployment, function name and positional arguments as
    in the ABI. Addresses are `Address`, bytes32 are bytes of that length, structs are mappings with snake_case
    keys."""

    contract: str
    function: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """How a transaction ended on the chain."""

    transaction: bytes
    block: int
    succeeded: bool
    gas_used: int
    error: str | None = None


class Chain(Protocol):
    """Reading the chain. One instance is shared by all nodes of a process."""

    @property
    def chain_id(self) -> int:
        """EIP-155 chain id."""
        ...

    async def head(self) -> BlockRef:
        """The newest block."""
        ...

    async def read(self, call: Call) -> Any:
        """The result of a view function at the head: the value itself, a dict for a struct or several named results,
        with snake_case keys. CallReverted when the function reverts, ChainUnavailable when there is no connection."""
        ...

    def updates(self) -> AsyncIterator[ChainUpdate]:
        """Every event of the protocol so far in one update, then an update for each new head (several heads may be
        merged into one). Any number of consumers may iterate, each at its own pace. ChainUnavailable ends the
        iteration."""
        ...


class Signer(Protocol):
    """Sends transactions of one account, in order, each of them exactly once."""

    @property
    def address(self) -> Address:
        """The account."""
        ...

    async def send(self, key: str, call: Call) -> Receipt:
        """Send `call` and wait until it is mined. The same `key` never sends twice while its first transaction can
        still be mined: after a restart it is looked up, rebroadcast or, when the chain has lost it, signed anew. A key
        whose transaction was mined and failed may be sent again. CallReverted, and nothing is sent, when the call
        would revert now; TransactionRejected when the chain does not take it (no funds, for example);
        ChainUnavailable."""
        ...


class ChainError(RuntimeError):
    """The chain did not do what it was asked; the message says why."""


class ChainUnavailable(ChainError, ConnectionError):
    """No connection to the chain, and retrying has not helped."""


class TransactionRejected(ChainError):
    """The chain refuses to take a transaction; nothing was sent."""


class CallReverted(ChainError):
    """A call reverted. `error` is the Solidity error's name (`Error` and `Panic` for Solidity's own), `values` its
    arguments by snake_case name; the message reads `TooEarly(deadline=1700000000)`."""

    def __init__(self, message: str, error: str = "", values: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.error = error
        self.values: Mapping[str, Any] = values or {}


# ── what the chain keeps ───────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class LogEntry:
    """One raw Solidity log."""

    block: int
    log_index: int
    address: Address
    topics: tuple[bytes, ...]
    data: bytes
    transaction: bytes


class EventLog(Protocol):
    """The logs of the protocol's contracts, as far as the chain has been followed, and the blocks that prove where
    that is. The cursor is the newest block kept, so it cannot disagree with the logs."""

    async def cursor(self) -> BlockRef | None:
        """The newest block kept; None when the log is empty."""
        ...

    async def blocks(self, below: int, limit: int) -> Sequence[BlockRef]:
        """Blocks kept with a number under `below`, newest first, at most `limit`. Not every block of the chain is
        kept."""
        ...

    async def logs(self, after: int, upto: int) -> Sequence[LogEntry]:
        """Logs of blocks with `after` < number <= `upto`, in the order of the chain."""
        ...

    async def replace(self, after: BlockRef | None, head: BlockRef, logs: Sequence[LogEntry]) -> None:
        """Forget everything above `after` (all of it when None), then keep `logs` and `head` as the new cursor, which
        may be `after` itself: all in one transaction. ValueError when `after` is not kept, or when `head` or logs lie
        outside."""
        ...


class TransactionStatus(StrEnum):
    """What became of a signed transaction, as far as its sender knows."""

    PENDING = "pending"
    """Signed; perhaps broadcast. It can still be mined."""
    MINED = "mined"
    FAILED = "failed"
    """Mined, and reverted."""
    LOST = "lost"
    """Another transaction took its nonce."""
    REJECTED = "rejected"
    """The chain did not take it, and nobody else has it."""


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """A transaction in the outbox. `attempt` counts from 1 for each key of an account."""

    account: Address
    key: str
    attempt: int
    nonce: int
    raw: bytes
    hash: bytes
    status: TransactionStatus = TransactionStatus.PENDING
    block: int | None = None
    gas_used: int | None = None
    error: str | None = None


class Outbox(Protocol):
    """Signed transactions, kept before they are broadcast."""

    async def insert(self, transaction: SignedTransaction) -> None:
        """Keep a new one; ValueError when its (account, key, attempt) is kept already."""
        ...

    async def latest(self, account: Address, key: str) -> SignedTransaction | None:
        """The newest attempt of a key."""
        ...

    async def unlost(self, account: Address, nonce: int) -> Sequence[SignedTransaction]:
        """Transactions of an account, by nonce, from `nonce` on, that are neither lost nor rejected."""
        ...

    async def settle(
        self,
        transaction: SignedTransaction,
        status: TransactionStatus,
        *,
        block: int | None = None,
        gas_used: int | None = None,
        error: str | None = None,
    ) -> SignedTransaction:
        """Record what became of a transaction; the row as it is now. KeyError when it is not kept."""
        ...


# ── content ────────────────────────────────────────────────────────────────────────────────────────────────────────
class ContentStore(Protocol):
    """Immutable bytes by CID (CIDv1 text). What is put is verified against nothing but itself; what is fetched is
    verified by CID."""

    async def put(self, content: bytes) -> str:
        """Keep bytes as a UnixFS file (256 KiB raw leaves, balanced, 174 links) and return its CID; content of at most
        256 KiB is one raw block."""
        ...

    async def get(self, cid: str) -> bytes:
        """The bytes; ContentMissing when they are not here."""
        ...

    async def has(self, cid: str) -> bool:
        """Whether the bytes are here."""
        ...

    async def size(self, cid: str) -> int:
        """Their length in bytes; ContentMissing when they are not here."""
        ...

    async def read(self, cid: str, offset: int, length: int) -> bytes:
        """A range of the bytes, shorter at the end; ContentMissing when they are not here."""
        ...


class ContentMissing(LookupError):
    """Content is not in this store."""


# ── peers ──────────────────────────────────────────────────────────────────────────────────────────────────────────
PeerKey = bytes
"""Ed25519 public key of a peer, 32 bytes, as the node registry holds it."""

RequestHandler = Callable[[PeerKey, bytes], Awaitable[bytes]]
"""(who asks, request) → answer. The network proves who asks."""


class PeerNetwork(Protocol):
    """Requests between peers known by their key."""

    @property
    def peer(self) -> PeerKey:
        """This node's own key."""
        ...

    def serve(self, protocol: str, handler: RequestHandler) -> None:
        """Answer requests of a protocol (`/scatter/content/1`)."""
        ...

    async def request(self, peer: PeerKey, protocol: str, payload: bytes, timeout: float = 30.0) -> bytes:
        """Ask a peer; PeerUnreachable when it is away, does not speak the protocol, refuses or takes too long."""
        ...


class PeerUnreachable(ConnectionError):
    """A peer could not answer; the message says why."""


# ── job code ───────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Limits:
    """What job code may use: wall-clock seconds, bytes of memory per process, processes, bytes of output in all."""

    seconds: float
    memory: int
    processes: int = 64
    output: int = 1 << 30


@dataclass(frozen=True, slots=True)
class SandboxRun:
    """One run of job code. `mounts` maps absolute paths inside the sandbox (`/in/model.safetensors`, `/data`, `/job`)
    to host files or folders, all read-only; `/out` is the only place it can write, apart from a bounded `/tmp`."""

    command: Sequence[str]
    mounts: Mapping[str, Path]
    limits: Limits
    outputs: Sequence[str]
    """Names (relative to /out) to collect; a missing one is not an error of the run. Everything else is thrown
    away."""
    environment: str = "python-3.11"
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SandboxResult:
    """How a run ended: exit code (None when it was killed for `reason`), the last lines of stderr, collected outputs
    as bytes."""

    exit_code: int | None
    reason: str | None
    stderr: str
    outputs: Mapping[str, bytes]
    seconds: float

    @property
    def succeeded(self) -> bool:
        """Exit code 0."""
        return self.exit_code == 0


class Sandbox(Protocol):
    """Runs job code that nobody trusts."""

    async def run(self, run: SandboxRun) -> SandboxResult:
        """Run to the end or to a limit. Cancelling the call kills everything that the run started. SandboxUnavailable
        when it cannot start."""
        ...


class SandboxUnavailable(RuntimeError):
    """The sandbox cannot run here; the message says what to install."""


# ── storage ────────────────────────────────────────────────────────────────────────────────────────────────────────
class Artefacts(Protocol):
    """What a node made and must never make twice: salts, content keys, scores, sealed bundles, signed transactions.
    Inserted once, never changed."""

    async def keep(self, key: str, value: bytes) -> bytes:
        """Insert, and return what is kept under the key: `value`, or what was there first."""
        ...

    async def get(self, key: str) -> bytes | None:
        """What is kept under the key."""
        ...

    async def keys(self, prefix: str) -> frozenset[str]:
        """All keys that start with a prefix."""
        ...


@dataclass(frozen=True, slots=True)
class Task:
    """A unit of work in the queue. `key` is unique among unfinished tasks; `fence` proves the lease; `attempt` counts
    leases from 1; `deadline` (the chain's time) is carried for the caller, who cancels: the queue does not compare
    it."""

    id: int
    key: str
    kind: str
    payload: Mapping[str, Any]
    deadline: Timestamp | None
    priority: int
    attempt: int
    fence: int


class TaskQueue(Protocol):
    """The persistent queue of one node. Times are wall-clock seconds given by the caller."""

    async def add(
        self,
        key: str,
        kind: str,
        payload: Mapping[str, Any],
        *,
        now: float,
        deadline: Timestamp | None = None,
        priority: int = 0,
    ) -> bool:
        """Queue a task unless one with the same key is unfinished; whether it was added. `payload` is what JSON can
        hold."""
        ...

    async def lease(self, *, worker: str, now: float, seconds: float) -> Task | None:
        """Take the next ready task (highest priority, then oldest) for some seconds; expired leases are ready
        again."""
        ...

    async def heartbeat(self, task: Task, *, now: float, seconds: float) -> bool:
        """Prolong a lease; False when it was lost (another fence) or the task was cancelled."""
        ...

    async def complete(self, task: Task, *, now: float) -> bool:
        """Finish a task; False when the lease was lost."""
        ...

    async def fail(self, task: Task, error: str, *, now: float, retry_at: float | None) -> bool:
        """Record an error; ready again at `retry_at`, finished as failed when None. False when the lease was lost."""
        ...

    async def cancel(self, keys: Sequence[str], *, now: float) -> int:
        """Finish unfinished tasks as cancelled; how many."""
        ...

    async def unfinished(self) -> Mapping[str, str]:
        """Keys of unfinished tasks with their status: ready, leased, waiting."""
        ...
