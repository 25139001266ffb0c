"""Changing the parameters of new jobs through the protocol's owner, a timelock: proposed, waited for, executed.

The timelock is OpenZeppelin's: https://docs.openzeppelin.com/contracts/5.x/api/governance#TimelockController
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import IntEnum

from scatter.chain.abi import BadArguments
from scatter.chain.connection import Connection
from scatter.chain.deployment import PROTOCOL, TIMELOCK
from scatter.chain.signer import EvmSigner
from scatter.errors import BadInput
from scatter.ports import Call, CallReverted, ChainError, Receipt
from scatter.protocol.ids import WORD_BYTES, Address, Timestamp
from scatter.protocol.rates import Rates

NOTHING = bytes(WORD_BYTES)
"""No predecessor, no salt: a change names the version that it makes, so it can be made once."""


class BadChange(BadInput):
    """A change that nobody can propose or execute as it is; the message says why."""


class Stage(IntEnum):
    """How far a change is: `TimelockController.OperationState`."""

    UNKNOWN = 0
    WAITING = 1
    READY = 2
    DONE = 3


@dataclass(frozen=True, slots=True)
class Present:
    """What is so now: the version that new jobs are posted under, the owner, and how long it makes changes wait (seconds)."""

    version: int
    rates: Rates
    owner: Address
    delay: int


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the parameters: the version that it makes, its id in the timelock and how far it is. `ready_at` is when
    it can be executed, 0 unless it waits or is ready."""

    version: int
    rates: Rates
    id: bytes
    stage: Stage
    ready_at: Timestamp


async def present(connection: Connection) -> Present:
    """The present parameters. ChainError."""
    version = await connection.read(Call(PROTOCOL, "parametersVersion", ()))
    rates = Rates(**await connection.read(Call(PROTOCOL, "parameters", (version,))))
    delay = await connection.read(Call(TIMELOCK, "getMinDelay", ()))
    return Present(version, rates, connection.bindings.address(TIMELOCK), delay)


async def change_to(connection: Connection, now: Present, values: Mapping[str, int]) -> Change:
    """The change that gives some parameters, by name, other values. BadChange for unknown names, values that the protocol would
    refuse, and when nothing would change; ChainError."""
    known = [each.name for each in fields(Rates)]
    if strangers := [name for name in values if name not in known]:
        raise BadChange(f"{strangers[0]} is no parameter; there are {', '.join(known)}")
    rates = replace(now.rates, **values)
    if rates == now.rates:
        raise BadChange("the parameters are these already")
    change = Change(now.version + 1, rates, NOTHING, Stage.UNKNOWN, Timestamp(0))
    try:
        operation = await connection.read(Call(TIMELOCK, "hashOperation", _operation(connection, change)))
        await _try(connection, now, change)
    except BadArguments as error:
        raise BadChange(str(error)) from error
    except CallReverted as error:
        raise BadChange(f"the protocol would refuse the change: {error}") from error
    stage = Stage(await connection.read(Call(TIMELOCK, "getOperationState", (operation,))))
    since = await connection.read(Call(TIMELOCK, "getTimestamp", (operation,)))
    waits = stage in (Stage.WAITING, Stage.READY)
    return replace(change, id=operation, stage=stage, ready_at=Timestamp(since if waits else 0))


async def propose(signer: EvmSigner, connection: Connection, now: Present, change: Change) -> Receipt:
    """Put the change before the timelock. BadChange when it is there already; CallReverted when the sender may not."""
    if change.stage is not Stage.UNKNOWN:
        raise BadChange(f"the change was proposed before; it can be executed from {change.ready_at} on")
    call = Call(TIMELOCK, "schedule", (*_operation(connection, change), now.delay))
    return await _send(signer, connection, f"propose/{change.id.hex()}", call)


async def execute(signer: EvmSigner, connection: Connection, change: Change) -> Receipt:
    """Make the change, once it has waited. BadChange when it was not proposed or has to wait; CallReverted."""
    if change.stage is Stage.UNKNOWN:
        raise BadChange("nobody proposed this change, or it was cancelled")
    if change.stage is Stage.WAITING:
        raise BadChange(f"the change has to wait until {change.ready_at}")
    call = Call(TIMELOCK, "execute", _operation(connection, change))
    return await _send(signer, connection, f"execute/{change.id.hex()}", call)


async def _send(signer: EvmSigner, connection: Connection, key: str, call: Call) -> Receipt:
    """Under a key for this head: what was cancelled may be proposed again, and the timelock takes nothing twice."""
    head = await connection.heads.latest()
    receipt = await signer.send(f"{key}/{head.block.number}", call)
    if not receipt.succeeded:
        raise ChainError(f"{call.function} was mined and reverted: {receipt.error or 'no reason given'}")
    return receipt


def _operation(connection: Connection, change: Change) -> tuple[Address, int, bytes, bytes, bytes]:
    """Target, value, data, predecessor and salt."""
    target, data = connection.bindings.encode(_changing(change))
    return target, 0, data, NOTHING, NOTHING


def _changing(change: Change) -> Call:
    return Call(PROTOCOL, "changeParameters", (change.version, asdict(change.rates)))


async def _try(connection: Connection, now: Present, change: Change) -> None:
    """Make the change as the owner, for the eyes of one call only."""
    await connection.read(_changing(change), sender=now.owner)
