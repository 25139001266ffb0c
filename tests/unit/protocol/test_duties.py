"""Duties one by one: what is owed, and when it is not. `tests/property/protocol` shows that together they suffice."""

from dataclasses import replace
from typing import Any

import pytest
from tests.property.protocol.actors import digest, example_terms
from tests.property.protocol.model_chain import account
from tests.property.protocol.model_job import durations

from scatter.protocol.awaited import awaited
from scatter.protocol.duties import Artefact, Duty, DutyKind, Holdings, Identity, Now, artefact_key, duties
from scatter.protocol.duties.anybody import BLOCKS_APART, SECONDS_APART, claim_page
from scatter.protocol.duties.timing import next_turn
from scatter.protocol.ids import NO_DIGEST, Address, Digest, Round, Timestamp, job_id, topic_of
from scatter.protocol.scores import ZERO, SettledRound
from scatter.protocol.states import TERMINAL, Role, State
from scatter.protocol.view import JobView, RoundView

REQUESTOR = account(1)
TRAINERS = tuple(account(10 + slot) for slot in range(3))
MEMBERS = tuple(account(20 + seat) for seat in range(3))
DEADLINE, BLOCK = 10_000, 50
TERMS = example_terms(durations=durations(600))
UPDATES = {slot: digest("update", slot) for slot in range(3)}
MODEL = digest("model of round 1")
SETTLED = SettledRound((9_000, ZERO + 5, ZERO, ZERO + 9), frozenset(range(3)), frozenset(), frozenset())


def job(state: State, round_: int = 0, made: RoundView | None = None, **changes: Any) -> JobView:
    """A job of three trainers and three members in a state that it entered in block 50 and that lasts until 10,000."""
    rounds = {} if made is None else {Round(round_): made}
    view = JobView(
        id=job_id(REQUESTOR, topic_of("digits")),
        requestor=REQUESTOR,
        topic=topic_of("digits"),
        terms=TERMS,
        shard_key_hashes=(),
        shard_digests=(),
        state=state,
        round=Round(round_),
        entered_block=BLOCK,
        changed_block=BLOCK,
        deadline=None if state in TERMINAL or state is State.DRAWING else Timestamp(DEADLINE),
        trainers=TRAINERS,
        members=MEMBERS,
        bundle=digest("bundle"),
        rounds=rounds,
    )
    return replace(view, **changes)


def in_round(state: State, **made: Any) -> JobView:
    return job(state, 1, RoundView(Round(1), **made))


def second_round(state: State, **made: Any) -> JobView:
    view = job(state, 2, RoundView(Round(2), **made))
    return replace(view, rounds={**view.rounds, Round(1): RoundView(Round(1), closed=True, global_model=MODEL)})


def holding(view: JobView, *artefacts: Artefact, content: tuple[Digest, ...] = ()) -> Holdings:
    once = {Artefact.JOB_KEY, Artefact.CONSENT, Artefact.REFUSAL, Artefact.BUNDLE}
    made = {artefact_key(a, view.id, Round(0) if a in once else view.round) for a in artefacts}
    return Holdings(frozenset({TERMS.training_job, TERMS.evaluation_job, *content}), frozenset(made))


ROLES = {REQUESTOR: Role.REQUESTOR} | dict.fromkeys(TRAINERS, Role.TRAINER) | dict.fromkeys(MEMBERS, Role.VALIDATOR)


def owed(
    view: JobView,
    who: Address,
    holdings: Holdings | None = None,
    *,
    at: int = DEADLINE - 500,
    block: int = BLOCK,
    role: Role | None = None,
    confirmations: int = 0,
) -> list[Duty]:
    me = Identity(who, role or ROLES[who], confirmations)
    return duties(view, me, holdings or holding(view), Now(block, Timestamp(at)))


def kinds(*arguments: Any, **named: Any) -> list[DutyKind]:
    return [duty.kind for duty in owed(*arguments, **named)]


# ── the requestor ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_requestor_seals_the_keys_then_publishes_them() -> None:
    view = job(State.KEYING, bundle=None)
    assert kinds(view, REQUESTOR) == [DutyKind.SEAL_KEYS]
    assert kinds(view, REQUESTOR, holding(view, Artefact.BUNDLE)) == [DutyKind.PUBLISH_KEYS]
    assert kinds(view, TRAINERS[0]) == []


