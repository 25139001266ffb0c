"""A job is posted once, with the same secrets, wherever posting is interrupted."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.node.jobcode import tiny_job
from tests.unit.node.ledger import ModelSigner
from tests.unit.node.world import World, Wrapped, enrol, everything_kept

from scatter.content.encryption import decrypt_global_model, decrypt_shard
from scatter.jobs.folder import JobPackage
from scatter.jobs.manifests import EvaluationJobManifest, TrainingJobManifest
from scatter.jobs.shards import cut_shards, read_shard
from scatter.node.job_secrets import JobSecrets
from scatter.node.library import manifest_of
from scatter.node.parts import Parts
from scatter.node.posting import post_job
from scatter.ports import CallReverted
from scatter.protocol.commitments import secret_hash
from scatter.protocol.duties import Artefact, artefact_key
from scatter.protocol.ids import Round
from scatter.protocol.states import Role, State


@pytest.fixture
def package(tmp_path: Path) -> JobPackage:
    return tiny_job(tmp_path / "job", rounds=2)


@pytest.fixture
async def requestor(world: World) -> Parts:
    parts = await world.node("requestor", Role.REQUESTOR)
    await enrol([parts])
    return parts


async def test_the_chain_holds_hashes_of_what_is_kept(world: World, requestor: Parts, package: JobPackage) -> None:
    job = await post_job(requestor, package)
    view = world.job(job)
    kept = await requestor.artefacts.get(artefact_key(Artefact.JOB_SECRETS, job))
    secrets = JobSecrets.from_bytes(kept or b"")
    assert view.state is State.OPEN
    assert view.terms.job_key_hash == secret_hash(secrets.job_key)
    assert view.shard_key_hashes == tuple(secret_hash(key) for key in secrets.shard_keys)
    assert len({secrets.job_key, *secrets.shard_keys}) == 3

    training = await manifest_of(requestor, view.terms.training_job, TrainingJobManifest)
    model = await requestor.content.get(training.initial_model)
    assert decrypt_global_model(secrets.job_key, job, Round(0), model) == package.model
    assert await requestor.content.get(training.package) == package.code.archive()

    evaluation = await manifest_of(requestor, view.terms.evaluation_job, EvaluationJobManifest)
    cut = cut_shards(package.evaluation, 2, package.definition.seed)
    for number, (cid, key, shard) in enumerate(zip(evaluation.shards, secrets.shard_keys, cut, strict=True), 1):
        plain = decrypt_shard(key, Round(number), await requestor.content.get(cid))
        assert (read_shard(plain, package.definition.outputs).inputs == shard.inputs).all()


class Interrupted(Exception):
    """The process was killed here."""


class Killer:
    """Interrupts at the nth step."""

    def __init__(self, at: int) -> None:
        self.left = at

    async def __call__(self, where: str) -> None:
        self.left -= 1
        if self.left == 0:
            raise Interrupted(where)


async def test_interrupted_anywhere_it_posts_once_with_the_same_secrets(
    world: World, requestor: Parts, package: JobPackage
) -> None:
    posted, kept, interruptions = None, dict[str, bytes | None](), 0
    for at in range(1, 200):
        kill = Killer(at)
        parts = replace(
            requestor,
            artefacts=Wrapped(requestor.artefacts, kill),
            content=Wrapped(requestor.content, kill),
            signer=ModelSigner(world.ledger, requestor.identity.address, kill),
        )
        try:
            posted = await post_job(parts, package)
        except Interrupted:
            interruptions += 1
        now = await everything_kept(requestor.artefacts)
        assert {key: now[key] for key in kept} == kept, "something that was kept has changed"
        kept = now
        await world.settle()
        if posted:
            break
    assert posted is not None
    assert posted in world.view.network.jobs
    assert interruptions > 20
    secrets = JobSecrets.from_bytes(kept[artefact_key(Artefact.JOB_SECRETS, posted)] or b"")
    assert world.job(posted).terms.job_key_hash == secret_hash(secrets.job_key)
    assert world.job(posted).shard_key_hashes == tuple(secret_hash(key) for key in secrets.shard_keys)
    assert [key for _, key in world.ledger.sent if key.endswith("/post")] == [f"{posted.hex()}/post"]
    assert len({str(calls) for (_, key), calls in world.ledger.asked.items() if key.endswith("/post")}) == 1


async def test_a_posted_job_is_not_paid_for_again(world: World, requestor: Parts, package: JobPackage) -> None:
    job = await post_job(requestor, package)
    sent = list(world.ledger.sent)
    assert await post_job(requestor, package) == job
    assert world.ledger.sent == sent


async def test_what_the_chain_refuses_is_said(world: World, package: JobPackage) -> None:
    trainer = await world.node("trainer", Role.TRAINER)
    await enrol([trainer])
    with pytest.raises(CallReverted, match="NotRegistered"):
        await post_job(trainer, package)
    assert not world.view.network.jobs
