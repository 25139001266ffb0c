"""Nodes that follow their duties, and nothing else, bring every job to its end, whoever is silent."""

from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.protocol.actors import Actor, cast, enrol, example_terms, post
from tests.property.protocol.model_chain import FUNDS, ModelChain, seeded
from tests.property.protocol.model_parts import NOTHING
from tests.property.protocol.simulation import run, silence

from scatter.protocol.awaited import awaited
from scatter.protocol.duties import DutyKind
from scatter.protocol.duties.timing import next_turn
from scatter.protocol.ids import JobId, Timestamp
from scatter.protocol.projection import apply
from scatter.protocol.records import RecordKind
from scatter.protocol.states import TERMINAL, Reason, State, may_follow
from scatter.protocol.terms import JobTerms

AWAITED = {
    DutyKind.PUBLISH_KEYS,
    DutyKind.PUBLISH_UPDATE,
    DutyKind.REVEAL,
    DutyKind.COMMIT,
    DutyKind.OPEN,
    DutyKind.POST_AGGREGATE,
    DutyKind.COMMIT_VERDICT,
    DutyKind.OPEN_VERDICT,
}
"""What a state waits for."""
SEEDS = st.integers(0, 2**32).map(Random)


def check_money(chain: ModelChain) -> None:
    """The token's supply is constant, and the contract holds stakes and the challenge pool when all is claimed."""
    assert sum(chain.balances.values()) + chain.held == FUNDS * len(chain.balances)
    assert chain.held == sum(node.stake for node in chain.nodes.values()) + chain.challenge_pool
    assert all(node.locked == 0 and node.stake >= 0 for node in chain.nodes.values())


def check_transitions(chain: ModelChain) -> None:
    states = [State.NONE, *[State(e.values["state"]) for e in chain.events if e.name == "StateEntered"]]
    for before, after in pairwise(states):
        assert may_follow(before, after), f"{before.name} → {after.name}"


@st.composite
def jobs(draw: Callable) -> tuple[JobTerms, int, int]:
    trainers = draw(st.sampled_from([1, 2, 3, 6, 16]))
    members = draw(st.integers(1, 5))
    terms = example_terms(
        rounds=draw(st.integers(1, 4)), members=members, auditors=draw(st.integers(0, 3)), max_trainers=trainers
    )
    return terms, trainers, members + draw(st.integers(0, 2))


@given(jobs(), SEEDS)
@settings(max_examples=25, deadline=None)
def test_duties_alone_settle_a_job(job: tuple[JobTerms, int, int], random: Random) -> None:
    terms, trainers, validators = job
    chain = ModelChain()
    actors = cast(random, trainers=trainers, validators=validators, challengers=terms.auditors, mints=True)
    enrol(chain, actors)
    posted = post(chain, actors[0].address, terms)
    before = chain.view.jobs[posted]
    for actor, duty in run(chain, actors, random):
        now = chain.view.jobs[posted]
        if duty.kind in AWAITED and (now.state, now.round) == (before.state, before.round):
            assert set(awaited(before)) - set(awaited(now)) == {actor.address}
        before = now
        if duty.kind is not DutyKind.CLAIM:
            assert duty.key not in {d.key for d in actor.owed(chain)}, "a duty that was done is owed again"
    view = chain.view.jobs[posted]
    assert (view.state, view.reason) == (State.SETTLED, Reason.NONE)
    assert all(made.closed for made in view.rounds.values())
    assert len(view.rounds) == terms.rounds
    assert view.claimed == set(view.participants)
    models = {(view.trainers[slot], r.number) for r in view.rounds.values() if r.settled for slot in r.settled.accepted}
    minted = [(record.maker, record.round) for record in sorted(view.records) if record.kind is RecordKind.MODEL]
    assert set(minted) == models, "each update that was accepted, and nothing else"
    assert len(view.records) == len(minted) + 2
    pokes = {duty.subject for a in actors for duty in a.done if duty.kind is DutyKind.POKE}
    assert pokes == {f"{view.draw_block}", "challenging"}, "time ends only the window for challenges when all act"
    check_transitions(chain)
    check_money(chain)


