"""The job key: sealed by the requestor to everybody drawn, opened by each."""

from scatter.jobs.errors import ManifestError
from scatter.jobs.manifests import JobKeysManifest
from scatter.node.behaviour import Work
from scatter.node.bundles import own_copy
from scatter.node.doing.facts import artefact, job_of
from scatter.node.failures import GiveUp
from scatter.node.job_secrets import JobSecrets
from scatter.node.library import fetch_whole, holders, keep
from scatter.node.parts import Parts
from scatter.node.sealing import seal_job_key
from scatter.protocol.duties import Artefact, Duty, artefact_key
from scatter.protocol.ids import Round


async def seal_keys(parts: Parts, duty: Duty) -> None:
    """Seal the job key to every trainer, member and auditor; keep the bundle and its digest."""
    secrets = JobSecrets.from_bytes(await artefact(parts, Artefact.JOB_SECRETS, duty, of_round=False))
    job = job_of(parts, duty)
    work = Work(job, Round(0))
    bundle = seal_job_key(job, lambda reader: parts.behaviour.secret_for(reader, secrets.job_key, work))
    name = await keep(parts, bundle)
    await parts.artefacts.keep(artefact_key(Artefact.BUNDLE, job.id), name)


async def open_keys(parts: Parts, duty: Duty) -> None:
    """Open this node's copy of the job key; GiveUp when the bundle does not hold one that fits the chain's hash.

    Whether the copies of the others are right is asked by whoever scores. A trainer need not ask: it is paid for a round that
    seats refuse.
    """
    job = job_of(parts, duty)
    if job.bundle is None:
        raise LookupError("the requestor has not published the job's keys")
    try:
        await fetch_whole(parts, job.bundle, [JobKeysManifest], holders(parts, job, job.bundle))
    except ManifestError as error:
        raise GiveUp(f"the key bundle of job {job.name!r} cannot be opened: {error}") from error
    await parts.artefacts.keep(artefact_key(Artefact.JOB_KEY, job.id), await own_copy(parts, job))
