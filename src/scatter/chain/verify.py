"""Whether the code on the chain is ours: each contract is created again, for the eyes of one call only, and compared."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from eth_hash.auto import keccak

from scatter.chain.abi import BadArguments
from scatter.chain.connection import Connection
from scatter.chain.deployment import PROTOCOL, SEEDED_RANDOMNESS, Deployment
from scatter.chain.plan import Plan
from scatter.chain.rpc import RpcError
from scatter.chain.transaction import created_address
from scatter.ports import Call, ChainError, ChainUnavailable
from scatter.protocol.ids import WORD_BYTES, Address, address_bytes
from scatter.protocol.rates import Rates

CREATOR = Address("0x" + keccak(b"scatter contracts verify")[12:].hex())
"""Nobody has its key, so it never sent anything: what a call of it creates is at the address of its nonce 0."""
_DOMAIN_TYPE = keccak(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
_TOKEN_DOMAIN = keccak(b"Scatter") + keccak(b"1")


class Finding(StrEnum):
    """What verification found at one address."""

    SAME = "same"
    DIFFERENT = "different"
    MISSING = "missing"
    UNKNOWN = "unknown"
    """Its constructor does not accept the parameters or the contracts that it names."""


@dataclass(frozen=True, slots=True)
class Verified:
    """One contract; `reason` says why when it is UNKNOWN."""

    name: str
    address: Address
    finding: Finding
    reason: str = ""


async def verify(connection: Connection, deployment: Deployment) -> list[Verified]:
    """Compare every contract's code at the head with what this installation's artifacts give for the parameters and addresses of
    the deployment, immutables included. ChainUnavailable."""
    seed = await _seed(connection) if SEEDED_RANDOMNESS in deployment.addresses else None
    plan = Plan(deployment.parameters, CREATOR, seed)
    return list(
        await asyncio.gather(*(_verify(connection, plan, name, deployment.addresses) for name in plan.contracts))
    )


async def _verify(connection: Connection, plan: Plan, name: str, addresses: Mapping[str, Address]) -> Verified:
    where = addresses[name]
    found = _bytes(await connection.rpc.call("eth_getCode", where, "latest"))
    if not found:
        return Verified(name, where, Finding.MISSING)
    try:
        creation = f"0x{plan.creation(name, addresses).hex()}"
        made = await connection.rpc.call("eth_call", {"from": CREATOR, "data": creation}, "latest")
    except (RpcError, BadArguments) as error:
        return Verified(name, where, Finding.UNKNOWN, str(error))
    if found != _moved(_bytes(made), where, connection.chain_id):
        return Verified(name, where, Finding.DIFFERENT)
    if name == PROTOCOL:
        return await _verify_parameters(connection, plan, where)
    return Verified(name, where, Finding.SAME)


async def _verify_parameters(connection: Connection, plan: Plan, where: Address) -> Verified:
    """The first version of the parameters is kept in storage, not in code, and never changes."""
    try:
        first = Rates(**await connection.read(Call(PROTOCOL, "parameters", (0,))))
    except ChainUnavailable:
        raise
    except (ChainError, ValueError) as error:
        return Verified(PROTOCOL, where, Finding.UNKNOWN, str(error))
    if first != plan.parameters.rates:
        return Verified(PROTOCOL, where, Finding.DIFFERENT, "it was deployed with other parameters")
    return Verified(PROTOCOL, where, Finding.SAME)


async def _seed(connection: Connection) -> bytes:
    """What the draws of a development chain follow: any seed will do, but all the rest of the code must be right."""
    call = Call(SEEDED_RANDOMNESS, "seed", ())
    try:
        return bytes(await connection.read(call))
    except (ChainError, ValueError):
        return bytes(WORD_BYTES)


def _bytes(answer: object) -> bytes:
    try:
        return bytes.fromhex(str(answer or "").removeprefix("0x"))
    except ValueError as error:
        raise ChainError(f"the server answered with {str(answer)[:80]!r}, which is no hex") from error


def _moved(code: bytes, where: Address, chain_id: int) -> bytes:
    """Runtime code as if it had been created elsewhere: immutables that hold the contract's own address (the token's, for the
    domain of its permits, EIP-712) follow it."""
    here = created_address(CREATOR, 0)
    moved = code.replace(_word(here), _word(where))
    return moved.replace(_domain(here, chain_id), _domain(where, chain_id))


def _word(account: Address) -> bytes:
    return address_bytes(account).rjust(WORD_BYTES, b"\0")


def _domain(account: Address, chain_id: int) -> bytes:
    return keccak(_DOMAIN_TYPE + _TOKEN_DOMAIN + chain_id.to_bytes(WORD_BYTES, "big") + _word(account))
