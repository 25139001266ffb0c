"""A development chain that goes step by step: transactions gather, somebody mines them all in one block, everybody is told.

For simulations. With `EvmSigner` and `EvmChain` it is chance which transactions share a block and which of them comes first.
Here the order within a block follows from a seed, the block's number and the sender, so that a run can be repeated. There is
no outbox: nothing of this is meant to outlive its process, whose state is kept as a whole or not at all.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from eth_hash.auto import keccak

from scatter.chain.anvil import DevelopmentChain
from scatter.chain.bindings import Bindings
from scatter.chain.connection import Connection
from scatter.chain.follower import entry_of
from scatter.chain.heads import parse_block
from scatter.chain.rpc import RpcError
from scatter.chain.signer import GAS_CAP, reverted
from scatter.chain.transaction import Request, created_address, sign
from scatter.ports import BlockRef, Call, ChainEvent, ChainUpdate, Receipt, TransactionRejected
from scatter.protocol.ids import Address, Timestamp, address, address_bytes

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

BLOCK_GAS_LIMIT = 1 << 40
"""No block is full: everything that waits is mined at once."""
HIGHEST_PRICE = 10**11
"""Wei per gas that a transaction may cost; the base fee of blocks that are far from full falls to nearly nothing."""


@dataclass(frozen=True, slots=True)
class MinedCall:
    """A transaction of a block. `call` is None for one that created a contract; `error` says why it failed, if it did."""

    sender: Address
    call: Call | None
    gas_used: int
    error: str | None
    hash: bytes


@dataclass(frozen=True, slots=True)
class MinedBlock:
    """A block with what is in it, in order."""

    block: BlockRef
    events: tuple[ChainEvent, ...]
    calls: tuple[MinedCall, ...]


@dataclass(slots=True)
class _Waiting:
    signer: "SteppedSigner"
    request: Request
    call: Call | None
    mined: asyncio.Future[tuple[int, Receipt]]
    nonce: int = -1


@dataclass(slots=True, eq=False)
class _Reader:
    told: int = -1
    woken: asyncio.Event = field(default_factory=asyncio.Event)


class SteppedChain:
    """`ports.Chain` over a development chain that nobody else mines, and the place where its signers' transactions gather."""

    def __init__(self, connection: Connection, miner: DevelopmentChain, seed: bytes) -> None:
        self.connection = connection
        self._miner = miner
        self._seed = seed
        self._waiting: list[_Waiting] = []
        self._history: list[ChainUpdate] = []
        self._readers: set[_Reader] = set()

    async def start(self) -> None:
        """Read what the chain holds already. Before anything else."""
        await self.connection.rpc.call("evm_setBlockGasLimit", hex(BLOCK_GAS_LIMIT))
        await self._tell_all()

    async def know(self, bindings: Bindings, first_block: int) -> None:
        """From now on these are the contracts; what they have logged since a block is told to everybody."""
        self.connection.bindings, self.connection.first_block = bindings, first_block
        await self._tell_all()

    async def _tell_all(self) -> None:
        """Tell what the contracts have logged so far."""
        head = self._miner.head
        asked = {
            "address": list(self.connection.bindings.addresses),
            "fromBlock": hex(self.connection.first_block),
            "toBlock": hex(head.number),
        }
        logs = await self.connection.rpc.call("eth_getLogs", asked) if asked["address"] else []
        self._history.append(ChainUpdate(head, self._decoded(logs)))
        self._wake()

    @property
    def chain_id(self) -> int:
        """EIP-155 chain id."""
        return self.connection.chain_id

    @property
    def waiting(self) -> int:
        """How many transactions wait for the next block."""
        return len(self._waiting)

    @property
    def now(self) -> BlockRef:
        """The newest block."""
        return self._miner.head

    async def head(self) -> BlockRef:
        """See `ports.Chain`."""
        return self._miner.head

    async def read(self, call: Call) -> Any:
        """See `ports.Chain`."""
        return await self.connection.read(call)

    async def ether(self, account: Address) -> int:
        """See `ports.Chain`."""
        return await self.connection.ether(account)

    def history(self) -> list[ChainEvent]:
        """All events so far, in order."""
        return [event for update in self._history for event in update.events]

    async def block(self, number: int) -> BlockRef:
        """A block that was mined."""
        return parse_block(await self.connection.rpc.call("eth_getBlockByNumber", hex(number), False))

    async def updates(self) -> AsyncIterator[ChainUpdate]:
        """See `ports.Chain`. It has no end: whoever iterates is cancelled."""
        reader = _Reader()
        self._readers.add(reader)
        try:
            while True:
                news = self._history[reader.told + 1 :]
                reader.told += len(news)
                if news:
                    yield ChainUpdate(news[-1].head, tuple(event for update in news for event in update.events))
                    continue
                reader.woken.clear()
                await reader.woken.wait()
        finally:
            self._readers.discard(reader)

    async def mine(self, timestamp: Timestamp | None = None) -> MinedBlock:
        """Mine one block with everything that waits, at `timestamp` or a second after the last one, and tell whoever waits."""
        waiting, self._waiting = self._in_order(), []
        hashes = await self._broadcast(waiting)
        block = await self._miner.mine(timestamp)
        receipts = {
            bytes.fromhex(receipt["transactionHash"][2:]): receipt
            for receipt in await self.connection.rpc.call("eth_getBlockReceipts", hex(block.number))
        }
        events = self._decoded([log for receipt in receipts.values() for log in receipt["logs"]])
        self._history.append(ChainUpdate(block, events))
        calls = [
            await self._tell(each, hash_, receipts.get(hash_)) for each, hash_ in zip(waiting, hashes, strict=True)
        ]
        self._wake()
        return MinedBlock(block, events, tuple(calls))

    async def try_out(self, sender: Address, request: Request) -> None:
        """CallReverted when a transaction would revert at the head."""
        try:
            await self.connection.rpc.call("eth_call", request.call_object(sender), "latest")
        except RpcError as error:
            if error.data or "revert" in str(error).lower():
                raise reverted(self.connection.bindings, error, request) from error
            raise TransactionRejected(f"{request.label} was not sent: {error}") from error

    async def sent(self, signer: "SteppedSigner", request: Request, call: Call | None) -> tuple[int, Receipt]:
        """Wait with the others for the next block; the nonce and the receipt."""
        mined: asyncio.Future[tuple[int, Receipt]] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Waiting(signer, request, call, mined))
        return await mined

    def _in_order(self) -> list[_Waiting]:
        number = (self._miner.head.number + 1).to_bytes(8, "big")
        wanted = [each for each in self._waiting if not each.mined.done()]
        return sorted(wanted, key=lambda each: keccak(self._seed + number + address_bytes(each.signer.address)))

    async def _broadcast(self, waiting: Sequence[_Waiting]) -> list[bytes]:
        """Sign and send. anvil puts the highest price first, so each is a wei dearer than the next."""
        raws, hashes = [], []
        for place, each in enumerate(waiting):
            price = HIGHEST_PRICE + len(waiting) - place
            each.nonce = await each.signer.take_nonce()
            raw, hash_ = each.signer.signed(each.request, each.nonce, price)
            raws.append(raw)
            hashes.append(hash_)
        await asyncio.gather(*(self.connection.rpc.call("eth_sendRawTransaction", f"0x{raw.hex()}") for raw in raws))
        return hashes

    async def _tell(self, each: _Waiting, hash_: bytes, receipt: dict[str, Any] | None) -> MinedCall:
        if receipt is None:
            raise TransactionRejected(f"{each.request.label} was taken and not mined")
        succeeded, gas = int(receipt["status"], 16) == 1, int(receipt["gasUsed"], 16)
        error = None if succeeded else await self._failure(each, receipt["blockNumber"])
        mined = Receipt(hash_, int(receipt["blockNumber"], 16), succeeded, gas, error)
        each.signer.parked.clear()
        each.mined.set_result((each.nonce, mined))
        return MinedCall(each.signer.address, each.call, gas, error, hash_)

    async def _failure(self, each: _Waiting, block: str) -> str:
        try:
            await self.connection.rpc.call("eth_call", each.request.call_object(each.signer.address), block)
        except RpcError as error:
            return str(reverted(self.connection.bindings, error, each.request))
        return f"{each.request.label} failed because of what came before it in its block"

    def _decoded(self, logs: Sequence[dict[str, Any]]) -> tuple[ChainEvent, ...]:
        bindings = self.connection.bindings
        ours = [entry_of(log) for log in logs if address(log["address"]) in bindings.addresses]
        found = (bindings.decode_log(entry) for entry in ours)
        return tuple(event for event in found if event is not None)

    def _wake(self) -> None:
        for reader in self._readers:
            reader.woken.set()


