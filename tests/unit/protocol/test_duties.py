"""Duties one by one: what is owed, and when it is not. `tests/property/protocol` shows that together they suffice."""

from dataclasses import replace
from typing import Any

import pytest
from tests.property.protocol.actors import digest
from tests.property.protocol.model_chain import account
from tests.unit.protocol.jobs import (
    AUDITORS,
    BLOCK,
    DEADLINE,
    HERE,
    MEMBERS,
    MODEL,
    REQUESTOR,
    SETTLED,
    TRAINERS,
    UPDATES,
    committing,
    holding,
    in_round,
    job,
    kinds,
    member,
    owed,
    second_round,
)

from scatter.protocol.duties import Artefact, DutyKind, Holdings
from scatter.protocol.duties.seat import aggregated_content
from scatter.protocol.ids import NO_DIGEST, Round
from scatter.protocol.states import Role, State
from scatter.protocol.view import JobView, RoundView


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
    early = DEADLINE - 201
    view = committing()
    nothing = replace(holding(view, Artefact.JOB_KEY, content=HERE), content=frozenset(HERE))
    assert kinds(view, MEMBERS[0], nothing, at=early) == [DutyKind.FETCH, DutyKind.FETCH]
    second = second_round(State.COMMITTING, updates=UPDATES)
    assert member(second, at=early) == [DutyKind.FETCH]
    assert member(second, content=(*HERE, MODEL), at=early) == [DutyKind.SCORE]


def test_in_a_hurry_a_seat_refuses_what_it_cannot_score() -> None:
    """Without the evaluation or the job key, too, it commits to something: to a refusal. Silence would cost it."""
    view, late = committing(), DEADLINE - 1
    nothing = replace(holding(view, Artefact.JOB_KEY, content=HERE), content=frozenset(HERE))
    assert kinds(view, MEMBERS[0], nothing, at=late) == [DutyKind.FETCH, DutyKind.FETCH, DutyKind.SCORE]
    keyless = holding(view, content=HERE)
    assert kinds(view, MEMBERS[0], keyless) == [DutyKind.OPEN_KEYS]
    assert kinds(view, MEMBERS[0], keyless, at=late) == [DutyKind.OPEN_KEYS, DutyKind.SCORE]
    assert kinds(view, MEMBERS[0], holding(view, Artefact.SCORES, content=HERE)) == [
        DutyKind.OPEN_KEYS,
        DutyKind.COMMIT,
    ]


def test_a_majority_posts_the_aggregate_at_once_and_the_rest_at_half_time() -> None:
    view = in_round(State.AGGREGATING, updates=UPDATES, settled=SETTLED)
    early, half = DEADLINE - 301, DEADLINE - 300
    assert [member(view, seat=seat, at=early) for seat in range(3)] == [[DutyKind.AGGREGATE], [DutyKind.AGGREGATE], []]
    assert member(view, seat=2, at=half) == [DutyKind.AGGREGATE]
    assert member(view, Artefact.AGGREGATE, seat=2, at=half) == [DutyKind.POST_AGGREGATE]
    posted = replace(view, rounds={Round(1): replace(view.current, aggregates={0: digest("a")})})
    assert member(posted, Artefact.AGGREGATE) == []


def test_only_the_panel_posts_in_its_order() -> None:
    """Member 1 was left out, so the auditor stands in: seats 0, 2 and 3; two of them are a majority of three."""
    settled = replace(SETTLED, panel=frozenset({0, 2, 3}), left_out=frozenset({1}))
    view = in_round(State.AGGREGATING, updates=UPDATES, settled=settled)
    early, half = DEADLINE - 301, DEADLINE - 300
    posting = [[DutyKind.AGGREGATE], [], [DutyKind.AGGREGATE], []]
    assert [member(view, seat=seat, at=early) for seat in range(4)] == posting
    assert [member(view, seat=seat, at=half) for seat in (1, 3)] == [[], [DutyKind.AGGREGATE]]
    assert member(in_round(State.AGGREGATING)) == [], "nothing settled"


def test_auditors_score_like_members() -> None:
    view, auditor = committing(), 3
    assert kinds(job(State.KEYING, bundle=None), AUDITORS[0], Holdings()) == [DutyKind.FETCH, DutyKind.FETCH]
    assert member(view, seat=auditor) == [DutyKind.SCORE]
    assert member(view, Artefact.SCORES, seat=auditor) == [DutyKind.COMMIT]
    done = replace(view, state=State.OPENING, rounds={Round(1): replace(view.current, commitments={3: b"c" * 32})})
    assert member(done, Artefact.SCORES, seat=auditor) == [DutyKind.OPEN]
    assert member(done, Artefact.SCORES) == [], "the member did not commit"


def test_an_aggregate_needs_the_accepted_updates_and_the_model_only() -> None:
    view = in_round(State.AGGREGATING, updates=UPDATES, settled=SETTLED)
    without = lambda slot: tuple(u for s, u in UPDATES.items() if s != slot)  # noqa: E731
    assert DutyKind.AGGREGATE in member(view, content=without(1)), "nobody accepted slot 1"
    assert DutyKind.AGGREGATE not in member(view, content=without(2))
    second = second_round(State.AGGREGATING, updates=UPDATES, settled=SETTLED)
    assert member(second) == [DutyKind.FETCH]
    assert member(second, content=(*HERE, MODEL)) == [DutyKind.AGGREGATE]
    unsettled = in_round(State.AGGREGATING, updates=UPDATES)
    assert aggregated_content(unsettled, unsettled.current) == [unsettled.terms.training_job], "nothing is accepted"


def test_members_owe_nothing_to_a_job_that_ended_before_anything_was_settled() -> None:
    assert member(job(State.CHALLENGING, 1)) == []
    assert (
        kinds(job(State.CANCELLED, 1, claimed=frozenset([REQUESTOR, *TRAINERS, *MEMBERS, *AUDITORS])), MEMBERS[0]) == []
    )
