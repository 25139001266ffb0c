"""Whole jobs with somebody who hands out bad keys, or keeps them: who did not do it loses nothing by it."""

from typing import Any

import pytest
from tests.unit.behaviours.casting import bend
from tests.unit.behaviours.reckoning import ONE, REFUSAL, SCORES, STAKE, end, gain, losses, requestor, settled
from tests.unit.node.played import Played, posted
from tests.unit.node.world import World, duty, enrol, only

from scatter.content.encryption import sealing_public_key
from scatter.jobs.manifests import UpdateManifest
from scatter.node.doing import do
from scatter.node.failures import GiveUp
from scatter.node.library import manifest_of
from scatter.node.models import update_file, update_key
from scatter.node.parts import Parts
from scatter.protocol.duties import Artefact, DutyKind, artefact_key
from scatter.protocol.ids import SCT
from scatter.protocol.scores import UNREADABLE, is_special
from scatter.protocol.states import ChallengeKind, Reason, State
from scatter.protocol.verdicts import Verdict

BOND = 500 * SCT


# ── trainers ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seats", [1, 2, 3, 5])
async def test_an_update_that_some_seats_cannot_read_is_unreadable_for_all(world: World, seats: int) -> None:
    """Fewer than half, more than half, all members, all seats: nobody contradicts anybody, so nobody challenges."""
    played = await posted(world, trainers=3, validators=3, auditors=2, others=3)
    (bad,) = await bend(played, "unreadable-keys", played.trainers[0], seats=seats)
    await end(played)
    found = settled(played)
    assert (found.lanes[1], found.accepted, found.panel) == (UNREADABLE, (1, 2), {0, 1, 2})
    assert (found.left_out, found.deviating, dict(played.job.items)) == (frozenset(), frozenset(), {})
    assert gain(played, bad) == -STAKE
    assert not losses(played)
    assert all(gain(played, parts) > 0 for parts in [*played.trainers[1:], *played.members, *played.auditors])


async def test_a_jury_finds_it_unreadable_too(world: World) -> None:
    """Jurors get the right key from the member that has it, and see that two others did not."""
    played = await posted(world, trainers=3, validators=3, auditors=1, others=3)
    (bad,) = await bend(played, "unreadable-keys", played.trainers[0], seats=2)
    (griefer,) = await bend(played, "false-challenges", *played.challengers, items=1)
    await end(played)
    verdict = verdict_on(played, ChallengeKind.SCORES)
    assert (verdict.counts, verdict.changed, verdict.lost, verdict.outside) == (True, False, set(), set())
    assert verdict.lanes[1] == UNREADABLE
    assert not is_special(verdict.lanes[2])
    for juror in played.jurors:
        assert await update_key(juror, played.job, ONE, 0) is not None, (
            "without it, it would say the same of any update"
        )
    assert gain(played, bad) == -STAKE
    assert gain(played, griefer) < 0
    assert not losses(played)
    assert all(gain(played, member) > 0 for member in played.members)


async def registered_anew(played: Played, seat: Parts, **changes: bytes) -> Parts:
    """The seat, with another key on the chain before anything of a round is sealed to it."""
    changed = await played.world.node(seat.name, seat.identity.role, **changes)
    played.change(seat, changed)
    await enrol([changed])
    await played.world.settle()
    account = seat.identity.address
    assert played.world.view.network.nodes[account].sealing_key == changed.sealing_public != seat.sealing_public
    assert played.job.sealing_keys[account] == seat.sealing_public
    return changed


async def test_a_seat_that_registers_another_key_later_cannot_shut_out_a_trainer(world: World) -> None:
    """It has lost the key of the bundle and of the updates, and is the only one that cannot read them."""
    played = await posted(world, trainers=2, validators=3, auditors=1, others=3)
    await played.until(State.TRAINING)
    key = bytes(range(32))
    seat = await registered_anew(played, played.members[0], sealing_key=key, sealing_public=sealing_public_key(key))
    await end(played, held=only({DutyKind.OPEN_KEYS}, seat.identity.address))
    made = played.job.rounds[ONE]
    assert (made.abstained, made.refused) == ({0}, frozenset()), "it cannot tell whose fault that is"
    assert (settled(played).accepted, settled(played).panel) == ((0, 1), {1, 2, 3})
    assert (dict(played.job.items), gain(played, seat)) == ({}, 0)
    assert all(gain(played, parts) > 0 for parts in [*played.trainers, *played.members[1:]])


