"""A member scores every update of a round, whatever the update is."""

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.behaviours.casting import bent
from tests.unit.node.jobcode import result
from tests.unit.node.played import Played, posted
from tests.unit.node.world import World, duty, members_wait, owed

from scatter.content.encryption import encrypt_content, key_commitment
from scatter.jobs.manifests import UpdateManifest
from scatter.learning.models import write_model
from scatter.node.doing import do
from scatter.node.library import keep
from scatter.node.models import starting_model, update_context, update_file
from scatter.node.parts import Parts
from scatter.node.sealing import seal_update_key
from scatter.ports import SandboxResult, SandboxRun
from scatter.protocol.duties import Artefact, DutyKind, artefact_key
from scatter.protocol.ids import Digest, Round
from scatter.protocol.scores import COPY, LARGEST, UNREADABLE, ZERO, unpack
from scatter.protocol.states import State

KEY = bytes([5]) * 32


@pytest.fixture
async def played(world: World) -> Played:
    """Three trainers have published, the second its starting model; the member has nothing fetched yet."""
    made = await posted(world, trainers=3, behaviours={1: bent("lazy")})
    await made.until(State.COMMITTING, held=members_wait)
    return made


async def fetch_all(parts: Parts) -> None:
    for owing in await owed(parts):
        if owing.kind in (DutyKind.FETCH, DutyKind.OPEN_KEYS):
            await do(parts, owing)


async def scored(played: Played) -> list[int]:
    """The member's lanes, as it keeps them."""
    validator = played.validators[0]
    await do(validator, duty(played.job, DutyKind.SCORE))
    words = await validator.artefacts.get(artefact_key(Artefact.SCORES, played.job_id, played.job.round))
    assert words is not None
    return unpack(json.loads(words), 3)


def replace_update(played: Played, slot: int, name: Digest) -> None:
    """Let the chain show another digest as a trainer's update."""
    view, job = played.world.view, played.job
    rounds = {job.round: replace(job.current, updates={**job.current.updates, slot: name})}
    view.network = replace(view.network, jobs={job.id: replace(job, rounds=rounds)})


async def forged(played: Played, plaintext: bytes, **changes: Any) -> Digest:
    """An update of trainer 0, kept at the member, with something about it that is not as it should be."""
    validator, job = played.validators[0], played.job
    trainer = played.trainers[0].identity.address
    keys = seal_update_key(job, job.round, trainer, lambda _: KEY)
    keys = keys.model_copy(update={"sealed": {**keys.sealed, **changes.pop("sealed", {})}})
    ciphertext = encrypt_content(KEY, plaintext, update_context(job.id, job.round, trainer))
    values = {
        "job": job.id,
        "round": int(job.round),
        "trainer": trainer,
        "ciphertext": await validator.content.put(ciphertext),
        "size": len(ciphertext),
        "key_commitment": key_commitment(KEY),
        "sealed_keys": await validator.content.put(keys.to_bytes()),
    }
    return await keep(validator, UpdateManifest(**{**values, **changes}))


async def test_contributions_are_measured_and_copies_found(played: Played) -> None:
    await fetch_all(played.validators[0])
    metric, first, lazy, third = await scored(played)
    assert 0 <= metric <= 10_000
    assert lazy == COPY
    assert ZERO < first < UNREADABLE
    assert ZERO < third < UNREADABLE


