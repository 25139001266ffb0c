"""Posting a job: everything that the chain will hold hashes of is kept first, then one transaction."""

from dataclasses import asdict

from scatter.content.encryption import encrypt_global_model, encrypt_shard
from scatter.jobs.folder import JobPackage
from scatter.jobs.manifests import EvaluationJobManifest, TrainingJobManifest, digest
from scatter.jobs.shards import cut_shards, pack_shard
from scatter.jobs.terms import job_terms
from scatter.node.job_secrets import JobSecrets
from scatter.node.library import keep
from scatter.node.parts import PROTOCOL, Parts
from scatter.node.spending import send_paid
from scatter.ports import Call, CallReverted
from scatter.protocol.commitments import secret_hash
from scatter.protocol.duties import Artefact, artefact_key
from scatter.protocol.ids import Digest, JobId, Round, job_id, topic_of


async def post_job(parts: Parts, package: JobPackage) -> JobId:
    """Post a job and wait until the view shows it; its id. Interrupted anywhere, it may be called again.

    Raises CallReverted, with the contract's reason, when the chain refuses the job.
    """
    package = parts.behaviour.package(package)
    definition = package.definition
    topic = topic_of(definition.name)
    job = job_id(parts.identity.address, topic)
    if job in parts.view.network.jobs:
        return job
    secrets = await _secrets(parts, job, definition.rounds)
    training, evaluation, shards = await _keep_content(parts, package, job, secrets)
    terms = job_terms(
        definition,
        training_job=training,
        evaluation_job=evaluation,
        job_key_hash=secret_hash(secrets.job_key),
        parameters=parts.view.network.version,
    )
    hashes = [secret_hash(key) for key in secrets.shard_keys]
    call = Call(PROTOCOL, "post", (topic, asdict(terms), hashes, shards))
    receipt = await send_paid(parts, f"{job.hex()}/post", call, terms.pool + terms.bond)
    if not receipt.succeeded:
        raise CallReverted(f"posting {definition.name!r} was mined and reverted: {receipt.error or 'no reason given'}")
    await parts.view.reached(receipt.block)
    return job


async def _secrets(parts: Parts, job: JobId, rounds: int) -> JobSecrets:
    fresh = JobSecrets(
        job_key=parts.secrets(f"job-key/{job.hex()}"),
        shard_keys=tuple(parts.secrets(f"shard-key/{job.hex()}/{number}") for number in range(1, rounds + 1)),
    )
    kept = await parts.artefacts.keep(artefact_key(Artefact.JOB_SECRETS, job), fresh.to_bytes())
    secrets = JobSecrets.from_bytes(kept)
    await parts.artefacts.keep(artefact_key(Artefact.JOB_KEY, job), secrets.job_key)
    return secrets


async def _keep_content(
    parts: Parts, package: JobPackage, job: JobId, secrets: JobSecrets
) -> tuple[Digest, Digest, list[Digest]]:
    """Keep package, encrypted initial model and encrypted shards; digests of both manifests and of each shard."""
    code = await parts.content.put(package.code.archive())
    model = await parts.content.put(encrypt_global_model(secrets.job_key, job, Round(0), package.model))
    cut = cut_shards(package.evaluation, package.definition.rounds, package.definition.seed)
    encrypted = [
        encrypt_shard(key, Round(number), pack_shard(shard))
        for number, (key, shard) in enumerate(zip(secrets.shard_keys, cut, strict=True), start=1)
    ]
    shards = tuple([await parts.content.put(content) for content in encrypted])
    training = await keep(parts, TrainingJobManifest(package=code, initial_model=model))
    evaluation = await keep(
        parts, EvaluationJobManifest(package=code, shards=shards, rows=tuple(shard.rows for shard in cut))
    )
    return training, evaluation, [digest(content) for content in encrypted]
