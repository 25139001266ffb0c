"""The keys that are sealed to all who work on a job, and how whoever holds one checks every copy of it.

Sealing is deterministic, and the readers are known to everybody: those drawn, by the keys that stood on the chain when the job
entered Keying. So there is one right manifest for a key. Whoever holds the key makes it again and compares digests; a copy that
is wrong, missing or one too many gives another digest. What nobody can open counts for nobody, and honest nodes agree on that,
whether their own copy was good or not.
"""

import asyncio
from collections.abc import Callable, Iterable

from scatter.content.cids import raw_cid
from scatter.content.deterministic_sealing import seal_deterministically
from scatter.content.encryption import EncryptionError
from scatter.jobs.manifests import JobKeysManifest, SealedKeysManifest, UpdateManifest, digest
from scatter.protocol.ids import Address, JobId, Round, address_bytes
from scatter.protocol.view import JobView

SecretFor = Callable[[Address], bytes]
"""What is sealed to a reader: 32 bytes, the same for all if the node is honest."""


def job_key_context(job: JobId, reader: Address) -> bytes:
    """What a sealed job key is bound to: the job and its reader."""
    return b"scatter/job-key/v1" + job + address_bytes(reader)


def update_key_context(job: JobId, round_: Round, trainer: Address, reader: Address) -> bytes:
    """What a sealed content key is bound to: job, round, trainer and reader."""
    return b"scatter/update-key/v1" + job + bytes([round_]) + address_bytes(trainer) + address_bytes(reader)


def seal_job_key(job: JobView, secret_for: SecretFor) -> JobKeysManifest:
    """The bundle: the job key sealed to every trainer, member and auditor. EncryptionError when none of them can be sealed to."""
    readers = [*job.trainers, *job.seats]
    sealed = _seal_to_each(job, readers, secret_for, lambda reader: job_key_context(job.id, reader))
    return JobKeysManifest(job=job.id, sealed=sealed)


def seal_update_key(job: JobView, round_: Round, trainer: Address, secret_for: SecretFor) -> SealedKeysManifest:
    """The key of a trainer's update sealed to every member and auditor, and to the trainer itself, whom jurors may ask when no
    seat passes it on. EncryptionError when none of them can be sealed to."""
    sealed = _seal_to_each(
        job, [*job.seats, trainer], secret_for, lambda reader: update_key_context(job.id, round_, trainer, reader)
    )
    return SealedKeysManifest(job=job.id, round=round_, trainer=trainer, sealed=sealed)


def _seal_to_each(
    job: JobView, readers: Iterable[Address], secret_for: SecretFor, context: Callable[[Address], bytes]
) -> dict[Address, bytes]:
    """Whoever registered a key that nothing can be sealed to is left out, by everybody: one stranger's bad key must not keep the
    secret from the others."""
    sealed = {}
    for reader in readers:
        secret = secret_for(reader)
        try:
            sealed[reader] = seal_deterministically(job.sealing_keys[reader], secret, context(reader))
        except EncryptionError:
            continue
    if not sealed:
        raise EncryptionError(
            f"nobody with a part in job {job.name!r} registered a key that something can be sealed to"
        )
    return sealed


async def job_key_is_sealed_to_all(job: JobView, key: bytes) -> bool:
    """Whether the bundle on the chain is the right one for the job key. LookupError when there is none (there was, and a
    reorganisation undid it)."""
    if job.bundle is None:
        raise LookupError(f"the bundle of job {job.name!r} is not on the chain")
    try:
        made = await asyncio.to_thread(seal_job_key, job, lambda _: key)
    except EncryptionError:
        return False
    return digest(made.to_bytes()) == job.bundle


async def update_key_is_sealed_to_all(job: JobView, update: UpdateManifest, key: bytes) -> bool:
    """Whether the sealed keys that an update of this job names are the right ones for its key."""
    try:
        made = await asyncio.to_thread(seal_update_key, job, Round(update.round), update.trainer, lambda _: key)
    except EncryptionError:
        return False
    return raw_cid(digest(made.to_bytes())) == update.sealed_keys
