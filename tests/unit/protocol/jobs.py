"""A job in any state, and what somebody owes to it."""

from dataclasses import replace
from typing import Any

from tests.property.protocol.actors import digest, example_terms
from tests.property.protocol.model_chain import account
from tests.property.protocol.model_parts import durations

from scatter.protocol.duties import Artefact, Duty, DutyKind, Holdings, Identity, Now, artefact_key, duties
from scatter.protocol.ids import Address, Digest, Round, Timestamp, job_id, topic_of
from scatter.protocol.scores import ZERO, SettledRound
from scatter.protocol.states import TERMINAL, Role, State
from scatter.protocol.view import JobView, RoundView

REQUESTOR = account(1)
TRAINERS = tuple(account(10 + slot) for slot in range(3))
MEMBERS = tuple(account(20 + seat) for seat in range(3))
AUDITORS = (account(30),)
JURORS = tuple(account(40 + juror) for juror in range(3))
DEADLINE, BLOCK = 10_000, 50
TERMS = example_terms(durations=durations(600), auditors=1)
UPDATES = {slot: digest("update", slot) for slot in range(3)}
MODEL = digest("model of round 1")
ALL = frozenset(range(3))
SETTLED = SettledRound((9_000, ZERO + 5, ZERO, ZERO + 9), ALL, ALL, frozenset(), frozenset())


def job(state: State, round_: int = 0, made: RoundView | None = None, **changes: Any) -> JobView:
    """A job of three trainers, three members and an auditor, in a state that it entered in block 50 until 10,000."""
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
        auditors=AUDITORS,
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


ROLES = (
    {REQUESTOR: Role.REQUESTOR}
    | dict.fromkeys(TRAINERS, Role.TRAINER)
    | dict.fromkeys((*MEMBERS, *JURORS), Role.VALIDATOR)
    | dict.fromkeys(AUDITORS, Role.CHALLENGER)
)


WITHOUT_END = {
    *(DutyKind.FETCH, DutyKind.OPEN_KEYS, DutyKind.AUDIT, DutyKind.POKE, DutyKind.SETTLE_ROUND),
    *(DutyKind.MINT_JOB, DutyKind.MINT_MODEL, DutyKind.RECORD_DEEDS),
}
"""Duties that are worth doing after the state's deadline, too."""


def owed(
    view: JobView,
    who: Address,
    holdings: Holdings | None = None,
    *,
    at: int = DEADLINE - 500,
    block: int = BLOCK,
    role: Role | None = None,
    confirmations: int = 0,
    mints: bool = False,
    records: bool = False,
) -> list[Duty]:
    """What somebody owes, after a look at when each of these duties ends."""
    me = Identity(who, role or ROLES[who], confirmations, mint_jobs=mints, mint_models=mints, record_deeds=records)
    found = duties(view, me, holdings or holding(view), Now(block, Timestamp(at)))
    for duty in found:
        ends = {None} if duty.kind in WITHOUT_END else {view.deadline}
        # Whoever audits makes an aggregate at leisure.
        assert duty.deadline in (ends | {None} if duty.kind is DutyKind.AGGREGATE else ends), duty
    return found


def kinds(*arguments: Any, **named: Any) -> list[DutyKind]:
    return [duty.kind for duty in owed(*arguments, **named)]


HERE = tuple(UPDATES.values())


def committing(**changes: Any) -> JobView:
    return replace(in_round(State.COMMITTING, updates=UPDATES, shard_key=b"k" * 32), **changes)


def member(view: JobView, *artefacts: Artefact, content: tuple[Digest, ...] = HERE, **named: Any) -> list[DutyKind]:
    seat = named.pop("seat", 0)
    return kinds(
        view, (*MEMBERS, *AUDITORS)[seat], holding(view, Artefact.JOB_KEY, *artefacts, content=content), **named
    )
