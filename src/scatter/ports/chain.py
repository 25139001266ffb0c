"""Reading a chain and sending transactions to it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from scatter.errors import Failure
from scatter.protocol.ids import Address, Timestamp


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

    async def ether(self, account: Address) -> int:
        """What an account has to pay for gas, in wei, at the head. ChainUnavailable when there is no connection."""
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


class ChainError(Failure):
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
