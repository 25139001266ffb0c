"""A trainer reads what it is to start from, and challenges what is no model of the job; what it cannot get is no finding."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.node.played import Played, posted
from tests.unit.node.world import World, duty, owed

from scatter.content.encryption import encrypt_global_model
from scatter.content.fetching import ContentUnavailable
from scatter.jobs.manifests import GlobalModelManifest
from scatter.learning.models import Model
from scatter.node.doing import do
from scatter.node.library import keep
from scatter.node.models import job_key, keep_global_model
from scatter.node.parts import Parts
from scatter.protocol.duties import Artefact, Duty, DutyKind, item_key
from scatter.protocol.ids import Digest, Round
from scatter.protocol.states import ChallengeKind, State
from scatter.protocol.verdicts import Item

AGGREGATE = Item(ChallengeKind.AGGREGATE, Round(1))
Make = Callable[[Parts, Played], Awaitable[Digest]]


@pytest.fixture
async def played(world: World) -> Played:
    """The second round has begun; the trainer has trained on nothing of it."""
    made = await posted(world, rounds=2, others=3)
    await made.until(State.TRAINING, 2)
    return made


def audit(played: Played) -> Duty:
    return replace(duty(played.job, DutyKind.AUDIT, "aggregate"), round=Round(1))


async def found(played: Played) -> bool:
    """Whether the trainer keeps a finding."""
    trainer = played.trainers[0]
    await do(trainer, audit(played))
    assert await trainer.artefacts.get(item_key(Artefact.AUDIT, played.job_id, AGGREGATE)) == b""
    return await trainer.artefacts.get(item_key(Artefact.FINDING, played.job_id, AGGREGATE)) is not None


def close_with(played: Played, name: Digest) -> None:
    """Let the committee have closed the first round with another model."""
    view, job = played.world.view, played.job
    closed = replace(job.rounds[Round(1)], global_model=name)
    job = replace(job, rounds={**job.rounds, Round(1): closed})
    view.network = replace(view.network, jobs={job.id: job})


async def of_bytes(parts: Parts, played: Played, content: bytes) -> Digest:
    cid = await parts.content.put(content)
    return await keep(parts, GlobalModelManifest(job=played.job_id, round=1, ciphertext=cid, size=len(content)))


async def garbage(parts: Parts, played: Played) -> Digest:
    return await of_bytes(parts, played, b"x" * 100)


async def no_model(parts: Parts, played: Played) -> Digest:
    key = await job_key(parts, played.job_id)
    return await of_bytes(parts, played, encrypt_global_model(key, played.job_id, Round(1), b"not a model"))


async def no_manifest(parts: Parts, played: Played) -> Digest:
    return played.job.terms.training_job


async def another_layout(parts: Parts, played: Played) -> Digest:
    model = Model({"weight": np.zeros((2, 2), np.float32)})
    return await keep_global_model(parts, played.job_id, Round(1), await job_key(parts, played.job_id), model)


async def of_another_round(parts: Parts, played: Played) -> Digest:
    model = Model({"weight": np.zeros((3, 2), np.float32)})
    return await keep_global_model(parts, played.job_id, Round(2), await job_key(parts, played.job_id), model)


async def a_model(parts: Parts, played: Played) -> Digest:
    model = Model({"weight": np.ones((3, 2), np.float32)})
    return await keep_global_model(parts, played.job_id, Round(1), await job_key(parts, played.job_id), model)


async def test_a_model_in_order_is_no_finding(played: Played) -> None:
    assert DutyKind.AUDIT in [d.kind for d in await owed(played.trainers[0])]
    assert not await found(played)
    assert DutyKind.AUDIT not in [d.kind for d in await owed(played.trainers[0])]


@pytest.mark.parametrize("make", [garbage, no_model, no_manifest, another_layout, of_another_round])
async def test_what_is_no_model_of_the_job_is_one(played: Played, make: Make) -> None:
    close_with(played, await make(played.members[0], played))
    assert await found(played)


async def test_another_model_that_fits_is_not_its_business(played: Played) -> None:
    """Whether it is the right one takes the updates of others."""
    close_with(played, await a_model(played.members[0], played))
    assert not await found(played)


async def test_what_nobody_hands_out_may_be_the_network(played: Played) -> None:
    close_with(played, Digest(bytes([1]) * 32))
    with pytest.raises(ContentUnavailable):
        await found(played)
    assert not await played.trainers[0].artefacts.keys(Artefact.AUDIT)
    assert DutyKind.AUDIT in [d.kind for d in await owed(played.trainers[0])]
