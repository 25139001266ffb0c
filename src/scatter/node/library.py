"""Content by the digest of its manifest: kept and fetched whole, with everything that the manifest lists."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from scatter.content.cids import raw_cid
from scatter.jobs.errors import ManifestError
from scatter.jobs.manifests import (
    MAX_BYTES,
    EvaluationJobManifest,
    GlobalModelManifest,
    JobKeysManifest,
    Manifest,
    SealedKeysManifest,
    TrainingJobManifest,
    UpdateManifest,
    digest,
)
from scatter.node.parts import Parts
from scatter.node.reconciler import COMPLETE
from scatter.ports import PeerKey
from scatter.protocol.ids import Address, Digest, JobId, Round
from scatter.protocol.view import JobView

MAX_CONTENT_BYTES = 1 << 30
_KINDS: Mapping[str, type[Manifest]] = {
    kind.model_fields["kind"].default: kind
    for kind in (
        TrainingJobManifest,
        EvaluationJobManifest,
        JobKeysManifest,
        UpdateManifest,
        SealedKeysManifest,
        GlobalModelManifest,
    )
}
_M = TypeVar("_M", bound=Manifest)

RESTRICTED = "restricted/"
"""Artefacts under this prefix name content that is not for everybody, by CID; the value names the job and round."""


async def keep(parts: Parts, manifest: Manifest) -> Digest:
    """Keep a manifest whose content is here already; its digest."""
    block = manifest.to_bytes()
    await parts.content.put(block)
    name = digest(block)
    await parts.artefacts.keep(COMPLETE + name.hex(), b"")
    return name


async def fetch_whole(parts: Parts, name: Digest, candidates: Sequence[PeerKey]) -> None:
    """Fetch a manifest and all that it lists from the first candidates that have it.

    Raises what the fetcher raises when nobody has it, ManifestError when it is not a manifest.
    """
    block = await parts.fetcher.fetch(raw_cid(name), candidates, MAX_BYTES)
    manifest = _read(block)
    if isinstance(manifest, UpdateManifest):
        await restrict(parts, manifest.sealed_keys, JobId(manifest.job), Round(manifest.round))
    for cid in listed(manifest):
        await parts.fetcher.fetch(cid, candidates, MAX_CONTENT_BYTES)
    await parts.artefacts.keep(COMPLETE + name.hex(), b"")


async def manifest_of(parts: Parts, name: Digest, kind: type[_M]) -> _M:
    """A manifest that is here. ManifestError when it is of another kind, ContentMissing when it is not here."""
    return kind.from_bytes(await parts.content.get(raw_cid(name)))


def _read(block: bytes) -> Manifest:
    try:
        kind = json.loads(block)["kind"]
        known = _KINDS[kind]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise ManifestError("the block is not a manifest of a kind that this version knows") from error
    return known.from_bytes(block)


def listed(manifest: Manifest) -> Sequence[str]:
    """The CIDs that a manifest lists."""
    match manifest:
        case TrainingJobManifest():
            return (manifest.package, manifest.initial_model)
        case EvaluationJobManifest():
            return (manifest.package, *manifest.shards)
        case UpdateManifest():
            return (manifest.ciphertext, manifest.sealed_keys)
        case GlobalModelManifest():
            return (manifest.ciphertext,)
        case _:
            return ()


async def restrict(parts: Parts, cid: str, job: JobId, round_: Round) -> None:
    """Remember, before the content is here, that it is a round's sealed keys and not for everybody."""
    await parts.artefacts.keep(RESTRICTED + cid, f"{job.hex()}/{round_}".encode())


async def restriction(parts: Parts, cid: str) -> tuple[JobId, Round] | None:
    """The job and round whose sealed keys a CID is, or None when the content is for everybody."""
    value = await parts.artefacts.get(RESTRICTED + cid)
    if value is None:
        return None
    job, _, round_ = value.decode().partition("/")
    return JobId(bytes.fromhex(job)), Round(int(round_))


def holders(parts: Parts, view: JobView, name: Digest) -> list[PeerKey]:
    """Peers that should have a manifest: its maker first, then everybody else with a part in the job."""
    return peers_of(parts, [*_makers(view, name), *view.participants])


def peers_of(parts: Parts, accounts: Iterable[Address]) -> list[PeerKey]:
    """The peers of accounts, in order, each once, without this node's own."""
    nodes = parts.view.network.nodes
    return [
        nodes[account].peer_key
        for account in dict.fromkeys(accounts)
        if account in nodes and account != parts.identity.address
    ]


def _makers(view: JobView, name: Digest) -> list[Address]:
    for made in view.rounds.values():
        for slot, update in made.updates.items():
            if update == name:
                return [view.trainers[slot]]
        posted = [view.seats[seat] for seat, aggregate in made.aggregates.items() if aggregate == name]
        if posted:
            return posted
    return [view.requestor]
