"""A trainer looks at a job before it joins, and makes one update a round."""

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.behaviours.casting import bent
from tests.unit.node.jobcode import result
from tests.unit.node.played import Played, posted
from tests.unit.node.world import World, duty, enrol, everything_kept, members_wait, owed

from scatter.content.encryption import key_commitment
from scatter.jobs.manifests import SealedKeysManifest, TrainingJobManifest, UpdateManifest, digest
from scatter.learning.models import read_model
from scatter.node.doing import do
from scatter.node.doing.training import TokensMissing
from scatter.node.failures import MAX_ATTEMPTS, hopeless
from scatter.node.library import keep, manifest_of
from scatter.node.models import starting_model, update_file
from scatter.node.parts import Parts
from scatter.node.running import JobCodeFailed
from scatter.protocol.duties import Artefact, DutyKind, artefact_key
from scatter.protocol.ids import SCT, Digest, JobId
from scatter.protocol.states import Role, State


@pytest.fixture
async def played(world: World) -> Played:
    return await posted(world, trainers=1, validators=1, auditors=1)


async def examine(played: Played, trainer: Parts) -> tuple[bytes | None, bytes | None]:
    """What the trainer keeps: consent and refusal."""
    await do(trainer, duty(played.job, DutyKind.FETCH, played.job.terms.training_job.hex()))
    await do(trainer, duty(played.job, DutyKind.EXAMINE))
    kept = [
        await trainer.artefacts.get(artefact_key(kind, played.job_id)) for kind in (Artefact.CONSENT, Artefact.REFUSAL)
    ]
    return kept[0], kept[1]


def change_terms(played: Played, **changes: Any) -> None:
    view = played.world.view
    job = replace(played.job, terms=replace(played.job.terms, **changes))
    view.network = replace(view.network, jobs={played.job_id: job})


async def test_a_job_that_suits_is_joined(played: Played) -> None:
    trainer = played.trainers[0]
    assert await examine(played, trainer) == (b"", None)
    assert [d.kind for d in await owed(trainer)] == [DutyKind.JOIN]


async def test_a_dataset_that_is_not_here_is_refused(played: Played) -> None:
    trainer = replace(played.trainers[0], datasets={"other/v1": played.world.folder})
    consent, refusal = await examine(played, trainer)
    assert consent is None
    assert refusal == b"it asks for the dataset 'tiny/v1', which is not here"
    assert not await owed(trainer)


async def test_a_stake_beyond_what_the_operator_puts_up_is_refused(played: Played) -> None:
    stake = played.job.terms.slot_stake
    willing = replace(played.trainers[0], largest_stake=stake)
    assert await examine(played, willing) == (b"", None)
    other = await played.world.node("careful", Role.TRAINER, datasets=played.trainers[0].datasets)
    _, refusal = await examine(played, replace(other, largest_stake=stake - 1))
    assert refusal == b"it asks for a stake of 500 SCT, more than the 499.999999999999999999 SCT that this node puts up"


async def poor(played: Played, name: str, tokens: int) -> Parts:
    """A trainer with so many SCT."""
    trainer = await played.world.node(name, Role.TRAINER, datasets=played.trainers[0].datasets)
    played.world.ledger.model.balances[trainer.identity.address] = tokens * SCT
    return trainer


async def test_without_the_stake_it_neither_agrees_nor_refuses(played: Played) -> None:
    trainer = await poor(played, "poor", 499)
    await enrol([trainer])
    played.world.ledger.model.balances[trainer.identity.address] = 499 * SCT
    with pytest.raises(TokensMissing, match="poor has 499 SCT of the 500 SCT that it needs"):
        await examine(played, trainer)
    assert not hopeless(TokensMissing("later"), MAX_ATTEMPTS)
    assert [d.kind for d in await owed(trainer)] == [DutyKind.EXAMINE]
    played.world.ledger.model.balances[trainer.identity.address] = 500 * SCT
    assert await examine(played, trainer) == (b"", None)


async def test_a_stake_is_promised_once(played: Played) -> None:
    """To two jobs at once a trainer with the stake of one agrees once."""
    trainer = await poor(played, "poor", 999)
    other = replace(played.job, id=JobId(bytes(32)))
    view = played.world.view
    view.network = replace(view.network, jobs={played.job_id: played.job, other.id: other})
    await trainer.artefacts.keep(artefact_key(Artefact.CONSENT, other.id), b"")
    with pytest.raises(TokensMissing, match="poor has 999 SCT of the 1,000 SCT"):
        await examine(played, trainer)


