"""Changes of parameters from the command line: looked at first, sent once, looked at again."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from scatter.chain import governance
from scatter.chain.connection import Connection
from scatter.chain.deployment import Deployment
from scatter.chain.governance import Change, Stage, change_to, present
from scatter.chain.keys import Account
from scatter.chain.signer import EvmSigner
from scatter.cli.deploying import INTERVAL, PATIENCE, alone, outbox_of
from scatter.protocol.ids import address
from scatter.storage.database import Database
from scatter.storage.transactions import SqlOutbox


async def propose_change(url: str, deployment: Path, account: Account, values: Mapping[str, int]) -> Change:
    """Propose; the change as the timelock then has it. DeploymentUnusable, WrongChain, BadChange, ChainError, DatabaseUnusable."""
    async with _signing(url, deployment, account) as (connection, signer):
        now = await present(connection)
        await governance.propose(signer, connection, now, await change_to(connection, now, values))
        return await change_to(connection, now, values)


async def execute_change(url: str, deployment: Path, account: Account, values: Mapping[str, int]) -> Change:
    """Execute; the change that was made. Errors as for `propose_change`."""
    async with _signing(url, deployment, account) as (connection, signer):
        change = await change_to(connection, await present(connection), values)
        await governance.execute(signer, connection, change)
        return replace(change, stage=Stage.DONE)


@asynccontextmanager
async def _signing(url: str, deployment: Path, account: Account) -> AsyncIterator[tuple[Connection, EvmSigner]]:
    known = Deployment.load(deployment)
    with alone(deployment.parent):
        async with await Connection.open(url, known, interval=INTERVAL, patience=PATIENCE) as connection:
            outbox = outbox_of(deployment, connection.chain_id, address(account.address))
            async with await Database.open(outbox) as database:
                yield connection, EvmSigner(connection, account, SqlOutbox(database))
