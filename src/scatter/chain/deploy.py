"""Deploying the protocol: token, randomness, the owner, modules, protocol, and what reads it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from scatter.chain.artifacts import load
from scatter.chain.connection import Connection
from scatter.chain.deployment import Deployment
from scatter.chain.parameters import ChainParameters
from scatter.chain.plan import Plan, creation_key
from scatter.chain.signer import EvmSigner
from scatter.chain.transaction import created_address
from scatter.ports import ChainError, Outbox, Receipt, TransactionStatus
from scatter.protocol.ids import Address

Progress = Callable[[str, Address, Receipt], None]
"""Told of each contract when it is there: its name, its address and the receipt."""


class Deployer(Protocol):
    """Creates contracts in the name of one account, each key once."""

    @property
    def address(self) -> Address:
        """The account."""
        ...

    async def deploy(self, key: str, name: str, creation: bytes) -> tuple[Address, Receipt]:
        """Create a contract and wait until it is mined: where it is, and the receipt. Errors as for `Signer.send`."""
        ...


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
        deployer = signer(connection)
        deployment = await deploy(deployer, Plan(parameters, deployer.address, seed), chain_id=connection.chain_id)
    await asyncio.to_thread(deployment.save, path)
    return deployment


async def deploy(signer: Deployer, plan: Plan, *, chain_id: int, progress: Progress | None = None) -> Deployment:
    """Deploy all contracts. Called again with the same outbox it goes on where it stopped. ValueError for a seed or a delay that does
    not belong on this chain; ChainError when a contract cannot be created."""
    plan.check(chain_id)
    addresses: dict[str, Address] = {}
    first = 0
    for name in plan.contracts:
        creation = plan.creation(name, addresses)
        addresses[name], receipt = await signer.deploy(creation_key(name, creation), name, creation)
        if not receipt.succeeded:
            raise ChainError(receipt.error or f"{name} could not be created")
        first = first or receipt.block
        if progress is not None:
            progress(name, addresses[name], receipt)
    versions = {name: load(name).version for name in addresses}
    return Deployment(chain_id, first, addresses, versions, plan.parameters)


async def already_created(outbox: Outbox, account: Address, plan: Plan) -> dict[str, Address]:
    """What an interrupted deployment by this account has come to, as far as the outbox knows: addresses by name."""
    addresses: dict[str, Address] = {}
    for name in plan.contracts:
        kept = await outbox.latest(account, creation_key(name, plan.creation(name, addresses)))
        if kept is None or kept.status is not TransactionStatus.MINED:
            break
        addresses[name] = created_address(account, kept.nonce)
    return addresses


async def is_deployed(connection: Connection, deployment: Deployment) -> bool:
    """Whether there is code at all addresses, at the head."""
    addresses = deployment.addresses.values()
    codes = await asyncio.gather(*(connection.rpc.call("eth_getCode", where, "latest") for where in addresses))
    return all(code not in ("0x", None) for code in codes)
