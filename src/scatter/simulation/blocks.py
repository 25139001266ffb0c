"""What a simulation knows of each block: what recorders, expectations and progress are made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from scatter.ports import BlockRef, ChainEvent
from scatter.protocol.ids import Address, JobId
from scatter.protocol.states import Role
from scatter.protocol.view import NetworkView


@dataclass(frozen=True, slots=True)
class Actor:
    """A node by its name, as the scenario calls it. `group` is the entry of the scenario it belongs to."""

    name: str
    group: str
    role: Role
    behaviour: str
    address: Address


BY_STEP, BY_HAND = "step", "hand"


@dataclass(frozen=True, slots=True)
class Switch:
    """A node was switched on or off: by a step of the scenario, or by hand while the run went on (`BY_STEP`, `BY_HAND`)."""

    on: bool
    by: str


@dataclass(frozen=True, slots=True)
class SentCall:
    """One mined transaction: who sent it, which contract's function, for which job (if it is about one), its gas, why it failed
    (None: it did not), and its hash (None: it was not kept)."""

    sender: Address
    contract: str
    function: str
    job: JobId | None
    gas: int
    error: str | None
    hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class Created:
    """A contract that the operator created: its name, where it is, and the transaction's hash, block and gas."""

    contract: str
    address: Address
    hash: bytes
    block: int
    gas: int


@dataclass(frozen=True, slots=True)
class BlockRecord:
    """A block as it was mined: its events in order (those of the token too), the calls in it, and the view that includes it.

    `behaviours` are those that nodes had in it, by address: a step may change them. `switches`: of nodes that were ever switched
    off, what was done to them last before it.
    """

    block: BlockRef
    events: tuple[ChainEvent, ...]
    calls: tuple[SentCall, ...]
    network: NetworkView
    behaviours: Mapping[Address, str]
    switches: Mapping[Address, Switch] = field(default_factory=dict)
