"""What an account did in its jobs, in public: the same as `ScatterReputation` records, from what the chain shows.

Recorded lazily, so a part of a job counts only once somebody asked for that.
"""

from dataclasses import replace

from scatter.protocol.ids import NO_DIGEST, Address
from scatter.protocol.scores import ZERO
from scatter.protocol.states import Reason
from scatter.protocol.view import JobView, Reputation, RoundView

_WITHHELD = frozenset({Reason.NO_KEYS, Reason.NO_SHARD_KEY})


def deeds(job: JobView, account: Address) -> Reputation:
    """What an ended job adds to the reputation of one of its participants. ValueError for others, and before the end."""
    if not job.ended:
        raise ValueError("the job has not ended")
    seat, slot = job.seat_of(account), job.slot_of(account)
    if seat is not None:
        work = _of_seat(job, seat)
    elif slot is not None:
        work = _of_trainer(job, slot)
    elif account == job.requestor:
        work = _of_requestor(job)
    elif account in job.jurors:
        work = _of_juror(job, job.jurors.index(account))
    else:
        raise ValueError(f"{account} has no part in the job")
    filed = [item.verdict for item in job.items.values() if account in item.filers and item.verdict is not None]
    won = sum(verdict.changed for verdict in filed)
    lost = sum(verdict.counts and not verdict.changed for verdict in filed)
    return replace(work, jobs=1, won=won, lost=lost)


def _of_requestor(job: JobView) -> Reputation:
    settled = sum(made.settled is not None for made in job.rounds.values())
    return Reputation(rounds=settled, silences=int(job.reason in _WITHHELD))


def _of_trainer(job: JobView, slot: int) -> Reputation:
    """A trainer that was silent in the first round was dropped: that is one silence."""
    rounds = sorted(job.rounds.items())
    published = [made for _, made in rounds if slot in made.published]
    silences = len(rounds) - len(published)
    if rounds and slot not in rounds[0][1].published:
        return Reputation(silences=1)
    return Reputation(
        rounds=len(published),
        contribution=sum(_contribution(job, made, slot) for made in published),
        silences=silences,
    )


def _contribution(job: JobView, made: RoundView, slot: int) -> int:
    settled = job.judged(made)
    return 0 if settled is None or slot in settled.struck else settled.lanes[slot + 1] - ZERO


def _of_seat(job: JobView, seat: int) -> Reputation:
    rounds = list(job.rounds.values())
    silences = sum(seat in silent_seats(job, made) for made in rounds)
    judged = [settled for made in rounds if (settled := job.judged(made)) is not None]
    verdicts = [item.verdict for item in job.items.values() if item.verdict is not None]
    wrong = any(seat in settled.deviating for settled in judged) or any(seat in verdict.lost for verdict in verdicts)
    opened = sum(seat in made.openings for made in rounds)
    return Reputation(rounds=opened, silences=silences, slashes=int(bool(silences) or wrong))


def silent_seats(job: JobView, made: RoundView) -> frozenset[int]:
    """Seats that owed something in a round of an ended job and did not do it in time: a commitment, its opening, or as one of
    the panel an aggregate, where that ended by time."""
    if made.shard_key is None:
        return frozenset()
    silent = frozenset(range(len(job.seats))) - set(made.openings)
    settled = made.settled
    if settled is None or not settled.accepted or made.global_model != NO_DIGEST:
        return silent
    return silent | (settled.panel - set(made.aggregates))


def _of_juror(job: JobView, juror: int) -> Reputation:
    """A void jury was asked for nothing: it has no verdicts."""
    items = [item for item in job.items.values() if item.verdict is not None]
    opened = sum(juror in item.openings for item in items)
    outside = any(juror in item.verdict.outside for item in items if item.verdict is not None)
    silences = len(items) - opened
    return Reputation(rounds=opened, silences=silences, slashes=int(bool(silences) or outside))
