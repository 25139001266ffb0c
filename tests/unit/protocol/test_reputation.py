"""What an account did: the rule, who owes the record of it, and what the chain shows. A differential test
(tests/contracts) holds the rule against the contract."""

from dataclasses import asdict, replace
from typing import Any

import pytest
from tests.property.protocol.actors import digest
from tests.property.protocol.model_chain import account
from tests.unit.protocol.jobs import AUDITORS, BLOCK, JURORS, MEMBERS, MODEL, REQUESTOR, TRAINERS, UPDATES, job, kinds

from scatter.protocol.duties import DutyKind
from scatter.protocol.ids import Address, Round
from scatter.protocol.projection import apply
from scatter.protocol.reputation import deeds
from scatter.protocol.scores import UNREADABLE, ZERO, SettledRound, pack
from scatter.protocol.states import ChallengeKind, Reason, State
from scatter.protocol.verdicts import NO_VERDICT, Item, Verdict
from scatter.protocol.view import ItemView, JobView, NetworkView, Reputation, RoundView, VerdictOpening

SCORES = Item(ChallengeKind.SCORES, Round(1))
PANEL = frozenset(range(3))
WORDS = tuple(pack([9_000, ZERO + 5, ZERO - 4, ZERO + 9]))


def made(number: int = 1, *, seats: int = 4, **changes: Any) -> RoundView:
    """A round in which everybody did everything."""
    lanes = (9_000, ZERO + 5, ZERO - 4, ZERO + 9)
    whole = RoundView(
        Round(number),
        updates=UPDATES,
        shard_key=b"k" * 32,
        commitments=dict.fromkeys(range(seats), digest("commitment")),
        openings=dict.fromkeys(range(seats), WORDS),
        settled=SettledRound(lanes, frozenset(UPDATES), PANEL, frozenset(), frozenset()),
        aggregates=dict.fromkeys(range(3), MODEL),
        closed=True,
        global_model=MODEL,
    )
    return replace(whole, **changes)


def over(*rounds: RoundView, state: State = State.SETTLED, **changes: Any) -> JobView:
    view = job(state, len(rounds), **changes)
    return replace(view, rounds={one.number: one for one in rounds})


def test_who_did_everything() -> None:
    view = over(made(1), made(2))
    assert deeds(view, REQUESTOR) == Reputation(jobs=1, rounds=2)
    assert [deeds(view, trainer).contribution for trainer in TRAINERS] == [10, -8, 18]
    assert deeds(view, TRAINERS[1]) == Reputation(jobs=1, rounds=2, contribution=-8)
    assert deeds(view, MEMBERS[0]) == deeds(view, AUDITORS[0]) == Reputation(jobs=1, rounds=2)


def test_silent_trainers() -> None:
    first, second = (made(n, updates={slot: digest(slot) for slot in slots}) for n, slots in ((1, (0, 1)), (2, (0,))))
    view = over(first, second, made(3, updates={0: digest(0)}))
    assert deeds(view, TRAINERS[1]) == Reputation(jobs=1, rounds=1, contribution=-4, silences=2)
    assert deeds(view, TRAINERS[2]) == Reputation(jobs=1, silences=1), "dropped"


def test_what_is_struck_out_is_nothing() -> None:
    settled = SettledRound((9_000, UNREADABLE, ZERO, ZERO + 9), frozenset(UPDATES), PANEL, frozenset(), frozenset())
    assert deeds(over(made(settled=settled)), TRAINERS[0]) == Reputation(jobs=1, rounds=1)


@pytest.mark.parametrize(
    ("changes", "silent"),
    [
        ({"commitments": {}, "openings": {}}, {0, 1, 2, 3}),
        ({"openings": {0: WORDS, 1: (), 2: WORDS}}, {3}),
        ({"aggregates": {0: MODEL}}, set()),
        ({"aggregates": {0: MODEL}, "global_model": bytes(32)}, {1, 2}),
        ({"aggregates": {}, "global_model": bytes(32), "settled": None}, set()),
        ({"shard_key": None, "commitments": {}, "openings": {}, "settled": None}, set()),
    ],
)
def test_silent_seats(changes: dict[str, Any], silent: set[int]) -> None:
    view = over(made(**changes))
    found = {seat for seat, who in enumerate(view.seats) if deeds(view, who).silences}
    assert found == silent == {seat for seat, who in enumerate(view.seats) if deeds(view, who).slashes}


