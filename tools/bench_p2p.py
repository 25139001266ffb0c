"""How fast content goes between two peers, beside a plain stream of the same library: `python tools/bench_p2p.py [--mib 512]`.

Two processes on loopback, each pair in the same run: first bytes over one libp2p stream (TCP, Noise, yamux), which nobody looks at;
then a blob by its CID, hashed by its holder, checked piece by piece and written to disk by its reader. Each is done three
times, in turn, and the fastest counts: whatever else the machine does only slows them down. Prints one JSON line: MB/s of both,
their ratio, and the most memory that reader and holder ever had, in MB. Exit code 1 when the ratio is under a half or a side
had 150 MB or more.
"""

import argparse
import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

LEAST_RATIO = 0.5
TURNS = 3
MOST_MEMORY = 150.0
MB = 1_000_000
LISTEN = "/ip4/127.0.0.1/tcp/0"
PLAIN = "/bench/plain/1"
CHUNK = 64 << 10


def main() -> int:
    """Measure and print, or be one of the processes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mib", type=int, default=512, help="how large the blob is")
    parser.add_argument("--part", nargs="+", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    size = arguments.mib << 20
    if arguments.part:
        return play(arguments.part, size)
    with tempfile.TemporaryDirectory() as folder:
        measured: dict[str, list[dict[str, float]]] = {"plain": [], "content": []}
        for turn in range(TURNS):
            for way, so_far in measured.items():
                place = Path(folder) / f"{way}-{turn}"
                place.mkdir()
                so_far.append(measure(way, size, str(place)))
                shutil.rmtree(place)
    memory = {f"{side}_mb": max(one[side] for one in measured["content"]) for side in ("reader", "holder")}
    seconds = {way: min(one["seconds"] for one in so_far) for way, so_far in measured.items()}
    ratio = seconds["plain"] / seconds["content"]
    speeds = {f"{way}_mb_s": round(size / MB / least, 1) for way, least in seconds.items()}
    print(json.dumps({"mib": arguments.mib, **speeds, "ratio": round(ratio, 2), **memory}))
    return 0 if ratio >= LEAST_RATIO and max(memory.values()) < MOST_MEMORY else 1


def measure(way: str, size: int, folder: str) -> dict[str, float]:
    """Seconds, and the most memory of each side in MB, of one way between two new processes."""
    with process(f"hold-{way}", folder, size=size) as holder:
        told = json.loads(line_of(holder))
        with process(f"read-{way}", folder, told["address"], told.get("cid", "-"), size=size) as reader:
            read = json.loads(line_of(reader))
        memory = most_memory(str(holder.pid))
        holder.communicate("enough\n")
    return {"seconds": read["seconds"], "reader": read["memory"], "holder": memory}


def process(*part: str, size: int) -> subprocess.Popen[str]:
    """One of the processes."""
    command = [sys.executable, __file__, "--mib", str(size >> 20), "--part", *part]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def line_of(one: subprocess.Popen[str]) -> str:
    """The next line that a process says."""
    assert one.stdout is not None  # noqa: S101 — it is a pipe
    return one.stdout.readline()


def play(part: Sequence[str], size: int) -> int:
    """Be one of the processes."""
    import trio

    name, folder, *rest = part
    if name == "hold-plain":
        trio.run(_hold_plainly)
    elif name == "hold-content":
        asyncio.run(_hold_content(Path(folder), size))
    else:
        address, cid = rest
        plain = name == "read-plain"
        seconds = (
            trio.run(_read_plainly, address, size)
            if plain
            else asyncio.run(_read_content(address, cid, size, Path(folder) / "reader"))
        )
        say({"seconds": seconds, "memory": most_memory("self")})
    return 0


def most_memory(process: str) -> float:
    """The most resident memory that a process has had, in MB."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    assert found  # noqa: S101
    return round(int(found[1]) * 1024 / MB, 1)


async def _hold_plainly() -> None:
    import trio
    from libp2p.abc import INetStream
    from libp2p.custom_types import TProtocol
    from multiaddr import Multiaddr

    from scatter.p2p.host import running_host
    from scatter.p2p.identity import PeerIdentity
    from scatter.p2p.settings import PeerSettings

    async def send(stream: INetStream) -> None:
        left, chunk = int.from_bytes(await stream.read(8), "big"), os.urandom(CHUNK)
        while left:
            await stream.write(chunk[:left])
            left -= min(left, CHUNK)
        await stream.close()

    async with running_host(PeerIdentity.random(), PeerSettings(), [Multiaddr(LISTEN)]) as host:
        host.basic.set_stream_handler(TProtocol(PLAIN), send)
        say({"address": str(host.basic.get_addrs()[0])})
        await trio.to_thread.run_sync(sys.stdin.readline)


async def _read_plainly(address: str, size: int) -> float:
    from libp2p.custom_types import TProtocol
    from multiaddr import Multiaddr

    from scatter.p2p.addresses import peer_of
    from scatter.p2p.host import running_host
    from scatter.p2p.identity import PeerIdentity
    from scatter.p2p.settings import PeerSettings

    async with running_host(PeerIdentity.random(), PeerSettings(), [Multiaddr(LISTEN)]) as host:
        peer, where = peer_of(address)
        host.swarm.peerstore.add_addrs(peer, [where], 60)
        await host.swarm.dial_peer(peer)
        stream = await host.basic.new_stream(peer, [TProtocol(PLAIN)])
        began = time.monotonic()
        await stream.write(size.to_bytes(8, "big"))
        left = size
        while left:
            left -= len(await stream.read(min(left, CHUNK)))
        return time.monotonic() - began


async def _hold_content(folder: Path, size: int) -> None:
    from scatter.content.adding import add_file
    from scatter.content.serving import ContentServer
    from scatter.content.store import FileContentStore
    from scatter.p2p.identity import PeerIdentity
    from scatter.p2p.libp2p_network import Libp2pNetwork
    from scatter.p2p.settings import PeerSettings

    blob = folder / "blob"
    with blob.open("wb") as file:
        for _ in range(0, size, 1 << 20):
            file.write(os.urandom(1 << 20))
    store = FileContentStore(folder / "holder")
    async with Libp2pNetwork.running(PeerIdentity.random(), PeerSettings(listen=(LISTEN,))) as network:
        cid, _ = await add_file(store, blob)
        ContentServer(store, _everybody).serve_on(network)
        say({"address": (await network.addresses())[0], "cid": cid})
        await asyncio.to_thread(sys.stdin.readline)


async def _everybody(peer: bytes, cid: str) -> bool:
    del peer, cid
    return True


async def _read_content(address: str, cid: str, size: int, folder: Path) -> float:
    """Seconds for the blob, until it is on the disk and checked."""
    from scatter.content.fetching import ContentFetcher
    from scatter.content.store import FileContentStore
    from scatter.p2p.identity import PeerIdentity, peer_id
    from scatter.p2p.libp2p_network import Libp2pNetwork
    from scatter.p2p.settings import PeerSettings

    async with Libp2pNetwork.running(PeerIdentity.random(), PeerSettings(listen=(LISTEN,))) as network:
        await network.meet(address)
        (holder,) = [one.key for one in await network.connected() if one.key and peer_id(one.key) in address]
        store = FileContentStore(folder)
        began = time.monotonic()
        await ContentFetcher(store, network).fetch(cid, [holder], size)
        return time.monotonic() - began


def say(something: dict[str, Any]) -> None:
    """A line for the other process."""
    sys.stdout.write(json.dumps(something) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
