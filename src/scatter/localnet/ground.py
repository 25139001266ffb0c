"""What a local network stands on: a development chain with its clock, the contracts, and a view of both."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scatter.chain.anvil import DevelopmentChain
from scatter.chain.connection import Connection
from scatter.chain.deploy import ensure_deployed
from scatter.chain.deployment import DEVELOPMENT_CHAIN_ID, TOKEN
from scatter.chain.follower import EvmChain
from scatter.chain.keys import seeded_account
from scatter.chain.parameters import ChainParameters
from scatter.chain.signer import EvmSigner
from scatter.localnet.clock import DevelopmentClock
from scatter.node.chain_view import ChainView
from scatter.ports import Call
from scatter.protocol.ids import WORD_BYTES, Address, address

if TYPE_CHECKING:
    from scatter.storage.database import Database
    from scatter.storage.transactions import SqlOutbox

GAS_MONEY = 10**21
"""Wei that every account gets on the development chain."""
OPERATOR = "operator"
"""Who deploys the contracts and holds the tokens that nobody was given."""
DEPLOYMENT = "deployment.json"


@dataclass(frozen=True, slots=True)
class Ground:
    """The chain of a local network, in a folder."""

    folder: Path
    miner: DevelopmentChain
    clock: DevelopmentClock
    connection: Connection
    chain: EvmChain
    view: ChainView
    operator: EvmSigner
    operators_outbox: "SqlOutbox"

    async def balance(self, account: Address) -> int:
        """Tokens of an account, in base units."""
        return int(await self.chain.read(Call(TOKEN, "balanceOf", (account,))))

    async def supply(self) -> int:
        """All tokens, in base units."""
        return int(await self.chain.read(Call(TOKEN, "totalSupply", ())))

    def stake(self, account: Address) -> int:
        """What an account has in its ticket, in base units."""
        node = self.view.network.nodes.get(account)
        return 0 if node is None else node.stake

    async def hand_out(self, accounts: Mapping[str, Address], tokens: int) -> None:
        """Give every player gas money, and its tokens, in base units, once."""
        for account in accounts.values():
            await self.miner.set_balance(account, GAS_MONEY)
        await asyncio.gather(
            *(
                self.operator.send(f"tokens/{name}", Call(TOKEN, "transfer", (account, tokens)))
                for name, account in accounts.items()
            )
        )


@asynccontextmanager
async def on_ground(folder: Path, seed: int) -> AsyncIterator[Ground]:
    """Start the chain, or take it up again where it was killed, and see to it that the contracts are there. What ends the chain
    or its clock ends the block with the same error."""
    from scatter.storage.events import SqlEventLog
    from scatter.storage.transactions import SqlOutbox

    async with AsyncExitStack() as stack:
        miner = await stack.enter_async_context(await DevelopmentChain.start(folder / "chain"))
        clock = DevelopmentClock(miner)
        await stack.enter_async_context(beside(clock.run()))
        outbox = SqlOutbox(await open_database(stack, folder, OPERATOR))
        account = seeded_account(seed, OPERATOR, DEVELOPMENT_CHAIN_ID)
        await miner.set_balance(address(account.address), GAS_MONEY)
        deployment = await ensure_deployed(
            folder / DEPLOYMENT,
            miner.url,
            lambda connection: EvmSigner(connection, account, outbox),
            ChainParameters.development(),
            seed=secret_of(seed),
        )
        connection = await stack.enter_async_context(await Connection.open(miner.url, deployment))
        chain = await stack.enter_async_context(
            EvmChain(connection, SqlEventLog(await open_database(stack, folder, "chain-log")))
        )
        view = ChainView(chain)
        stack.push_async_callback(view.stop)
        await view.start()
        yield Ground(folder, miner, clock, connection, chain, view, EvmSigner(connection, account, outbox), outbox)


async def open_database(stack: AsyncExitStack, folder: Path, name: str) -> "Database":
    """The database of a node, or of whatever else has a name."""
    from scatter.storage.database import Database

    return await stack.enter_async_context(await Database.open(folder / "nodes" / name / "node.sqlite"))


def accounts_of(names: Iterable[str], seed: int) -> dict[str, Address]:
    """The accounts of players, by name."""
    return {name: address(seeded_account(seed, name, DEVELOPMENT_CHAIN_ID).address) for name in names}


def secret_of(seed: int) -> bytes:
    """A number as the 32 bytes that contracts and secrets take."""
    return seed.to_bytes(WORD_BYTES, "big")


@asynccontextmanager
async def beside(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run work beside a block: ended with the block, and ending the block with its error."""
    try:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(work)
            yield
            task.cancel()
    except BaseExceptionGroup as errors:
        raise _first(errors) from None


def _first(error: BaseException) -> BaseException:
    """What is innermost in groups of groups."""
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
