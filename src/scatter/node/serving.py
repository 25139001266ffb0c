"""Whom this node gives what: peers say who asks, `protocol.entitlement` says what he may have, this answers."""

from scatter.node.library import restriction
from scatter.node.parts import Parts
from scatter.ports import PeerKey
from scatter.protocol.entitlement import may_read_update_keys


async def may_have(parts: Parts, peer: PeerKey, cid: str) -> bool:
    """Whether a peer may have content of this node. Everything but sealed update keys is public or encrypted."""
    restricted = await restriction(parts, cid)
    if restricted is None:
        return True
    job, round_ = restricted
    network = parts.view.network
    asking = [node.address for node in network.nodes.values() if node.peer_key == peer]
    view = network.jobs.get(job)
    return view is not None and any(may_read_update_keys(view, round_, account) for account in asking)
