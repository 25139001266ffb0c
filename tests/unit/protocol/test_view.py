"""Views of jobs: what the projection makes of events, and what can be asked of it."""

from dataclasses import replace
from typing import Any

import pytest
from tests.property.protocol.actors import digest, example_terms
from tests.property.protocol.model_chain import Event, ModelChain, account

from scatter.protocol.entitlement import may_read_job_key, may_read_update_keys
from scatter.protocol.ids import NO_DIGEST, Address, Round, job_id, topic_of
from scatter.protocol.projection import apply
from scatter.protocol.scores import ABSTENTION, COPY, ZERO, pack
from scatter.protocol.states import ChallengeKind, JudgingPhase, Reason, SeatKind, State
from scatter.protocol.verdicts import Item, Verdict
from scatter.protocol.view import JobView, NetworkView, VerdictOpening

REQUESTOR, TRAINERS, MEMBERS = account(1), (account(11), account(12)), (account(21), account(22), account(23))
AUDITORS = (account(31), account(32))
JOB = job_id(REQUESTOR, topic_of("digits"))


def posting() -> ModelChain:
    """A chain on which one job was posted."""
    chain = ModelChain()
    chain.register(REQUESTOR, 1, bytes(32), bytes(32))
    chain.post(REQUESTOR, topic_of("digits"), example_terms(), [digest(1), digest(2)], [digest(3), digest(4)])
    return chain


class Log:
    """Events of one job, folded as they come."""

    def __init__(self) -> None:
        self.view, self.block = NetworkView(), 10
        for event in posting().events:
            self.view = apply(self.view, event.name, event.values, self.block)

    @property
    def job(self) -> JobView:
        return self.view.jobs[JOB]

    def add(self, name: str, **values: Any) -> "Log":
        self.block += 1
        self.view = apply(self.view, name, {"job": JOB, **values}, self.block)
        return self

    def enter(self, state: State, round_: int = 0, deadline: int = 5_000, reason: Reason = Reason.NONE) -> "Log":
        return self.add("StateEntered", state=int(state), round=round_, deadline=deadline, reason=int(reason))

    def seated(self) -> "Log":
        for slot, trainer in enumerate(TRAINERS):
            self.add("TrainerJoined", trainer=trainer, slot=slot)
        return self.add("SeatsDrawn", kind=0, first_seat=0, nodes=MEMBERS[:1]).add(
            "SeatsDrawn", kind=0, first_seat=1, nodes=MEMBERS[1:]
        )


def test_a_posted_job_shows_its_terms() -> None:
    job = Log().job
    assert (job.id, job.requestor, job.name, job.state) == (JOB, REQUESTOR, "digits", State.OPEN)
    assert job.terms == example_terms()
    assert (job.shard_key_hashes, job.shard_digests) == ((digest(1), digest(2)), (digest(3), digest(4)))
    assert (job.trainers, job.members, job.participants) == ((), (), (REQUESTOR,))
    assert not job.ended


def test_the_view_knows_when_the_job_changed_and_when_it_entered_its_state() -> None:
    log = Log().enter(State.DRAWING, deadline=0).add("DrawScheduled", draw_block=12, attempt=1)
    assert (log.job.entered_block, log.job.changed_block, log.job.deadline, log.job.draw_block) == (11, 12, None, 12)


def test_members_sit_in_the_order_of_their_pages() -> None:
    job = Log().seated().job
    assert job.participants == (REQUESTOR, *TRAINERS, *MEMBERS)
    assert [job.seat_of(node) for node in (*MEMBERS, REQUESTOR)] == [0, 1, 2, None]
    assert [job.slot_of(node) for node in (*TRAINERS, MEMBERS[0])] == [0, 1, None]


