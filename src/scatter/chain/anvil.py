"""The development chain: an anvil of our own, with a clock of our own, that outlives kill -9.

Three habits of anvil 1.7 shape this file. Instant mining with concurrent senders livelocks, so blocks are mined when we say.
After a restart its clock jumps back, so each block gets its timestamp from us. Its own `--state` file is truncated and then
written once a second, so a kill can leave half of it: we ask for its state and replace our file in one step.
"""

import asyncio
import contextlib
import gzip
import os
import shutil
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from pathlib import Path
from typing import Self

from scatter.chain.deployment import DEVELOPMENT_CHAIN_ID
from scatter.chain.heads import parse_block
from scatter.chain.launching import dying_with_parent
from scatter.chain.rpc import Rpc, RpcError
from scatter.errors import Failure
from scatter.files import replace_file
from scatter.ports import BlockRef, ChainError, ChainUnavailable
from scatter.protocol.ids import Address, Timestamp

GENESIS = Timestamp(1_700_000_000)
"""When the development chain begins: always the same, so that runs can be repeated."""
KEPT_STATES = 32
"""States that anvil remembers: a question about the newest block may be answered when that is no longer the newest."""
START_SECONDS, STOP_SECONDS = 30.0, 5.0
STATE_FILE = "chain.json"
_LISTENING = "Listening on "
_PLATFORM_PACKAGES = "contracts/node_modules/@foundry-rs/anvil-*/bin/anvil"


class AnvilMissing(Failure):
    """There is no anvil here; the message says what to run."""


def find_anvil() -> Path:
    """SCATTER_ANVIL, or the one that a checkout's `npm ci` brought, or the one on PATH. AnvilMissing."""
    chosen = os.environ.get("SCATTER_ANVIL")
    if chosen:
        if not os.access(chosen, os.X_OK):
            raise AnvilMissing(f"SCATTER_ANVIL is {chosen}, which is no program")
        return Path(chosen)
    checkout = Path(__file__).parents[3]
    for found in sorted(checkout.glob(_PLATFORM_PACKAGES)):
        if os.access(found, os.X_OK):
            return found
    on_path = shutil.which("anvil")
    if on_path:
        return Path(on_path)
    raise AnvilMissing("the development chain needs anvil: run `npm install --global @foundry-rs/anvil@1.7.1`")