@pytest.mark.parametrize("key", [bytes(31) + b"\1", bytes([0]) * 32], ids=["of nobody", "unusable"])
async def test_a_seat_that_keeps_the_key_it_was_drawn_with_reads_on(world: World, key: bytes) -> None:
    """Whatever it registers meanwhile: nothing that is sealed to it looks wrong to anybody."""
    played = await posted(world, trainers=2, validators=3)
    await played.until(State.TRAINING)
    seat = await registered_anew(played, played.members[0], sealing_public=key)
    await end(played)
    assert (settled(played).accepted, settled(played).panel, losses(played)) == ((0, 1), {0, 1, 2}, {})
    assert gain(played, seat) == gain(played, played.members[1]) > 0


async def test_nobody_reads_what_is_not_sealed_to_all(world: World) -> None:
    """The hook changes what others can open; the third member opens its copy, and does not use it."""
    played = await posted(world, trainers=1, validators=3)
    await bend(played, "unreadable-keys", played.trainers[0], seats=2)
    await played.until(State.OPENING)
    keys = [await update_key(member, played.job, ONE, 0) is not None for member in played.members]
    assert keys == [False, False, True]
    assert [await update_file(member, played.job, ONE, 0) for member in played.members] == [None] * 3
    name = played.job.rounds[ONE].updates[0]
    assert await played.members[2].content.has((await manifest_of(played.members[2], name, UpdateManifest)).ciphertext)


# ── requestors ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("readers", ["seats", "members"])
async def test_a_bundle_that_is_wrong_for_seats_is_refused_by_all_and_a_jury_bears_them_out(
    world: World, readers: str
) -> None:
    """The requestor challenges the refusal, and passes the right key on to the jury."""
    wrong = requestor("wrong-bundle", readers=readers)
    played = await posted(world, trainers=2, validators=3, auditors=1, others=3, requestors=wrong)
    await played.until(State.TRAINING)
    deceived = [*played.members, *(played.auditors if readers == "seats" else ())]
    for seat in deceived:
        with pytest.raises(GiveUp, match="is not the key"):
            await do(seat, duty(played.job, DutyKind.OPEN_KEYS))
    await end(played, held=only({DutyKind.OPEN_KEYS}, *(seat.identity.address for seat in deceived)))
    assert (played.job.state, played.job.reason) == (State.SETTLED, Reason.REFUSED)
    assert played.job.rounds[ONE].refused == {0, 1, 2, 3}
    assert played.job.items[REFUSAL].filers == (played.job.requestor,)
    verdict = verdict_on(played, ChallengeKind.REFUSAL)
    assert (verdict.counts, verdict.changed, verdict.outside) == (True, False, set())
    for juror in played.jurors:
        assert await holds_job_key(played, juror), "without it, it would refuse any round"
    assert not losses(played)
    assert gain(played, played.requestor) < -played.job.terms.bond - BOND
    paid = [*played.trainers, *played.members, *played.jurors]
    assert all(gain(played, parts) > 0 for parts in paid)
    assert gain(played, played.auditors[0]) == 0


async def test_a_bundle_that_is_right_for_seats_is_not_refused(world: World) -> None:
    """The tests above would find nothing if it were."""
    played = await posted(world, trainers=2, validators=3, requestors=requestor("honest"))
    await end(played)
    assert (played.job.reason, settled(played).accepted) == (Reason.NONE, (0, 1))


async def test_without_a_bundle_the_bond_goes_to_the_trainers(world: World) -> None:
    played = await posted(world, trainers=2, validators=3)
    await bend(played, "withheld-bundle", played.requestor)
    await end(played)
    assert (played.job.state, played.job.reason) == (State.DEFAULTED, Reason.NO_KEYS)
    assert [gain(played, trainer) for trainer in played.trainers] == [played.job.terms.bond // 2] * 2
    assert gain(played, played.requestor) == -played.job.terms.bond


@pytest.mark.parametrize(
    ("name", "options"),
    [("withheld-bundle", {"named": True}), ("wrong-bundle", {}), ("wrong-bundle", {"readers": "trainers"})],
)
async def test_a_bundle_that_helps_no_trainer_ends_the_job_without_loss(
    world: World, name: str, options: dict[str, Any]
) -> None:
    played = await posted(world, trainers=2, validators=3)
    await bend(played, name, played.requestor, **options)
    await played.until(State.TRAINING)
    for parts in [*played.trainers, *played.members]:
        assert not await holds_job_key(played, parts)
    await end(played, held=only({DutyKind.OPEN_KEYS}))
    assert (played.job.state, played.job.reason) == (State.CANCELLED, Reason.NO_TRAINER_LEFT)
    assert [gain(played, parts) for parts in played.everybody] == [0] * len(played.everybody)


async def holds_job_key(played: Played, parts: Parts) -> bool:
    return await parts.artefacts.get(artefact_key(Artefact.JOB_KEY, played.job_id)) is not None


def verdict_on(played: Played, kind: ChallengeKind) -> Verdict:
    verdict = played.job.items[SCORES if kind is ChallengeKind.SCORES else REFUSAL].verdict
    assert verdict is not None
    return verdict