def test_deviating_seats() -> None:
    settled = replace(made().settled, deviating=frozenset({3}))  # type: ignore[type-var]
    view = over(made(settled=settled), made(2, settled=settled))
    assert deeds(view, AUDITORS[0]) == Reputation(jobs=1, rounds=2, slashes=1)


@pytest.mark.parametrize(("reason", "silences"), [(Reason.NO_KEYS, 1), (Reason.NO_SHARD_KEY, 1), (Reason.REFUSED, 0)])
def test_requestors_that_withhold_keys(reason: Reason, silences: int) -> None:
    view = over(made(), made(2, settled=None), reason=reason)
    assert deeds(view, REQUESTOR) == Reputation(jobs=1, rounds=1, silences=silences)


def disputed(verdict: Verdict | None) -> JobView:
    openings = {0: VerdictOpening(WORDS), 1: VerdictOpening(())}
    item = ItemView(filers=(TRAINERS[0], MEMBERS[2]), openings=openings, verdict=verdict)
    return over(made(), jurors=JURORS, items={SCORES: item})


def test_challenges_won_and_lost() -> None:
    changed = Verdict(True, True, (9_000, ZERO + 1, ZERO, ZERO), lost=frozenset({0}), agreed=frozenset({0}))
    view = disputed(changed)
    assert deeds(view, TRAINERS[0]) == Reputation(jobs=1, rounds=1, contribution=1, won=1), "as the verdict leaves it"
    assert deeds(view, MEMBERS[2]).won == 1
    assert deeds(view, MEMBERS[0]) == Reputation(jobs=1, rounds=1, slashes=1)
    assert deeds(disputed(replace(changed, changed=False, lost=frozenset())), TRAINERS[0]).lost == 1
    for nothing in (NO_VERDICT, None):
        assert deeds(disputed(nothing), TRAINERS[0]) == Reputation(jobs=1, rounds=1, contribution=5)


def test_jurors() -> None:
    view = disputed(Verdict(True, False, agreed=frozenset({0}), outside=frozenset({1})))
    assert deeds(view, JURORS[0]) == Reputation(jobs=1, rounds=1)
    assert deeds(view, JURORS[1]) == Reputation(jobs=1, rounds=1, slashes=1)
    assert deeds(view, JURORS[2]) == Reputation(jobs=1, silences=1, slashes=1)
    assert deeds(disputed(None), JURORS[2]) == Reputation(jobs=1), "a void jury"


def test_only_participants_of_what_is_over() -> None:
    with pytest.raises(ValueError, match="has not ended"):
        deeds(over(made(), state=State.CHALLENGING), TRAINERS[0])
    with pytest.raises(ValueError, match="has no part in the job"):
        deeds(over(made()), account(99))


# ── the record ─────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("who", [REQUESTOR, TRAINERS[0], MEMBERS[0], AUDITORS[0]])
def test_it_is_owed_once_claimed(who: Address) -> None:
    view = over(made())
    claimed = replace(view, claimed=frozenset(view.participants))
    assert DutyKind.RECORD_DEEDS in kinds(claimed, who, records=True)
    assert DutyKind.RECORD_DEEDS not in kinds(replace(view, claimed=frozenset()), who, records=True)
    assert DutyKind.RECORD_DEEDS not in kinds(replace(claimed, recorded=frozenset({who})), who, records=True)
    assert DutyKind.RECORD_DEEDS not in kinds(claimed, who), "its operator does not ask for it"


def test_what_is_recorded_adds_up() -> None:
    view, added = over(made()), Reputation(1, 2, -3, 4, 1, 0, 1)
    network = NetworkView(jobs={view.id: view})
    values = {"job": view.id, "account": TRAINERS[0], "deeds": asdict(added)}
    network = apply(network, "DeedsRecorded", values, BLOCK)
    assert network.jobs[view.id].recorded == {TRAINERS[0]}
    assert network.jobs[view.id].changed_block == view.changed_block, "nobody waits for it"
    assert network.reputations == {TRAINERS[0]: added}
    network = apply(network, "DeedsRecorded", values, BLOCK)
    assert network.reputations[TRAINERS[0]] == Reputation(2, 4, -6, 8, 2, 0, 2)
    with pytest.raises(KeyError):
        apply(network, "DeedsRecorded", {**values, "job": bytes(32)}, BLOCK)
