"""What seats compare and challenge, what jurors do, and what anybody does so that a jury comes to its end."""

from dataclasses import replace
from typing import Any

import pytest
from tests.property.protocol.actors import digest
from tests.property.protocol.model_chain import account
from tests.unit.protocol.jobs import (
    ALL,
    AUDITORS,
    BLOCK,
    DEADLINE,
    HERE,
    JURORS,
    MEMBERS,
    MODEL,
    REQUESTOR,
    SETTLED,
    TERMS,
    TRAINERS,
    UPDATES,
    in_round,
    job,
    owed,
)

from scatter.protocol.awaited import awaited
from scatter.protocol.duties import Artefact, DutyKind, Holdings, artefact_key, item_key
from scatter.protocol.duties.timing import next_turn
from scatter.protocol.ids import Address, Digest, Round, Timestamp
from scatter.protocol.scores import ZERO
from scatter.protocol.states import ChallengeKind, JudgingPhase, Reason, Role, State
from scatter.protocol.terms import MAX_ROUNDS
from scatter.protocol.verdicts import NO_VERDICT, Item
from scatter.protocol.view import ItemView, JobView, RoundView, VerdictOpening

SCORES, AGGREGATE = Item(ChallengeKind.SCORES, Round(1)), Item(ChallengeKind.AGGREGATE, Round(1))
REFUSAL = Item(ChallengeKind.REFUSAL, Round(2))
WITH_JURY = replace(TERMS, min_jury=3)
CLOSED = RoundView(Round(1), updates=UPDATES, settled=SETTLED, closed=True, global_model=MODEL)
AUDITOR = AUDITORS[0]
PUBLIC = (TERMS.training_job, TERMS.evaluation_job)


def closed(state: State, **changes: Any) -> JobView:
    """A job whose only round has closed."""
    return job(state, 1, CLOSED, terms=WITH_JURY, **changes)


def holding(view: JobView, *made: Artefact | tuple[Artefact, Item], content: tuple[Digest, ...] = HERE) -> Holdings:
    keys = {artefact_key(Artefact.JOB_KEY, view.id)}
    for artefact in made:
        if isinstance(artefact, Artefact):
            keys.add(artefact_key(artefact, view.id, Round(0) if artefact is Artefact.JOB_KEY else Round(1)))
        else:
            keys.add(item_key(artefact[0], view.id, artefact[1]))
    return Holdings(frozenset({*PUBLIC, MODEL, *content}), frozenset(keys))


def found(view: JobView, who: Address, holdings: Holdings, **named: Any) -> list[tuple[DutyKind, Item]]:
    """The duties about items."""
    about = {DutyKind.AUDIT, DutyKind.CHALLENGE, DutyKind.JUDGE, DutyKind.COMMIT_VERDICT, DutyKind.OPEN_VERDICT}
    return [(d.kind, d.item) for d in owed(view, who, holdings, **named) if d.kind in about]


# ── audits ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("who", [AUDITOR, MEMBERS[0]])
def test_a_seat_recomputes_the_aggregate_and_compares(who: Address) -> None:
    view = closed(State.CHALLENGING)
    assert [(d.kind, d.round) for d in owed(view, who, holding(view))] == [(DutyKind.AGGREGATE, 1)]
    own = holding(view, Artefact.SCORES, Artefact.AGGREGATE)
    assert found(view, who, own) == [(DutyKind.AUDIT, SCORES), (DutyKind.AUDIT, AGGREGATE)]
    done = holding(view, Artefact.SCORES, Artefact.AGGREGATE, (Artefact.AUDIT, SCORES), (Artefact.AUDIT, AGGREGATE))
    assert owed(view, who, done) == []
    assert owed(view, TRAINERS[0], own) == []


def test_what_is_missing_for_the_aggregate_is_fetched() -> None:
    view = closed(State.CHALLENGING)
    missing = owed(view, AUDITOR, holding(view, content=HERE[:2]))
    assert [(d.kind, d.subject) for d in missing] == [(DutyKind.FETCH, HERE[2].hex())], "slot 1 was not accepted"


def test_audits_begin_with_the_round_and_need_a_jury() -> None:
    view = in_round(State.AGGREGATING, updates=UPDATES, settled=SETTLED)
    with_jury = replace(view, terms=WITH_JURY)
    own = holding(view, Artefact.SCORES)
    assert found(with_jury, AUDITOR, own) == [(DutyKind.AUDIT, SCORES)], "there is no aggregate yet"
    assert found(view, AUDITOR, own) == [], "nobody could judge"
    assert found(closed(State.CHALLENGING), AUDITOR, own, at=DEADLINE + 1) == []
    assert found(closed(State.JUDGING), AUDITOR, own) == []
    assert found(closed(State.SETTLED), AUDITOR, own) == []