@pytest.mark.parametrize("state", [State.KEYING, State.REVEALING])
def test_keys_wait_for_confirmations_and_not_beyond_the_deadline(state: State) -> None:
    view = in_round(state)
    assert kinds(view, REQUESTOR, confirmations=3, block=BLOCK + 2) == []
    assert len(kinds(view, REQUESTOR, confirmations=3, block=BLOCK + 3)) == 1
    assert len(kinds(view, REQUESTOR, at=DEADLINE)) == 1
    assert kinds(view, REQUESTOR, at=DEADLINE + 1) == [DutyKind.POKE]


def test_the_requestor_reveals_the_shard_key_when_training_has_ended() -> None:
    assert kinds(in_round(State.TRAINING), REQUESTOR) == []
    (duty,) = owed(in_round(State.REVEALING), REQUESTOR)
    assert (duty.kind, duty.round, duty.deadline) == (DutyKind.REVEAL, 1, DEADLINE)


def test_the_requestor_collects_every_global_model_once() -> None:
    rounds = {
        Round(n): RoundView(Round(n), closed=True, global_model=model)
        for n, model in enumerate([MODEL, NO_DIGEST, MODEL, digest("m4")], start=1)
    }
    view = job(State.CHALLENGING, 4, rounds=rounds)
    assert [d.subject for d in owed(view, REQUESTOR)] == [MODEL.hex(), digest("m4").hex()]
    assert kinds(view, REQUESTOR, holding(view, content=(MODEL, digest("m4")))) == []


# ── trainers ───────────────────────────────────────────────────────────────────────────────────────────────────────────
NEWCOMER = account(99)


def joining(view: JobView, holdings: Holdings, **named: Any) -> list[DutyKind]:
    return kinds(view, NEWCOMER, holdings, role=named.pop("role", Role.TRAINER), **named)


def test_a_trainer_looks_before_it_joins() -> None:
    view = job(State.OPEN, trainers=TRAINERS[:2])
    assert joining(view, Holdings()) == [DutyKind.FETCH]
    assert joining(view, holding(view)) == [DutyKind.EXAMINE]
    assert joining(view, holding(view, Artefact.CONSENT)) == [DutyKind.JOIN]
    assert joining(view, holding(view, Artefact.REFUSAL)) == []
    assert joining(view, replace(holding(view, Artefact.REFUSAL), content=frozenset())) == [], "it has seen enough"


def test_nobody_joins_twice_late_or_where_there_is_no_place() -> None:
    view = job(State.OPEN, trainers=TRAINERS[:2])
    ready = holding(view, Artefact.CONSENT)
    assert joining(view, ready, role=Role.VALIDATOR) == []
    assert joining(view, ready, at=DEADLINE + 1) == []
    assert joining(replace(view, trainers=TRAINERS), ready) == []
    assert joining(replace(view, state=State.DRAWING), ready) == []
    assert kinds(view, TRAINERS[0], ready) == []


def test_a_trainer_opens_its_key_trains_and_publishes() -> None:
    view, trainer = in_round(State.TRAINING), TRAINERS[1]
    assert kinds(replace(view, bundle=None), trainer) == []
    assert kinds(view, trainer) == [DutyKind.OPEN_KEYS]
    assert kinds(view, trainer, holding(view, Artefact.JOB_KEY)) == [DutyKind.TRAIN]
    made = holding(view, Artefact.JOB_KEY, Artefact.UPDATE)
    assert kinds(view, trainer, made) == [DutyKind.PUBLISH_UPDATE]
    assert kinds(view, trainer, made, at=DEADLINE + 1) == []
    assert kinds(in_round(State.TRAINING, updates={1: digest("u")}), trainer, made) == []
    assert kinds(in_round(State.REVEALING), trainer, made) == []
    assert kinds(replace(view, dropped=frozenset({1})), trainer, made) == []


def test_a_trainer_needs_the_model_it_starts_from() -> None:
    view = second_round(State.TRAINING)
    key = holding(view, Artefact.JOB_KEY)
    assert [d.subject for d in owed(view, TRAINERS[0], key)] == [MODEL.hex()]
    assert kinds(view, TRAINERS[0], holding(view, Artefact.JOB_KEY, content=(MODEL,))) == [DutyKind.TRAIN]
    assert kinds(view, TRAINERS[0], replace(key, content=frozenset())) == [DutyKind.FETCH, DutyKind.FETCH]


