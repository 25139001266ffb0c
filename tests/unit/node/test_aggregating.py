"""The next global model: the same bytes at every honest member."""

from dataclasses import replace

import pytest
from tests.unit.node.played import Played, posted
from tests.unit.node.world import World, duty, only, owed

from scatter.jobs.manifests import GlobalModelManifest
from scatter.node.doing import do
from scatter.node.failures import GiveUp
from scatter.node.library import keep
from scatter.node.models import global_model, job_key, starting_model
from scatter.protocol.duties import Artefact, DutyKind, artefact_key
from scatter.protocol.ids import Digest, Round
from scatter.protocol.states import State

WITHOUT_AGGREGATES = only([DutyKind.AGGREGATE, DutyKind.POST_AGGREGATE])


@pytest.fixture
async def played(world: World) -> Played:
    made = await posted(world, trainers=3, validators=3)
    await made.until(State.AGGREGATING, held=WITHOUT_AGGREGATES)
    return made


async def test_every_member_makes_the_same_aggregate(played: Played) -> None:
    key, names = artefact_key(Artefact.AGGREGATE, played.job_id, played.job.round), set()
    for validator in played.validators:
        for owing in await owed(validator):
            if owing.kind is DutyKind.FETCH:
                await do(validator, owing)
        await do(validator, duty(played.job, DutyKind.AGGREGATE))
        names.add(await validator.artefacts.get(key))
    assert len(names) == 1
    assert None not in names


async def test_the_next_round_starts_from_it(world: World) -> None:
    played = await posted(world, rounds=2, trainers=2, validators=1)
    await played.until(State.COMMITTING, 2)
    trainer = played.trainers[0]
    made_in, name = played.job.starting_model(Round(2))
    assert made_in == 1
    initial = await starting_model(trainer, played.job, Round(1))
    second = await starting_model(trainer, played.job, Round(2))
    assert second != initial
    assert second == await global_model(played.requestor, played.job, made_in, name)


async def test_a_round_that_has_not_settled_is_tried_again(played: Played) -> None:
    view = played.world.view
    unsettled = replace(played.job.current, settled=None)
    view.network = replace(view.network, jobs={played.job_id: replace(played.job, rounds={Round(1): unsettled})})
    with pytest.raises(LookupError, match="has not settled"):
        await do(played.validators[0], duty(played.job, DutyKind.AGGREGATE))


async def test_an_accepted_update_that_cannot_be_read_is_given_up(played: Played) -> None:
    validator, view = played.validators[0], played.world.view
    updates = dict.fromkeys(played.job.current.updates, played.job.terms.training_job)
    spoiled = replace(played.job.current, updates=updates)
    view.network = replace(view.network, jobs={played.job_id: replace(played.job, rounds={Round(1): spoiled})})
    with pytest.raises(GiveUp, match=r"the update of trainer 0x.* was accepted, but cannot be read here"):
        await do(validator, duty(played.job, DutyKind.AGGREGATE))
    assert await validator.artefacts.get(artefact_key(Artefact.AGGREGATE, played.job_id, Round(1))) is None


async def test_a_model_that_cannot_be_used_is_given_up_with_a_sentence(played: Played) -> None:
    validator, job = played.validators[0], played.job
    assert await job_key(validator, job.id)
    garbage = await validator.content.put(b"x" * 50)
    made = await keep(validator, GlobalModelManifest(job=job.id, round=1, ciphertext=garbage, size=50))
    for name in (made, job.terms.training_job):
        with pytest.raises(GiveUp, match="the global model of round 1 of job 'tiny' cannot be used: "):
            await global_model(validator, job, Round(1), Digest(name))
    with pytest.raises(LookupError, match="holds no key of job"):
        await global_model(validator, replace(job, id=bytes(32)), Round(0), None)
