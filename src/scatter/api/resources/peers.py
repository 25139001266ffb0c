"""Peers: whom the node is connected to."""

from fastapi import APIRouter

from scatter.api.asking import Node
from scatter.api.models import Page, PeerAnswer
from scatter.api.pages import After, Limit, page
from scatter.api.problems import NO_PEER, UNAUTHORIZED, answers
from scatter.ports import ConnectedPeer
from scatter.protocol.view import NetworkView

router = APIRouter(prefix="/peers", tags=["peers"], responses=answers(UNAUTHORIZED))


@router.get("", responses=answers(NO_PEER))
async def peers(node: Node, limit: Limit = 50, after: After = None) -> Page[PeerAnswer]:
    """Who is connected, since when, how fast, and how it came to be known."""
    found = {one.peer_id: one for one in await node.peers.connected()}
    network = node.parts.view.network
    everybody = [found[name] for name in sorted(found)]
    return page(everybody, lambda one: one.peer_id, lambda one: _peer(one, network), limit, after)


def _peer(one: ConnectedPeer, network: NetworkView) -> PeerAnswer:
    accounts = [known.address for known in network.nodes.values() if known.peer_key == one.key]
    return PeerAnswer(
        id=one.peer_id,
        account=accounts[0] if accounts else None,
        address=one.address,
        source=one.source.value,
        since=one.since,
        round_trip_ms=None if one.round_trip is None else round(one.round_trip * 1000, 2),
    )
