"""What a node needs from the world, as protocols; every implementation of one runs the same test suite (tests/ports).

Nothing here knows how a port is made: no EVM client, no libp2p, no SQL, no bubblewrap. Rooms that implement ports do not know
one another; `node` wires them together.
"""

from scatter.ports.chain import (
    BlockRef,
    Call,
    CallReverted,
    Chain,
    ChainError,
    ChainEvent,
    ChainUnavailable,
    ChainUpdate,
    Receipt,
    Signer,
    TransactionRejected,
)
from scatter.ports.content import ContentMissing, ContentShelf, ContentStore, IncomingContent, KeptContent
from scatter.ports.ledger import EventLog, LogEntry, Outbox, SignedTransaction, TransactionStatus
from scatter.ports.peers import (
    ConnectedPeer,
    ContentRouting,
    PeerDirectory,
    PeerKey,
    PeerNetwork,
    PeerSource,
    PeerUnreachable,
    RequestHandler,
    RequestRefused,
)
from scatter.ports.sandbox import Limits, Sandbox, SandboxResult, SandboxRun, SandboxUnavailable
from scatter.ports.storage import Artefacts, Task, TaskQueue, TaskRecord, TaskStatus

__all__ = [
    "Artefacts",
    "BlockRef",
    "Call",
    "CallReverted",
    "Chain",
    "ChainError",
    "ChainEvent",
    "ChainUnavailable",
    "ChainUpdate",
    "ConnectedPeer",
    "ContentMissing",
    "ContentRouting",
    "ContentShelf",
    "ContentStore",
    "EventLog",
    "IncomingContent",
    "KeptContent",
    "Limits",
    "LogEntry",
    "Outbox",
    "PeerDirectory",
    "PeerKey",
    "PeerNetwork",
    "PeerSource",
    "PeerUnreachable",
    "Receipt",
    "RequestHandler",
    "RequestRefused",
    "Sandbox",
    "SandboxResult",
    "SandboxRun",
    "SandboxUnavailable",
    "SignedTransaction",
    "Signer",
    "Task",
    "TaskQueue",
    "TaskRecord",
    "TaskStatus",
    "TransactionRejected",
    "TransactionStatus",
]
