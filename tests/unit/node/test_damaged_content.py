"""A file that rots in the content store: it is fetched again, and nothing is concluded from its absence."""

import json
from pathlib import Path

import pytest
from tests.unit.node.played import Played, posted
from tests.unit.node.world import World, duty, everything_kept, members_wait, owed

from scatter.content.cids import raw_cid
from scatter.jobs.manifests import EvaluationJobManifest, TrainingJobManifest, UpdateManifest
from scatter.node.doing import do
from scatter.node.library import manifest_of
from scatter.node.parts import Parts
from scatter.ports import ContentMissing
from scatter.protocol.duties import Artefact, DutyKind, artefact_key
from scatter.protocol.ids import Round
from scatter.protocol.scores import ABSTENTION, are_scores
from scatter.protocol.states import State

WHAT = ["package", "initial model", "shard", "update", "keys of an update", "manifest of an update"]


async def ready(world: World) -> Played:
    """The member has everything that the round is scored with."""
    played = await posted(world, trainers=2)
    await played.until(State.COMMITTING, held=members_wait)
    for owing in await owed(played.members[0]):
        if owing.kind in (DutyKind.FETCH, DutyKind.OPEN_KEYS):
            await do(played.members[0], owing)
    return played


async def cid_of(played: Played, what: str) -> str:
    terms, update, parts = played.job.terms, played.job.rounds[Round(1)].updates[0], played.requestor
    training = await manifest_of(parts, terms.training_job, TrainingJobManifest)
    evaluation = await manifest_of(parts, terms.evaluation_job, EvaluationJobManifest)
    published = await manifest_of(played.trainers[0], update, UpdateManifest)
    return {
        "package": training.package,
        "initial model": training.initial_model,
        "shard": evaluation.shards[0],
        "update": published.ciphertext,
        "keys of an update": published.sealed_keys,
        "manifest of an update": raw_cid(update),
    }[what]


def rot(world: World, parts: Parts, cid: str) -> Path:
    path = world.folder / parts.name / "content" / cid[-2:] / cid
    content = path.read_bytes()
    path.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    return path


@pytest.mark.parametrize("what", WHAT)
async def test_it_is_fetched_again_and_then_the_round_is_scored(world: World, what: str) -> None:
    played = await ready(world)
    member = played.members[0]
    path = rot(world, member, await cid_of(played, what))
    with pytest.raises(ContentMissing):
        await do(member, duty(played.job, DutyKind.SCORE))
    key = artefact_key(Artefact.SCORES, played.job_id, Round(1))
    assert await member.artefacts.get(key) is None, "neither a refusal nor an unreadable update"
    fetching = await owed(member)
    assert {d.kind for d in fetching} == {DutyKind.FETCH}
    for fetch in fetching:
        await do(member, fetch)
    assert path.exists()
    assert [d.kind for d in await owed(member)] == [DutyKind.SCORE]
    await do(member, duty(played.job, DutyKind.SCORE))
    assert are_scores(json.loads(await member.artefacts.get(key) or b"[]"))


async def test_training_on_a_damaged_model_waits_for_it(world: World) -> None:
    played = await posted(world)
    await played.until(State.TRAINING)
    trainer = played.trainers[0]
    await do(trainer, duty(played.job, DutyKind.OPEN_KEYS))
    training = await manifest_of(trainer, played.job.terms.training_job, TrainingJobManifest)
    rot(world, trainer, training.initial_model)
    with pytest.raises(ContentMissing):
        await do(trainer, duty(played.job, DutyKind.TRAIN))
    assert [d.kind for d in await owed(trainer)] == [DutyKind.FETCH]


async def test_what_was_never_here_stays_missing(world: World) -> None:
    """In a hurry that is an abstention: it may have been withheld."""
    played = await ready(world)
    member = played.members[0]
    before = await everything_kept(member.artefacts)
    complete = [key for key in before if key.startswith("complete/")]
    for key in complete:
        await member.artefacts.forget(key)
    rot(world, member, await cid_of(played, "shard"))
    await do(member, duty(played.job, DutyKind.SCORE))
    assert (
        await member.artefacts.get(artefact_key(Artefact.SCORES, played.job_id, Round(1)))
        == json.dumps([ABSTENTION]).encode()
    )