def test_a_round_without_an_accepted_update_has_no_aggregate_to_audit() -> None:
    nothing = replace(SETTLED, lanes=(9_000, ZERO, ZERO, ZERO))
    view = closed(State.CHALLENGING, rounds={Round(1): replace(CLOSED, settled=nothing)})
    assert found(view, AUDITOR, holding(view, Artefact.SCORES)) == [(DutyKind.AUDIT, SCORES)]
    assert owed(replace(view, rounds={Round(1): RoundView(Round(1), closed=True)}), AUDITOR, holding(view)) == []


def test_a_refusal_is_audited_by_who_has_scores() -> None:
    rounds = {Round(1): CLOSED, Round(2): RoundView(Round(2), updates=UPDATES)}
    view = replace(closed(State.CHALLENGING, rounds=rounds), round=Round(2), reason=Reason.REFUSED)
    scored = replace(holding(view), made=frozenset({artefact_key(Artefact.SCORES, view.id, Round(2))}))
    assert (DutyKind.AUDIT, REFUSAL) in found(view, AUDITOR, scored)
    assert (DutyKind.AUDIT, REFUSAL) not in found(view, AUDITOR, holding(view, Artefact.SCORES))


def refused(**changes: Any) -> JobView:
    """A job whose second round was refused."""
    rounds = {Round(1): CLOSED, Round(2): RoundView(Round(2), updates=UPDATES)}
    return replace(closed(State.CHALLENGING, rounds=rounds), round=Round(2), reason=Reason.REFUSED, **changes)


def test_the_requestor_tries_what_was_refused_and_challenges_it() -> None:
    view = refused()
    assert found(view, REQUESTOR, holding(view)) == [(DutyKind.AUDIT, REFUSAL)]
    nothing = {d.subject for d in owed(view, REQUESTOR, Holdings(frozenset({TERMS.training_job})))}
    assert nothing == {MODEL.hex(), TERMS.evaluation_job.hex()}, "first what it needs for that"
    assert found(view, REQUESTOR, holding(view, (Artefact.AUDIT, REFUSAL))) == [], "the committee was right"
    wrong = holding(view, (Artefact.AUDIT, REFUSAL), (Artefact.FINDING, REFUSAL))
    assert found(view, REQUESTOR, wrong) == [(DutyKind.CHALLENGE, REFUSAL)]
    assert found(replace(view, items={REFUSAL: ItemView((REQUESTOR,))}), REQUESTOR, wrong) == []
    assert found(view, REQUESTOR, wrong, at=DEADLINE + 1) == []


def test_the_requestor_looks_at_nothing_else_and_only_where_there_is_a_jury() -> None:
    assert found(closed(State.CHALLENGING), REQUESTOR, holding(closed(State.CHALLENGING))) == []
    assert found(refused(terms=TERMS), REQUESTOR, holding(refused())) == []
    for state in (State.JUDGING, State.SETTLED):
        assert found(replace(refused(), state=state), REQUESTOR, holding(refused())) == []


def test_a_trainer_reads_what_it_starts_from_and_challenges_what_cannot_be_read() -> None:
    view = refused()
    assert found(view, TRAINERS[1], holding(view)) == [(DutyKind.AUDIT, AGGREGATE)]
    assert found(replace(view, state=State.TRAINING), TRAINERS[1], holding(view)) == [(DutyKind.AUDIT, AGGREGATE)]
    assert found(replace(view, dropped=frozenset({1})), TRAINERS[1], holding(view)) == []
    assert found(view, TRAINERS[1], replace(holding(view), made=frozenset())) == [], "it cannot decrypt it"
    assert found(closed(State.CHALLENGING), TRAINERS[1], holding(view)) == [], "nothing started from the last one"
    wrong = holding(view, (Artefact.AUDIT, AGGREGATE), (Artefact.FINDING, AGGREGATE))
    assert found(view, TRAINERS[1], wrong) == [(DutyKind.CHALLENGE, AGGREGATE)]
    assert found(replace(view, terms=TERMS), TRAINERS[1], wrong) == []


# ── challenges ─────────────────────────────────────────────────────────────────────────────────────────────────────────
FINDING = (Artefact.FINDING, SCORES)


