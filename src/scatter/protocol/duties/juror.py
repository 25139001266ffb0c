"""What a juror owes: to gather what the committee had, to score or aggregate again in secret, to open."""

from scatter.protocol.duties.duty import (
    Artefact,
    Duty,
    DutyKind,
    Holdings,
    Identity,
    Now,
    confirmed,
    fetch,
    hurried,
    in_time,
    owe_item,
)
from scatter.protocol.ids import Digest, Round
from scatter.protocol.states import JudgingPhase, State
from scatter.protocol.verdicts import Item
from scatter.protocol.view import JobView


def jurors_duties(view: JobView, me: Identity, holdings: Holdings, now: Now) -> list[Duty]:
    """Duties of a drawn juror."""
    if view.state is not State.JUDGING or me.address not in view.jurors or not in_time(view, now):
        return []
    juror = view.jurors.index(me.address)
    if view.phase is JudgingPhase.COMMITTING:
        return _judging(view, juror, holdings, now)
    if view.phase is JudgingPhase.OPENING and confirmed(view, me, now):
        return _opening(view, juror, holdings)
    return []


def _judging(view: JobView, juror: int, holdings: Holdings, now: Now) -> list[Duty]:
    pending = [item for item, seen in sorted(view.items.items()) if juror not in seen.commitments]
    rounds = sorted({item.round for item in pending})
    needed = [digest for round_ in rounds for digest in _needed(view, round_)]
    return [
        *(fetch(view, digest) for digest in holdings.missing(needed)),
        *_asking(view, rounds, holdings, now),
        *(duty for item in pending for duty in _verdict(view, item, holdings, now)),
    ]


def _asking(view: JobView, rounds: list[Round], holdings: Holdings, now: Now) -> list[Duty]:
    """Keys to ask for: in round 0 that of the job; in another those of its updates, once the updates are here."""
    hurry = hurried(view, now, view.terms.durations.judging_reserve)
    wanted = [Round(0)] if not holdings.has(Artefact.JOB_KEY, view.id) else []
    for round_ in rounds:
        here = hurry or not holdings.missing(_needed(view, round_))
        if here and not holdings.has(Artefact.UPDATE_KEYS, view.id, round_):
            wanted.append(round_)
    return [Duty(view.id, round_, DutyKind.FETCH_KEYS, deadline=view.deadline) for round_ in wanted]


def _verdict(view: JobView, item: Item, holdings: Holdings, now: Now) -> list[Duty]:
    """Judge when all is here; in a hurry with what is here, in a greater hurry without keys."""
    if holdings.has_on(Artefact.VERDICT, view.id, item):
        return [owe_item(view, DutyKind.COMMIT_VERDICT, item)]
    reserve = view.terms.durations.judging_reserve
    keys = holdings.has(Artefact.JOB_KEY, view.id) and holdings.has(Artefact.UPDATE_KEYS, view.id, item.round)
    here = not holdings.missing(_needed(view, item.round)) or hurried(view, now, reserve)
    return [owe_item(view, DutyKind.JUDGE, item)] if (here and keys) or hurried(view, now, reserve // 2) else []


def _needed(view: JobView, round_: Round) -> list[Digest]:
    """What members read in a round: the model that it started from, the evaluation, the updates."""
    return [*view.starting_content(round_), view.terms.evaluation_job, *view.rounds[round_].updates.values()]


def _opening(view: JobView, juror: int, holdings: Holdings) -> list[Duty]:
    return [
        owe_item(view, DutyKind.OPEN_VERDICT, item)
        for item, seen in sorted(view.items.items())
        if juror in seen.commitments and juror not in seen.openings and holdings.has_on(Artefact.VERDICT, view.id, item)
    ]
