"""One deployment from the command line: never begun twice, gone on with when it was interrupted."""

import asyncio
import fcntl
import glob
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from scatter.chain.connection import Connection
from scatter.chain.cost import estimate
from scatter.chain.deploy import already_created, deploy, is_deployed
from scatter.chain.deployment import DEVELOPMENT_CHAIN_ID, Deployment, DeploymentUnusable
from scatter.chain.keys import Account
from scatter.chain.parameters import ChainParameters
from scatter.chain.plan import Plan
from scatter.chain.signer import EvmSigner
from scatter.ports import ChainError, Receipt
from scatter.protocol.ids import SCT, Address, address
from scatter.storage.database import Database
from scatter.storage.transactions import SqlOutbox

INTERVAL = 0.5
"""Seconds between two looks for a new block."""
PATIENCE = 10.0
"""Seconds for which a server that does not answer is asked again."""
ETHER, GWEI = 10**18, 10**9

Say = Callable[[str], None]


class NotAgreed(ChainError):
    """Whoever was asked whether to deploy said no."""


@dataclass(frozen=True, slots=True)
class Governance:
    """Who proposes changes of the parameters (None: the deployer), and how many seconds they wait (None: as usual)."""

    proposer: Address | None = None
    delay: int | None = None


async def deploy_contracts(
    url: str, account: Account, out: Path, governance: Governance, *, say: Say, agreed: Callable[[], bool]
) -> Deployment:
    """Deploy, and write the file `out`; when it is there and its contracts too, nothing is done. What was sent is kept in an
    outbox beside the file. DeploymentUnusable for a file that is something else or of a deployment that was begun
    elsewhere, WrongChain, NotAgreed, ChainError, DatabaseUnusable."""
    with alone(out.parent):
        known = await asyncio.to_thread(_known, out)
        async with await Connection.open(url, known, interval=INTERVAL, patience=PATIENCE) as connection:
            if known is not None:
                return await _standing(connection, known, out, say)
            plan = _plan(connection.chain_id, address(account.address), governance)
            outbox = _outbox(out, connection.chain_id, plan.holder)
            await _agree(connection, plan, await _created(outbox, plan), say, agreed)
            async with await Database.open(outbox) as database:
                signer = EvmSigner(connection, account, SqlOutbox(database))
                deployment = await deploy(signer, plan, chain_id=connection.chain_id, progress=_progress(say))
        deployment.save(out)
        say(f"{out} is written: nodes need it")
        return deployment


def _known(out: Path) -> Deployment | None:
    return Deployment.load(out) if out.exists() else None


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep other runs out of the folder."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise DeploymentUnusable(f"{folder} is no folder to write to: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ChainError(f"another command is at work in {folder.resolve()}") from error
        yield
    finally:
        os.close(descriptor)


async def _standing(connection: Connection, known: Deployment, out: Path, say: Say) -> Deployment:
    if not await is_deployed(connection, known):
        raise ChainError(
            f"{out} names contracts that this chain {known.chain_id} does not have; "
            "move the file away if you mean to deploy new ones"
        )
    say(f"{out}: all contracts are on chain {known.chain_id}; nothing to do")
    return known


def outbox_of(out: Path, chain_id: int, account: Address) -> Path:
    """Where what an account sends is remembered, beside a deployment's file."""
    return out.with_name(f"{out.name}.{chain_id}.{account}.outbox")


def _outbox(out: Path, chain_id: int, holder: Address) -> Path:
    """The outbox of this deployment. DeploymentUnusable when there is one of another chain or account: that deployment was
    begun, and perhaps only half of it is there."""
    mine = outbox_of(out, chain_id, holder)
    others = [path for path in out.parent.glob(f"{glob.escape(out.name)}.*.outbox") if path.name != mine.name]
    if others:
        chain, account = others[0].name.removeprefix(f"{out.name}.").split(".")[:2]
        raise DeploymentUnusable(
            f"{out} was begun on chain {chain} by {account} and not on chain {chain_id} by {holder}: "
            f"choose another file with --out (or move {others[0].name} away)"
        )
    return mine


def _plan(chain_id: int, holder: Address, governance: Governance) -> Plan:
    development = chain_id == DEVELOPMENT_CHAIN_ID
    parameters = ChainParameters.development() if development else ChainParameters()
    if governance.delay is not None:
        parameters = replace(parameters, owner_delay=governance.delay)
    plan = Plan(parameters, holder, proposer=governance.proposer)
    try:
        plan.check(chain_id)
    except ValueError as error:
        raise DeploymentUnusable(str(error)) from error
    return plan


async def _created(outbox: Path, plan: Plan) -> Mapping[str, Address]:
    if not await asyncio.to_thread(outbox.exists):
        return {}
    async with await Database.open(outbox) as database:
        return await already_created(SqlOutbox(database), plan.holder, plan)


async def _agree(
    connection: Connection, plan: Plan, created: Mapping[str, Address], say: Say, agreed: Callable[[], bool]
) -> None:
    """Say what there is to do and what it costs, and ask. NotAgreed; ChainError when the deployer cannot pay."""
    cost = await estimate(connection, plan, created)
    say(f"chain {connection.chain_id}; {plan.holder} deploys and has {_ether(cost.balance)}")
    for name, where in created.items():
        say(f"{name} is at {where} from an earlier run")
    missing = [name for name in plan.contracts if name not in created]
    if not missing:
        return
    now, most = cost.gas * cost.price, cost.gas * cost.highest_price
    say(f"to create: {', '.join(missing)}")
    say(f"the deployer gets all {plan.parameters.supply // SCT:,} SCT")
    say(f"{plan.proposer or plan.holder} proposes changes of parameters, which wait {plan.parameters.owner_delay:,} s")
    say(f"no state of a job may be shorter than {plan.parameters.minimum_duration:,} s")
    say(f"about {cost.gas:,} gas: {_ether(now)} at {cost.price / GWEI:.3f} gwei as now, at most {_ether(most)}")
    if cost.balance < now:
        raise ChainError(f"{plan.holder} has too little: {_ether(cost.balance)} of {_ether(now)}")
    if not agreed():
        raise NotAgreed("nothing was sent")


def _progress(say: Say) -> Callable[[str, Address, Receipt], None]:
    def created(name: str, where: Address, receipt: Receipt) -> None:
        say(f"{name} is at {where} (block {receipt.block}, {receipt.gas_used:,} gas)")

    return created


def _ether(wei: int) -> str:
    return f"{wei / ETHER:,.6f} ether"
