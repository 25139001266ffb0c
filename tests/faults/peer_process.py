"""A peer in a process of its own, with content that it hands out to everybody: run as a script by `peers.py`, which tells it
what to do in lines of JSON and is answered in the same way. Between answers it says what it serves."""

import asyncio
import json
import logging
import sys
from pathlib import Path
from typing import Any

from scatter.content.fetching import ContentFetcher, ContentUnavailable
from scatter.content.messages import PROTOCOL, Request
from scatter.content.serving import ContentServer
from scatter.content.store import FileContentStore
from scatter.p2p.identity import PeerIdentity
from scatter.p2p.libp2p_network import Libp2pNetwork
from scatter.p2p.settings import PeerLimits, PeerSettings
from scatter.ports import PeerKey, PeerUnreachable

FILE_PIECE = 1 << 20
LARGEST = 1 << 30


class Served:
    """What a peer does, one method for each thing that it can be told."""

    def __init__(self, network: Libp2pNetwork, folder: Path) -> None:
        self.network = network
        self.store = FileContentStore(folder / "content")
        self.server = ContentServer(self.store, self._everybody)
        network.serve(PROTOCOL, self._answer)
        network.serve("/scatter/test/1", self._echo)

    async def _everybody(self, peer: PeerKey, cid: str) -> bool:
        return True

    async def _echo(self, peer: PeerKey, message: bytes) -> bytes:
        return message

    async def _answer(self, peer: PeerKey, message: bytes) -> bytes:
        answer = await self.server.answer(peer, message)
        request = Request.from_bytes(message)
        say({"served": request.offset})
        return answer

    async def put(self, seed: int, size: int) -> str:
        import random

        return await self.store.put(random.Random(seed).randbytes(size))  # noqa: S311

    async def fetch(self, cid: str, candidates: list[str]) -> str:
        fetcher = ContentFetcher(self.store, self.network, timeout=20.0, routing=self.network)
        try:
            await fetcher.fetch(cid, [bytes.fromhex(key) for key in candidates], LARGEST)
        except ContentUnavailable as error:
            return str(error)
        return "fetched"

    async def provide(self, cid: str) -> None:
        await self.network.provide(cid)

    async def providers(self, cid: str) -> list[str]:
        return [key.hex() for key in await self.network.providers(cid)]

    async def ask(self, peer: str, message: str) -> str:
        try:
            return (await self.network.request(bytes.fromhex(peer), "/scatter/test/1", message.encode(), 20.0)).decode()
        except PeerUnreachable as error:
            return str(error)

    async def connected(self) -> list[str]:
        return [peer.peer_id for peer in await self.network.connected()]


def say(something: Any) -> None:
    sys.stdout.write(json.dumps(something) + "\n")
    sys.stdout.flush()


async def main(told: dict[str, Any]) -> None:
    folder = Path(told["folder"])
    settings = PeerSettings(
        listen=(told["listen"],),
        bootstrap=tuple(told["bootstrap"]),
        address_book=folder / "addresses.json",
        limits=PeerLimits(**told["limits"]),
        mdns=told["mdns"],
    )
    async with Libp2pNetwork.running(PeerIdentity.from_seed(bytes.fromhex(told["seed"])), settings) as network:
        served = Served(network, folder)
        say({"addresses": await network.addresses()})
        while line := await asyncio.to_thread(sys.stdin.readline):
            order = json.loads(line)
            say({"answer": await getattr(served, order.pop("do"))(**order)})


if __name__ == "__main__":
    logging.basicConfig()
    logging.getLogger("scatter").setLevel(logging.INFO)
    asyncio.run(main(json.loads(sys.argv[1])))
