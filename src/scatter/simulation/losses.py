"""What honest nodes lost by a job, and whether docs/protocol.md says that they may.

A loss is either by a rule (the page names the cause, and it was there), or beyond a limit (more liars than the page says it
withstands), or unexplained: then the protocol, the nodes or the page are wrong.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from scatter.protocol.ids import Address
from scatter.protocol.outcome import RoundOutcome
from scatter.protocol.pay import ROUNDS_BEFORE_FAULT, SILENT_TRAINER_BPS, seat_part, seat_pay, trainer_penalty
from scatter.protocol.rates import BPS, Rates
from scatter.protocol.scores import SettledRound, unpack
from scatter.protocol.states import ChallengeKind, Reason, majority, two_thirds
from scatter.protocol.view import JobView, RoundView
from scatter.simulation.bounds import liars_among, panel_of
from scatter.simulation.recording.penalties import why_penalised


class Grounds(Enum):
    """Whether a loss may be."""

    RULE = "by a rule"
    LIMIT = "beyond a limit"
    UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Loss:
    """What an honest node lost, in base units, by a job (None: by none of them). `earnings`: it is something that it did not
    earn, not something that it had. `cause` says why, `grounds` whether that may be."""

    job: str | None
    node: str
    amount: int
    earnings: bool
    cause: str
    grounds: Grounds


@dataclass(frozen=True, slots=True)
class Claim:
    """What the claim of an account for a job did, in base units: paid out, and lost of slot stake or ticket."""

    paid: int
    penalty: int


@dataclass(frozen=True, slots=True)
class Cast:
    """Who is who in a simulation: names by account, those that were always honest, and those that were ever stopped."""

    names: Mapping[Address, str]
    honest: Collection[Address]
    stopped: Collection[Address] = ()


_Found = tuple[int, str, Grounds]
"""An amount in base units, its cause and its grounds."""


def losses(job: JobView, claims: Mapping[Address, Claim], cast: Cast, rates: Rates) -> Iterator[Loss]:
    """All losses of honest nodes by an ended job. `claims` by account, of those that were claimed for."""
    for account in dict.fromkeys(job.participants):
        if account not in cast.honest:
            continue
        name, penalty = cast.names[account], claims[account].penalty if account in claims else 0
        for amount, cause, grounds in _Case(job, account, penalty, cast, rates).found():
            yield Loss(job.name, name, amount, False, cause, grounds)
        seat = job.seat_of(account)
        for amount, cause in () if seat is None else _unearned(job, seat, rates):
            yield Loss(job.name, name, amount, True, cause, Grounds.RULE)


def put_up(job: JobView, account: Address, rates: Rates) -> int:
    """What an account paid into a job from its wallet, in base units."""
    filed = sum(account in view.filers for view in job.items.values())
    amount = rates.challenge_bond * filed
    if account == job.requestor:
        amount += job.terms.pool + job.terms.bond
    return amount + (job.terms.slot_stake if account in job.trainers else 0)


def _unearned(job: JobView, seat: int, rates: Rates) -> Iterator[tuple[int, str]]:
    """What a seat that opened numbers did not earn of its parts."""
    for made, settled in _settled(job):
        if seat not in made.scored:
            continue
        part = seat_part(settled, seat, job.terms, rates)
        lanes = unpack(made.scored[seat], len(job.trainers))
        amount = part - seat_pay(settled, lanes, seat, job.terms, rates)
        if amount:
            cause = "left out" if seat in settled.left_out else "pay factor below 1"
            yield amount, f"{cause} in round {made.number}"


@dataclass(frozen=True, slots=True)
class _Case:
    """One honest account in one job. `penalty`: what was claimed of its slot stake or ticket."""

    job: JobView
    account: Address
    penalty: int
    cast: Cast
    rates: Rates

    def found(self) -> Iterator[_Found]:
        slot = self.job.slot_of(self.account)
        if self.account == self.job.requestor:
            yield from self._bond_of_requestor()
        elif slot is not None:
            yield from self._penalty_of_trainer(slot)
        elif self.penalty:
            yield self.penalty, why_penalised(self.job, self.account, self.penalty), self._grounds_of_seat()
        verdicts = [view.verdict for view in self.job.items.values() if self.account in view.filers]
        lost = sum(v is not None and v.counts and not v.changed for v in verdicts)
        if lost:
            jurors = self.job.jurors
            lying = f"{self._liars(jurors)} of {len(jurors)} jurors lied"
            yield lost * self.rates.challenge_bond, f"challenged what a jury upheld ({lying})", Grounds.RULE

    def _bond_of_requestor(self) -> Iterator[_Found]:
        bond, members = self.job.terms.bond, self.job.members
        if self.job.reason in (Reason.NO_KEYS, Reason.NO_SHARD_KEY):
            yield bond, "published no key", self._grounds_of_silence()
        elif self.job.reason is Reason.REFUSED and not _overturned(self.job):
            liars = self._liars(members)
            cause = f"its evaluation was refused ({liars} of {len(members)} members lied)"
            yield bond, cause, _limit(liars >= two_thirds(len(members)))

    def _penalty_of_trainer(self, slot: int) -> Iterator[_Found]:
        terms, rounds = self.job.terms, [made for _, made in sorted(self.job.rounds.items())]
        owed = trainer_penalty(slot, [RoundOutcome(made.published, self.job.judged(made)) for made in rounds], terms)
        if self.penalty > owed:
            yield self.penalty - owed, "more than docs/protocol.md takes from a trainer", Grounds.UNEXPLAINED
        rest = min(self.penalty, owed)
        silent = [made.number for made in rounds if slot not in made.published]
        struck = [made for made, settled in _settled(self.job) if slot in settled.struck]
        if silent and rest:
            amount = min(rest, len(silent) * (terms.slot_stake * SILENT_TRAINER_BPS // BPS // terms.rounds))
            rest -= amount
            yield amount, f"silent in {_listed(silent)}", self._grounds_of_silence()
        if struck and rest:
            amount = min(rest, len(struck) * (terms.slot_stake // terms.rounds))
            rest -= amount
            cause = f"struck out in {_listed([made.number for made in struck])}"
            yield amount, cause, _limit(all(map(self._ruled, struck)))
        if rest:
            ruled = any(self._ruled(made) for made, settled in _settled(self.job) if slot in settled.published)
            cause = f"never accepted in {ROUNDS_BEFORE_FAULT} rounds or more"
            yield rest, cause, Grounds.LIMIT if ruled else Grounds.RULE

    def _grounds_of_seat(self) -> Grounds:
        """Of a penalty of a member, an auditor or a juror: for contradicting others it takes two thirds of liars."""
        job, seat = self.job, self.job.seat_of(self.account)
        lying_jury = self._liars(job.jurors) >= two_thirds(len(job.jurors))
        if seat is None:
            number = job.jurors.index(self.account)
            outside = any(view.verdict and number in view.verdict.outside for view in job.items.values())
            return _limit(lying_jury) if outside else self._grounds_of_silence()
        if any(view.verdict and seat in view.verdict.lost for view in job.items.values()):
            return _limit(lying_jury)
        deviated = [made for made, settled in _settled(job) if seat in settled.deviating]
        if deviated:
            return _limit(lying_jury or all(map(self._ruled, deviated)))
        return self._grounds_of_silence()

    def _grounds_of_silence(self) -> Grounds:
        """Honest nodes are silent when they are stopped, or have nothing to work with: a lying requestor keeps content to itself,
        or a majority closed a round with whatever it liked."""
        if self.account in self.cast.stopped:
            return Grounds.RULE
        ruled = any(self._ruled(made) for made in self.job.rounds.values())
        return _limit(ruled or self.job.requestor not in self.cast.honest)

    def _ruled(self, made: RoundView) -> bool:
        """Whether liars are a majority of the panel that settled a round."""
        if made.settled is None:
            return False
        panel = panel_of(self.job, made.settled)
        return self._liars(panel) >= majority(len(panel))

    def _liars(self, accounts: Sequence[Address]) -> int:
        return liars_among(accounts, self.cast.honest)


def _settled(job: JobView) -> list[tuple[RoundView, SettledRound]]:
    """The settled rounds, as verdicts on their scores left them."""
    judged = ((made, job.judged(made)) for _, made in sorted(job.rounds.items()))
    return [(made, settled) for made, settled in judged if settled is not None]


def _overturned(job: JobView) -> bool:
    return any(
        item.kind is ChallengeKind.REFUSAL and view.verdict is not None and view.verdict.changed
        for item, view in job.items.items()
    )


def _limit(crossed: bool) -> Grounds:
    return Grounds.LIMIT if crossed else Grounds.UNEXPLAINED


def _listed(rounds: Sequence[int]) -> str:
    return f"round{'s' if len(rounds) > 1 else ''} {', '.join(map(str, rounds))}"
