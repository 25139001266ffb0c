"""Peers as processes, to be asked, watched and killed."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from scatter.p2p.identity import PeerIdentity

SCRIPT = Path(__file__).with_name("peer_process.py")
LOOPBACK = "/ip4/127.0.0.1/tcp/0"


@dataclass
class PeerProcess:
    """A running peer. `served` is what it handed out so far: offsets of ranges, None for a layout."""

    identity: PeerIdentity
    process: asyncio.subprocess.Process
    log: Path
    addresses: list[str] = field(default_factory=list)
    served: list[int | None] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    answers: asyncio.Queue[Any] = field(default_factory=asyncio.Queue)

    @property
    def key(self) -> str:
        return self.identity.public_key.hex()

    async def listen(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            said = json.loads(line)
            if "served" in said:
                self.served.append(said["served"])
            elif "addresses" in said:
                self.addresses = said["addresses"]
            else:
                await self.answers.put(said["answer"])
            self.heard.set()

    async def until(self, holds: Any) -> None:
        while not holds(self):
            self.heard.clear()
            await asyncio.wait_for(self.heard.wait(), 60)

    async def do(self, name: str, **arguments: Any) -> Any:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": name, **arguments}).encode() + b"\n")
        await self.process.stdin.drain()
        return await asyncio.wait_for(self.answers.get(), 60)

    async def kill(self) -> None:
        """kill -9."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    def memory(self) -> int:
        """Bytes that it has at the moment."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * 4096


@asynccontextmanager
async def peer(
    folder: Path,
    bootstrap: Sequence[str] = (),
    identity: PeerIdentity | None = None,
    listen: str = LOOPBACK,
    within: Sequence[str] = (),
    limits: Mapping[str, float] | None = None,
    mdns: bool = False,
) -> AsyncIterator[PeerProcess]:
    """A peer that runs until the block ends, or until it is killed. `within` is what its command begins with; `limits` are
    those of `PeerLimits` that are to be others; `mdns` is whether it looks for others on its network."""
    identity = identity or PeerIdentity.random()
    told = {
        "seed": identity.seed.hex(),
        "folder": str(folder),
        "listen": listen,
        "bootstrap": list(bootstrap),
        "limits": dict(limits or {}),
        "mdns": mdns,
    }
    log = folder / "log"
    with _appending(log) as errors:
        process = await asyncio.create_subprocess_exec(
            *(*within, sys.executable, str(SCRIPT), json.dumps(told)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
        )
    made = PeerProcess(identity, process, log)
    listening = asyncio.create_task(made.listen())
    try:
        await made.until(lambda peer: peer.addresses)
        yield made
    finally:
        await made.kill()
        await listening


def _appending(log: Path) -> BinaryIO:
    log.parent.mkdir(exist_ok=True)
    return log.open("ab")
