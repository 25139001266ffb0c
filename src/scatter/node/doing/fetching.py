"""Fetching content by the digest that the chain holds."""

from scatter.jobs.errors import ManifestError
from scatter.jobs.manifests import TrainingJobManifest
from scatter.learning.models import MAX_HEADER
from scatter.node.doing.facts import job_of
from scatter.node.failures import GiveUp
from scatter.node.library import MAX_MODEL_BYTES, fetch_whole, holders, kinds_of, manifest_of
from scatter.node.parts import Parts
from scatter.ports import ContentMissing
from scatter.protocol.duties import Duty
from scatter.protocol.ids import Digest
from scatter.protocol.view import JobView


async def fetch(parts: Parts, duty: Duty) -> None:
    """Fetch the manifest that the duty names, and everything it lists. GiveUp when it is not what the job says it is."""
    name, job = Digest(bytes.fromhex(duty.subject)), job_of(parts, duty)
    try:
        await fetch_whole(parts, name, kinds_of(job, name), holders(parts, job, name), await largest_model(parts, job))
    except ManifestError as error:
        raise GiveUp(f"what job {job.name!r} names {duty.subject[:8]} cannot be used: {error}") from error


async def largest_model(parts: Parts, job: JobView) -> int:
    """Bytes of an encrypted model of the job at most: all have the first one's tensors, and a header of their own."""
    try:
        first = (await manifest_of(parts, job.terms.training_job, TrainingJobManifest)).initial_model
        return min(await parts.content.size(first) + MAX_HEADER, MAX_MODEL_BYTES)
    except (ContentMissing, ManifestError):
        return MAX_MODEL_BYTES
