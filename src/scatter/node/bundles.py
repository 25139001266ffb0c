"""The bundle of a job's key, as one of its readers finds it."""

from scatter.content.encryption import EncryptionError, open_sealed
from scatter.jobs.errors import ManifestError
from scatter.jobs.manifests import JobKeysManifest
from scatter.node.failures import GiveUp
from scatter.node.library import manifest_of
from scatter.node.parts import Parts
from scatter.node.sealing import job_key_context
from scatter.ports import ContentMissing
from scatter.protocol.commitments import secret_hash
from scatter.protocol.view import JobView


async def own_copy(parts: Parts, job: JobView) -> bytes:
    """The job key as it is sealed to this node in the bundle, which is here. GiveUp when there is no copy for it, or none of the
    key that the chain has the hash of; ContentMissing; LookupError when the requestor has published no bundle."""
    me = parts.identity.address
    if job.bundle is None:
        raise LookupError("the requestor has not published the job's keys")
    try:
        bundle = await manifest_of(parts, job.bundle, JobKeysManifest)
        if bundle.job != job.id or me not in bundle.sealed:
            raise GiveUp(f"the key bundle of job {job.name!r} holds no key for {me}")
        key = open_sealed(parts.sealing_key, bundle.sealed[me], job_key_context(job.id, me))
    except (ManifestError, EncryptionError) as error:
        raise GiveUp(f"the key bundle of job {job.name!r} cannot be opened: {error}") from error
    if secret_hash(key) != job.terms.job_key_hash:
        raise GiveUp(f"the key sealed to {me} is not the key of job {job.name!r}")
    return key


async def own_copy_is_wrong(parts: Parts, job: JobView) -> bool:
    """Whether the bundle is here, and its copy for this node is not what it should be: then whoever has the job key finds so too.

    Not when another public key of this node stood on the chain as the job entered Keying than the one it has now: what was sealed
    to that one it cannot tell.
    """
    if job.bundle is None or job.sealing_keys.get(parts.identity.address) != parts.sealing_public:
        return False
    try:
        await own_copy(parts, job)
    except GiveUp:
        return True
    except ContentMissing:
        return False
    return False