class DevelopmentChain:
    """A running anvil on this machine (chain id 31337). Nothing is mined until `mine`."""

    def __init__(self, process: Process, url: str, head: BlockRef, folder: Path | None) -> None:
        self.url = url
        self._process = process
        self._rpc = Rpc(url, patience=0.0)
        self._head = head
        self._folder = folder
        self._certain = True
        self._mining = asyncio.Lock()
        self._saving = asyncio.Lock()
        self._saved: bytes | None = None
        self._stopping = asyncio.Event()
        self._drainer = asyncio.create_task(_drain(process))
        self._saver: asyncio.Task[None] | None = None

    @classmethod
    async def start(
        cls,
        folder: Path | None = None,
        *,
        genesis: Timestamp = GENESIS,
        port: int = 0,
        save_every: float = 1.0,
        state: Path | None = None,
    ) -> Self:
        """Start anvil, on a free port by default, and wait until it answers. With a folder its state is kept there every
        `save_every` seconds and on stopping, and taken up again: after a kill the chain comes back somewhat older. Without
        one it begins as `state`, a file that `dump` gave, and nothing is kept.

        AnvilMissing; ChainUnavailable when it does not start, with what it said."""
        command = [*_command(find_anvil(), genesis, port), *_state_options(folder, state)]
        process = await asyncio.create_subprocess_exec(
            *dying_with_parent(command), stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            url = await _listening(process)
            chain = cls(process, url, await _ready(url), folder)
        except BaseException:
            await _end(process)
            raise
        if folder is not None:
            chain._saver = asyncio.create_task(chain._save_often(save_every))
        return chain

    @property
    def pid(self) -> int:
        """anvil's process id."""
        return self._process.pid

    @property
    def head(self) -> BlockRef:
        """The block that was mined last."""
        return self._head

    async def mine(self, timestamp: Timestamp | None = None) -> BlockRef:
        """Mine one block with everything that waits, at `timestamp` or one second after the last block. ValueError when
        the time would not move forward; ChainUnavailable when anvil is gone."""
        async with self._mining:
            if not self._certain:
                self._head = await self._latest()
            when = self._head.timestamp + 1 if timestamp is None else timestamp
            if when <= self._head.timestamp:
                raise ValueError(
                    f"block {self._head.number} is at {self._head.timestamp}, the next cannot be at {when}"
                )
            # Cancelled in here, nobody knows whether the block was mined.
            self._certain = False
            await self._rpc.call("evm_mine", when)
            self._head = await self._latest()
            self._certain = True
            return self._head

    async def pending(self) -> int:
        """How many transactions the next block could take. ChainUnavailable when anvil is gone."""
        return int((await self._rpc.call("txpool_status"))["pending"], 16)

    async def advance(self, seconds: int) -> BlockRef:
        """Mine one block that many seconds after the last one."""
        return await self.mine(Timestamp(self._head.timestamp + seconds))

    async def set_balance(self, account: Address, wei: int) -> None:
        """Give an account exactly so much ether: gas money. It is there at once, without a block."""
        await self._rpc.call("anvil_setBalance", account, hex(wei))

    async def save(self) -> None:
        """Keep the state now, if the chain has a folder and something changed."""
        if self._folder is None:
            return
        async with self._saving:
            head = self._head.hash
            if head == self._saved:
                return
            await self.dump(self._folder / STATE_FILE)
            self._saved = head

    async def dump(self, path: Path) -> None:
        """Write the state to a file, whole or not at all."""
        await asyncio.to_thread(_replace, path, await self._rpc.call("anvil_dumpState"))

    async def stop(self) -> None:
        """Save, then end anvil. Stopping twice, or after it died, is fine."""
        # Not cancelled: it may be in the middle of writing the state.
        self._stopping.set()
        if self._saver is not None:
            await self._saver
        if self._process.returncode is None:
            with contextlib.suppress(ChainUnavailable):
                await self.save()
        await self._rpc.close()
        await _end(self._process)
        await self._drainer

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _latest(self) -> BlockRef:
        return parse_block(await self._rpc.call("eth_getBlockByNumber", "latest", False))

    async def _save_often(self, seconds: float) -> None:
        # When anvil is gone, whoever uses the chain finds out; there is nothing left to save.
        with contextlib.suppress(ChainUnavailable):
            while not self._stopping.is_set():
                await self.save()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stopping.wait(), seconds)


def _command(anvil: Path, genesis: Timestamp, port: int) -> list[str]:
    return [
        str(anvil),
        *("--host", "127.0.0.1", "--port", str(port)),
        *("--chain-id", str(DEVELOPMENT_CHAIN_ID), "--timestamp", str(genesis)),
        *("--accounts", "0", "--no-mining", "--enable-tx-gas-limit"),
        *("--prune-history", str(KEPT_STATES)),
    ]


def _state_options(folder: Path | None, state: Path | None) -> list[str]:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        kept = folder / STATE_FILE
        state = kept if kept.exists() else None
    return [] if state is None else ["--load-state", str(state)]


async def _listening(process: Process) -> str:
    """The URL that anvil says it listens on. It chooses a free port itself, so nobody can take it in between."""
    said: list[str] = []
    assert process.stdout is not None  # noqa: S101
    try:
        async with asyncio.timeout(START_SECONDS):
            while raw := await process.stdout.readline():
                line = raw.decode(errors="replace").strip()
                if not line:
                    continue
                said.append(line)
                if line.startswith(_LISTENING):
                    return "http://" + line.removeprefix(_LISTENING).strip()
    except TimeoutError:
        said.append(f"(nothing more within {START_SECONDS:.0f} s)")
    raise ChainUnavailable("anvil did not start: " + " / ".join(said[-5:]))


async def _ready(url: str) -> BlockRef:
    rpc = Rpc(url, patience=START_SECONDS)
    try:
        await rpc.call("anvil_setLoggingEnabled", False)
        return parse_block(await rpc.call("eth_getBlockByNumber", "latest", False))
    except RpcError as error:
        raise ChainError(f"{url} does not answer like anvil: {error}") from error
    finally:
        await rpc.close()


async def _drain(process: Process) -> None:
    # A pipe that nobody reads would stop it in the middle of a line.
    while process.stdout is not None and await process.stdout.read(1 << 16):
        pass


def _replace(path: Path, dump: str) -> None:
    """Put a state (hex of gzipped JSON) in place of the last one, whole or not at all."""
    replace_file(path, gzip.decompress(bytes.fromhex(dump.removeprefix("0x"))))


async def _end(process: Process) -> None:
    """SIGTERM, and SIGKILL when that does not help."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