def test_auditors_have_the_seats_after_the_members_and_jurors_their_own_numbers() -> None:
    log = Log().seated().add("SeatsDrawn", kind=int(SeatKind.AUDITOR), first_seat=0, nodes=AUDITORS)
    job = log.add("SeatsDrawn", kind=int(SeatKind.JUROR), first_seat=0, nodes=(account(41),)).job
    assert (job.members, job.auditors, job.jurors) == (MEMBERS, AUDITORS, (account(41),))
    assert (job.seats, [job.seat_of(node) for node in (*AUDITORS, account(41))]) == (
        (*MEMBERS, *AUDITORS),
        [3, 4, None],
    )
    assert [job.kind_of(seat) for seat in (0, 2, 3)] == [SeatKind.MEMBER, SeatKind.MEMBER, SeatKind.AUDITOR]
    assert job.participants == (REQUESTOR, *TRAINERS, *MEMBERS, *AUDITORS, account(41))


def test_dropped_trainers_keep_their_slot() -> None:
    job = Log().seated().add("TrainerDropped", slot=0).job
    assert (job.active_slots, job.slot_of(TRAINERS[0])) == ({1}, 0)


def test_keys_are_sealed_to_what_was_registered_when_the_job_entered_keying() -> None:
    """Trainers and seats; what they register before that counts, what they register later does not."""
    log, sealers = Log().seated(), (*TRAINERS, *MEMBERS)
    for number, account_ in enumerate((*sealers, account(99))):
        log.add("NodeRegistered", node=account_, role=2, peer_key=digest("peer"), sealing_key=digest("first", number))
    log.add("NodeRegistered", node=MEMBERS[0], role=3, peer_key=digest("peer"), sealing_key=digest("in time"))
    assert dict(log.job.sealing_keys) == {}
    log.enter(State.KEYING)
    pinned = {account_: digest("first", number) for number, account_ in enumerate(sealers)}
    pinned[MEMBERS[0]] = digest("in time")
    assert log.job.sealing_keys == pinned
    for account_ in sealers:
        log.add("NodeRegistered", node=account_, role=3, peer_key=digest("peer"), sealing_key=digest("late"))
    log.enter(State.TRAINING, 1).enter(State.REVEALING, 1).enter(State.TRAINING, 2)
    assert log.job.sealing_keys == pinned
    assert log.view.nodes[MEMBERS[0]].sealing_key == digest("late")


def test_keys_of_nodes_that_nobody_knows_are_noticed() -> None:
    with pytest.raises(KeyError):
        Log().seated().enter(State.KEYING)


def test_a_round_collects_what_is_published_for_it() -> None:
    words = tuple(pack([5_000, ZERO + 40, COPY]))
    log = Log().seated().add("KeysPublished", bundle=digest("bundle")).enter(State.TRAINING, 1)
    log.add("UpdatePublished", round=1, slot=1, update=digest("u1")).add(
        "UpdatePublished", round=1, slot=0, update=digest("u0")
    )
    log.add("ShardKeyRevealed", round=1, key=digest("key"))
    log.add("ScoresCommitted", round=1, kind=0, seat=2, commitment=digest("c"))
    log.add("ScoresOpened", round=1, kind=0, seat=2, words=words)
    log.add("ScoresCommitted", round=1, kind=int(SeatKind.AUDITOR), seat=0, commitment=digest("d"))
    log.add("ScoresOpened", round=1, kind=int(SeatKind.AUDITOR), seat=0, words=())
    log.add("ScoresOpened", round=1, kind=int(SeatKind.AUDITOR), seat=1, words=(ABSTENTION,))
    log.add("RoundSettled", round=1, settled=words, positive_sum=40, panel=0b1000, left_out=0b101, deviating=0b10)
    log.add("AggregatePosted", round=1, seat=2, aggregate=digest("a"))
    made = log.job.current
    assert log.job.bundle == digest("bundle")
    assert list(made.updates) == [1, 0]
    assert (made.published, made.shard_key, made.commitments) == (
        {0, 1},
        digest("key"),
        {2: digest("c"), 3: digest("d")},
    )
    assert (made.openings, made.aggregates, made.closed) == (
        {2: words, 3: (), 4: (ABSTENTION,)},
        {2: digest("a")},
        False,
    )
    assert (made.scored, made.refused, made.abstained) == ({2: words}, {3}, {4})
    assert made.settled is not None
    assert (made.settled.panel, made.settled.left_out, made.settled.deviating) == ({3}, {0, 2}, {1})
    assert (made.settled.positive_sum, made.settled.struck, made.settled.accepted) == (40, {1}, (0,))