def test_opening_keys_is_worth_it_beyond_the_state() -> None:
    """A task that takes longer than Training must not be given up for the rounds to come."""
    for who in (TRAINERS[0], MEMBERS[0]):
        assert [(d.kind, d.deadline) for d in owed(in_round(State.TRAINING), who)] == [(DutyKind.OPEN_KEYS, None)]


# ── members ────────────────────────────────────────────────────────────────────────────────────────────────────────────
HERE = tuple(UPDATES.values())


def committing(**changes: Any) -> JobView:
    return replace(in_round(State.COMMITTING, updates=UPDATES, shard_key=b"k" * 32), **changes)


def member(view: JobView, *artefacts: Artefact, content: tuple[Digest, ...] = HERE, **named: Any) -> list[DutyKind]:
    seat = named.pop("seat", 0)
    return kinds(view, MEMBERS[seat], holding(view, Artefact.JOB_KEY, *artefacts, content=content), **named)


def test_a_member_fetches_jobs_from_the_start_and_updates_when_they_may_be_read() -> None:
    assert kinds(job(State.KEYING, bundle=None), MEMBERS[0], Holdings()) == [DutyKind.FETCH, DutyKind.FETCH]
    assert member(in_round(State.TRAINING, updates=UPDATES), content=()) == []
    assert member(in_round(State.REVEALING, updates=UPDATES), content=()) == []
    fetched = owed(committing(), MEMBERS[0], holding(committing(), Artefact.JOB_KEY))
    assert [d.subject for d in fetched] == [u.hex() for u in UPDATES.values()]
    assert member(second_round(State.TRAINING)) == [DutyKind.FETCH]


def test_a_member_scores_commits_and_opens_once() -> None:
    view = committing()
    assert member(view) == [DutyKind.SCORE]
    assert member(view, Artefact.SCORES) == [DutyKind.COMMIT]
    done = replace(view, rounds={Round(1): replace(view.current, commitments={0: b"c" * 32})})
    assert member(done, Artefact.SCORES) == []
    opening = replace(done, state=State.OPENING)
    assert member(opening, Artefact.SCORES) == [DutyKind.OPEN]
    assert member(opening, Artefact.SCORES, seat=1) == [], "it did not commit"
    assert member(opening) == [], "its scores are lost"
    opened = replace(opening, rounds={Round(1): replace(opening.current, openings={0: (1,)})})
    assert member(opened, Artefact.SCORES) == []


def test_openings_wait_for_confirmations() -> None:
    view = replace(committing(), state=State.OPENING)
    view = replace(view, rounds={Round(1): replace(view.current, commitments={0: b"c" * 32})})
    assert member(view, Artefact.SCORES, confirmations=2, block=BLOCK + 1) == []
    assert member(view, Artefact.SCORES, confirmations=2, block=BLOCK + 2) == [DutyKind.OPEN]


def test_missing_updates_are_waited_for_until_a_third_of_the_time_is_left() -> None:
    fetching = [DutyKind.FETCH]
    assert member(committing(), content=HERE[:2], at=DEADLINE - 201) == fetching
    assert member(committing(), content=HERE[:2], at=DEADLINE - 200) == [*fetching, DutyKind.SCORE]
    assert member(committing(), content=HERE[:2], at=DEADLINE + 1) == fetching


def test_nothing_is_scored_without_the_evaluation_and_the_model() -> None:
    late = DEADLINE - 1
    view = committing()
    nothing = replace(holding(view, Artefact.JOB_KEY, content=HERE), content=frozenset(HERE))
    assert kinds(view, MEMBERS[0], nothing, at=late) == [DutyKind.FETCH, DutyKind.FETCH]
    second = second_round(State.COMMITTING, updates=UPDATES)
    assert member(second, at=late) == [DutyKind.FETCH]
    assert member(second, content=(*HERE, MODEL), at=late) == [DutyKind.SCORE]


def test_a_majority_posts_the_aggregate_at_once_and_the_rest_at_half_time() -> None:
    view = in_round(State.AGGREGATING, updates=UPDATES, settled=SETTLED)
    early, half = DEADLINE - 301, DEADLINE - 300
    assert [member(view, seat=seat, at=early) for seat in range(3)] == [[DutyKind.AGGREGATE], [DutyKind.AGGREGATE], []]
    assert member(view, seat=2, at=half) == [DutyKind.AGGREGATE]
    assert member(view, Artefact.AGGREGATE, seat=2, at=half) == [DutyKind.POST_AGGREGATE]
    posted = replace(view, rounds={Round(1): replace(view.current, aggregates={0: digest("a")})})
    assert member(posted, Artefact.AGGREGATE) == []


