"""What an honest seat refuses, which is the requestor's fault, and what it does not: chance, and what is not here."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.unit.node.jobcode import examples, result
from tests.unit.node.played import Played, posted
from tests.unit.node.world import World, duty, members_wait, owed

from scatter.content.cids import raw_cid
from scatter.content.encryption import encrypt_global_model, encrypt_shard
from scatter.content.fetching import ContentUnavailable
from scatter.jobs.examples import array_bytes, read_examples
from scatter.jobs.manifests import EvaluationJobManifest, TrainingJobManifest, digest
from scatter.jobs.shards import pack_shard
from scatter.learning.predictions import Outputs
from scatter.node.doing import do
from scatter.node.job_secrets import JobSecrets
from scatter.node.library import keep, manifest_of
from scatter.node.models import JobKeyMissing, job_key
from scatter.node.parts import Parts
from scatter.ports import SandboxResult, SandboxRun
from scatter.protocol.duties import Artefact, DutyKind, artefact_key
from scatter.protocol.ids import Digest, Round, Timestamp
from scatter.protocol.scores import ABSTENTION, unpack, words_for
from scatter.protocol.states import Reason, State

ROUND = Round(1)


@pytest.fixture
async def played(world: World) -> Played:
    """Two trainers have published, the shard key is on the chain, the member has everything and has scored nothing."""
    made = await posted(world, trainers=2)
    await made.until(State.COMMITTING, held=members_wait)
    for owing in await owed(made.members[0]):
        if owing.kind in (DutyKind.FETCH, DutyKind.OPEN_KEYS):
            await do(made.members[0], owing)
    return made


def show(played: Played, digests: tuple[Digest, ...] | None = None, **terms: Any) -> None:
    """Let the chain show other terms, or other digests of shards."""
    view, job = played.world.view, played.job
    changed = replace(job, terms=replace(job.terms, **terms), shard_digests=digests or job.shard_digests)
    view.network = replace(view.network, jobs={job.id: changed})


async def shard_is(played: Played, ciphertext: bytes) -> None:
    """Let the requestor have committed to another shard."""
    member = played.members[0]
    cid = await member.content.put(ciphertext)
    name = await keep(member, EvaluationJobManifest(package=cid, shards=(cid,), rows=(1,)))
    show(played, (digest(ciphertext),), evaluation_job=name)


async def shard_key(played: Played) -> bytes:
    kept = await played.requestor.artefacts.get(artefact_key(Artefact.JOB_SECRETS, played.job_id))
    return JobSecrets.from_bytes(kept or b"").shard_keys[0]


async def words(played: Played) -> list[int]:
    """What the member commits to."""
    member = played.members[0]
    await do(member, duty(played.job, DutyKind.SCORE))
    assert await member.artefacts.get(artefact_key(Artefact.SALT, played.job_id, ROUND)), "a refusal is secret, too"
    kept = await member.artefacts.get(artefact_key(Artefact.SCORES, played.job_id, ROUND))
    found: list[int] = json.loads(kept or b"")
    return found


def packed(files: Mapping[str, bytes], outputs: Outputs = Outputs.PROBABILITIES) -> bytes:
    return pack_shard(read_examples(files["inputs.npy"], files["outputs.npy"], outputs, where="shard"))


async def test_a_round_in_order_is_scored(played: Played) -> None:
    """The tests below would find nothing if this one were refused."""
    assert len(await words(played)) == words_for(2)


async def test_another_shard_encrypted_well_is_scored(played: Played) -> None:
    await shard_is(played, encrypt_shard(await shard_key(played), ROUND, packed(examples(20, 9))))
    assert await words(played)


async def test_a_shard_that_is_not_the_one_of_the_chain(played: Played) -> None:
    """Encrypted with the right key, but not what the requestor was bound to when it posted."""
    await shard_is(played, encrypt_shard(await shard_key(played), ROUND, packed(examples(20, 9))))
    show(played, (Digest(bytes(32)),))
    assert await words(played) == []


async def test_a_shard_that_does_not_decrypt(played: Played) -> None:
    await shard_is(played, encrypt_shard(bytes(32), ROUND, packed(examples(20, 9))))
    assert await words(played) == []


async def test_a_shard_that_is_no_examples(played: Played) -> None:
    await shard_is(played, encrypt_shard(await shard_key(played), ROUND, b"not an archive"))
    assert await words(played) == []


async def test_a_shard_that_expects_the_same_of_every_input(played: Played) -> None:
    """Whoever always answers that would be the best of trainers."""
    files = {**examples(20, 9), "outputs.npy": array_bytes(np.ones(20, np.int64))}
    await shard_is(played, encrypt_shard(await shard_key(played), ROUND, packed(files)))
    assert await words(played) == []


async def test_too_few_shards(played: Played) -> None:
    cid = await played.members[0].content.put(b"x")
    manifest = EvaluationJobManifest(package=cid, shards=(cid, cid), rows=(1, 1))
    show(played, evaluation_job=await keep(played.members[0], manifest))
    assert await words(played) == []


async def test_an_evaluation_that_is_another_manifest(played: Played) -> None:
    show(played, evaluation_job=played.job.terms.training_job)
    assert await words(played) == []


async def test_labels_that_the_models_cannot_be_scored_against(played: Played) -> None:
    """Three classes are expected of a predictor that knows two."""
    files = {**examples(20, 9), "outputs.npy": array_bytes(np.arange(20) % 3)}
    await shard_is(played, encrypt_shard(await shard_key(played), ROUND, packed(files)))
    assert await words(played) == []


async def training_job(played: Played, holder: Parts, **changes: Any) -> None:
    """Let the requestor have posted another training job, whose manifest is somewhere."""
    manifest = await manifest_of(holder, played.job.terms.training_job, TrainingJobManifest)
    name = await keep(holder, TrainingJobManifest(**{**manifest.model_dump(), **changes}))
    show(played, training_job=name)


async def test_a_package_that_is_no_job(played: Played) -> None:
    member = played.members[0]
    await training_job(played, member, package=await member.content.put(b"not an archive"))
    assert await words(played) == []


async def test_an_initial_model_that_is_none(played: Played) -> None:
    member, job = played.members[0], played.job
    key = await job_key(member, job.id)
    bad = [b"x" * 50, encrypt_global_model(key, job.id, Round(0), b"not a model")]
    for content in bad:
        fresh = await newcomer(played)
        await training_job(played, member, initial_model=await member.content.put(content))
        await do(fresh, duty(played.job, DutyKind.SCORE))
        assert await fresh.artefacts.get(artefact_key(Artefact.SCORES, job.id, ROUND)) == b"[]"


async def newcomer(played: Played) -> Parts:
    """The member with artefacts of its own, which hold the job key and no scores."""
    member, count = played.members[0], len(list(played.world.folder.iterdir()))
    other = await played.world.node(f"newcomer-{count}", member.identity.role)
    await other.artefacts.keep(artefact_key(Artefact.JOB_KEY, played.job_id), await job_key(member, played.job_id))
    return replace(member, artefacts=other.artefacts)


def failing(played: Played, runs: int) -> None:
    """Let so many runs of the predictor fail."""
    left = [runs]

    def answer(run: SandboxRun) -> SandboxResult | None:
        left[0] -= 1
        return result({}, None, "it took longer than 60 s") if left[0] >= 0 else None

    played.world.sandbox.instead = answer


async def test_a_predictor_that_fails_twice(played: Played) -> None:
    failing(played, 2)
    assert await words(played) == []


async def test_a_predictor_that_fails_once_met_a_busy_machine(played: Played) -> None:
    member = played.members[0]
    plain = await newcomer(played)
    await do(plain, duty(played.job, DutyKind.SCORE))
    found = json.loads(await plain.artefacts.get(artefact_key(Artefact.SCORES, played.job_id, ROUND)) or b"")
    failing(played, 1)
    assert await words(played) == found
    assert 0 < unpack(found, 2)[0] <= 10_000
    assert [d.kind for d in await owed(member)] == [DutyKind.COMMIT]


@pytest.mark.parametrize("what", ["shard", "package", "initial model", "evaluation", "training job"])
async def test_what_was_withheld(played: Played, what: str) -> None:
    """It abstains: whose fault it is nobody can tell. Not before the time is short: until then scoring is not owed, but fetching is,
    again and again."""
    absent, member = raw_cid(bytes(32)), played.members[0]
    if what == "shard":
        manifest = EvaluationJobManifest(package=absent, shards=(absent,), rows=(1,))
        show(played, evaluation_job=await keep(played.requestor, manifest))
    elif what == "package":
        await training_job(played, played.requestor, package=absent)
    elif what == "initial model":
        await training_job(played, played.requestor, initial_model=absent)
    else:
        show(played, **{"evaluation_job" if what == "evaluation" else "training_job": Digest(bytes(32))})
    fetch = await owed(member)
    assert [d.kind for d in fetch] == [DutyKind.FETCH]
    with pytest.raises(ContentUnavailable):
        await do(member, fetch[0])
    hurry(played)
    assert [d.kind for d in await owed(member)] == [DutyKind.FETCH, DutyKind.SCORE]
    assert await words(played) == [ABSTENTION]


def hurry(played: Played) -> None:
    """Let the window be nearly over. (A block would bring the true job back.)"""
    view, job = played.world.view, played.job
    deadline = Timestamp(view.now.timestamp + job.terms.durations.scoring_reserve)
    view.network = replace(view.network, jobs={job.id: replace(job, deadline=deadline)})


async def test_a_job_key_that_was_withheld(played: Played) -> None:
    stranger = await played.world.node("stranger", played.members[0].identity.role)
    await do(played.members[0], duty(played.job, DutyKind.FETCH, played.job.terms.training_job.hex()))
    without = replace(played.members[0], artefacts=stranger.artefacts)
    await do(without, duty(played.job, DutyKind.SCORE))
    kept = await without.artefacts.get(artefact_key(Artefact.SCORES, played.job_id, ROUND))
    assert json.loads(kept or b"") == [ABSTENTION]
    with pytest.raises(JobKeyMissing, match="holds no key of job"):
        await job_key(without, played.job_id)


async def test_a_committee_that_refuses_stops_the_job(world: World) -> None:
    """On the chain: what is committed is a refusal, opened without words, and pays who published."""
    played = await posted(world, trainers=2, validators=3, rounds=2)
    await played.until(State.COMMITTING, 2)
    world.sandbox.instead = lambda run: result({}, exit_code=1)
    await played.until_true(lambda job: job.ended and job.claimed >= set(job.participants))
    assert (played.job.state, played.job.reason) == (State.SETTLED, Reason.REFUSED)
    assert played.job.rounds[Round(2)].refused == {0, 1, 2}
    assert played.job.rounds[Round(1)].settled is not None
    assert played.job.rounds[Round(2)].settled is None
