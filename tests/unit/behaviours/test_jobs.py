"""Whole jobs with somebody who misbehaves, and what the protocol does to them."""

import pytest
from tests.unit.behaviours.casting import bend
from tests.unit.behaviours.reckoning import (
    FIRST_SLASH,
    ONE,
    REFUSAL,
    SCORES,
    STAKE,
    end,
    gain,
    losses,
    names,
    requestor,
    settled,
)
from tests.unit.node.played import Played, posted
from tests.unit.node.world import World

from scatter.behaviours.persona import Conspiracy
from scatter.jobs.examples import INPUTS
from scatter.protocol.ids import SCT, Round
from scatter.protocol.pay import seat_lock
from scatter.protocol.rates import Rates
from scatter.protocol.scores import COPY, UNREADABLE, is_special
from scatter.protocol.states import ChallengeKind, Reason, Role, State
from scatter.protocol.verdicts import Item

# ── trainers ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_copied_digest_is_unreadable_and_struck_out(world: World) -> None:
    played = await posted(world, trainers=3, validators=3)
    (copier,) = await bend(played, "copying", played.trainers[0])
    await end(played)
    updates = played.job.rounds[ONE].updates
    assert list(updates)[-1] == 0, "it had to wait"
    assert updates[0] in (updates[1], updates[2])
    assert settled(played).lanes[1] == UNREADABLE
    assert settled(played).accepted == (1, 2)
    assert gain(played, copier) == -STAKE, "s/R, in a job of one round"


async def test_a_copy_with_the_help_of_the_copied_is_struck_out(world: World) -> None:
    played, gang = await posted(world, trainers=3, validators=3), Conspiracy()
    source, copier = await bend(played, "copying", played.trainers[1], played.trainers[2], conspiracy=gang)
    await end(played)
    assert settled(played).lanes[3] == COPY
    assert settled(played).accepted == (0, 1)
    assert gain(played, source) > 0
    assert gain(played, copier) == -STAKE


@pytest.mark.parametrize("name", ["sign-flip", "label-flip", "scaling"])
async def test_who_works_against_the_others_is_not_accepted(world: World, name: str) -> None:
    played = await posted(world, trainers=3, validators=3)
    (bad,) = await bend(played, name, played.trainers[0])
    await end(played)
    assert settled(played).contribution(0) < 0
    assert settled(played).accepted == (1, 2)
    assert gain(played, bad) == 0


async def test_who_adds_a_little_noise_is_paid_next_to_nothing(world: World) -> None:
    played = await posted(world, trainers=3, validators=3)
    (lazy,) = await bend(played, "lazy-noise", played.trainers[0])
    await end(played)
    assert not is_special(settled(played).lanes[1])
    assert abs(settled(played).contribution(0)) < settled(played).positive_sum // 50
    assert gain(played, lazy) < min(gain(played, honest) for honest in played.trainers[1:]) // 10


