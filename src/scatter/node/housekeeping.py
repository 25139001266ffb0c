"""What of a node's content stays: what its operator pinned and what jobs still need. The rest may go."""

from dataclasses import dataclass

from scatter.content.cids import Cid, raw_cid
from scatter.jobs.errors import ManifestError
from scatter.jobs.manifests import EvaluationJobManifest, GlobalModelManifest, TrainingJobManifest, UpdateManifest
from scatter.node.library import listed, read_manifest
from scatter.node.owing import COMPLETE
from scatter.node.parts import Parts
from scatter.ports import ContentMissing, ContentShelf
from scatter.protocol.ids import NO_DIGEST, Digest
from scatter.protocol.view import JobView

PINNED = "pinned/"
"""Artefacts under this prefix name content that stays."""
_KINDS = (TrainingJobManifest, EvaluationJobManifest, UpdateManifest, GlobalModelManifest)
GRACE_SECONDS = 3600.0
"""What came lately may belong to something that is not on the chain yet."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What was dropped: CIDs, and bytes in all."""

    cids: tuple[str, ...]
    bytes: int


async def pin(parts: Parts, cid: str) -> None:
    """Let content stay. ContentMissing when it is not here, InvalidCid when it is none."""
    if not await parts.content.has(cid):
        raise ContentMissing(f"{cid} is not here: get it first")
    await parts.artefacts.keep(PINNED + str(Cid.parse(cid)), b"")


async def unpin(parts: Parts, cid: str) -> None:
    """Let content go when nothing else needs it. InvalidCid."""
    await parts.artefacts.forget(PINNED + str(Cid.parse(cid)))


async def pinned(parts: Parts) -> frozenset[str]:
    """The CIDs of what is pinned."""
    return frozenset(key.removeprefix(PINNED) for key in await parts.artefacts.keys(PINNED))


async def collect(parts: Parts, shelf: ContentShelf, older_than: float = GRACE_SECONDS) -> Collected:
    """Drop content that is not pinned, that no unfinished job needs, that no job of this node's own made, and that has been here
    for more than `older_than` seconds."""
    stays = await pinned(parts) | await _needed(parts)
    oldest = parts.clock() - older_than
    dropped, size = [], 0
    for kept in await shelf.listed():
        if kept.cid in stays or kept.since > oldest:
            continue
        parsed = Cid.parse(kept.cid)
        if kept.cid == raw_cid(parsed.digest):
            await parts.artefacts.forget(COMPLETE + parsed.digest.hex())
        await shelf.drop(kept.cid)
        dropped.append(kept.cid)
        size += kept.size
    return Collected(tuple(dropped), size)


async def _needed(parts: Parts) -> frozenset[str]:
    """CIDs of what jobs need that go on, or that are this node's own."""
    me, found = parts.identity.address, set[str]()
    for view in parts.view.network.jobs.values():
        over = view.ended and view.claimed >= set(view.participants)
        if over and view.requestor != me:
            continue
        for name in _named(view):
            found.add(raw_cid(name))
            found |= await _listed_by(parts, name)
        found |= {raw_cid(shard) for shard in view.shard_digests}
    return frozenset(found)


def _named(view: JobView) -> set[Digest]:
    """The digests of all manifests that a job names on the chain."""
    names = {view.terms.training_job, view.terms.evaluation_job}
    names |= set() if view.bundle is None else {view.bundle}
    for made in view.rounds.values():
        names |= {*made.updates.values(), *made.aggregates.values(), made.global_model}
    return names - {NO_DIGEST}


async def _listed_by(parts: Parts, name: Digest) -> set[str]:
    try:
        block = await parts.content.get(raw_cid(name))
        return {cid for cid, _ in listed(read_manifest(block, _KINDS))}
    except (ContentMissing, ManifestError):
        return set()
