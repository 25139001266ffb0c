"""Why an account earned what it earned, in a few words."""

from collections.abc import Iterable

from scatter.protocol.ids import Address, Round
from scatter.protocol.scores import SettledRound, abstains
from scatter.protocol.states import ChallengeKind, SeatKind
from scatter.protocol.verdicts import Item
from scatter.protocol.view import JobView, RoundView


def reason(job: JobView, account: Address) -> str:
    """What the account did in the job, as far as money depends on it."""
    slot, seat = job.slot_of(account), job.seat_of(account)
    if account == job.requestor:
        return "paid for the rounds; what nobody earned and its bond came back"
    if slot is not None:
        return _trainer(job, slot)
    words = []
    if seat is not None:
        words.append(_seat(job, seat))
    if account in job.jurors:
        words.append(_juror(job, job.jurors.index(account)))
    filed = [item for item, view in job.items.items() if account in view.filers]
    words += [f"challenged the {_named(filed)}"] if filed else []
    return "; ".join(words) or "had no part in the job"


def _settled(job: JobView) -> list[tuple[RoundView, SettledRound]]:
    """The settled rounds, with the scores that count in the end: as verdicts left them."""
    rounds = ((made, job.judged(made)) for _, made in sorted(job.rounds.items()))
    return [(made, settled) for made, settled in rounds if settled is not None]


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


def _seat(job: JobView, seat: int) -> str:
    settled = _settled(job)
    opened = sum(seat in made.scored for made, _ in settled)
    stood_in = sum(seat in result.panel for _, result in settled) if job.kind_of(seat) is SeatKind.AUDITOR else 0
    left_out = sum(seat in result.left_out for _, result in settled)
    deviating = sum(seat in result.deviating for _, result in settled)
    words = f"scored {opened} of {len(settled)} rounds"
    refused = sum(seat in made.refused for made in job.rounds.values())
    abstained = sum(seat in made.abstained for made in job.rounds.values())
    if refused:
        words += f"; refused {refused}"
    if abstained:
        words += f"; abstained in {abstained}: it had not what it needed"
    if stood_in:
        words += f"; stood in for a member in {stood_in}"
    if left_out:
        words += f"; left out in {left_out}"
    if deviating:
        words += f"; deviated in {deviating}: slashed"
    judged = [item for item, view in job.items.items() if view.verdict and seat in view.verdict.lost]
    return words + (f"; lost its lock by the verdict on the {_named(judged)}" if judged else "")


def _juror(job: JobView, juror: int) -> str:
    openings = [view.openings[juror] for view in job.items.values() if juror in view.openings]
    abstained = sum(abstains(opening.words) for opening in openings)
    judged = len(openings) - abstained
    outside = sum(view.verdict is not None and juror in view.verdict.outside for view in job.items.values())
    words = f"judged {judged} of {len(job.items)} challenges"
    if abstained:
        words += f"; abstained on {abstained}: it had not what it needed"
    return words + (f"; outside the verdict on {outside}: slashed" if outside else "")


def _named(items: Iterable[Item]) -> str:
    """`scores of rounds 1, 2, aggregate of round 2`."""
    rounds: dict[ChallengeKind, list[Round]] = {}
    for item in sorted(items):
        rounds.setdefault(item.kind, []).append(item.round)
    return ", ".join(
        f"{kind.name.lower()} of round{'s' if len(numbers) > 1 else ''} {', '.join(map(str, numbers))}"
        for kind, numbers in rounds.items()
    )