async def test_who_drops_out_pays_for_each_round_of_silence(world: World) -> None:
    played = await posted(world, rounds=3, trainers=3, validators=3)
    (away,) = await bend(played, "drop-out", played.trainers[0], round=2)
    await end(played)
    assert [0 in made.updates for made in played.job.rounds.values()] == [True, False, False]
    paid = next(event for event in world.ledger.model.events if event.name == "Claimed").values
    assert paid["job"] == played.job_id
    share = settled(played).contribution(0) / settled(played).positive_sum
    silence = 2 * (STAKE // 5 // 3)
    assert gain(played, away) == pytest.approx(700 * SCT // 3 * min(share, 0.5) - silence, abs=SCT // 1000)


async def test_posing_trainers_train_on_the_evaluation(world: World) -> None:
    gang = Conspiracy()
    played = await posted(world, trainers=2, validators=3, requestors=requestor("posing-as-trainer", gang))
    (posing,) = await bend(played, "posing-as-trainer", played.trainers[0], conspiracy=gang)
    await end(played)
    used = [run.mounts["/data"] for run in world.sandbox.runs if run.command[-1] == "train.py"]
    inputs = [(folder / INPUTS).read_bytes() for folder in used]
    assert played.package.evaluation.to_files()[INPUTS] in inputs
    assert played.trainers[1].datasets["tiny/v1"] in used
    assert settled(played).contribution(0) > settled(played).contribution(1)
    assert gain(played, posing) > 0


# ── seats ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def seated(world: World, name: str, seats: int = 1, **cast: int) -> Played:
    """A job whose first members behave so, as soon as it is known who they are."""
    played = await posted(world, trainers=3, validators=3, **cast)
    await played.until(State.KEYING)
    await bend(played, name, *played.members[:seats])
    await end(played)
    return played


@pytest.mark.parametrize("name", ["constant-scores", "lazy-scores", "inverted-scores", "colluding", "echoing-scores"])
async def test_one_that_does_not_say_what_it_found_is_outvoted_and_slashed(world: World, name: str) -> None:
    played = await seated(world, name)
    assert settled(played).deviating == {0}
    assert settled(played).accepted == (0, 1, 2)
    assert losses(played) == {played.members[0].name: FIRST_SLASH}
    assert gain(played, played.members[1]) > 0


async def test_a_copied_commitment_cannot_be_opened(world: World) -> None:
    played = await seated(world, "copying-scores")
    made = played.job.rounds[ONE]
    assert made.commitments[0] in (made.commitments[1], made.commitments[2])
    assert set(made.openings) == {1, 2}
    assert losses(played) == {played.members[0].name: FIRST_SLASH}
    assert gain(played, played.members[0]) == -FIRST_SLASH


@pytest.mark.parametrize(("name", "committed"), [("silent-at-commit", False), ("silent-at-opening", True)])
async def test_the_silent_are_slashed_and_replaced(world: World, name: str, committed: bool) -> None:
    played = await seated(world, name, auditors=1)
    made = played.job.rounds[ONE]
    assert (0 in made.commitments) is committed
    assert 0 not in made.openings
    assert settled(played).panel == {1, 2, 3}
    assert losses(played) == {played.members[0].name: FIRST_SLASH}
    assert made.closed


async def test_one_that_posts_no_aggregate_is_not_needed(world: World) -> None:
    played = await seated(world, "silent-at-aggregation")
    assert set(played.job.rounds[ONE].aggregates) == {1, 2}
    assert played.job.rounds[ONE].closed
    assert not losses(played)
    assert gain(played, played.members[0]) == gain(played, played.members[1]) > 0


async def test_a_round_without_enough_aggregates_keeps_its_model_and_the_silent_are_slashed(world: World) -> None:
    played = await seated(world, "silent-at-aggregation", seats=2)
    assert played.job.starting_model(Round(2)) == (0, None)
    assert losses(played) == {parts.name: FIRST_SLASH for parts in played.members[:2]}


async def test_one_that_refuses_is_unpaid_and_loses_nothing(world: World) -> None:
    played = await seated(world, "refusing")
    assert played.job.rounds[ONE].refused == {0}
    assert played.job.reason is Reason.NONE
    assert gain(played, played.members[0]) == 0
    assert gain(played, played.members[1]) > 0


async def test_most_refusing_without_cause_lose_their_lock_by_a_jury(world: World) -> None:
    played = await seated(world, "refusing", seats=2, auditors=1, others=3)
    assert played.job.reason is Reason.REFUSED
    verdict = played.job.items[REFUSAL].verdict
    assert verdict is not None
    assert verdict.changed
    lost = seat_lock(Role.VALIDATOR, played.job.terms, Rates())
    assert losses(played) == {parts.name: lost for parts in played.members[:2]}


@pytest.mark.parametrize("liars", [1, 2])
async def test_wrong_aggregates_count_only_with_a_majority(world: World, liars: int) -> None:
    played = await seated(world, "wrong-aggregate", seats=liars)
    made = played.job.rounds[ONE]
    assert made.closed
    assert (made.global_model == made.aggregates[0]) is (liars == 2)
    if liars == 2:
        assert made.aggregates[0] == made.aggregates[1], "they agree without a word"


async def test_a_lying_committee_is_overturned_and_its_friends_are_not_paid(world: World) -> None:
    gang = Conspiracy()
    played = await posted(world, trainers=3, validators=3, auditors=1, others=3)
    (friend,) = await bend(played, "sign-flip", played.trainers[0], conspiracy=gang)
    await played.until(State.KEYING)
    await bend(played, "colluding", *played.members[:2], conspiracy=gang)
    await end(played)
    assert settled(played).accepted == (0,)
    judged = played.job.judged(played.job.rounds[ONE])
    assert judged is not None
    assert judged.accepted == (1, 2)
    lost = seat_lock(Role.VALIDATOR, played.job.terms, Rates())
    assert losses(played) == {parts.name: lost for parts in played.members[:2]}
    assert gain(played, friend) == 0
    assert gain(played, played.auditors[0]) > 0


# ── auditors and jurors ─────────────────────────────────────────────────────────────────────────────────────────────


async def audited(world: World, name: str, **options: object) -> Played:
    played = await posted(world, trainers=2, validators=3, auditors=1, others=3)
    await bend(played, name, *played.challengers, **options)
    await end(played)
    return played


async def test_false_challenges_cost_their_bond_and_pay_the_jury(world: World) -> None:
    played = await audited(world, "false-challenges", items=1)
    griefer = played.auditors[0]
    assert set(played.job.items) == {SCORES}
    assert played.job.items[SCORES].filers == (griefer.identity.address,)
    verdict = played.job.items[SCORES].verdict
    assert verdict is not None
    assert verdict.counts
    assert not verdict.changed
    assert -500 * SCT < gain(played, griefer) < -300 * SCT, "the bond, less what an honest auditor earns"
    assert all(gain(played, juror) > 0 for juror in played.jurors)


async def test_there_is_a_bound_to_false_challenges(world: World) -> None:
    played = await audited(world, "false-challenges", items=64)
    assert set(played.job.items) == {SCORES, Item(ChallengeKind.AGGREGATE, ONE)}
    assert gain(played, played.auditors[0]) == (-2 * 500 + 100) * SCT, "two bonds, and an honest auditor's pay"


@pytest.mark.parametrize("name", ["colluding", "echoing-scores"])
async def test_auditors_that_contradict_what_is_right_lose_bond_and_stake(world: World, name: str) -> None:
    played = await audited(world, name)
    assert settled(played).deviating == {3}
    assert losses(played) == {played.auditors[0].name: FIRST_SLASH}
    assert played.job.items[SCORES].filers == (played.auditors[0].identity.address,)
    assert gain(played, played.auditors[0]) == -FIRST_SLASH - 500 * SCT


async def test_silent_auditors_are_slashed(world: World) -> None:
    played = await audited(world, "silent-auditor")
    assert losses(played) == {played.auditors[0].name: FIRST_SLASH}
    assert not played.job.items


@pytest.mark.parametrize(
    ("name", "bad", "counts", "changed"),
    [
        ("silent-juror", 1, True, True),
        ("silent-juror", 2, False, False),
        ("echoing-scores", 1, True, True),
        ("echoing-scores", 2, True, False),
    ],
)
async def test_a_third_of_a_jury_is_outvoted_and_more_let_a_lie_stand(
    world: World, name: str, bad: int, counts: bool, changed: bool
) -> None:
    """The lie of the only member; where it stands, the honest auditor deviates from it, and an honest juror is outside."""
    played = await posted(world, trainers=2, validators=1, auditors=1, others=3)
    await played.until(State.KEYING)
    await bend(played, "inverted-scores", *played.members)
    await played.until_true(lambda job: bool(job.jurors))
    await bend(played, name, *played.jurors[:bad])
    await end(played)
    verdict = played.job.items[SCORES].verdict
    assert verdict is not None
    assert (verdict.counts, verdict.changed) == (counts, changed)
    slashed = [*played.jurors[:bad], *played.members] if changed else [*played.auditors]
    if not changed:
        slashed += played.jurors[:bad] if name == "silent-juror" else played.jurors[bad:]
    assert set(losses(played)) == names(slashed)


# ── requestors ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["constant", "unfitting"])
async def test_an_evaluation_that_cannot_be_scored_is_refused(world: World, kind: str) -> None:
    played = await posted(world, trainers=2, validators=3, requestors=requestor("garbage-evaluation", kind=kind))
    await end(played)
    assert (played.job.state, played.job.reason) == (State.SETTLED, Reason.REFUSED)
    assert played.job.rounds[ONE].refused == {0, 1, 2}
    assert gain(played, played.requestor) < -1_000 * SCT, "its bond, and the pay of a round"
    assert all(gain(played, parts) > 0 for parts in [*played.trainers, *played.members])
    assert not losses(played)


async def test_random_answers_are_scored(world: World) -> None:
    garbage = requestor("garbage-evaluation", kind="random")
    played = await posted(world, trainers=2, validators=3, requestors=garbage)
    await end(played)
    assert (played.job.state, played.job.reason) == (State.SETTLED, Reason.NONE)
    truth = played.package.evaluation.truth.array
    changed = garbage.package(played.package).evaluation
    assert sorted(changed.truth.array.tolist()) == sorted(truth.tolist())
    assert (changed.truth.array != truth).any()
    assert (garbage.package(played.package).evaluation.truth.array == changed.truth.array).all()


async def test_a_withheld_shard_key_costs_the_bond(world: World) -> None:
    played = await posted(world, rounds=2, trainers=2, validators=3)
    await bend(played, "withheld-shard-key", played.requestor)
    await end(played)
    assert (played.job.state, played.job.reason) == (State.DEFAULTED, Reason.NO_SHARD_KEY)
    assert gain(played, played.requestor) < -500 * SCT
    assert all(gain(played, trainer) > 250 * SCT for trainer in played.trainers)


async def test_a_shard_key_that_is_withheld_later(world: World) -> None:
    played = await posted(world, rounds=2, trainers=2, validators=3)
    await bend(played, "withheld-shard-key", played.requestor, round=2)
    await end(played)
    assert (played.job.state, played.job.reason, played.job.round) == (State.SETTLED, Reason.NO_SHARD_KEY, 2)
    assert settled(played).accepted == (0, 1)
