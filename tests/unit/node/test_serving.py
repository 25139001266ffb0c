"""Sealed update keys are for drawn members, once the shard key is on the chain; everything else is for anybody."""

from collections.abc import Sequence

import pytest
from tests.unit.node.played import Played, posted
from tests.unit.node.world import World, members_wait, owed

from scatter.content.fetching import ContentUnavailable
from scatter.jobs.manifests import UpdateManifest
from scatter.node.doing import do
from scatter.node.library import keep, manifest_of
from scatter.node.parts import Parts
from scatter.node.serving import may_have
from scatter.protocol.duties import DutyKind
from scatter.protocol.states import Role, State


@pytest.fixture
async def played(world: World) -> Played:
    return await posted(world, trainers=2, validators=3)


async def update_of(trainer: Parts, played: Played) -> UpdateManifest:
    slot = played.job.slot_of(trainer.identity.address)
    assert slot is not None
    return await manifest_of(trainer, played.job.current.updates[slot], UpdateManifest)


async def readers(holder: Parts, cid: str, others: Sequence[Parts]) -> set[str]:
    """Who gets the content from a node when he asks it."""
    found = set()
    for parts in others:
        if parts is holder:
            continue
        if await may_have(holder, parts.network.peer, cid):
            await parts.fetcher.fetch(cid, [holder.network.peer], 1 << 20)
            found.add(parts.name)
        else:
            with pytest.raises(ContentUnavailable, match="refuses to hand it out"):
                await parts.fetcher.fetch(cid, [holder.network.peer], 1 << 20)
    return found


async def test_keys_are_for_members_after_the_shard_key(played: Played) -> None:
    stranger = await played.world.node("stranger", Role.VALIDATOR)
    everybody = [*played.everybody, stranger]
    trainer = played.trainers[0]
    await played.until(State.REVEALING)
    keys = (await update_of(trainer, played)).sealed_keys
    assert await readers(trainer, keys, everybody) == set()
    await played.until(State.COMMITTING, held=members_wait)
    assert await readers(trainer, keys, everybody) == {"validator-0", "validator-1", "validator-2"}
    # Members that fetched them keep to the same rule.
    others = [parts for parts in everybody if parts is not trainer]
    assert await readers(played.validators[0], keys, others) == {"validator-1", "validator-2"}


async def test_everything_else_is_for_anybody(played: Played) -> None:
    stranger = await played.world.node("stranger", Role.TRAINER)
    trainer = played.trainers[0]
    await played.until(State.REVEALING)
    ciphertext = (await update_of(trainer, played)).ciphertext
    assert await readers(trainer, ciphertext, [stranger]) == {"stranger"}
    assert await may_have(trainer, stranger.network.peer, ciphertext)


async def test_an_update_that_lists_others_content_keeps_it_from_nobody(played: Played) -> None:
    """A stranger lists the initial model as his sealed keys: members that follow him go on handing it out."""
    await played.until(State.COMMITTING, held=members_wait)
    validator, stranger = played.validators[0], await played.world.node("stranger", Role.TRAINER)
    honest = await update_of(played.trainers[0], played)
    public = honest.ciphertext
    forged = UpdateManifest(**{**honest.model_dump(), "sealed_keys": public})
    await keep(validator, forged)
    for duty in await owed(validator):
        if duty.kind is DutyKind.FETCH:
            await do(validator, duty)
    assert await may_have(validator, stranger.network.peer, public)


async def test_keys_of_a_job_that_nobody_knows_are_for_nobody(played: Played) -> None:
    await played.until(State.COMMITTING, held=members_wait)
    trainer = played.trainers[0]
    keys = (await update_of(trainer, played)).sealed_keys
    block = (await trainer.content.get(keys)).replace(played.job_id.hex().encode(), bytes(32).hex().encode())
    other = await trainer.content.put(block)
    assert not await may_have(trainer, played.validators[0].network.peer, other)