class SteppedSigner:
    """`ports.Signer` of one account on a stepped chain. A key whose call succeeded is not sent again."""

    def __init__(self, chain: SteppedChain, account: "LocalAccount") -> None:
        self._chain = chain
        self._account = account
        self._address = address(account.address)
        self._sent: dict[str, asyncio.Task[tuple[int, Receipt]]] = {}
        self._next = -1  # nonce, once the chain was asked
        self.parked = asyncio.Event()
        """Set while something of this account waits for a block; cleared when the block is there, before whoever waits goes on."""

    @property
    def address(self) -> Address:
        """The account."""
        return self._address

    async def send(self, key: str, call: Call) -> Receipt:
        """See `ports.Signer`. BadArguments when the call does not fit the ABI."""
        to, data = self._chain.connection.bindings.encode(call)
        return (await self._once(key, Request(to, data, f"{call.contract}.{call.function}"), call))[1]

    async def deploy(self, key: str, name: str, creation: bytes) -> tuple[Address, Receipt]:
        """Create a contract; errors as for `send`."""
        nonce, receipt = await self._once(key, Request(None, creation, f"creating {name}"), None)
        return created_address(self._address, nonce), receipt

    async def take_nonce(self) -> int:
        """The next nonce, which is used up by that."""
        if self._next < 0:
            count = await self._chain.connection.rpc.call("eth_getTransactionCount", self._address, "latest")
            self._next = int(count, 16)
        self._next += 1
        return self._next - 1

    def signed(self, request: Request, nonce: int, price: int) -> tuple[bytes, bytes]:
        """Raw transaction and hash."""
        return sign(self._account, self._chain.chain_id, nonce, request, GAS_CAP, (price, price - HIGHEST_PRICE))

    async def _once(self, key: str, request: Request, call: Call | None) -> tuple[int, Receipt]:
        standing = self._sent.get(key)
        if standing is not None and (not standing.done() or _succeeded(standing)):
            return await asyncio.shield(standing)
        self._sent[key] = asyncio.create_task(self._send(request, call))
        return await asyncio.shield(self._sent[key])

    async def _send(self, request: Request, call: Call | None) -> tuple[int, Receipt]:
        await self._chain.try_out(self._address, request)
        self.parked.set()
        return await self._chain.sent(self, request, call)


def _succeeded(sent: asyncio.Task[tuple[int, Receipt]]) -> bool:
    return not sent.cancelled() and sent.exception() is None and sent.result()[1].succeeded