def troubled(random: Random) -> tuple[ModelChain, list[Actor], JobId, list[Actor]]:
    """A job among nodes of which some are gone and others fail now and then: chain, nodes, job, those that are gone."""
    trainers, members = random.choice([1, 2, 3, 6, 16]), random.randint(1, 5)
    auditors, jury = random.choice([0, 0, 1, 2]), random.choice([0, 1, 3])
    terms = example_terms(
        rounds=random.randint(1, 4),
        members=members,
        auditors=auditors,
        min_trainers=(trainers + 1) // 2,
        max_trainers=trainers,
        min_jury=jury,
    )
    lost = random.choices([0.0, 0.4, 1.0], [8, 2, 1])[0]
    chain = ModelChain(random=lambda block, salt: NOTHING if random.random() < lost else seeded(salt)(block, salt))
    actors = cast(
        random,
        trainers=trainers,
        validators=max(1, members + random.randint(-1, 2) + jury * random.randint(1, 2)),
        challengers=auditors + random.randint(0, 1),
        unscorable=random.choice([0, 0, 0.1, 0.5]),
    )
    enrol(chain, actors)
    job = post(chain, actors[0].address, terms)
    gone = random.sample(actors[1:], random.randrange(1 + len(actors) // 4))
    fails, fate = random.choice([0.01, 0.03, 0.1, 0.3]), {}
    for actor in actors:
        actor.silent = silence(actor, fate, random, fails, gone=actor in gone)
    return chain, actors, job, gone


@given(SEEDS)
@settings(max_examples=100, deadline=None)
def test_jobs_end_when_nodes_are_silent_at_random(random: Random) -> None:
    chain, actors, job, gone = troubled(random)
    for _ in run(chain, actors, random):
        pass
    view = chain.view.jobs[job]
    assert view.state in TERMINAL
    assert view.claimed == set(view.participants)
    assert view.requestor not in {actor.address for actor in gone}
    check_money(chain)
    check_transitions(chain)


def test_every_end_is_reached() -> None:
    """The random jobs above are worth something: each end of a job is among a few hundred of them."""
    missing = {
        (State.SETTLED, Reason.NONE),
        (State.SETTLED, Reason.NO_SHARD_KEY),
        (State.SETTLED, Reason.TOO_FEW_OPENED),
        (State.SETTLED, Reason.REFUSED),
        (State.DEFAULTED, Reason.NO_KEYS),
        (State.DEFAULTED, Reason.NO_SHARD_KEY),
        (State.CANCELLED, Reason.TOO_FEW_TRAINERS),
        (State.CANCELLED, Reason.NO_COMMITTEE),
        (State.CANCELLED, Reason.DRAW_EXPIRED),
        (State.CANCELLED, Reason.NO_TRAINER_LEFT),
        (State.CANCELLED, Reason.TOO_FEW_OPENED),
    }
    for seed in range(400):
        random = Random(seed)  # noqa: S311
        chain, actors, job, _ = troubled(random)
        for _ in run(chain, actors, random):
            pass
        missing.discard((chain.view.jobs[job].state, chain.view.jobs[job].reason))
        if not missing:
            break
    assert not missing


@given(SEEDS)
@settings(max_examples=30, deadline=None)
def test_a_clock_that_jumps_from_turn_to_turn_misses_nothing(random: Random) -> None:
    """Between now and the next turn nobody owes anything new for the time that passes; at the turn somebody may."""
    chain, actors, job, _ = troubled(random)
    for _ in run(chain, actors, random):
        now, turn = chain.timestamp, next_turn(chain.view.jobs[job], Timestamp(chain.timestamp))
        if turn is None or random.random() < 0.8:
            continue
        owed = [actor.owed(chain) for actor in actors]
        for chain.timestamp in sorted({now + 1, (now + turn) // 2, turn - 1} - {turn}):
            later = [actor.owed(chain) for actor in actors]
            assert all(set(then) <= set(before) for before, then in zip(owed, later, strict=True))
        chain.timestamp = now


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_a_view_is_the_same_however_its_events_arrive(random: Random) -> None:
    """Folding a prefix and then the tail gives the view of all events; events of other contracts change nothing."""
    chain, actors, _, _ = troubled(random)
    prefixes = {len(chain.events): chain.view}
    for _ in run(chain, actors, random):
        prefixes[len(chain.events)] = chain.view
    for seen in random.sample(sorted(prefixes), 3):
        view = prefixes[seen]
        for event in chain.events[seen:]:
            view = apply(view, event.name, event.values, event.block)
            assert apply(view, "Transfer", {"amount": 1}, event.block) is view
        assert view == chain.view


def test_a_stuck_simulation_would_be_noticed() -> None:
    """The check of this file itself: with everybody silent a job stays open and unclaimed."""
    chain, terms, random = ModelChain(), example_terms(), Random(0)  # noqa: S311
    actors = cast(random, trainers=3, validators=3)
    enrol(chain, actors)
    posted = post(chain, actors[0].address, terms)
    for actor in actors:
        actor.silent = lambda duty: True
    assert not list(run(chain, actors, random))
    assert chain.view.jobs[posted].state is State.OPEN
    with pytest.raises(AssertionError):
        check_money(chain)
