"""Content by the digest of its manifest: kept and fetched whole, with everything that the manifest lists."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from scatter.content.cids import raw_cid
from scatter.jobs.archives import MIB
from scatter.jobs.errors import ManifestError
from scatter.jobs.folder import CODE_LIMITS
from scatter.jobs.manifests import (
    MAX_BYTES,
    EvaluationJobManifest,
    GlobalModelManifest,
    Manifest,
    TrainingJobManifest,
    UpdateManifest,
    digest,
)
from scatter.jobs.shards import SHARD_LIMITS
from scatter.node.owing import COMPLETE
from scatter.node.parts import Parts
from scatter.ports import ContentMissing, PeerKey
from scatter.protocol.ids import Address, Digest, Round
from scatter.protocol.view import JobView

MAX_MODEL_BYTES = 1 << 30
_PADDING = 4 * MIB
"""More than an archive's headers and padding take, and the header of an encrypted one."""
_M = TypeVar("_M", bound=Manifest)


async def keep(parts: Parts, manifest: Manifest) -> Digest:
    """Keep a manifest whose content is here already; its digest."""
    block = manifest.to_bytes()
    await parts.content.put(block)
    name = digest(block)
    await parts.artefacts.keep(COMPLETE + name.hex(), b"")
    return name


async def fetch_whole(
    parts: Parts,
    name: Digest,
    kinds: Sequence[type[Manifest]],
    candidates: Sequence[PeerKey],
    largest_model: int = MAX_MODEL_BYTES,
) -> None:
    """Fetch a manifest of one of the kinds, and all that it lists, from the first candidates that have it.

    Raises what the fetcher raises when nobody has it, ManifestError when the block is none of these manifests or says that
    it lists a model of more than `largest_model` bytes.
    """
    await parts.fetcher.fetch(raw_cid(name), candidates, MAX_BYTES)
    manifest = read_manifest(await parts.content.get(raw_cid(name)), kinds)
    if isinstance(manifest, UpdateManifest | GlobalModelManifest) and manifest.size > largest_model:
        raise ManifestError(f"{manifest.title} lists {manifest.size} bytes; models of its job have {largest_model}")
    for cid, limit in listed(manifest):
        await parts.fetcher.fetch(cid, candidates, limit)
    await parts.artefacts.keep(COMPLETE + name.hex(), b"")


async def require_kept(parts: Parts, view: JobView, round_: Round) -> None:
    """ContentMissing when something that a round is worked out from was here and is not any more: what was found without it
    says nothing. Then it counts as missing from here on, so that it is fetched again."""
    made = view.rounds.get(round_)
    updates = () if made is None else made.updates.values()
    lost = []
    for name in dict.fromkeys([*view.starting_content(round_), view.terms.evaluation_job, *updates]):
        mark = COMPLETE + name.hex()
        if await parts.artefacts.get(mark) is not None and not await _is_whole(parts, name, kinds_of(view, name)):
            await parts.artefacts.forget(mark)
            lost.append(name.hex()[:8])
    if lost:
        raise ContentMissing(f"{', '.join(lost)} of job {view.name!r} was here and is damaged; it is fetched again")


async def _is_whole(parts: Parts, name: Digest, kinds: Sequence[type[Manifest]]) -> bool:
    try:
        manifest = read_manifest(await parts.content.get(raw_cid(name)), kinds)
    except ContentMissing:
        return False
    except ManifestError:
        return True  # it is here, whatever it is
    return all([await parts.content.has(cid) for cid, _ in listed(manifest)])


async def manifest_of(parts: Parts, name: Digest, kind: type[_M]) -> _M:
    """A manifest that is here. ManifestError when it is of another kind, ContentMissing when it is not here."""
    return kind.from_bytes(await parts.content.get(raw_cid(name)))


def read_manifest(block: bytes, kinds: Sequence[type[Manifest]]) -> Manifest:
    """The manifest that a block is, of the first of some kinds that fits; ManifestError when none does."""
    error = ManifestError("the job names no manifest by this digest")
    for kind in kinds:
        try:
            return kind.from_bytes(block)
        except ManifestError as reason:
            error = reason
    raise error


def listed(manifest: Manifest) -> Sequence[tuple[str, int]]:
    """The CIDs that a manifest lists, each with the bytes that it may have."""
    match manifest:
        case TrainingJobManifest():
            return ((manifest.package, CODE_LIMITS.total + _PADDING), (manifest.initial_model, MAX_MODEL_BYTES))
        case EvaluationJobManifest():
            shards = ((shard, SHARD_LIMITS.total + _PADDING) for shard in manifest.shards)
            return ((manifest.package, CODE_LIMITS.total + _PADDING), *shards)
        case UpdateManifest():
            return ((manifest.ciphertext, manifest.size), (manifest.sealed_keys, MAX_BYTES))
        case GlobalModelManifest():
            return ((manifest.ciphertext, manifest.size),)
        case _:
            return ()


def kinds_of(view: JobView, name: Digest) -> list[type[Manifest]]:
    """What a job says that a digest is: a stranger may give his update the digest of something else that is needed."""
    rounds = view.rounds.values()
    said: dict[type[Manifest], bool] = {
        TrainingJobManifest: name == view.terms.training_job,
        EvaluationJobManifest: name == view.terms.evaluation_job,
        UpdateManifest: any(name in made.updates.values() for made in rounds),
        GlobalModelManifest: any(name == made.global_model for made in rounds),
    }
    return [kind for kind, so in said.items() if so]


def holders(parts: Parts, view: JobView, name: Digest) -> list[PeerKey]:
    """Peers that should have a manifest: its makers first, then everybody else with a part in the job."""
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