def test_a_round_starts_from_the_newest_aggregate() -> None:
    log = Log().seated().enter(State.TRAINING, 1)
    terms = log.job.terms
    assert log.job.starting_model(Round(1)) == (0, None)
    assert log.job.starting_content(Round(1)) == (terms.training_job,)
    log.add("RoundClosed", round=1, global_model=digest("m1")).enter(State.TRAINING, 2)
    log.add("RoundClosed", round=2, global_model=NO_DIGEST).enter(State.TRAINING, 3)
    assert log.job.starting_model(Round(2)) == (1, digest("m1"))
    assert log.job.starting_model(Round(3)) == (1, digest("m1")), "a round that kept its model passes it on"
    assert log.job.starting_content(Round(3)) == (terms.training_job, digest("m1"))
    assert log.job.starting_model(Round(1)) == (0, None)


def test_the_end_keeps_round_reason_and_claims() -> None:
    log = Log().seated().enter(State.TRAINING, 1).enter(State.DEFAULTED, 1, 0, Reason.NO_SHARD_KEY)
    job = log.add("Claimed", account=TRAINERS[0], paid=1, penalty=0, to_challenge_pool=0).job
    assert (job.ended, job.round, job.reason, job.deadline) == (True, 1, Reason.NO_SHARD_KEY, None)
    assert job.claimed == {TRAINERS[0]}


def test_before_the_first_round_there_is_an_empty_one() -> None:
    assert Log().job.current.published == frozenset()
    assert Log().job.rounds == {}


def test_lost_events_are_noticed() -> None:
    with pytest.raises(KeyError):
        apply(NetworkView(), "TrainerJoined", {"job": JOB, "trainer": TRAINERS[0], "slot": 0}, block=1)
    with pytest.raises(KeyError):
        Log().add("UpdatePublished", round=1, slot=0, update=digest("u"))
    first, posted = _posting()
    with pytest.raises(KeyError, match="version 0 of the parameters"):
        apply(NetworkView(), posted.name, posted.values, block=2)
    with pytest.raises(KeyError, match="version 1 of the parameters follows 0"):
        apply(NetworkView(), first.name, {**first.values, "version": 1}, block=1)


def _posting() -> tuple[Event, Event]:
    """The first parameters, and a job under them."""
    events = {event.name: event for event in posting().events}
    return events["ParametersChanged"], events["JobPosted"]


def test_events_of_others_say_nothing() -> None:
    view = Log().view
    assert apply(view, "Transfer", {"from": REQUESTOR, "value": 1}, block=99) is view


def challenged() -> Log:
    """Scores of round 1 and its aggregate are challenged; three jurors are drawn."""
    log = Log().seated().enter(State.TRAINING, 1)
    log.add("UpdatePublished", round=1, slot=0, update=digest("u0"))
    log.add("ShardKeyRevealed", round=1, key=digest("key")).enter(State.CHALLENGING, 1)
    log.add("Challenged", kind=0, round=1, challenger=MEMBERS[0]).add(
        "Challenged", kind=1, round=1, challenger=TRAINERS[0]
    )
    log.add("Challenged", kind=0, round=1, challenger=TRAINERS[1]).enter(State.JUDGING, 0, 0)
    return log.add("SeatsDrawn", kind=int(SeatKind.JUROR), first_seat=0, nodes=JURORS)


SCORES, AGGREGATE = Item(ChallengeKind.SCORES, Round(1)), Item(ChallengeKind.AGGREGATE, Round(1))
JURORS = (account(41), account(42), account(43))


