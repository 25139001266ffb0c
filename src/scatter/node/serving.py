"""Whom this node gives what: peers say who asks, `protocol.entitlement` says what he may have, this answers."""

from scatter.content.cids import RAW, Cid
from scatter.jobs.errors import ManifestError
from scatter.jobs.manifests import SealedKeysManifest
from scatter.node.parts import Parts
from scatter.ports import ContentMissing, PeerKey
from scatter.protocol.entitlement import may_read_update_keys
from scatter.protocol.ids import JobId, Round


async def may_have(parts: Parts, peer: PeerKey, cid: str) -> bool:
    """Whether a peer may have content of this node. Everything but sealed update keys is public or encrypted."""
    network = parts.view.network
    if not parts.behaviour.serves(peer, network):
        return False
    keys = await _sealed_keys(parts, cid)
    if keys is None:
        return True
    asking = [node.address for node in network.nodes.values() if node.peer_key == peer]
    view = network.jobs.get(JobId(keys.job))
    return view is not None and any(may_read_update_keys(view, Round(keys.round), account) for account in asking)


async def _sealed_keys(parts: Parts, cid: str) -> SealedKeysManifest | None:
    """Sealed keys are known by what they are, not by who lists them: a stranger's update may list anything."""
    if Cid.parse(cid).codec != RAW:
        return None
    try:
        return SealedKeysManifest.from_bytes(await parts.content.get(cid))
    except (ContentMissing, ManifestError):
        return None
