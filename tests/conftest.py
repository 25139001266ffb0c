"""Fixtures that several folders share: a development chain with a small contract on it that has every kind of event, argument
and error (tests/unit/chain/probe.sol)."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scatter.chain.anvil import DevelopmentChain
from scatter.chain.artifacts import parse
from scatter.chain.bindings import Bindings, Contract
from scatter.chain.connection import Connection
from scatter.chain.heads import Heads
from scatter.chain.keys import seeded_account
from scatter.chain.rpc import Rpc
from scatter.chain.signer import EvmSigner
from scatter.ports import Outbox
from scatter.protocol.ids import Address, address
from scatter.storage.database import Database
from scatter.storage.transactions import SqlOutbox

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

signal.signal(signal.SIGINT, signal.default_int_handler)
"""A shell that starts the tests in the background has them ignore Ctrl-C, and so would every process that they start and mean
to interrupt. A handler is not inherited, ignoring is."""

ETHER = 10**18
CHAIN_ID = 31337
TICK = 0.02


@dataclass
class ProbeNetwork:
    """A development chain with the probe contract. Blocks are mined every 20 ms unless `pause`d."""

    folder: Path
    chain: DevelopmentChain
    contract: Contract
    connection: Connection
    where: Address
    _ticking: bool = False
    _tick: asyncio.Task[None] | None = None
    _databases: dict[str, Database] = field(default_factory=dict)

    @classmethod
    async def start(cls, folder: Path) -> "ProbeNetwork":
        """Start the chain and deploy the contract."""
        probe = Path(__file__).parent / "unit" / "chain" / "probe.json"
        contract = Contract.of(parse("Probe", probe.read_text()))
        chain = await DevelopmentChain.start(folder / "chain", save_every=3600)
        rpc = Rpc(chain.url, patience=10)
        connection = Connection(rpc, Heads(rpc, 0.01), Bindings({}), CHAIN_ID, 1)
        network = cls(folder, chain, contract, connection, Address(""))
        network.resume()
        deployer = await network.signer("deployer")
        network.where, _ = await deployer.deploy("deploy", "Probe", contract.creation())
        connection.bindings = Bindings({"Probe": (network.where, contract)})
        return network

    def resume(self) -> None:
        """Mine every 20 ms."""

        self._ticking = True
        self._tick = asyncio.create_task(self._mine_often())

    async def pause(self) -> None:
        """Mine only when told."""
        self._ticking = False
        if self._tick is not None:
            await self._tick
            self._tick = None

    async def _mine_often(self) -> None:
        while self._ticking:
            await self.chain.mine()
            await asyncio.sleep(TICK)

    async def account(self, name: str) -> "LocalAccount":
        """A funded account."""
        account = seeded_account(1, name, CHAIN_ID)
        await self.chain.set_balance(address(account.address), 1000 * ETHER)
        return account

    async def database(self, name: str) -> Database:
        """A database of that name, opened once."""
        if name not in self._databases:
            self._databases[name] = await Database.open(self.folder / f"{name}.db")
        return self._databases[name]

    async def outbox(self, name: str) -> Outbox:
        """The outbox of an account."""
        return SqlOutbox(await self.database(name))

    async def signer(self, name: str) -> EvmSigner:
        """A signer as after a start: it remembers only what its outbox has."""
        return EvmSigner(self.connection, await self.account(name), await self.outbox(name))

    async def kill(self) -> None:
        """kill -9 of the chain."""
        await self.pause()
        os.kill(self.chain.pid, signal.SIGKILL)
        await self.chain.stop()

    async def come_back(self) -> None:
        """Start the chain again at the same address, from the state that was saved last. Nothing is mined until `resume`."""
        port = int(self.chain.url.rsplit(":", 1)[1])
        self.chain = await DevelopmentChain.start(self.folder / "chain", port=port, save_every=3600)

    async def stop(self) -> None:
        """Stop everything."""
        await self.pause()
        await self.connection.close()
        await self.chain.stop()
        for database in self._databases.values():
            await database.close()


@pytest.fixture
async def network(tmp_path: Path) -> AsyncIterator[ProbeNetwork]:
    running = await ProbeNetwork.start(tmp_path)
    yield running
    await running.stop()
