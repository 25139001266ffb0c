"""The job key, from the requestor's bundle to everybody drawn."""

from dataclasses import replace

import pytest
from tests.unit.node.played import Played, posted
from tests.unit.node.world import World, duty, owed

from scatter.content.encryption import seal
from scatter.jobs.manifests import JobKeysManifest, digest
from scatter.node.doing import do
from scatter.node.failures import GiveUp
from scatter.node.library import keep, manifest_of
from scatter.node.models import job_key
from scatter.node.parts import Parts
from scatter.node.sealing import job_key_context, job_key_is_sealed_to_all
from scatter.protocol.duties import Artefact, DutyKind, artefact_key
from scatter.protocol.ids import Digest
from scatter.protocol.states import State


@pytest.fixture
async def played(world: World) -> Played:
    made = await posted(world, trainers=2, validators=3)
    await made.until(State.KEYING)
    return made


def show(played: Played, bundle: Digest) -> None:
    """Let the chain show a bundle."""
    view = played.world.view
    view.network = replace(view.network, jobs={played.job_id: replace(played.job, bundle=bundle)})


async def bundled(played: Played, sealed: dict[str, bytes], job: bytes | None = None) -> None:
    """Publish a bundle by hand."""
    show(played, await keep(played.requestor, JobKeysManifest(job=job or played.job_id, sealed=sealed)))


def sealed_to(parts: Parts, key: bytes, played: Played) -> dict[str, bytes]:
    me = parts.identity.address
    return {me: seal(parts.sealing_public, key, job_key_context(played.job_id, me))}


async def refused(played: Played, message: str) -> None:
    trainer = played.trainers[0]
    with pytest.raises(GiveUp, match=message):
        await do(trainer, duty(played.job, DutyKind.OPEN_KEYS))
    assert await trainer.artefacts.get(artefact_key(Artefact.JOB_KEY, played.job_id)) is None


async def test_everybody_drawn_opens_the_same_key(played: Played) -> None:
    await played.until(State.TRAINING)
    key = await job_key(played.requestor, played.job_id)
    for parts in [*played.trainers, *played.validators]:
        await do(parts, duty(played.job, DutyKind.OPEN_KEYS))
        assert await job_key(parts, played.job_id) == key


async def test_the_bundle_is_made_once(played: Played) -> None:
    seal_keys = duty(played.job, DutyKind.SEAL_KEYS)
    await do(played.requestor, seal_keys)
    first = await played.requestor.artefacts.get(artefact_key(Artefact.BUNDLE, played.job_id))
    await do(played.requestor, seal_keys)
    assert await played.requestor.artefacts.get(artefact_key(Artefact.BUNDLE, played.job_id)) == first
    assert [d.kind for d in await owed(played.requestor)] == [DutyKind.PUBLISH_KEYS]


async def test_a_strangers_unusable_key_leaves_the_others_theirs(played: Played) -> None:
    bad = played.trainers[1].identity.address
    view = played.world.view
    # The point of order 1: no shared secret comes of it.
    keys = {**played.job.sealing_keys, bad: bytes(32)}
    view.network = replace(view.network, jobs={played.job_id: replace(played.job, sealing_keys=keys)})
    await do(played.requestor, duty(played.job, DutyKind.SEAL_KEYS))
    name = await played.requestor.artefacts.get(artefact_key(Artefact.BUNDLE, played.job_id))
    assert name is not None
    bundle = await manifest_of(played.requestor, Digest(name), JobKeysManifest)
    readers = [played.trainers[0], *played.validators]
    assert set(bundle.sealed) == {parts.identity.address for parts in readers}
    show(played, Digest(name))
    for parts in readers:
        await do(parts, duty(played.job, DutyKind.OPEN_KEYS))
    opened = await job_key(played.trainers[0], played.job_id)
    assert opened == await job_key(played.requestor, played.job_id)
    assert await job_key_is_sealed_to_all(played.job, opened), "nobody expects a copy that cannot be made"


async def test_before_the_bundle_there_is_nothing_to_open(played: Played) -> None:
    with pytest.raises(LookupError, match="has not published"):
        await do(played.trainers[0], duty(played.job, DutyKind.OPEN_KEYS))


async def test_a_bundle_without_my_key_is_given_up(played: Played) -> None:
    await bundled(played, sealed_to(played.trainers[1], bytes(32), played))
    await refused(played, "the key bundle of job 'tiny' holds no key for 0x")


async def test_a_bundle_of_another_job_is_given_up(played: Played) -> None:
    await bundled(played, sealed_to(played.trainers[0], bytes(32), played), job=bytes(32))
    await refused(played, "holds no key for")


async def test_a_wrong_key_is_given_up(played: Played) -> None:
    await bundled(played, sealed_to(played.trainers[0], bytes(32), played))
    await refused(played, "is not the key of job 'tiny'")


async def test_a_key_sealed_to_somebody_else_is_given_up(played: Played) -> None:
    me, other = (parts.identity.address for parts in played.trainers)
    await bundled(played, {me: sealed_to(played.trainers[1], bytes(32), played)[other]})
    await refused(played, "cannot be opened: the message was not sealed to this key")


@pytest.mark.parametrize("block", [b"", b"garbage", b'{"kind":"training-job"}', b"\xff" * 1000])
async def test_a_garbage_bundle_is_given_up(played: Played, block: bytes) -> None:
    await played.requestor.content.put(block)
    show(played, digest(block))
    await refused(played, "the key bundle of job 'tiny' cannot be opened: the manifest of job keys")
