"""Tokens of what was made in a job, and the record of what was done, asked for by the nodes of those who did."""

from dataclasses import replace

from tests.unit.node.played import Played, posted
from tests.unit.node.world import World, owed

from scatter.node.doing import do
from scatter.node.parts import Parts
from scatter.protocol.ids import Round
from scatter.protocol.records import Record, RecordKind
from scatter.protocol.view import JobView, Reputation


async def with_models(world: World) -> Played:
    """A job of two rounds, whose first trainer wants tokens of its models."""
    played = await posted(world, rounds=2, trainers=2)
    first = played.trainers[0]
    played.trainers[0] = replace(first, identity=replace(first.identity, mint_models=True))
    return played


def mints(parts: Parts, world: World) -> list[str]:
    """The minting calls that a node sent."""
    sent = [key for sender, key in world.ledger.sent if sender == parts.identity.address]
    return [world.ledger.asked[parts.identity.address, key][0].function for key in sent if "mint" in key]


async def test_job_and_models_become_tokens_of_their_makers(world: World) -> None:
    played = await with_models(world)
    me = played.trainers[0].identity.address
    models = {Record(RecordKind.MODEL, me, Round(number)) for number in (1, 2)}

    def done(job: JobView) -> bool:
        return job.ended and job.claimed >= set(job.participants) and job.records >= models

    job = await played.until_true(done)
    owner = played.requestor.identity.address
    jobs = {Record(RecordKind.TRAINING_JOB, owner), Record(RecordKind.EVALUATION_JOB, owner)}
    assert job.records == jobs | models
    assert mints(played.requestor, world) == ["mintJob"]
    assert mints(played.trainers[0], world) == ["mintModel", "mintModel"]
    assert mints(played.trainers[1], world) == [], "models only where the operator asks for them"
    digests = {e.values["digest"] for e in world.ledger.model.events if e.name == "Recorded"}
    updates = {job.rounds[Round(number)].updates[0] for number in (1, 2)}
    assert digests == {job.terms.training_job, job.terms.evaluation_job, *updates}
    for parts in played.everybody:
        assert not await owed(parts)


async def test_what_a_node_did_is_recorded_where_its_operator_asks_for_it(world: World) -> None:
    played = await posted(world, rounds=2, trainers=2)
    second = played.trainers[1]
    played.trainers[1] = replace(second, identity=replace(second.identity, record_deeds=True))
    me = second.identity.address
    job = await played.until_true(lambda job: me in job.recorded)
    assert job.recorded == {me}
    (event,) = (e for e in world.ledger.model.events if e.name == "DeedsRecorded")
    assert world.view.network.reputations == {me: Reputation(**event.values["deeds"])}
    assert world.view.network.reputations[me].rounds == 2


async def test_what_somebody_else_has_minted_is_done(world: World) -> None:
    played = await posted(world)
    (duty,) = await owed(played.requestor)
    world.ledger.model.send(played.trainers[0].identity.address, "mint_job", duty.job, played.job.requestor)
    world.ledger.tell()
    await world.settle()
    assert not await owed(played.requestor)


async def test_an_operator_may_want_none(world: World) -> None:
    played = await posted(world)
    requestor = played.requestor
    without = replace(requestor, identity=replace(requestor.identity, mint_jobs=False))
    assert await owed(requestor)
    assert not await owed(without)


async def test_a_job_is_minted_once(world: World) -> None:
    """After a crash between sending and seeing it, too: the key of the transaction is the duty's."""
    played = await posted(world)
    (duty,) = await owed(played.requestor)
    await do(played.requestor, duty)
    await do(played.requestor, duty)
    assert mints(played.requestor, world) == ["mintJob"]
