"""Finding peers, and who has content, in the distributed hash table (Kademlia, as IPFS has it).

Source: https://github.com/libp2p/specs/blob/master/kad-dht/README.md
"""

import logging
from collections import OrderedDict

import trio
from cid import make_cid
from libp2p.peer.id import ID
from libp2p.peer.peerinfo import PeerInfo

from scatter.p2p.host import Host
from scatter.p2p.identity import peer_key
from scatter.p2p.turns import Pace
from scatter.ports import PeerKey

_ASKED = 10
"""Peers that are asked who has something, of those nearest to it."""
_LOOKUP_SECONDS = 20.0
_ADDRESS_SECONDS = 3600
_PROVIDED_EACH_SECOND = 0.9
_PROVIDED_AT_ONCE = 9
"""The library's peers take ten announcements in ten seconds from one peer, and drop the rest without a word."""

_log = logging.getLogger(__name__)


class Routing:
    """What a host asks the hash table."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._pace = Pace(_PROVIDED_EACH_SECOND, _PROVIDED_AT_ONCE)

    async def find_again(self, peer: ID) -> bool:
        """Forget where a peer was, and ask others where it is; whether anybody says so."""
        swarm = self._host.swarm
        former = swarm.known_addresses(peer)
        swarm.peerstore.clear_addrs(peer)
        self._host.dht.routing_table.remove_peer(peer)
        with trio.move_on_after(_LOOKUP_SECONDS):
            await self._host.dht.peer_routing.find_closest_peers_network(peer.to_bytes())
        if swarm.known_addresses(peer):
            return True
        # Nobody knows better. It may come back to where it was.
        swarm.peerstore.add_addrs(peer, former, _ADDRESS_SECONDS)
        return False

    async def refresh(self) -> None:
        """Learn of peers near this one, and become known to them."""
        with trio.move_on_after(_LOOKUP_SECONDS):
            await self._host.dht.refresh_routing_table()

    async def provide(self, cid: str) -> None:
        """Tell the peers nearest to a CID that this one has its content."""
        key = make_cid(cid).multihash
        await self._pace.wait(b"")
        with trio.move_on_after(_LOOKUP_SECONDS):
            await self._host.dht.provider_store.provide(key)

    async def providers(self, cid: str) -> list[PeerKey]:
        """Peers that say they have the content of a CID, as this one and those nearest to it remember."""
        key = make_cid(cid).multihash
        store = self._host.dht.provider_store
        found = OrderedDict((info.peer_id, info) for info in store.get_providers(key))
        with trio.move_on_after(_LOOKUP_SECONDS):
            nearest = await self._host.dht.peer_routing.find_closest_peers_network(key, _ASKED)
            async with trio.open_nursery() as nursery:
                for peer in nearest[:_ASKED]:
                    nursery.start_soon(self._ask, peer, key, found)
        for info in found.values():
            self._host.swarm.peerstore.add_addrs(info.peer_id, info.addrs, _ADDRESS_SECONDS)
        keys = (peer_key(peer.to_bytes()) for peer in found if peer != self._host.basic.get_id())
        return [key for key in keys if key is not None]

    async def _ask(self, peer: ID, key: bytes, found: OrderedDict[ID, PeerInfo]) -> None:
        # The library's own search stops at what was once remembered here, though it may be gone long since.
        infos, _ = await self._host.dht.provider_store._get_providers_from_peer_with_closers(peer, key)
        for info in infos:
            found.setdefault(info.peer_id, info)
