"""A trainer's work: to look at a job before it joins, and to make one update a round."""

import hashlib
from dataclasses import fields
from decimal import Decimal

from scatter.content.encryption import encrypt_content, key_commitment
from scatter.jobs.definition import JobDefinition
from scatter.jobs.manifests import UpdateManifest
from scatter.jobs.terms import job_terms
from scatter.learning.models import write_model
from scatter.node.behaviour import Work
from scatter.node.doing.facts import job_of
from scatter.node.failures import GiveUp
from scatter.node.library import keep
from scatter.node.models import starting_model, update_context
from scatter.node.packages import package_of
from scatter.node.parts import TOKEN, Parts
from scatter.node.sealing import seal_update_key
from scatter.ports import Call, ChainError
from scatter.protocol.duties import Artefact, Duty, artefact_key
from scatter.protocol.ids import SCT
from scatter.protocol.states import State
from scatter.protocol.terms import JobTerms
from scatter.protocol.view import JobView


class TokensMissing(ChainError):
    """The account cannot pay the stake of a job now; it may have the tokens later."""


async def examine(parts: Parts, duty: Duty) -> None:
    """Decide whether to join: the job asks for a dataset that is here and for no larger stake than this node's operator puts
    up, and its package says what its terms say. TokensMissing while the stake cannot be paid: tokens may come."""
    job = job_of(parts, duty)
    try:
        definition = (await package_of(parts, job)).definition
        problem = _difference(definition, job.terms)
        if definition.dataset not in parts.datasets:
            problem = f"it asks for the dataset {definition.dataset!r}, which is not here"
        problem = problem or _too_large(job.terms.slot_stake, parts.largest_stake)
    except GiveUp as error:
        problem = str(error)
    if problem is None:
        await _require_tokens(parts, job)
    verdict = Artefact.REFUSAL if problem else Artefact.CONSENT
    await parts.artefacts.keep(artefact_key(verdict, job.id), (problem or "").encode())


def _too_large(stake: int, largest: int | None) -> str | None:
    if largest is None or stake <= largest:
        return None
    return f"it asks for a stake of {_sct(stake)}, more than the {_sct(largest)} that this node puts up"


async def _require_tokens(parts: Parts, job: JobView) -> None:
    """The stake of this job and of those that this node has agreed to and not joined yet."""
    agreed = [view for view in parts.view.network.jobs.values() if await _is_about_to_join(parts, view)]
    needed = job.terms.slot_stake + sum(view.terms.slot_stake for view in agreed if view.id != job.id)
    held = int(await parts.chain.read(Call(TOKEN, "balanceOf", (parts.identity.address,))))
    if held < needed:
        raise TokensMissing(f"{parts.name} has {_sct(held)} of the {_sct(needed)} that it needs to join")


def _sct(amount: int) -> str:
    return f"{Decimal(amount) / SCT:,f} SCT"


async def _is_about_to_join(parts: Parts, view: JobView) -> bool:
    if view.state is not State.OPEN or view.slot_of(parts.identity.address) is not None:
        return False
    return await parts.artefacts.get(artefact_key(Artefact.CONSENT, view.id)) is not None


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
    own, work = parts.datasets[package.definition.dataset], Work(job, duty.round)
    data = parts.behaviour.data(own, parts.runner.workspace, work)
    trained = await parts.runner.train(package, start, duty.round, data)
    update = parts.behaviour.update(start, trained, work)
    name = await _keep_encrypted(parts, duty, job, write_model(update))
    await parts.artefacts.keep(artefact_key(Artefact.UPDATE, job.id, duty.round), name)


async def _keep_encrypted(parts: Parts, duty: Duty, job: JobView, plaintext: bytes) -> bytes:
    """Keep the encrypted update and its sealed keys; the digest of the update's manifest.

    The label of the key names the plaintext: with secrets from a seed, too, one key never encrypts two of them.
    """
    me = parts.identity.address
    key = parts.secrets(f"update-key/{job.id.hex()}/{duty.round}/{hashlib.sha256(plaintext).hexdigest()}")
    ciphertext = encrypt_content(key, plaintext, update_context(job.id, duty.round, me))
    work = Work(job, duty.round)
    keys = seal_update_key(job, duty.round, me, lambda reader: parts.behaviour.secret_for(reader, key, work))
    keys_cid = await parts.content.put(keys.to_bytes())
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