def test_who_found_something_challenges_it_once_and_in_time() -> None:
    view = closed(State.CHALLENGING)
    own = holding(view, Artefact.SCORES, (Artefact.AUDIT, SCORES), FINDING, (Artefact.AUDIT, AGGREGATE))
    (duty,) = owed(view, AUDITOR, own)
    assert (duty.kind, duty.item, duty.deadline) == (DutyKind.CHALLENGE, SCORES, DEADLINE)
    assert owed(view, AUDITOR, own, at=DEADLINE + 1) == []
    filed = replace(view, items={SCORES: ItemView((MEMBERS[0],))})
    assert found(filed, AUDITOR, own) == [(DutyKind.CHALLENGE, SCORES)], "others may file the same"
    assert found(filed, MEMBERS[0], own) == []
    assert found(closed(State.AGGREGATING), AUDITOR, own) == []


def test_what_others_challenged_leaves_room_for_what_was_found() -> None:
    view, own = closed(State.CHALLENGING), holding(closed(State.CHALLENGING), FINDING)
    others = {
        Item(kind, Round(1 + n)): ItemView((TRAINERS[0],))
        for kind in (ChallengeKind.SCORES, ChallengeKind.AGGREGATE)
        for n in range(MAX_ROUNDS)
    }
    assert (DutyKind.CHALLENGE, SCORES) in found(replace(view, items=others), AUDITOR, own)
    del others[SCORES]
    assert (DutyKind.CHALLENGE, SCORES) in found(replace(view, items=others), AUDITOR, own)


# ── jurors ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def judging(phase: JudgingPhase = JudgingPhase.COMMITTING, **changes: Any) -> JobView:
    view = closed(State.JUDGING, jurors=JURORS, phase=phase, items={SCORES: ItemView((AUDITOR,))})
    return replace(view, **{"round": Round(0), **changes})


def juror(view: JobView, holdings: Holdings, **named: Any) -> list[tuple[DutyKind, int]]:
    return [(d.kind, d.round) for d in owed(view, JURORS[1], holdings, **named)]


def test_a_juror_gathers_content_and_keys_then_judges_and_commits() -> None:
    view = judging()
    assert juror(view, Holdings()) == [*[(DutyKind.FETCH, 0)] * 5, (DutyKind.FETCH_KEYS, 0)]
    without_key = replace(holding(view), made=frozenset())
    assert juror(view, without_key) == [(DutyKind.FETCH_KEYS, 0), (DutyKind.FETCH_KEYS, 1)]
    assert juror(view, holding(view)) == [(DutyKind.FETCH_KEYS, 1)]
    assert juror(view, holding(view, Artefact.UPDATE_KEYS)) == [(DutyKind.JUDGE, 1)]
    made = holding(view, Artefact.UPDATE_KEYS, (Artefact.VERDICT, SCORES))
    assert juror(view, made) == [(DutyKind.COMMIT_VERDICT, 1)]
    assert juror(replace(view, items={SCORES: ItemView((AUDITOR,), {1: b"c" * 32})}), made) == []
    assert juror(view, made, at=DEADLINE + 1) == []


def test_a_juror_judges_every_item() -> None:
    view = judging(items={AGGREGATE: ItemView((AUDITOR,)), SCORES: ItemView((AUDITOR,))})
    here = holding(view, Artefact.UPDATE_KEYS, (Artefact.VERDICT, SCORES))
    assert found(view, JURORS[1], here) == [(DutyKind.COMMIT_VERDICT, SCORES), (DutyKind.JUDGE, AGGREGATE)]


def test_in_a_hurry_a_juror_asks_for_what_there_is_and_judges_by_it() -> None:
    """A third of 600 seconds is left: keys of the updates that are here, then a verdict. A sixth: a verdict anyway."""
    view = judging()
    some = holding(view, content=HERE[:2])
    assert juror(view, some, at=DEADLINE - 201) == [(DutyKind.FETCH, 0)]
    assert juror(view, some, at=DEADLINE - 200) == [(DutyKind.FETCH, 0), (DutyKind.FETCH_KEYS, 1)]
    keys = holding(view, Artefact.UPDATE_KEYS, content=HERE[:2])
    assert juror(view, keys, at=DEADLINE - 200) == [(DutyKind.FETCH, 0), (DutyKind.JUDGE, 1)]
    assert (DutyKind.JUDGE, 1) not in juror(view, Holdings(), at=DEADLINE - 101)
    assert (DutyKind.JUDGE, 1) in juror(view, Holdings(), at=DEADLINE - 100)


