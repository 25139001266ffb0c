"""What a job is made of, as this node has it: definition, code on disk, evaluation shards."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from scatter.content.encryption import EncryptionError, decrypt_shard
from scatter.jobs.archives import unpack_to
from scatter.jobs.errors import JobError
from scatter.jobs.examples import Examples
from scatter.jobs.folder import CODE_LIMITS, read_code
from scatter.jobs.manifests import EvaluationJobManifest, TrainingJobManifest, digest
from scatter.jobs.shards import read_shard
from scatter.node.failures import GiveUp, Unscorable
from scatter.node.library import manifest_of
from scatter.node.parts import Parts
from scatter.node.running import Package
from scatter.protocol.ids import Round
from scatter.protocol.view import JobView


async def package_of(parts: Parts, job: JobView) -> Package:
    """The training job's package, unpacked once into the node's workspace. GiveUp when it is not a job."""
    try:
        manifest = await manifest_of(parts, job.terms.training_job, TrainingJobManifest)
        archive = await parts.content.get(manifest.package)
        definition = (await asyncio.to_thread(read_code, archive)).definition
        folder = parts.runner.workspace / "packages" / manifest.package
        await asyncio.to_thread(_unpack_once, archive, folder)
    except JobError as error:
        raise GiveUp(f"the package of job {job.name!r} cannot be used: {error}") from error
    return Package(definition, folder)


def _unpack_once(archive: bytes, folder: Path) -> None:
    """Workers may do this at the same time, each in a folder of its own: the first to be ready wins."""
    if folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix="unfinished-", ignore_cleanup_errors=True) as place:
        unfinished = Path(place, "package")
        unpack_to(archive, unfinished, CODE_LIMITS)
        try:
            unfinished.rename(folder)
        except OSError:
            if not folder.exists():
                raise


async def shard_of(parts: Parts, job: JobView, round_: Round, package: Package) -> Examples:
    """The decrypted evaluation shard of a round. LookupError when its key is not on the chain (it was, and a reorganisation
    undid it).

    Unscorable when it is not what the requestor committed to, cannot be read, or expects the same of every input.
    """
    key = job.rounds[round_].shard_key
    if key is None:
        raise LookupError(f"the key of the shard of round {round_} of job {job.name!r} is not on the chain")
    try:
        manifest = await manifest_of(parts, job.terms.evaluation_job, EvaluationJobManifest)
        if len(manifest.shards) != job.terms.rounds:
            raise JobError(f"there are {len(manifest.shards)} shards for {job.terms.rounds} rounds")
        ciphertext = await parts.content.get(manifest.shards[round_ - 1])
        if digest(ciphertext) != job.shard_digests[round_ - 1]:
            raise JobError("it is not the one that the chain has the digest of")
        archive = decrypt_shard(key, round_, ciphertext)
        shard = await asyncio.to_thread(read_shard, archive, package.definition.outputs)
        if (shard.truth.array == shard.truth.array[0]).all():
            raise JobError("it expects the same of every input")
    except (EncryptionError, JobError) as error:
        raise Unscorable(f"the shard of round {round_} of job {job.name!r} cannot be used: {error}") from error
    return shard
