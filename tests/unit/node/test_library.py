"""Content by the digest of its manifest: whole or not at all, whoever hands it out and whatever he lists."""

from dataclasses import replace

import pytest
from tests.unit.node.played import Played, posted
from tests.unit.node.world import World, duty

from scatter.content.cids import raw_cid
from scatter.content.fetching import ContentUnavailable
from scatter.content.messages import PROTOCOL, range_answer
from scatter.jobs.errors import ManifestError
from scatter.jobs.manifests import (
    EvaluationJobManifest,
    GlobalModelManifest,
    JobKeysManifest,
    TrainingJobManifest,
    UpdateManifest,
    digest,
)
from scatter.node.doing import do
from scatter.node.failures import GiveUp
from scatter.node.library import fetch_whole, holders, keep, kinds_of, manifest_of
from scatter.node.owing import COMPLETE
from scatter.node.parts import Parts
from scatter.protocol.duties import DutyKind
from scatter.protocol.ids import Digest, Round
from scatter.protocol.states import Role, State
from scatter.protocol.view import RoundView

CID = raw_cid(bytes(32))


@pytest.fixture
async def played(world: World) -> Played:
    return await posted(world, trainers=2)


@pytest.fixture
async def stranger(world: World) -> Parts:
    return await world.node("stranger", Role.TRAINER)


async def complete(parts: Parts) -> set[str]:
    return {key.removeprefix(COMPLETE) for key in await parts.artefacts.keys(COMPLETE)}


def update_listing(played: Played, ciphertext: str, sealed_keys: str, size: int) -> UpdateManifest:
    return UpdateManifest(
        job=played.job_id,
        round=1,
        trainer=played.trainers[0].identity.address,
        ciphertext=ciphertext,
        size=size,
        key_commitment=bytes(32),
        sealed_keys=sealed_keys,
    )


async def test_a_manifest_is_fetched_with_all_that_it_lists(played: Played, stranger: Parts) -> None:
    name, requestor = played.job.terms.evaluation_job, played.requestor.network.peer
    await fetch_whole(stranger, name, [EvaluationJobManifest], [requestor])
    manifest = await manifest_of(stranger, name, EvaluationJobManifest)
    for cid in (manifest.package, *manifest.shards):
        assert await stranger.content.get(cid) == await played.requestor.content.get(cid)
    assert await complete(stranger) == {name.hex()}


async def test_it_is_not_here_before_all_of_it_is(played: Played, stranger: Parts) -> None:
    half = await played.requestor.content.put(b"ciphertext")
    manifest = update_listing(played, half, CID, 10)
    name = await keep(played.requestor, manifest)
    with pytest.raises(ContentUnavailable, match="does not have it"):
        await fetch_whole(stranger, name, [UpdateManifest], [played.requestor.network.peer])
    assert await stranger.content.has(half)
    assert not await complete(stranger)


async def test_peers_that_lie_or_are_away_are_passed_over(played: Played, stranger: Parts) -> None:
    async def lie(peer: bytes, message: bytes) -> bytes:
        return range_answer(b'{"kind":"training-job"}')

    liar, away, real = [await played.world.node(name, Role.TRAINER) for name in ("liar", "away", "real")]
    liar.network.serve(PROTOCOL, lie)
    played.world.peers.take_offline(away.network.peer)
    name = played.job.terms.training_job
    peers = [p.network.peer for p in (liar, away, real)]
    with pytest.raises(ContentUnavailable) as caught:
        await fetch_whole(stranger, name, [TrainingJobManifest], peers)
    for reason in ("not this content's", "not reachable", "does not have it"):
        assert reason in str(caught.value)
    await fetch_whole(stranger, name, [TrainingJobManifest], [*peers, played.requestor.network.peer])
    assert await complete(stranger) == {name.hex()}


@pytest.mark.parametrize("kind", [UpdateManifest, GlobalModelManifest, JobKeysManifest, EvaluationJobManifest])
async def test_a_manifest_of_another_kind_is_refused(
    played: Played, stranger: Parts, kind: type[UpdateManifest]
) -> None:
    name = played.job.terms.training_job
    with pytest.raises(ManifestError):
        await fetch_whole(stranger, name, [kind], [played.requestor.network.peer])
    assert not await complete(stranger)
    assert not await stranger.content.has((await played_manifest(played)).initial_model)


async def played_manifest(played: Played) -> TrainingJobManifest:
    return await manifest_of(played.requestor, played.job.terms.training_job, TrainingJobManifest)