def test_an_aggregate_needs_the_accepted_updates_and_the_model_only() -> None:
    view = in_round(State.AGGREGATING, updates=UPDATES, settled=SETTLED)
    without = lambda slot: tuple(u for s, u in UPDATES.items() if s != slot)  # noqa: E731
    assert DutyKind.AGGREGATE in member(view, content=without(1)), "nobody accepted slot 1"
    assert DutyKind.AGGREGATE not in member(view, content=without(2))
    second = second_round(State.AGGREGATING, updates=UPDATES, settled=SETTLED)
    assert member(second) == [DutyKind.FETCH]
    assert member(second, content=(*HERE, MODEL)) == [DutyKind.AGGREGATE]


def test_members_owe_nothing_to_a_job_that_ended_before_anything_was_settled() -> None:
    assert member(job(State.CHALLENGING, 1)) == []
    assert kinds(job(State.CANCELLED, 1, claimed=frozenset([REQUESTOR, *TRAINERS, *MEMBERS])), MEMBERS[0]) == []
    assert member(in_round(State.AGGREGATING)) == [DutyKind.AGGREGATE], (
        "without a settled round there is nothing to wait for"
    )


# ── anybody ────────────────────────────────────────────────────────────────────────────────────────────────────────────
EVERYBODY = (REQUESTOR, *TRAINERS, *MEMBERS)


def turns(view: JobView, kind: DutyKind, *, blocks: bool) -> list[Address]:
    """Who owes the duty, in the order in which their turns come, one after the other."""
    order: list[Address] = []
    for step in range(len(EVERYBODY)):
        block = BLOCK + 1 + step * BLOCKS_APART if blocks else BLOCK
        at = DEADLINE - 500 if blocks else DEADLINE + 1 + step * SECONDS_APART
        due = [who for who in EVERYBODY if kind in kinds(view, who, at=at, block=block)]
        assert set(order) < set(due)
        order += [who for who in due if who not in order]
        assert len(order) == step + 1, "one more each time"
    return order


@pytest.mark.parametrize("state", [State.OPEN, State.TRAINING, State.REVEALING, State.OPENING, State.CHALLENGING])
def test_after_a_deadline_nodes_poke_one_after_another(state: State) -> None:
    order = turns(in_round(state), DutyKind.POKE, blocks=False)
    assert order[0] == REQUESTOR
    assert kinds(in_round(state), account(99), role=Role.VALIDATOR, at=10**9) == [], "strangers do not"


def test_the_order_of_turns_differs_from_state_to_state() -> None:
    orders = {
        tuple(turns(in_round(s), DutyKind.POKE, blocks=False)) for s in (State.OPEN, State.TRAINING, State.OPENING)
    }
    assert len(orders) == 3


def test_seats_are_drawn_once_the_block_is_known() -> None:
    view = job(State.DRAWING, members=(), bundle=None, draw_block=BLOCK)
    assert kinds(view, REQUESTOR, block=BLOCK) == []
    assert kinds(view, REQUESTOR, block=BLOCK + 1) == [DutyKind.POKE]
    assert kinds(replace(view, draw_block=None), REQUESTOR, block=BLOCK + 9) == []
    later = replace(view, changed_block=BLOCK + 7)
    assert kinds(later, REQUESTOR, block=BLOCK + 7) == [DutyKind.POKE]
    first = next(who for who in TRAINERS if kinds(view, who, block=BLOCK + 1 + BLOCKS_APART))
    assert kinds(later, first, block=BLOCK + 7 + BLOCKS_APART - 1) == [], "after a page turns begin anew"


def test_claims_are_made_in_turn_for_everybody() -> None:
    view = in_round(State.SETTLED)
    assert turns(view, DutyKind.CLAIM, blocks=True)[0] == REQUESTOR
    (duty,) = owed(view, REQUESTOR)
    assert (duty.subject, duty.deadline) == (REQUESTOR, None)
    some = replace(view, claimed=frozenset({REQUESTOR, TRAINERS[0]}), changed_block=BLOCK + 5)
    assert kinds(some, REQUESTOR, block=BLOCK + 4) == []
    assert [d.subject for d in owed(some, REQUESTOR, block=BLOCK + 5)] == [TRAINERS[1]]
    assert kinds(replace(view, claimed=frozenset(EVERYBODY)), REQUESTOR) == []


