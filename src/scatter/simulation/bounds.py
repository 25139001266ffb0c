"""Whether settled scores stayed within what honest seats had found: invariant 10 of docs/protocol.md, looked at from outside.

With at most ⌊(n − 1)/2⌋ liars on a panel of n seats every settled score lies within what honest seats opened. With more, a
jury with two thirds of honest jurors restores the scores, to within τ. Whatever lies outside is a `Crossing`.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from scatter.protocol.ids import Address
from scatter.protocol.scores import ZERO, SettledRound, are_scores, is_special, unpack
from scatter.protocol.states import ChallengeKind
from scatter.protocol.verdicts import Item
from scatter.protocol.view import JobView, RoundView


@dataclass(frozen=True, slots=True)
class Crossing:
    """A score that ended outside what honest seats had found: a contribution in units of 1e-5, None for a special word.

    `liars` of the `panel` seats that settled it did not behave honestly. `stated`: docs/protocol.md says that so many can.
    """

    job: str
    round: int
    trainer: str
    score: int | None
    least: int | None
    most: int | None
    liars: int
    panel: int

    @property
    def stated(self) -> bool:
        """Whether so many liars are more than the protocol withstands without a jury."""
        return self.liars > (self.panel - 1) // 2


def liars_among(accounts: Collection[Address], honest: Collection[Address]) -> int:
    """How many of the accounts are not honest."""
    return sum(account not in honest for account in accounts)


def panel_of(job: JobView, settled: SettledRound) -> list[Address]:
    """Who sits on the panel of a settled round."""
    return [job.seats[seat] for seat in sorted(settled.panel)]


def crossings(job: JobView, honest: Collection[Address], names: Mapping[Address, str]) -> Iterator[Crossing]:
    """The scores of a job, as they stand in the end, that lie outside what honest seats had found."""
    for number, made in sorted(job.rounds.items()):
        settled, first = job.judged(made), made.settled
        if settled is None or first is None:
            continue
        panel = panel_of(job, first)
        liars = liars_among(panel, honest)
        # A jury leaves a score alone that is within τ of its own, so a lie so small stands.
        slack = job.terms.tau if liars > (len(panel) - 1) // 2 else 0
        seen = _honest_lanes(job, made, first, honest)
        for slot in sorted(settled.published) if seen else ():
            lane, found = settled.lanes[slot + 1], [lanes[slot + 1] for lanes in seen]
            if not _within(lane, min(found), max(found), slack):
                yield Crossing(
                    job.name,
                    number,
                    names[job.trainers[slot]],
                    _number(lane),
                    _number(min(found)),
                    _number(max(found)),
                    liars,
                    len(panel),
                )


def _within(lane: int, least: int, most: int, slack: int) -> bool:
    if is_special(lane) or is_special(least):
        return least <= lane <= most
    return least - slack <= lane <= most + slack


def _number(lane: int) -> int | None:
    return None if is_special(lane) else lane - ZERO


def _honest_lanes(job: JobView, made: RoundView, settled: SettledRound, honest: Collection[Address]) -> list[list[int]]:
    """What honest seats opened, jurors too. Seats that were left out measured against other updates, so their numbers say
    something only where there are no others."""
    opened = {seat: words for seat, words in made.scored.items() if job.seats[seat] in honest}
    fitting = [words for seat, words in opened.items() if seat not in settled.left_out]
    item = job.items.get(Item(ChallengeKind.SCORES, made.number))
    jury = {} if item is None else {job.jurors[number]: opening.words for number, opening in item.openings.items()}
    judged = [words for juror, words in jury.items() if juror in honest and are_scores(words)]
    return [unpack(words, len(job.trainers)) for words in [*(fitting or opened.values()), *judged]]