def test_challenges_collect_their_filers() -> None:
    job = challenged().job
    assert {item: seen.filers for item, seen in job.items.items()} == {
        SCORES: (MEMBERS[0], TRAINERS[1]),
        AGGREGATE: (TRAINERS[0],),
    }
    assert (job.state, job.phase, job.round, job.deadline) == (State.JUDGING, JudgingPhase.DRAWING, 0, None)


def test_phases_of_judging_have_their_deadlines_and_blocks() -> None:
    log = challenged().add("JudgingAdvanced", phase=1, deadline=7_000)
    assert (log.job.phase, log.job.deadline, log.job.entered_block) == (JudgingPhase.COMMITTING, 7_000, log.block)
    log.add("JudgingAdvanced", phase=3, deadline=0)
    assert (log.job.phase, log.job.deadline) == (JudgingPhase.TALLYING, None)


def test_an_item_collects_what_jurors_say_and_its_verdict() -> None:
    words = tuple(pack([0, ZERO + 40, 0]))
    log = challenged()
    log.add("VerdictCommitted", kind=0, round=1, juror=2, commitment=digest("c"))
    log.add("VerdictOpened", kind=0, round=1, juror=2, words=words, aggregate=NO_DIGEST)
    log.add("VerdictOpened", kind=1, round=1, juror=0, words=(), aggregate=digest("a"))
    assert log.job.items[SCORES].commitments == {2: digest("c")}
    assert log.job.items[SCORES].openings == {2: VerdictOpening(words)}
    assert log.job.items[AGGREGATE].openings == {0: VerdictOpening((), digest("a"))}
    masks = {"lost": 0b110, "jurors_agreed": 0b11, "jurors_outside": 0b100, "deviating": 0b1}
    verdict = {"counts": True, "changed": True, **masks}
    log.add("VerdictReached", kind=0, round=1, lanes=words, aggregate=NO_DIGEST, **verdict)
    log.add("VerdictReached", kind=1, round=1, lanes=(), aggregate=digest("a"), **verdict)
    seats, agreed, outside = frozenset({1, 2}), frozenset({0, 1}), frozenset({2})
    expected = Verdict(
        counts=True,
        changed=True,
        lanes=(0, ZERO + 40, 0),
        lost=seats,
        agreed=agreed,
        outside=outside,
        deviating=frozenset({0}),
    )
    assert log.job.items[SCORES].verdict == expected
    assert log.job.items[AGGREGATE].verdict == replace(expected, lanes=(), aggregate=digest("a"))


def test_jurors_may_have_the_keys_of_rounds_in_which_something_was_challenged() -> None:
    job = challenged().add("KeysPublished", bundle=digest("bundle")).job
    assert may_read_update_keys(job, Round(1), JURORS[0])
    assert not may_read_update_keys(replace(job, items={}), Round(1), JURORS[0])
    assert not may_read_update_keys(job, Round(2), JURORS[0])
    assert not may_read_update_keys(job, Round(1), account(99))


@pytest.mark.parametrize("who", [REQUESTOR, TRAINERS[0], MEMBERS[2], JURORS[1]])
def test_the_job_key_is_for_everybody_with_a_part_once_it_is_out(who: Address) -> None:
    log = challenged()
    assert not may_read_job_key(log.job, who)
    log.add("KeysPublished", bundle=digest("bundle"))
    assert may_read_job_key(log.job, who)
    assert not may_read_job_key(log.job, account(99))


@pytest.mark.parametrize(
    ("who", "allowed"), [(MEMBERS[1], True), (TRAINERS[0], False), (REQUESTOR, False), (account(99), False)]
)
def test_update_keys_are_for_members_once_the_shard_key_is_out(who: Address, allowed: bool) -> None:
    log = Log().seated().enter(State.TRAINING, 1)
    assert not may_read_update_keys(log.job, Round(1), who)
    log.add("ShardKeyRevealed", round=1, key=digest("key")).enter(State.COMMITTING, 1)
    assert may_read_update_keys(log.job, Round(1), who) is allowed
    assert not may_read_update_keys(log.job, Round(2), who)
