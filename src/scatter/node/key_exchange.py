"""Keys that are passed on after the drawing: a juror asks a member for the job key, or for the key of an update.

Members and auditors got their keys sealed in the job's bundle and in each update's manifest. Jurors are drawn later, so
whoever holds a key seals it anew to the one who asks, if he may have it. Nobody can pass on a wrong key: the asker
checks what he gets against the hash or the commitment that is on the chain.
"""

from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import Field

from scatter.content.encryption import EncryptionError, key_commitment, open_sealed, seal
from scatter.jobs.errors import ManifestError
from scatter.node.behaviour import Work
from scatter.node.models import JobKeyMissing, job_key, update_key, update_manifest
from scatter.node.parts import Parts
from scatter.ports import ContentMissing, PeerKey, PeerUnreachable, RequestRefused
from scatter.ports.messages import MalformedMessage, Message
from scatter.protocol.commitments import secret_hash
from scatter.protocol.entitlement import may_read_job_key, may_read_update_keys
from scatter.protocol.ids import WORD_BYTES, Address, JobId, Round, address_bytes
from scatter.protocol.view import JobView

PROTOCOL = "/scatter/keys/1"
_LARGEST = 255
"""Rounds and slots are one byte on the chain."""


class KeyRefused(RequestRefused):
    """This node does not hand out that key to that peer, or has none."""


class _Request(Message):
    job: Annotated[bytes, Field(min_length=WORD_BYTES, max_length=WORD_BYTES)]
    round: Annotated[int, Field(ge=0, le=_LARGEST)]
    slot: Annotated[int, Field(ge=0, le=_LARGEST)]


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """Which key is asked for: the job key (round 0), or that of the update of a slot in a round."""

    job: JobId
    round: Round = Round(0)  # noqa: RUF009 — a NewType of int is immutable
    slot: int = 0

    def to_bytes(self) -> bytes:
        """As it is sent."""
        return _Request(job=self.job, round=self.round, slot=self.slot).to_bytes()

    @classmethod
    def from_bytes(cls, message: bytes) -> Self:
        """KeyRefused when the message is not one."""
        try:
            request = _Request.from_bytes(message)
        except MalformedMessage as error:
            raise KeyRefused(f"no request for a key: {error}") from None
        return cls(JobId(request.job), Round(request.round), request.slot)

    def context(self, reader: Address) -> bytes:
        """What the sealed answer is bound to."""
        return b"scatter/passed-key/v1" + self.to_bytes() + address_bytes(reader)


def serve_keys(parts: Parts) -> None:
    """Answer requests for keys from now on."""

    async def answer(peer: PeerKey, message: bytes) -> bytes:
        return await _answer(parts, peer, KeyRequest.from_bytes(message))

    parts.network.serve(PROTOCOL, answer)


async def _answer(parts: Parts, peer: PeerKey, request: KeyRequest) -> bytes:
    network = parts.view.network
    if not parts.behaviour.serves(peer, network):
        raise KeyRefused("this node passes on no keys")
    view = network.jobs.get(request.job)
    for node in network.nodes.values():
        if view is not None and node.peer_key == peer and _entitled(view, request, node.address):
            held = await _held(parts, view, request)
            told = parts.behaviour.secret_for(node.address, held, Work(view, request.round))
            return seal(node.sealing_key, told, request.context(node.address))
    raise KeyRefused(f"a peer that may not have it asked for a key of job {request.job.hex()[:8]}")


def _entitled(view: JobView, request: KeyRequest, account: Address) -> bool:
    if request.round == 0:
        return may_read_job_key(view, account)
    return may_read_update_keys(view, request.round, account)


async def _held(parts: Parts, view: JobView, request: KeyRequest) -> bytes:
    if request.round == 0:
        try:
            return await job_key(parts, view.id)
        except JobKeyMissing as error:
            raise KeyRefused(str(error)) from error
    published = request.slot in view.rounds[request.round].updates
    key = await update_key(parts, view, request.round, request.slot) if published else None
    if key is None:
        raise KeyRefused(f"there is no key of slot {request.slot} in round {request.round} here")
    return key


async def ask_for_key(parts: Parts, view: JobView, request: KeyRequest, holders: list[PeerKey]) -> bytes:
    """A key from the first holder that hands out the right one; PeerUnreachable when none does.

    Of an update it is the key of a slot that published, and nobody has the right one when the manifest is not here.
    """
    reasons = []
    for peer in holders:
        try:
            sealed = await parts.network.request(peer, PROTOCOL, request.to_bytes())
            key = open_sealed(parts.sealing_key, sealed, request.context(parts.identity.address))
        except (PeerUnreachable, EncryptionError) as error:
            reasons.append(f"{peer.hex()[:8]} {error}")
            continue
        if await _is_right(parts, view, request, key):
            return key
        reasons.append(f"{peer.hex()[:8]} sent another key")
    raise PeerUnreachable(f"nobody passed on the key: {'; '.join(reasons) or 'there was nobody to ask'}")


async def _is_right(parts: Parts, view: JobView, request: KeyRequest, key: bytes) -> bool:
    if len(key) != WORD_BYTES:
        return False
    if request.round == 0:
        return secret_hash(key) == view.terms.job_key_hash
    try:
        manifest = await update_manifest(parts, view, request.round, request.slot)
    except (ContentMissing, ManifestError):
        # Without the manifest that the trainer should have published, no key is right.
        return False
    return key_commitment(key) == manifest.key_commitment
