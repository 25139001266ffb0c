"""Global models and updates as this node can read them."""

import asyncio
import json
from collections.abc import Mapping

from scatter.content.encryption import (
    EncryptionError,
    decrypt_content,
    decrypt_global_model,
    encrypt_global_model,
    key_commitment,
    open_sealed,
)
from scatter.jobs.errors import ManifestError
from scatter.jobs.manifests import GlobalModelManifest, SealedKeysManifest, TrainingJobManifest, UpdateManifest
from scatter.learning.errors import ModelError
from scatter.learning.models import Model, read_model, write_model
from scatter.node.failures import GiveUp
from scatter.node.library import keep, manifest_of
from scatter.node.parts import Parts
from scatter.node.sealing import update_key_context, update_key_is_sealed_to_all
from scatter.ports import ContentMissing
from scatter.protocol.duties import Artefact, artefact_key
from scatter.protocol.ids import Address, Digest, JobId, Round, address_bytes
from scatter.protocol.view import JobView


class JobKeyMissing(LookupError):
    """This node holds no key of a job."""


async def job_key(parts: Parts, job: JobId) -> bytes:
    """The job key that this node holds; JobKeyMissing when it has none."""
    key = await parts.artefacts.get(artefact_key(Artefact.JOB_KEY, job))
    if key is None:
        raise JobKeyMissing(f"{parts.name} holds no key of job {job.hex()[:8]}")
    return key


async def starting_model(parts: Parts, job: JobView, round_: Round) -> Model:
    """The model that a round starts from: the newest aggregate before it, or the initial model."""
    made_in, name = job.starting_model(round_)
    return await global_model(parts, job, made_in, name)


async def global_model(parts: Parts, job: JobView, made_in: Round, name: Digest | None) -> Model:
    """A global model by the round that made it and its digest; (0, None) is the initial model. GiveUp when it is none."""
    key = await job_key(parts, job.id)
    try:
        if name is None:
            cid = (await manifest_of(parts, job.terms.training_job, TrainingJobManifest)).initial_model
        else:
            cid = (await manifest_of(parts, name, GlobalModelManifest)).ciphertext
        plaintext = decrypt_global_model(key, job.id, made_in, await parts.content.get(cid))
        return await asyncio.to_thread(read_model, plaintext)
    except (EncryptionError, ManifestError, ModelError) as error:
        raise GiveUp(f"the global model of round {made_in} of job {job.name!r} cannot be used: {error}") from error


async def keep_global_model(parts: Parts, job: JobId, made_in: Round, key: bytes, model: Model) -> Digest:
    """Encrypt a model so that everybody who makes it gets the same CID, and keep it; the digest of its manifest."""
    ciphertext = encrypt_global_model(key, job, made_in, write_model(model))
    cid = await parts.content.put(ciphertext)
    manifest = GlobalModelManifest(job=job, round=made_in, ciphertext=cid, size=len(ciphertext))
    return await keep(parts, manifest)


def update_context(job: JobId, round_: Round, trainer: Address) -> bytes:
    """What an encrypted update is bound to: job, round and trainer."""
    return b"scatter/update/v1" + job + bytes([round_]) + address_bytes(trainer)


async def update_manifest(parts: Parts, job: JobView, round_: Round, slot: int) -> UpdateManifest:
    """The manifest that a trainer published. ManifestError when it is none of that job, round and trainer; ContentMissing."""
    update = await manifest_of(parts, job.rounds[round_].updates[slot], UpdateManifest)
    if (update.job, update.round, update.trainer) != (job.id, round_, job.trainers[slot]):
        raise ManifestError(f"the update in slot {slot} of round {round_} belongs elsewhere")
    return update


async def keep_passed_keys(parts: Parts, job: JobId, round_: Round, keys: Mapping[int, bytes]) -> None:
    """Keep the keys of a round's updates, by slot, as far as others passed them on."""
    content = json.dumps({slot: key.hex() for slot, key in keys.items()}).encode()
    await parts.artefacts.keep(artefact_key(Artefact.UPDATE_KEYS, job, round_), content)


async def update_key(parts: Parts, job: JobView, round_: Round, slot: int) -> bytes | None:
    """The key of a trainer's update: passed on to this node, or sealed to it; None when there is none that fits."""
    passed = await parts.artefacts.get(artefact_key(Artefact.UPDATE_KEYS, job.id, round_))
    if passed is not None:
        key = json.loads(passed).get(str(slot))
        return None if key is None else bytes.fromhex(key)
    me = parts.identity.address
    try:
        update = await update_manifest(parts, job, round_, slot)
        sealed = SealedKeysManifest.from_bytes(await parts.content.get(update.sealed_keys))
        if me not in sealed.sealed:
            return None
        context = update_key_context(job.id, round_, job.trainers[slot], me)
        key = open_sealed(parts.sealing_key, sealed.sealed[me], context)
    except (ContentMissing, EncryptionError, ManifestError):
        return None
    return key if key_commitment(key) == update.key_commitment else None


async def update_file(parts: Parts, job: JobView, round_: Round, slot: int) -> bytes | None:
    """A trainer's decrypted update, or None when it is not here, or cannot be read by all that should: this node, and the others
    that its key is sealed to."""
    key = await update_key(parts, job, round_, slot)
    if key is None:
        return None
    try:
        update = await update_manifest(parts, job, round_, slot)
        if not await update_key_is_sealed_to_all(job, update, key):
            return None
        ciphertext = await parts.content.get(update.ciphertext)
        return decrypt_content(key, ciphertext, update_context(job.id, round_, job.trainers[slot]))
    except (ContentMissing, EncryptionError, ManifestError):
        return None
