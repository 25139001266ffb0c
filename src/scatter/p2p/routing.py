"""Finding peers, and who has content, in the distributed hash table (Kademlia, as IPFS has it).

Source: https://github.com/libp2p/specs/blob/master/kad-dht/README.md
"""

import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import trio
from cid import make_cid
from libp2p.peer.id import ID
from libp2p.peer.peerinfo import PeerInfo

from scatter.p2p.host import Host
from scatter.p2p.identity import peer_key
from scatter.p2p.turns import Pace
from scatter.ports import PeerKey

_ASKED, _TOLD = 10, 20
"""Peers that are asked who has something, and that are told who does, of those nearest to it."""
_LOOKUP_SECONDS = 20.0
_MORE_SECONDS = 2.0
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
        store, me = self._host.dht.provider_store, self._host.basic
        await self._pace.wait(b"")
        store.providing_keys.add(key)  # the library tells others again from time to time
        store.add_provider(key, PeerInfo(me.get_id(), me.get_addrs()))

        async def tell(peer: ID) -> None:
            await store._send_add_provider(peer, key)

        await self._nearest(key, _TOLD, tell)

    async def providers(self, cid: str) -> list[PeerKey]:
        """Peers that say they have the content of a CID, as this one and those nearest to it remember. Once somebody has named
        some, the others have little time left: a peer that does not answer holds nobody up."""
        key = make_cid(cid).multihash
        known = self._host.dht.provider_store.get_providers(key)
        search = _Search(key, OrderedDict((info.peer_id, info) for info in known))
        self._host.nursery.start_soon(self._search, search)
        await search.named.wait()
        with trio.move_on_after(_MORE_SECONDS):
            await search.over.wait()
        for info in search.found.values():
            self._host.swarm.peerstore.add_addrs(info.peer_id, info.addrs, _ADDRESS_SECONDS)
        keys = (peer_key(peer.to_bytes()) for peer in search.found if peer != self._host.basic.get_id())
        return [key for key in keys if key is not None]

    async def _search(self, search: "_Search") -> None:
        async def ask(peer: ID) -> None:
            # The library's own search stops at what was once remembered here, though it may be gone long since.
            store = self._host.dht.provider_store
            infos, _ = await store._get_providers_from_peer_with_closers(peer, search.key)
            for info in infos:
                search.found.setdefault(info.peer_id, info)
            if infos:
                search.named.set()

        try:
            await self._nearest(search.key, _ASKED, ask)
        except Exception as error:
            _log.info("a search for content broke off: %r", error)
        finally:
            search.over.set()
            search.named.set()

    async def _nearest(self, key: bytes, count: int, deal: Callable[[ID], Awaitable[None]]) -> None:
        """Deal with the peers nearest to a key that are known here at once, and with nearer ones as soon as others told of them:
        a peer that has gone without a word takes up all the time that there is."""
        dht, me = self._host.dht, self._host.basic.get_id()

        async def one(peer: ID) -> None:
            try:
                await deal(peer)
            except Exception as error:
                _log.debug("%s was of no help: %r", peer, error)

        with trio.move_on_after(_LOOKUP_SECONDS):
            async with trio.open_nursery() as nursery:
                near = dht.routing_table.find_local_closest_peers(key, count)
                for peer in near:
                    nursery.start_soon(one, peer)
                for peer in (await dht.peer_routing.find_closest_peers_network(key, count))[:count]:
                    if peer not in near and peer != me:
                        nursery.start_soon(one, peer)


@dataclass(slots=True)
class _Search:
    """Who has something, as far as it is found. `named`: somebody was asked and named some; set at the end at the latest."""

    key: bytes
    found: OrderedDict[ID, PeerInfo]
    named: trio.Event = field(default_factory=trio.Event)
    over: trio.Event = field(default_factory=trio.Event)
