"""Why an account lost something by a job, in one sentence."""

from collections.abc import Sequence

from scatter.protocol.ids import Address
from scatter.protocol.pay import SILENT_TRAINER_BPS
from scatter.protocol.rates import BPS
from scatter.protocol.scores import SettledRound
from scatter.protocol.view import JobView, RoundView


def why_penalised(job: JobView, account: Address, penalty: int) -> str:
    """What the account did that cost it `penalty` base units; docs/protocol.md has the rules."""
    slot, seat = job.slot_of(account), job.seat_of(account)
    if slot is not None:
        return _trainer(job, slot, penalty)
    return _seat(job, seat) if seat is not None else _juror(job, job.jurors.index(account))


def _trainer(job: JobView, slot: int, penalty: int) -> str:
    terms = job.terms
    silent = [made.number for made in _rounds(job) if slot not in made.published]
    struck = [made.number for made, settled in _settled(job) if slot in settled.struck]
    words = []
    if silent:
        words.append(f"silent in {_listed(silent)}")
    if struck:
        words.append(f"its update was struck out in {_listed(struck)}")
    each = terms.slot_stake * SILENT_TRAINER_BPS // BPS // terms.rounds
    if penalty > len(silent) * each + len(struck) * (terms.slot_stake // terms.rounds):
        words.append("never accepted")
    return "; ".join(words)


def _seat(job: JobView, seat: int) -> str:
    judged = sorted(item for item, view in job.items.items() if view.verdict and seat in view.verdict.lost)
    if judged:
        items = ", ".join(f"the {item.kind.name.lower()} of round {item.round}" for item in judged)
        return f"lost its lock: a jury found otherwise on {items}"
    words = []
    if uncommitted := [r.number for r in _rounds(job) if r.shard_key is not None and seat not in r.commitments]:
        words.append(f"did not commit in {_listed(uncommitted)}")
    if unopened := [r.number for r in _rounds(job) if seat in r.commitments and seat not in r.openings]:
        words.append(f"did not open its scores in {_listed(unopened)}")
    if deviating := [made.number for made, settled in _settled(job) if seat in settled.deviating]:
        words.append(f"far from the scores of {_listed(deviating)}")
    if words:
        return "; ".join(words)
    owing = [r.number for r in _rounds(job) if r.settled and seat in r.settled.panel and seat not in r.aggregates]
    return f"posted no aggregate in {_listed(owing)}"


def _juror(job: JobView, juror: int) -> str:
    silent = [item for item, view in job.items.items() if juror not in view.openings]
    if silent:
        return f"a silent juror on {len(silent)} of {len(job.items)} challenges"
    outside = [item for item, view in job.items.items() if view.verdict and juror in view.verdict.outside]
    return f"a juror outside the verdict on {len(outside)} of {len(job.items)} challenges"


def _rounds(job: JobView) -> list[RoundView]:
    return [made for _, made in sorted(job.rounds.items())]


def _settled(job: JobView) -> list[tuple[RoundView, SettledRound]]:
    """With the scores that count in the end."""
    rounds = ((made, job.judged(made)) for made in _rounds(job))
    return [(made, settled) for made, settled in rounds if settled is not None]


def _listed(rounds: Sequence[int]) -> str:
    return f"round{'s' if len(rounds) > 1 else ''} {', '.join(map(str, rounds))}"
