"""Whole jobs with content that comes late, or never: who was not handed it loses nothing, and whoever kept it gains nothing by that."""

import pytest
from tests.unit.behaviours.casting import bend
from tests.unit.behaviours.reckoning import ONE, SCORES, STAKE, end, gain, losses, requestor, settled
from tests.unit.node.played import Played, posted
from tests.unit.node.world import Held, World

from scatter.node.parts import Parts
from scatter.protocol.duties import Duty, DutyKind
from scatter.protocol.scores import UNREADABLE, is_special, unpack
from scatter.protocol.states import Reason, State


def not_served(played: Played, slot: int, *, to_jurors: bool = False) -> Held:
    """Seats, and unless jurors are served those too, do not get a trainer's update. (Asking in vain ends a test.)"""

    def held(parts: Parts, duty: Duty) -> bool:
        del parts
        update = played.job.rounds[ONE].updates.get(slot) if ONE in played.job.rounds else None
        served = to_jurors and played.job.state is State.JUDGING
        return not served and duty.kind is DutyKind.FETCH and update is not None and duty.subject == update.hex()

    return held


def no_evaluation(played: Played) -> Held:
    """Nobody gets the evaluation."""
    return lambda _, duty: duty.kind is DutyKind.FETCH and duty.subject == played.job.terms.evaluation_job.hex()


async def test_an_update_that_only_a_jury_gets_costs_no_seat_anything(world: World) -> None:
    """The verdict restores it, and the trainer is paid; but those that could not read it keep their stakes."""
    played = await posted(world, trainers=3, validators=3, auditors=1, others=3)
    (late,) = await bend(played, "late-content", played.trainers[0])
    await end(played, held=not_served(played, 0, to_jurors=True))
    found, verdict = settled(played), played.job.items[SCORES].verdict
    assert verdict is not None
    assert (found.lanes[1], found.accepted) == (UNREADABLE, (1, 2))
    assert played.job.items[SCORES].filers == (late.identity.address,)
    assert (verdict.changed, len(verdict.agreed), verdict.outside) == (True, len(played.jurors), set())
    assert verdict.lost == set()
    assert not is_special(verdict.lanes[1])
    assert verdict.lanes[2:] == found.lanes[2:], "jurors measure the others as seats did, without it"
    assert not losses(played)
    assert [gain(played, seat) for seat in [*played.members, *played.auditors]] == [0] * 4
    assert 0 < gain(played, late) < min(gain(played, trainer) for trainer in played.trainers[1:])


async def test_an_update_in_time_is_worth_more(world: World) -> None:
    """The test above would find nothing if the trainer were paid little anyway."""
    played = await posted(world, trainers=3, validators=3, auditors=1, others=3)
    await end(played)
    assert (settled(played).accepted, dict(played.job.items)) == ((0, 1, 2), {})
    assert min(gain(played, seat) for seat in [*played.members, *played.auditors]) > 0


async def test_an_update_that_nobody_gets_stays_struck_out(world: World) -> None:
    """Jurors find what seats found, and the challenge costs its bond."""
    played = await posted(world, trainers=3, validators=3, auditors=1, others=3)
    (late,) = await bend(played, "late-content", played.trainers[0])
    await end(played, held=not_served(played, 0))
    verdict = played.job.items[SCORES].verdict
    assert verdict is not None
    assert (verdict.counts, verdict.changed, verdict.outside) == (True, False, set())
    assert not losses(played)
    assert gain(played, late) == -STAKE - played.job.rates.challenge_bond
    assert all(gain(played, seat) > 0 for seat in [*played.members, *played.jurors])


async def test_a_seat_that_lacked_an_update_gets_it_from_others_before_it_contradicts_them(world: World) -> None:
    """It was left out, and its own scores differ from what was settled; a challenge would cost it the bond."""
    played = await posted(world, trainers=2, validators=3, auditors=1, others=3)
    await played.until(State.TRAINING)
    seat = played.members[0]

    def held(parts: Parts, duty: Duty) -> bool:
        return parts is seat and not_served(played, 0)(parts, duty)

    await end(played, held)
    opened = unpack(played.job.rounds[ONE].scored[0], 2)
    assert opened[1] == UNREADABLE
    assert (settled(played).accepted, settled(played).left_out) == ((0, 1), {0})
    assert dict(played.job.items) == {}
    assert (gain(played, seat), losses(played)) == (0, {})


@pytest.mark.parametrize("late", [False, True])
async def test_an_evaluation_that_no_seat_gets_is_not_refused(world: World, late: bool) -> None:
    """All abstain: the requestor has its own back, and no refusal that it could challenge."""
    played = await posted(
        world, trainers=2, validators=3, auditors=1, others=3, requestors=requestor("withheld-content", late=late)
    )
    await end(played, held=no_evaluation(played))
    made = played.job.rounds[ONE]
    assert (made.abstained, made.refused, dict(made.scored)) == ({0, 1, 2, 3}, frozenset(), {})
    assert (played.job.state, played.job.reason) == (State.CANCELLED, Reason.TOO_FEW_OPENED)
    assert [gain(played, parts) for parts in played.everybody] == [0] * len(played.everybody)


async def test_withheld_content_reaches_trainers_only(world: World) -> None:
    played = await posted(world, trainers=1, validators=3, requestors=requestor("withheld-content"))
    await played.until(State.TRAINING, held=no_evaluation(played))
    network = world.view.network
    served = {
        parts.name for parts in played.everybody if played.requestor.behaviour.serves(parts.network.peer, network)
    }
    assert served == {"trainer-0"}
