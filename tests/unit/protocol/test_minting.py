"""Tokens of what was made: who owes himself which, until when, and what the chain shows of it."""

from dataclasses import replace
from typing import Any

import pytest
from tests.property.protocol.actors import digest
from tests.unit.protocol.jobs import BLOCK, MEMBERS, REQUESTOR, SETTLED, TRAINERS, UPDATES, job, kinds, owed

from scatter.protocol.duties import DutyKind
from scatter.protocol.ids import Round
from scatter.protocol.projection import apply
from scatter.protocol.records import Record, RecordKind
from scatter.protocol.scores import ZERO
from scatter.protocol.states import ChallengeKind, State
from scatter.protocol.verdicts import Item, Verdict
from scatter.protocol.view import ItemView, JobView, NetworkView, RoundView

JOBS = frozenset({Record(RecordKind.TRAINING_JOB, REQUESTOR), Record(RecordKind.EVALUATION_JOB, REQUESTOR)})
ROUND = Round(1)


def ended(**changes: Any) -> JobView:
    """A job that settled; trainers 0 and 2 were accepted in its round."""
    made = RoundView(ROUND, updates=UPDATES, settled=SETTLED, closed=True)
    view = job(State.SETTLED, 1, made, **changes)
    return replace(view, claimed=frozenset(view.participants))


def minting(view: JobView, who: Any, **named: Any) -> list[tuple[DutyKind, int]]:
    wanted = (DutyKind.MINT_JOB, DutyKind.MINT_MODEL)
    return [(d.kind, d.round) for d in owed(view, who, mints=True, **named) if d.kind in wanted]


@pytest.mark.parametrize("state", [State.OPEN, State.TRAINING, State.JUDGING, State.CANCELLED])
def test_a_job_is_minted_by_its_requestor_from_posting_on(state: State) -> None:
    view = job(state, 1, RoundView(ROUND))
    assert minting(view, REQUESTOR) == [(DutyKind.MINT_JOB, 0)]
    assert minting(replace(view, records=JOBS), REQUESTOR) == []
    assert minting(view, TRAINERS[0]) == minting(view, MEMBERS[0]) == []
    assert DutyKind.MINT_JOB not in kinds(view, REQUESTOR), "its operator wants none"


def test_minting_has_no_deadline() -> None:
    (duty,) = [d for d in owed(job(State.OPEN), REQUESTOR, mints=True) if d.kind is DutyKind.MINT_JOB]
    assert duty.deadline is None


def test_models_are_minted_when_the_job_has_ended() -> None:
    view = ended()
    assert [minting(view, trainer) for trainer in TRAINERS] == [
        [(DutyKind.MINT_MODEL, 1)],
        [],
        [(DutyKind.MINT_MODEL, 1)],
    ]
    assert minting(replace(view, state=State.CHALLENGING), TRAINERS[0]) == []
    assert owed(view, TRAINERS[0]) == [], "its operator wants none"
    minted = frozenset({Record(RecordKind.MODEL, TRAINERS[0], ROUND)})
    assert minting(replace(view, records=minted), TRAINERS[0]) == []
    assert minting(replace(view, records=minted), TRAINERS[2]) == [(DutyKind.MINT_MODEL, 1)]


def test_a_verdict_decides_what_was_accepted() -> None:
    lanes = (9_000, ZERO - 5, ZERO + 7, ZERO + 9)
    item = ItemView((MEMBERS[0],), verdict=Verdict(counts=True, changed=True, lanes=lanes))
    view = ended(items={Item(ChallengeKind.SCORES, ROUND): item})
    assert [bool(minting(view, trainer)) for trainer in TRAINERS] == [False, True, True]


def recorded(network: NetworkView, kind: int, maker: str, round_: int) -> NetworkView:
    (view,) = network.jobs.values()
    values = {"id": 5, "job": view.id, "maker": maker, "kind": kind, "round": round_, "digest": digest("x")}
    return apply(network, "Recorded", values, BLOCK + 9)


def test_the_view_keeps_what_was_minted_and_nobodys_turn_moves() -> None:
    view = ended()
    network = recorded(NetworkView(jobs={view.id: view}), 0, REQUESTOR, 0)
    network = recorded(recorded(network, 1, REQUESTOR, 0), 2, TRAINERS[2], 1)
    seen = network.jobs[view.id]
    assert seen.records == {*JOBS, Record(RecordKind.MODEL, TRAINERS[2], ROUND)}
    assert replace(seen, records=frozenset()) == view