async def test_what_is_missing_counts_as_unreadable(played: Played) -> None:
    """When time runs out: the duty is owed, and done, without the content of one update."""
    validator, job = played.validators[0], played.job
    gone = job.slot_of(played.trainers[0].identity.address)
    assert gone is not None
    for owing in await owed(validator):
        if owing.subject != job.current.updates[gone].hex():
            await do(validator, owing)
    assert [d.kind for d in await owed(validator)] == [DutyKind.FETCH]
    await played.world.pass_time(job.id, job.terms.durations.commit * 2 // 3 + 1)
    assert [d.kind for d in await owed(validator)] == [DutyKind.FETCH, DutyKind.SCORE]
    lanes = await scored(played)
    assert lanes[gone + 1] == UNREADABLE
    assert [lane for lane in lanes[1:] if lane not in (UNREADABLE, COPY)]


async def test_unreadable_updates_get_the_word_for_it(played: Played) -> None:
    await fetch_all(played.validators[0])
    validator = played.validators[0]
    mine, other = (trainer.identity.address for trainer in played.trainers[:2])
    good = write_model(await starting_model(validator, played.job, played.job.round))
    bad = {
        "no model": await forged(played, b"not a model"),
        "sealed badly to me": await forged(played, good, sealed={validator.identity.address: b"x" * 80}),
        "sealed badly to its trainer": await forged(played, good, sealed={mine: b"x" * 80}),
        "sealed to one too many": await forged(played, good, sealed={other: b"x" * 80}),
        "another key": await forged(played, good, key_commitment=bytes(32)),
        "another trainer": await forged(played, good, trainer=other),
        "another round": await forged(played, good, round=2),
        "another job": await forged(played, good, job=bytes(32)),
        "another manifest": played.job.terms.training_job,
        "keys that are none": await forged(played, good, sealed_keys=await validator.content.put(b"keys")),
        "ciphertext of nothing": await forged(played, good, ciphertext=await validator.content.put(b"x" * 40)),
    }
    assert await update_file(validator, played.job, played.job.round, 0)
    for what, name in bad.items():
        replace_update(played, 0, name)
        content = await update_file(validator, played.job, played.job.round, 0)
        assert content is None or what == "no model", what
    for what in ("no model", "another manifest"):
        replace_update(played, 0, bad[what])
        validator = replace(validator, artefacts=(await _fresh(played)).artefacts)
        assert (await _lanes(played, validator))[1] == UNREADABLE


async def _fresh(played: Played) -> Parts:
    """Artefacts of a member that has opened the job key and scored nothing."""
    count = len(list(played.world.folder.iterdir()))
    fresh = await played.world.node(f"fresh-{count}", played.validators[0].identity.role)
    key = artefact_key(Artefact.JOB_KEY, played.job_id)
    await fresh.artefacts.keep(key, await played.requestor.artefacts.get(key) or b"")
    return fresh


async def _lanes(played: Played, validator: Parts) -> list[int]:
    await do(validator, duty(played.job, DutyKind.SCORE))
    words = await validator.artefacts.get(artefact_key(Artefact.SCORES, played.job_id, played.job.round))
    return unpack(json.loads(words or b""), 3)


async def test_a_forged_update_that_is_right_in_all_is_read(played: Played) -> None:
    """The test above would find nothing if the forger were no good."""
    validator = played.validators[0]
    await fetch_all(validator)
    replace_update(played, 0, await forged(played, b"anything"))
    assert await update_file(validator, played.job, played.job.round, 0) == b"anything"


async def test_scores_and_salt_are_made_once(played: Played) -> None:
    validator = played.validators[0]
    await fetch_all(validator)
    first = await scored(played)
    key = artefact_key(Artefact.SALT, played.job_id, played.job.round)
    salt = await validator.artefacts.get(key)
    assert salt is not None
    assert len(set(salt)) > 8, "a salt that can be guessed hides nothing"
    replace_update(played, 0, played.job.terms.training_job)
    assert await scored(played) == first
    assert await validator.artefacts.get(key) == salt
    assert [d.kind for d in await owed(validator)][-1] is DutyKind.COMMIT


async def test_one_update_that_breaks_the_predictor_does_not_stop_the_round(played: Played) -> None:
    """The predictor fails over models of which one is bad, here A without the first trainer: that one has a score of 0."""
    await fetch_all(played.validators[0])
    sandbox, bad = played.world.sandbox, set[bytes]()

    def crash(run: SandboxRun) -> SandboxResult | None:
        models = {path.stem: path.read_bytes() for path in run.mounts["/in/models"].iterdir()}
        if len(models) > 1:
            bad.add(models["2"])
        return result({}, exit_code=1) if bad & set(models.values()) else None

    sandbox.instead = crash
    first = played.job.slot_of(played.trainers[0].identity.address)
    third = played.job.slot_of(played.trainers[2].identity.address)
    assert first is not None
    assert third is not None
    lanes = await scored(played)
    assert lanes[first + 1] == LARGEST
    assert ZERO < lanes[third + 1] < LARGEST


async def test_without_the_shard_key_on_the_chain_it_is_tried_again(played: Played) -> None:
    """It was there when scoring was owed: the chain went back."""
    view = played.world.view
    await fetch_all(played.validators[0])
    hidden = replace(played.job.current, shard_key=None)
    view.network = replace(view.network, jobs={played.job_id: replace(played.job, rounds={Round(1): hidden})})
    with pytest.raises(LookupError, match="is not on the chain"):
        await do(played.validators[0], duty(played.job, DutyKind.SCORE))
