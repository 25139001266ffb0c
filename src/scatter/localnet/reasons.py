"""Why an account earned what it earned, in a few words."""

from scatter.protocol.ids import Address
from scatter.protocol.scores import SettledRound
from scatter.protocol.view import JobView, RoundView


def reason(job: JobView, account: Address) -> str:
    """What the account did in the job, as far as money depends on it."""
    slot, seat = job.slot_of(account), job.seat_of(account)
    if account == job.requestor:
        return "paid for the rounds; what nobody earned and its bond came back"
    if slot is not None:
        return _trainer(job, slot)
    if seat is not None:
        return _member(job, seat)
    return "had no part in the job"


def _settled(job: JobView) -> list[tuple[RoundView, SettledRound]]:
    return [(made, made.settled) for _, made in sorted(job.rounds.items()) if made.settled is not None]


def _trainer(job: JobView, slot: int) -> str:
    if slot in job.dropped:
        return "dropped: it published nothing"
    settled = [result for _, result in _settled(job)]
    accepted = sum(slot in result.accepted for result in settled)
    struck = sum(slot in result.struck for result in settled)
    silent = sum(slot not in result.published for result in settled)
    contributions = ", ".join(f"{result.contribution(slot) / 1e5:+.3f}" for result in settled)
    words = f"accepted in {accepted} of {len(settled)} rounds; contributed {contributions}"
    if struck:
        words += f"; struck out in {struck} (a copy or unreadable)"
    return words + (f"; silent in {silent}" if silent else "")


def _member(job: JobView, seat: int) -> str:
    settled = _settled(job)
    opened = sum(seat in made.openings for made, _ in settled)
    left_out = sum(seat in result.left_out for _, result in settled)
    deviating = sum(seat in result.deviating for _, result in settled)
    words = f"scored {opened} of {len(settled)} rounds"
    if left_out:
        words += f"; left out in {left_out}"
    return words + (f"; deviated in {deviating}: slashed" if deviating else "")
