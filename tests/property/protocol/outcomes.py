"""Jobs at their end, in each of the ways in which they can end: what money is tested on."""

from collections.abc import Callable

from hypothesis import strategies as st
from tests.property.protocol.actors import example_terms
from tests.property.protocol.model_chain import account

from scatter.protocol.ids import NO_DIGEST, SCT, Address, Digest, Round
from scatter.protocol.outcome import Dispute, JobOutcome, RoundOutcome, Seat
from scatter.protocol.pay import seat_lock
from scatter.protocol.rates import Rates
from scatter.protocol.scores import COPY, UNREADABLE, ZERO, settle
from scatter.protocol.states import ChallengeKind, Reason, Role
from scatter.protocol.terms import JobTerms
from scatter.protocol.verdicts import (
    NO_VERDICT,
    Item,
    Verdict,
    verdict_on_aggregate,
    verdict_on_refusal,
    verdict_on_scores,
)

RATES = Rates()
CONTRIBUTIONS = st.one_of(
    st.integers(ZERO - 40, ZERO + 40), st.integers(0, 32_765), st.sampled_from([ZERO, COPY, UNREADABLE])
)


@st.composite
def round_outcomes(draw: Callable, terms: JobTerms, *, refused: bool = False) -> RoundOutcome:
    """A round that settled, or that ended before."""
    trainers, seats = terms.max_trainers, terms.members + terms.auditors
    published = frozenset(draw(st.sets(st.integers(0, trainers - 1), min_size=int(refused))))
    if refused:
        return RoundOutcome(published, refused=draw(st.sampled_from(refusals(terms.members, seats))))
    if not published or draw(st.integers(0, 5)) == 0:
        return RoundOutcome(published)
    lanes = st.lists(CONTRIBUTIONS, min_size=trainers + 1, max_size=trainers + 1)
    opened = draw(st.dictionaries(st.integers(0, seats - 1), lanes, min_size=1))
    return RoundOutcome(published, settle(opened, published, trainers, terms.members, terms.tau), opened)


def refusals(members: int, seats: int) -> list[frozenset[int]]:
    """Two thirds of the members or more, with and without the auditors."""
    enough = [frozenset(range(n)) for n in range(-(-2 * members // 3), members + 1)]
    return [some | others for some in enough for others in (frozenset(), frozenset(range(members, seats)))]


@st.composite
def verdicts(draw: Callable, item: Item, made: RoundOutcome, jurors: int, terms: JobTerms) -> Verdict:
    """What a jury finds that mostly, or not at all, agrees with one of its jurors."""
    agreeing = draw(st.sets(st.integers(0, jurors - 1)))
    if item.kind is ChallengeKind.REFUSAL:
        return verdict_on_refusal(made.refused, {juror: juror in agreeing for juror in range(jurors)}, jurors)
    if item.kind is ChallengeKind.AGGREGATE:
        names = [NO_DIGEST, *(Digest(bytes([n]) * 32) for n in (1, 2))]
        assert made.settled is not None
        posted = {seat: draw(st.sampled_from(names[1:])) for seat in made.settled.panel}
        jury = {juror: names[1 + (juror in agreeing)] for juror in range(jurors)}
        return verdict_on_aggregate(draw(st.sampled_from(names)), posted, jury, jurors)
    lanes = st.lists(CONTRIBUTIONS, min_size=terms.max_trainers + 1, max_size=terms.max_trainers + 1)
    found, other = draw(lanes), draw(st.none() | lanes)
    opened = {juror: found if juror in agreeing else other for juror in range(jurors)}
    assert made.settled is not None
    return verdict_on_scores(made.settled, made.openings, opened, jurors, terms.tau)


@st.composite
def disputes(
    draw: Callable, over: list[RoundOutcome], terms: JobTerms, jurors: int, filers: list[Address], *, refused: bool
) -> dict[Item, Dispute]:
    items = [Item(ChallengeKind.SCORES, Round(n)) for n, made in enumerate(over, 1) if made.settled is not None]
    items += [
        Item(ChallengeKind.AGGREGATE, Round(n))
        for n, made in enumerate(over, 1)
        if made.settled and made.settled.accepted
    ]
    items += [Item(ChallengeKind.REFUSAL, Round(len(over)))] if refused else []
    filed = draw(st.lists(st.sampled_from(items), unique=True)) if items else []
    return {
        item: Dispute(
            draw(st.lists(st.sampled_from(filers), min_size=1, unique=True)),
            draw(verdicts(item, over[item.round - 1], jurors, terms)) if jurors else NO_VERDICT,
        )
        for item in filed
    }


@st.composite
def outcomes(draw: Callable) -> JobOutcome:
    """A job at its end, in each of the ways in which it can end."""
    rounds, members, auditors = draw(st.integers(1, 5)), draw(st.integers(1, 7)), draw(st.integers(0, 3))
    terms = example_terms(
        round_pool=draw(st.integers(200 * SCT, 100_000 * SCT)),
        slot_stake=draw(st.integers(0, 2_000 * SCT)),
        rounds=rounds,
        members=members,
        auditors=auditors,
        max_trainers=draw(st.integers(1, 18)),
        fault_bps=draw(st.integers(0, 10_000)),
        max_share_bps=draw(st.integers(1, 10_000)),
        tau=draw(st.integers(1, 50)),
    )
    reason = draw(st.sampled_from(Reason))
    trainers = [account(100 + slot) for slot in range(terms.max_trainers)]
    over: list[RoundOutcome] = []
    if reason in (Reason.NONE, Reason.NO_SHARD_KEY, Reason.TOO_FEW_OPENED, Reason.REFUSED):
        ended = rounds if reason is Reason.NONE else draw(st.integers(0, rounds - 1))
        over = [draw(round_outcomes(terms)) for _ in range(ended)]
    if reason in (Reason.NO_SHARD_KEY, Reason.TOO_FEW_OPENED):
        over.append(RoundOutcome(frozenset(draw(st.sets(st.integers(0, len(trainers) - 1), min_size=1)))))
    if reason is Reason.REFUSED:
        over.append(draw(round_outcomes(terms, refused=True)))
    seats = draw(seated(terms)) if reason not in (Reason.TOO_FEW_TRAINERS, Reason.DRAW_EXPIRED) else []
    jurors = draw(jury(terms)) if over else []
    filers = [*trainers, *(seat.account for seat in seats), *([account(1)] if reason is Reason.REFUSED else [])]
    filed = draw(disputes(over, terms, len(jurors), filers, refused=reason is Reason.REFUSED)) if over else {}
    return JobOutcome(
        terms=terms,
        reason=reason,
        requestor=account(1),
        trainers=trainers,
        seats=seats,
        rounds=over,
        jurors=jurors,
        disputes=filed,
        challenge_pool=draw(st.integers(0, 10**24)),
    )


@st.composite
def seated(draw: Callable, terms: JobTerms) -> list[Seat]:
    roles = [Role.VALIDATOR] * terms.members + [Role.CHALLENGER] * terms.auditors
    return [draw(seats(900 + number, role, terms)) for number, role in enumerate(roles)]


@st.composite
def jury(draw: Callable, terms: JobTerms) -> list[Seat]:
    roles = draw(st.lists(st.sampled_from([Role.VALIDATOR, Role.CHALLENGER]), max_size=7))
    return [draw(seats(950 + number, role, terms)) for number, role in enumerate(roles)]


def seats(number: int, role: Role, terms: JobTerms) -> st.SearchStrategy[Seat]:
    lock = seat_lock(role, terms, RATES)
    return st.builds(Seat, st.just(account(number)), st.just(lock), st.integers(0, 255), st.booleans())