def test_a_juror_opens_what_it_committed_to_when_that_is_confirmed() -> None:
    items = {SCORES: ItemView((AUDITOR,), {1: b"c" * 32}), AGGREGATE: ItemView((AUDITOR,))}
    view = judging(JudgingPhase.OPENING, items=items)
    made = holding(view, (Artefact.VERDICT, SCORES), (Artefact.VERDICT, AGGREGATE))
    assert found(view, JURORS[1], made) == [(DutyKind.OPEN_VERDICT, SCORES)]
    assert found(view, JURORS[1], holding(view)) == [], "what it found is lost"
    assert found(view, JURORS[1], made, confirmations=2, block=BLOCK + 1) == []
    assert found(view, JURORS[1], made, confirmations=2, block=BLOCK + 2) == [(DutyKind.OPEN_VERDICT, SCORES)]
    opened = ItemView((AUDITOR,), {1: b"c" * 32}, {1: VerdictOpening((1,))})
    assert found(replace(view, items={SCORES: opened}), JURORS[1], made) == []


@pytest.mark.parametrize("phase", [JudgingPhase.DRAWING, JudgingPhase.TALLYING])
def test_a_juror_has_nothing_of_its_own_to_do_before_and_after(phase: JudgingPhase) -> None:
    view = judging(phase, deadline=None, items={SCORES: ItemView((AUDITOR,), verdict=NO_VERDICT)})
    assert juror(view, holding(view, (Artefact.VERDICT, SCORES))) == []
    assert juror(replace(judging(), state=State.SETTLED, claimed=frozenset(view.participants)), holding(view)) == []


# ── anybody ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def anybody(view: JobView, **named: Any) -> list[tuple[DutyKind, str]]:
    return [(d.kind, d.subject) for d in owed(view, REQUESTOR, holding(view), **named)]


def test_a_jury_is_drawn_once_its_block_is_known() -> None:
    view = judging(JudgingPhase.DRAWING, deadline=None, draw_block=BLOCK, jurors=())
    assert anybody(view, block=BLOCK) == []
    assert anybody(view, block=BLOCK + 1) == [(DutyKind.POKE, f"{BLOCK}")]


@pytest.mark.parametrize("phase", [JudgingPhase.COMMITTING, JudgingPhase.OPENING])
def test_phases_end_by_time(phase: JudgingPhase) -> None:
    assert anybody(judging(phase), at=DEADLINE) == []
    assert anybody(judging(phase), at=DEADLINE + 1) == [(DutyKind.POKE, f"judging-{phase.name.lower()}")]
    assert owed(judging(phase), JURORS[0], holding(judging(phase)), at=DEADLINE + 10**6)[-1].kind is DutyKind.POKE
    assert owed(judging(phase), account(99), Holdings(), at=10**9, role=Role.VALIDATOR) == []


def test_items_are_tallied_in_order() -> None:
    items = {AGGREGATE: ItemView((AUDITOR,)), SCORES: ItemView((AUDITOR,))}
    view = judging(JudgingPhase.TALLYING, deadline=None, items=items)
    (duty,) = owed(view, REQUESTOR, holding(view))
    assert (duty.kind, duty.item) == (DutyKind.TALLY, SCORES)
    items[SCORES] = ItemView((AUDITOR,), verdict=NO_VERDICT)
    (duty,) = owed(view, REQUESTOR, holding(view))
    assert (duty.kind, duty.item) == (DutyKind.TALLY, AGGREGATE)
    assert owed(view, REQUESTOR, holding(view), block=BLOCK - 1) == []


# ── what watchers and clocks want to know ──────────────────────────────────────────────────────────────────────────────
def test_jurors_are_awaited_until_they_did_all_items() -> None:
    items = {
        SCORES: ItemView((AUDITOR,), dict.fromkeys(ALL, b"c"), {0: VerdictOpening((1,))}),
        AGGREGATE: ItemView((AUDITOR,), {0: b"c", 1: b"c"}, dict.fromkeys((0, 1), VerdictOpening((), digest("a")))),
    }
    assert awaited(judging(items=items)) == (JURORS[2],)
    assert awaited(judging(items=dict(reversed(items.items())))) == (JURORS[2],), "whichever item is looked at last"
    assert awaited(judging(JudgingPhase.OPENING, items=items)) == JURORS[1:]
    assert awaited(judging(JudgingPhase.TALLYING, items=items)) == ()


@pytest.mark.parametrize(
    ("phase", "now", "expected"),
    [
        (JudgingPhase.COMMITTING, DEADLINE - 300, DEADLINE - 200),
        (JudgingPhase.COMMITTING, DEADLINE - 200, DEADLINE - 100),
        (JudgingPhase.COMMITTING, DEADLINE - 100, DEADLINE + 1),
        (JudgingPhase.OPENING, DEADLINE - 300, DEADLINE + 1),
    ],
)
def test_clocks_do_not_jump_over_a_jurors_turn(phase: JudgingPhase, now: int, expected: int) -> None:
    assert next_turn(judging(phase), Timestamp(now)) == expected