async def test_terms_that_differ_from_the_package_are_refused(played: Played) -> None:
    change_terms(played, slot_stake=1, tau=99)
    consent, refusal = await examine(played, played.trainers[0])
    assert consent is None
    assert refusal == b"its job.toml and its terms on the chain differ in slot_stake, tau"
    assert not await owed(played.trainers[0])


async def test_a_package_that_is_no_job_is_refused(played: Played) -> None:
    requestor = played.requestor
    garbage = await requestor.content.put(b"not an archive")
    model = (await manifest_of(requestor, played.job.terms.training_job, TrainingJobManifest)).initial_model
    name = await keep(requestor, TrainingJobManifest(package=garbage, initial_model=model))
    change_terms(played, training_job=name)
    consent, refusal = await examine(played, played.trainers[0])
    assert consent is None
    assert refusal is not None
    assert refusal.startswith(b"the package of job 'tiny' cannot be used: ")


async def test_an_update_is_what_training_made_readable_by_seats_and_its_trainer_alone(played: Played) -> None:
    await played.until(State.COMMITTING, held=members_wait)
    trainer, start = played.trainers[0], await starting_model(played.trainers[0], played.job, played.job.round)
    readers = [*played.members, *played.auditors, trainer]
    for parts in readers:
        for owing in await owed(parts):
            await do(parts, owing)
        content = await update_file(parts, played.job, played.job.round, 0)
        assert content is not None
        assert read_model(content, like=start) != start
    manifest = await manifest_of(trainer, played.job.current.updates[0], UpdateManifest)
    keys = SealedKeysManifest.from_bytes(await trainer.content.get(manifest.sealed_keys))
    assert set(keys.sealed) == {parts.identity.address for parts in readers}
    assert await update_file(played.requestor, played.job, played.job.round, 0) is None
    assert [run.command[-1] for run in played.world.sandbox.runs].count("train.py") == 1


async def test_training_again_keeps_the_first_update(played: Played) -> None:
    """After a crash, or a duty that is done twice: what the chain was told stays what is served."""
    await played.until(State.TRAINING)
    trainer = played.trainers[0]
    await do(trainer, duty(played.job, DutyKind.OPEN_KEYS))
    before = await everything_kept(trainer.artefacts)
    await do(trainer, duty(played.job, DutyKind.TRAIN))
    first = await everything_kept(trainer.artefacts)
    await do(trainer, duty(played.job, DutyKind.TRAIN))
    again = await everything_kept(trainer.artefacts)
    key = artefact_key(Artefact.UPDATE, played.job_id, played.job.round)
    assert key not in before
    assert again[key] == first[key]
    assert {name: again[name] for name in first} == first
    manifest = await manifest_of(trainer, Digest(first[key] or b""), UpdateManifest)
    assert await trainer.content.size(manifest.ciphertext) == manifest.size


async def test_one_key_never_encrypts_two_updates(played: Played) -> None:
    """With secrets from a seed, too."""
    labels: list[str] = []

    def secrets(label: str) -> bytes:
        labels.append(label)
        return digest(label.encode())

    trainer = replace(played.trainers[0], secrets=secrets)
    await played.until(State.TRAINING)
    await do(trainer, duty(played.job, DutyKind.OPEN_KEYS))
    await do(trainer, duty(played.job, DutyKind.TRAIN))
    await do(replace(trainer, behaviour=bent("lazy")), duty(played.job, DutyKind.TRAIN))
    await do(trainer, duty(played.job, DutyKind.TRAIN))
    assert len(labels) == 3
    assert labels[0] == labels[2] != labels[1]
    assert len({key_commitment(secrets(label)) for label in set(labels)}) == 2


async def test_a_lazy_trainer_publishes_what_it_was_given(world: World) -> None:
    played = await posted(world, behaviours={0: bent("lazy")})
    await played.until(State.CHALLENGING)
    settled = played.job.rounds[played.job.round].settled
    assert settled is not None
    assert settled.struck == {0}
    assert not settled.accepted


async def test_training_that_fails_keeps_nothing(played: Played) -> None:
    await played.until(State.TRAINING)
    trainer = played.trainers[0]
    await do(trainer, duty(played.job, DutyKind.OPEN_KEYS))
    before = await everything_kept(trainer.artefacts)
    played.world.sandbox.instead = lambda run: result({}, exit_code=1)
    with pytest.raises(JobCodeFailed, match=r"training failed \(exit code 1\): Traceback"):
        await do(trainer, duty(played.job, DutyKind.TRAIN))
    assert await everything_kept(trainer.artefacts) == before
    assert [d.kind for d in await owed(trainer)] == [DutyKind.TRAIN]
