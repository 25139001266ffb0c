"""A trainer's work: to look at a job before it joins, and to make one update a round."""

import hashlib
from dataclasses import fields

from scatter.content.encryption import encrypt_content, key_commitment
from scatter.jobs.definition import JobDefinition
from scatter.jobs.manifests import SealedKeysManifest, UpdateManifest
from scatter.jobs.terms import job_terms
from scatter.learning.models import write_model
from scatter.node.doing.facts import job_of
from scatter.node.failures import GiveUp
from scatter.node.library import keep
from scatter.node.models import starting_model, update_context, update_key_context
from scatter.node.packages import package_of
from scatter.node.parts import Parts
from scatter.node.sealing import seal_to_each
from scatter.protocol.duties import Artefact, Duty, artefact_key
from scatter.protocol.terms import JobTerms
from scatter.protocol.view import JobView


async def examine(parts: Parts, duty: Duty) -> None:
    """Decide whether to join: the job asks for a dataset that is here, and its package says what its terms say."""
    job = job_of(parts, duty)
    try:
        definition = (await package_of(parts, job)).definition
        problem = _difference(definition, job.terms)
        if definition.dataset not in parts.datasets:
            problem = f"it asks for the dataset {definition.dataset!r}, which is not here"
    except GiveUp as error:
        problem = str(error)
    verdict = Artefact.REFUSAL if problem else Artefact.CONSENT
    await parts.artefacts.keep(artefact_key(verdict, job.id), (problem or "").encode())


def _difference(definition: JobDefinition, terms: JobTerms) -> str | None:
    """What `job.toml` says otherwise than the terms on the chain, which alone count."""
    said = job_terms(
        definition,
        training_job=terms.training_job,
        evaluation_job=terms.evaluation_job,
        job_key_hash=terms.job_key_hash,
        parameters=terms.parameters,
    )
    different = [field.name for field in fields(JobTerms) if getattr(said, field.name) != getattr(terms, field.name)]
    return f"its job.toml and its terms on the chain differ in {', '.join(different)}" if different else None


async def train(parts: Parts, duty: Duty) -> None:
    """Train on this node's data in the sandbox; keep the update, encrypted under a fresh key sealed to all seats."""
    job = job_of(parts, duty)
    package = await package_of(parts, job)
    start = await starting_model(parts, job, duty.round)
    trained = await parts.runner.train(package, start, duty.round, parts.datasets[package.definition.dataset])
    update = parts.behaviour.update(start, trained)
    name = await _keep_encrypted(parts, duty, job, write_model(update))
    await parts.artefacts.keep(artefact_key(Artefact.UPDATE, job.id, duty.round), name)


async def _keep_encrypted(parts: Parts, duty: Duty, job: JobView, plaintext: bytes) -> bytes:
    """Keep the encrypted update and its sealed keys; the digest of the update's manifest.

    The label of the key names the plaintext: with secrets from a seed, too, one key never encrypts two of them.
    """
    me = parts.identity.address
    key = parts.secrets(f"update-key/{job.id.hex()}/{duty.round}/{hashlib.sha256(plaintext).hexdigest()}")
    ciphertext = encrypt_content(key, plaintext, update_context(job.id, duty.round, me))
    # To itself as well: jurors may ask the trainer when no seat passes its key on.
    readers = [*job.seats, me]
    sealed = seal_to_each(parts, readers, key, lambda reader: update_key_context(job.id, duty.round, me, reader))
    keys = SealedKeysManifest(job=job.id, round=duty.round, trainer=me, sealed=sealed).to_bytes()
    keys_cid = await parts.content.put(keys)
    manifest = UpdateManifest(
        job=job.id,
        round=duty.round,
        trainer=me,
        ciphertext=await parts.content.put(ciphertext),
        size=len(ciphertext),
        key_commitment=key_commitment(key),
        sealed_keys=keys_cid,
    )
    return await keep(parts, manifest)
