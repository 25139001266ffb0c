"""Duties that no part owes alone, who is awaited, and when duties change by time."""

from dataclasses import replace
from typing import Any

import pytest
from tests.property.protocol.actors import digest
from tests.property.protocol.model_chain import account
from tests.unit.protocol.jobs import (
    AUDITORS,
    BLOCK,
    DEADLINE,
    MEMBERS,
    MODEL,
    REQUESTOR,
    SETTLED,
    TERMS,
    TRAINERS,
    committing,
    holding,
    in_round,
    job,
    kinds,
    owed,
)

from scatter.protocol.awaited import awaited
from scatter.protocol.duties import Artefact, DutyKind
from scatter.protocol.duties.anybody import BLOCKS_APART, SECONDS_APART, claim_page
from scatter.protocol.duties.timing import next_turn
from scatter.protocol.ids import Address, Round, Timestamp
from scatter.protocol.states import ChallengeKind, Role, State
from scatter.protocol.verdicts import Item
from scatter.protocol.view import ItemView, JobView

EVERYBODY = (REQUESTOR, *TRAINERS, *MEMBERS, *AUDITORS)


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


@pytest.mark.parametrize(("rounds", "page"), [(1, 8), (13, 8), (32, 6)])
def test_a_page_of_claims_is_bounded_by_what_it_costs(rounds: int, page: int) -> None:
    view = job(State.SETTLED, terms=replace(TERMS, rounds=rounds))
    assert claim_page(view) == list(EVERYBODY[:page])


@pytest.mark.parametrize(("items", "page"), [(0, 6), (1, 6), (16, 5), (31, 4), (62, 3)])
def test_challenged_items_make_pages_shorter(items: int, page: int) -> None:
    filed = {Item(ChallengeKind(n // 32), Round(1 + n % 32)): ItemView((TRAINERS[0],)) for n in range(items)}
    view = job(State.SETTLED, terms=replace(TERMS, rounds=32), items=filed)
    assert claim_page(view) == list(EVERYBODY[:page])


@pytest.mark.parametrize(("rounds", "trainers", "seats"), [(1, 20, 15), (8, 14, 5), (32, 2, 1)])
def test_seats_fill_a_page_sooner_than_trainers(rounds: int, trainers: int, seats: int) -> None:
    """63 trainers, 31 members: a page of trainers with the requestor before them, and one of seats."""
    most = tuple(account(100 + slot) for slot in range(63))
    members = tuple(account(200 + seat) for seat in range(31))
    view = job(State.SETTLED, terms=replace(TERMS, rounds=rounds), trainers=most, members=members, auditors=())
    assert claim_page(view) == [REQUESTOR, *most[:trainers]]
    assert claim_page(replace(view, claimed=frozenset({REQUESTOR, *most}))) == list(members[:seats])


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
    refused = dict.fromkeys(range(3), ()) | {3: (1, 2), 4: (1, 2)}
    assert kinds(many(commitments=refused, openings=refused), REQUESTOR, at=DEADLINE + 1) == [DutyKind.POKE]
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
        (in_round(State.COMMITTING, commitments={1: b""}), (MEMBERS[0], MEMBERS[2], *AUDITORS)),
        (in_round(State.OPENING, commitments={1: b"", 2: b"", 3: b""}, openings={1: (1,)}), (MEMBERS[2], *AUDITORS)),
        (in_round(State.AGGREGATING, aggregates={2: MODEL}, settled=SETTLED), MEMBERS[:2]),
        (in_round(State.AGGREGATING, settled=replace(SETTLED, panel=frozenset({1, 3}))), (MEMBERS[1], *AUDITORS)),
        (in_round(State.AGGREGATING), ()),
        (job(State.CHALLENGING), ()),
        (job(State.CANCELLED, claimed=frozenset(EVERYBODY[:4])), (*MEMBERS, *AUDITORS)),
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