@pytest.mark.parametrize("block", [b"", b"garbage", b"[" * 5000, b'{"kind":[]}', b'{"kind":"update"}', b"null"])
async def test_garbage_is_refused(played: Played, stranger: Parts, block: bytes) -> None:
    await played.requestor.content.put(block)
    with pytest.raises(ManifestError):
        await fetch_whole(stranger, digest(block), [UpdateManifest], [played.requestor.network.peer])


async def test_what_a_manifest_lists_is_bounded(played: Played, stranger: Parts) -> None:
    requestor = played.requestor
    big, keys = await requestor.content.put(bytes(300_000)), await requestor.content.put(bytes(300_001))
    small = await requestor.content.put(b"small")
    peers = [requestor.network.peer]
    honest_about_it = await keep(requestor, update_listing(played, big, small, 300_000))
    with pytest.raises(ManifestError, match="lists 300000 bytes"):
        await fetch_whole(stranger, honest_about_it, [UpdateManifest], peers, largest_model=200_000)
    lying_about_it = await keep(requestor, update_listing(played, big, small, 100_000))
    with pytest.raises(ContentUnavailable, match="more than the 100000"):
        await fetch_whole(stranger, lying_about_it, [UpdateManifest], peers, largest_model=200_000)
    too_many_keys = await keep(requestor, update_listing(played, small, keys, 5))
    with pytest.raises(ContentUnavailable, match="more than the 262144"):
        await fetch_whole(stranger, too_many_keys, [UpdateManifest], peers)
    assert not await stranger.content.has(big)
    assert not await stranger.content.has(keys)


async def test_an_update_larger_than_the_jobs_models_is_not_fetched(played: Played) -> None:
    """By the duty: the bound follows from the initial model."""
    await played.until(State.TRAINING)
    trainer, validator = played.trainers[0], played.validators[0]
    await do(validator, duty(played.job, DutyKind.FETCH, played.job.terms.training_job.hex()))
    big = await trainer.content.put(bytes(2 << 20))
    name = await keep(trainer, update_listing(played, big, await trainer.content.put(b"keys"), 2 << 20))
    assert name not in played.job.current.updates.values()
    view = played.world.view
    updates = {0: name}
    current = RoundView(Round(1), updates=updates)
    view.network = replace(
        view.network, jobs={played.job_id: replace(played.job, rounds={Round(1): current}, state=State.COMMITTING)}
    )
    with pytest.raises(GiveUp, match="lists 2097152 bytes"):
        await do(validator, duty(played.job, DutyKind.FETCH, name.hex()))
    assert not await validator.content.has(big)


async def test_a_digest_that_is_something_else_gives_up_with_a_sentence(played: Played, stranger: Parts) -> None:
    block = b"not a manifest"
    await played.requestor.content.put(block)
    fetch = duty(played.job, DutyKind.FETCH, digest(block).hex())
    with pytest.raises(GiveUp, match=r"what job 'tiny' names .* cannot be used"):
        await do(stranger, fetch)


async def test_an_update_with_the_digest_of_the_model_keeps_nobody_from_the_model(played: Played) -> None:
    name = Digest(bytes([9]) * 32)
    job = replace(
        played.job,
        rounds={
            Round(1): RoundView(Round(1), closed=True, global_model=name),
            Round(2): RoundView(Round(2), updates={0: name}),
        },
    )
    assert set(kinds_of(job, name)) == {UpdateManifest, GlobalModelManifest}
    assert kinds_of(job, job.terms.training_job) == [TrainingJobManifest]
    assert kinds_of(job, Digest(bytes([8]) * 32)) == []


async def test_makers_are_asked_first_and_nobody_twice(played: Played) -> None:
    await played.until(State.CHALLENGING)
    job, validator = played.job, played.validators[0]
    peers = {parts.network.peer: parts.name for parts in played.everybody}

    def names(parts: Parts, name: Digest) -> list[str]:
        return [peers[peer] for peer in holders(parts, job, name)]

    made = job.rounds[Round(1)]
    first = job.trainers[next(iter(made.updates))]
    maker = next(parts.name for parts in played.trainers if parts.identity.address == first)
    assert names(validator, next(iter(made.updates.values())))[0] == maker
    assert names(validator, job.terms.training_job)[0] == "requestor"
    assert names(played.requestor, made.global_model)[0] == "validator-0"
    for parts in played.everybody:
        asked = names(parts, made.global_model)
        assert sorted([*asked, parts.name]) == sorted(peers.values())