@pytest.mark.parametrize(("rounds", "page"), [(1, 7), (13, 4), (32, 2)])
def test_a_page_of_claims_is_bounded_by_member_rounds(rounds: int, page: int) -> None:
    view = job(State.SETTLED, terms=replace(TERMS, rounds=rounds))
    assert claim_page(view) == list(EVERYBODY[:page])


def many(**made: Any) -> JobView:
    trainers = tuple(account(100 + slot) for slot in range(16))
    return replace(in_round(State.OPENING, **made), trainers=trainers)


def test_above_one_word_somebody_settles_the_round() -> None:
    all_open = many(commitments=dict.fromkeys(range(3), b""), openings=dict.fromkeys(range(3), (1, 2)))
    assert kinds(all_open, REQUESTOR) == [DutyKind.SETTLE_ROUND]
    assert kinds(all_open, REQUESTOR, at=DEADLINE + 10**6) == [DutyKind.SETTLE_ROUND], "poking does nothing here"
    one_late = many(commitments=dict.fromkeys(range(3), b""), openings=dict.fromkeys(range(2), (1, 2)))
    assert kinds(one_late, REQUESTOR, at=DEADLINE) == []
    assert kinds(one_late, REQUESTOR, at=DEADLINE + 1) == [DutyKind.SETTLE_ROUND]
    too_few = many(commitments=dict.fromkeys(range(3), b""), openings={0: (1, 2)})
    assert kinds(too_few, REQUESTOR, at=DEADLINE + 1) == [DutyKind.POKE]
    few_trainers = replace(all_open, trainers=TRAINERS)
    assert kinds(few_trainers, REQUESTOR, at=DEADLINE + 1) == [DutyKind.POKE]


def test_keys_tell_duties_apart() -> None:
    view = in_round(State.TRAINING)
    keys = [d.key for d in owed(committing(), MEMBERS[0], holding(committing(), Artefact.JOB_KEY))]
    assert len(set(keys)) == len(keys) == 3
    assert owed(view, REQUESTOR, at=DEADLINE + 1)[0].key.endswith("/1/poke/training")


# ── what watchers and clocks want to know ──────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (job(State.OPEN), ()),
        (job(State.DRAWING), ()),
        (job(State.KEYING), (REQUESTOR,)),
        (in_round(State.TRAINING, updates={0: digest("u")}), TRAINERS[1:]),
        (replace(in_round(State.TRAINING), dropped=frozenset({0, 2})), TRAINERS[1:2]),
        (in_round(State.REVEALING), (REQUESTOR,)),
        (in_round(State.COMMITTING, commitments={1: b""}), (MEMBERS[0], MEMBERS[2])),
        (in_round(State.OPENING, commitments={1: b"", 2: b""}, openings={1: (1,)}), MEMBERS[2:]),
        (in_round(State.AGGREGATING, aggregates={2: MODEL}), MEMBERS[:2]),
        (job(State.CHALLENGING), ()),
        (job(State.CANCELLED, claimed=frozenset(EVERYBODY[:4])), MEMBERS),
    ],
)
def test_who_is_awaited(view: JobView, expected: tuple[Address, ...]) -> None:
    assert awaited(view) == expected


@pytest.mark.parametrize(
    ("state", "now", "expected"),
    [
        (State.TRAINING, DEADLINE - 9, DEADLINE + 1),
        (State.COMMITTING, DEADLINE - 201, DEADLINE - 200),
        (State.COMMITTING, DEADLINE - 200, DEADLINE + 1),
        (State.AGGREGATING, DEADLINE - 301, DEADLINE - 300),
        (State.TRAINING, DEADLINE, DEADLINE + 1),
        (State.TRAINING, DEADLINE + 1, DEADLINE + 1 + SECONDS_APART),
        (State.TRAINING, DEADLINE + 5, DEADLINE + 1 + SECONDS_APART),
        (State.TRAINING, DEADLINE + 1 + SECONDS_APART, DEADLINE + 1 + 2 * SECONDS_APART),
        (State.DRAWING, DEADLINE, None),
        (State.SETTLED, DEADLINE, None),
    ],
)
def test_clocks_do_not_jump_over_a_turn(state: State, now: int, expected: int | None) -> None:
    assert next_turn(in_round(state), Timestamp(now)) == expected
