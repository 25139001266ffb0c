"""Deploying the protocol: token, randomness, protocol."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scatter.chain.artifacts import load
from scatter.chain.bindings import Contract
from scatter.chain.connection import Connection
from scatter.chain.deployment import DEVELOPMENT_CHAIN_ID, PROTOCOL, TOKEN, Deployment
from scatter.chain.signer import EvmSigner
from scatter.ports import ChainError
from scatter.protocol.ids import SCT, WORD_BYTES, Address

DAY = 86_400


@dataclass(frozen=True, slots=True)
class ChainParameters:
    """What the protocol is deployed with; fixed afterwards. Amounts in base units, durations in seconds, parts in 1/10000.
    The defaults are docs/protocol.md's, `supply` is the token's."""

    validator_ticket: int = 25_000 * SCT
    challenger_ticket: int = 20_000 * SCT
    lock_bps: int = 2_000
    slash_base: int = 200 * SCT
    trainers_bps: int = 7_000
    members_bps: int = 2_000
    min_seat_pay: int = 5 * SCT
    withdrawal_delay: int = 14 * DAY
    minimum_duration: int = 3_600
    supply: int = 1_000_000_000 * SCT

    @classmethod
    def development(cls) -> "ChainParameters":
        """For development chains, where deadlines may be a second away."""
        return cls(minimum_duration=1)


async def ensure_deployed(
    path: Path,
    url: str,
    signer: Callable[[Connection], EvmSigner],
    parameters: ChainParameters,
    *,
    seed: bytes | None = None,
) -> Deployment:
    """The deployment that the file names, when its code is on the chain; else a new one, saved to the file. `signer` makes
    the deployer's signer, who gets the whole supply of tokens. DeploymentUnusable, WrongChain, and what `deploy` raises."""
    known = Deployment.load(path) if await asyncio.to_thread(path.exists) else None
    async with await Connection.open(url, known) as connection:
        if known is not None and await is_deployed(connection, known):
            return known
    async with await Connection.open(url, None) as connection:
        deployment = await deploy(signer(connection), parameters, chain_id=connection.chain_id, seed=seed)
    await asyncio.to_thread(deployment.save, path)
    return deployment


async def deploy(
    signer: EvmSigner, parameters: ChainParameters, *, chain_id: int, seed: bytes | None = None
) -> Deployment:
    """Deploy all contracts; the signer gets the whole supply of tokens. With a seed (32 bytes; chain 31337 only) draws can
    be repeated, without one they follow block hashes. Called again with the same outbox it goes on where it stopped."""
    if seed is not None and (chain_id != DEVELOPMENT_CHAIN_ID or len(seed) != WORD_BYTES):
        raise ValueError(f"a seed for draws has 32 bytes and belongs on chain {DEVELOPMENT_CHAIN_ID}, not {chain_id}")
    randomness = "BlockRandomness" if seed is None else "SeededRandomness"
    token, first = await _create(signer, TOKEN, signer.address, parameters.supply)
    source, _ = await _create(signer, randomness, *([] if seed is None else [seed]))
    protocol, _ = await _create(signer, PROTOCOL, _struct(parameters, token, source))
    addresses = {TOKEN: token, randomness: source, PROTOCOL: protocol}
    return Deployment(chain_id, first, addresses, {name: load(name).version for name in addresses})


async def is_deployed(connection: Connection, deployment: Deployment) -> bool:
    """Whether there is code at all addresses, at the head."""
    addresses = deployment.addresses.values()
    codes = await asyncio.gather(*(connection.rpc.call("eth_getCode", where, "latest") for where in addresses))
    return all(code not in ("0x", None) for code in codes)


async def _create(signer: EvmSigner, name: str, *arguments: Any) -> tuple[Address, int]:
    creation = Contract.of(load(name)).creation(*arguments)
    where, receipt = await signer.deploy(f"deploy/{name}", name, creation)
    if not receipt.succeeded:
        raise ChainError(receipt.error or f"{name} could not be created")
    return where, receipt.block


def _struct(parameters: ChainParameters, token: Address, randomness: Address) -> dict[str, Any]:
    """The contract's constructor argument: ours without the supply, with the other contracts."""
    fields = asdict(parameters)
    del fields["supply"]
    return {"token": token, "randomness": randomness, **fields}
