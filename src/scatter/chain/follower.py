"""Following the chain: logs by range, a cursor that is kept with them, and the way back after a reorganisation.

The follower only trusts what it asks for. It walks from its cursor to the head in ranges; before a range is kept, the chain
must still have the cursor's block below it and the range's last block at its end. Where the cursor's block is gone (a
reorganisation, or a development chain that was killed and came back older), it goes back through the blocks it kept until
the chain knows one: the common ancestor.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any, Self

from scatter.chain.connection import Connection, WrongChain
from scatter.chain.heads import Head, parse_block
from scatter.chain.rpc import RpcError
from scatter.ports import BlockRef, Call, ChainError, ChainUpdate, EventLog, LogEntry
from scatter.protocol.ids import Address, address

RANGE = 2000
ANCESTORS = 64


class _Reader:
    """Where one consumer is: what it was last told, and how far that was undone since."""

    def __init__(self) -> None:
        self.told: BlockRef | None = None
        self.rewound: BlockRef | None = None
        self.woken = asyncio.Event()

    def rewind(self, ancestor: BlockRef) -> None:
        if self.told is not None and self.told.number > ancestor.number:
            self.told = self.rewound = ancestor


class EvmChain:
    """`ports.Chain` over a connection and an event log. The first consumer of `updates` starts the following; `close`
    ends it, and with it all iterations."""

    def __init__(self, connection: Connection, log: EventLog, *, range_blocks: int = RANGE) -> None:
        self._connection = connection
        self._log = log
        self._range = range_blocks
        self._readers: set[_Reader] = set()
        # Held while the log changes or is read, never while a consumer works.
        self._log_lock = asyncio.Lock()
        self._cursor: BlockRef | None = None
        self._follow: asyncio.Task[None] | None = None

    @property
    def chain_id(self) -> int:
        """EIP-155 chain id."""
        return self._connection.chain_id

    async def head(self) -> BlockRef:
        """The newest block."""
        return (await self._connection.heads.latest()).block

    async def read(self, call: Call) -> Any:
        """The result of a view function at the head. CallReverted, BadArguments, ChainUnavailable."""
        return await self._connection.read(call)

    async def ether(self, account: Address) -> int:
        """See `ports.Chain`."""
        return await self._connection.ether(account)

    async def updates(self) -> AsyncIterator[ChainUpdate]:
        """Every event so far in one update, then an update for each new head; see `ports.Chain`. WrongChain when the
        server's chain does not have the genesis block that the log began with."""
        reader = _Reader()
        self._readers.add(reader)
        try:
            if self._follow is None or self._follow.done():
                self._follow = asyncio.create_task(self._run())
                self._follow.add_done_callback(self._wake)
            follow = self._follow
            while (update := await self._next(reader, follow)) is not None:
                yield update
        finally:
            self._readers.discard(reader)

    async def close(self) -> None:
        """Stop following; iterations over `updates` end. The connection and the log stay open."""
        if self._follow is not None:
            self._follow.cancel()
            await asyncio.gather(self._follow, return_exceptions=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _next(self, reader: _Reader, follow: asyncio.Task[None]) -> ChainUpdate | None:
        """What is new to a reader, as soon as there is something; None after `close`."""
        while self._cursor is None or (reader.rewound is None and reader.told == self._cursor):
            if follow.cancelled():
                return None
            if follow.done():
                follow.result()
            reader.woken.clear()
            await reader.woken.wait()
        async with self._log_lock:
            head, told, rewound = self._cursor, reader.told, reader.rewound
            entries = await self._log.logs(-1 if told is None else told.number, head.number)
            reader.told, reader.rewound = head, None
        events = (self._connection.bindings.decode_log(entry) for entry in entries)
        return ChainUpdate(head, tuple(event for event in events if event is not None), rewound)

    def _wake(self, _follow: asyncio.Task[None] | None = None) -> None:
        for reader in self._readers:
            reader.woken.set()

    async def _run(self) -> None:
        head = await self._connection.heads.latest()
        while True:
            await self._catch_up(head)
            head = await self._connection.heads.after(head)

    async def _catch_up(self, head: Head) -> None:
        """Bring the log to `head`, or to what has become of it; then let the readers know."""
        after = await self._ancestor()
        target = head.block
        while after.number < target.number:
            start = after.number + 1
            if start < self._connection.first_block:
                # Nothing of ours can lie before the deployment.
                start = min(self._connection.first_block, target.number)
            end = min(start + self._range - 1, target.number)
            reached = await self._extend(after, start, end)
            if reached is None:
                after = await self._ancestor()
                target = (await self._connection.heads.latest()).block
            else:
                after = reached
        self._cursor = after
        self._wake()

    async def _extend(self, after: BlockRef, start: int, end: int) -> BlockRef | None:
        """Keep the logs of a range; None, and nothing is kept, when the chain changed under our hands."""
        last = await self._block(end)
        try:
            entries = await self._logs(start, end)
        except RpcError as error:
            if last is not None and await self._block(end) == last:
                raise ChainError(f"the chain does not give the logs of blocks {start} to {end}: {error}") from error
            return None
        # Still the same at both ends: so the logs between them are of the same chain.
        below, again = await asyncio.gather(self._block(after.number), self._block(end))
        if last is None or again != last or below != after:
            return None
        async with self._log_lock:
            await self._log.replace(after, last, entries)
        return last

    async def _ancestor(self) -> BlockRef:
        """The newest block that we kept and the chain has; everything above it is forgotten."""
        cursor = await self._log.cursor()
        if cursor is None:
            genesis = await self._block(0)
            if genesis is None:
                raise ChainError("the chain does not give its genesis block")
            await self._log.replace(None, genesis, [])
            return genesis
        if await self._block(cursor.number) == cursor:
            return cursor
        ancestor = await self._walk_back(cursor)
        async with self._log_lock:
            await self._log.replace(ancestor, ancestor, [])
            self._cursor = ancestor
            for reader in self._readers:
                reader.rewind(ancestor)
        return ancestor

    async def _walk_back(self, cursor: BlockRef) -> BlockRef:
        below = cursor.number
        while kept := await self._log.blocks(below, ANCESTORS):
            found = await asyncio.gather(*(self._block(block.number) for block in kept))
            for ours, theirs in zip(kept, found, strict=True):
                if ours == theirs:
                    return ours
            below = kept[-1].number
        raise WrongChain(
            f"{self._connection.rpc.url} is another chain than the one followed so far: even block {below} differs"
        )

    async def _block(self, number: int) -> BlockRef | None:
        header = await self._connection.rpc.call("eth_getBlockByNumber", hex(number), False)
        return None if header is None else parse_block(header)

    async def _logs(self, start: int, end: int) -> Sequence[LogEntry]:
        """Logs of a range; a range that the server finds too large is halved."""
        criteria = {
            "address": list(self._connection.bindings.addresses),
            "fromBlock": hex(start),
            "toBlock": hex(end),
        }
        try:
            found = await self._connection.rpc.call("eth_getLogs", criteria)
        except RpcError:
            if start == end:
                raise
            middle = (start + end) // 2
            return [*await self._logs(start, middle), *await self._logs(middle + 1, end)]
        return [entry_of(log) for log in found]


def entry_of(log: dict[str, Any]) -> LogEntry:
    """A log as JSON-RPC gives it."""
    return LogEntry(
        int(log["blockNumber"], 16),
        int(log["logIndex"], 16),
        address(log["address"]),
        tuple(bytes.fromhex(topic[2:]) for topic in log["topics"]),
        bytes.fromhex(log["data"][2:]),
        bytes.fromhex(log["transactionHash"][2:]),
    )
