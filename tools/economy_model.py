"""A plain model of the money of docs/protocol.md, under the seven casts of examples/scenarios/casts.

It shares no code with the protocol: no chain, no models, no keys, amounts as floating-point numbers, contributions drawn like
the synthetic workload's. A thousand seeds of it take seconds, so it says what five runs of the contracts should come close to,
and how far five runs may be from it by chance.
"""

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

JOBS, ROUNDS, MEMBERS, AUDITORS, JURORS, LEAST_JURY = 10, 3, 3, 2, 7, 3
TAU, LIE, NOISE, FAULT, MAX_SHARE = 10, 900, 1, 0.5, 0.5
BASE, BOND, LOCKED, FEE = 200, 500, 0.2, 0.01
TRAINERS_PART, MEMBERS_PART, AUDITORS_PART = 0.7, 0.2, 0.1
TICKETS = {"validator": 25_000, "challenger": 20_000}


@dataclass(slots=True, eq=False)
class Node:
    """Somebody with tokens, and a ticket if its role has one."""

    name: str
    role: str
    liar: bool
    gain: float = 0.0
    stake: float = 0.0
    slashes: int = 0

    def __post_init__(self) -> None:
        self.stake = TICKETS.get(self.role, 0)

    def lock(self, trainers: float) -> float:
        """What a seat of it locks in a job that pays its trainers so much."""
        return max(LOCKED * TICKETS[self.role], trainers / -(-MEMBERS // 2))

    def slash(self, amount: float) -> float:
        """Take so much of its ticket, at most all of it; what was taken."""
        taken = min(amount, self.stake)
        self.stake -= taken
        self.gain -= taken
        self.slashes += 1
        return taken


@dataclass(frozen=True, slots=True)
class Cast:
    """How many of each role there are, and how many of these lie. `juries`: whether jobs have a second layer."""

    trainers: int = 6
    validators: int = 3
    challengers: int = 2
    bad_trainers: int = 0
    liars_among_validators: int = 0
    liars_among_challengers: int = 0
    bad_requestor: bool = False
    juries: bool = False

    def nodes(self) -> list[Node]:
        """All of them, before the first job."""
        groups = (
            ("trainer", self.trainers, self.bad_trainers),
            ("validator", self.validators, self.liars_among_validators),
            ("challenger", self.challengers, self.liars_among_challengers),
            ("requestor", 1, int(self.bad_requestor)),
        )
        return [Node(f"{role}-{n}", role, n < liars) for role, count, liars in groups for n in range(count)]


CASTS: Mapping[str, Cast] = {
    "1-all-honest": Cast(),
    "2-malicious-trainers": Cast(bad_trainers=3),
    "3-malicious-validator": Cast(validators=4, liars_among_validators=1),
    "4-malicious-committee": Cast(challengers=6, bad_trainers=6, liars_among_validators=3, juries=True),
    "5-malicious-requestor": Cast(bad_requestor=True),
    "6-lying-challenger": Cast(challengers=6, liars_among_challengers=1, juries=True),
    "7-lying-validators": Cast(validators=5, challengers=6, liars_among_validators=2, juries=True),
}
"""By the names of the scenario files."""

Words = Mapping[Node, float]
"""A contribution in units of 1e-5 for each trainer."""


class Draws:
    """What is left to chance, from a seed. A subclass may know better."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 — a model, no secret

    def amounts(self) -> tuple[float, float]:
        """The reward and the slot stake of the next job, in SCT."""
        return self._random.randint(1000, 2000), self._random.randint(500, 1500)

    def seats(self, kind: str, able: Sequence[Node], count: int) -> list[Node]:
        """Who takes the seats of a kind (member, auditor, juror), out of those that could."""
        del kind
        return self._random.sample(able, count)

    def truth(self, trainers: Sequence[Node], round_: int) -> Words:
        """What updates contribute in a round (from 0)."""
        del round_
        return {trainer: self._contribution(trainer.liar) for trainer in trainers}

    def found(self, seat: Node, truth: Words, round_: int) -> Words:
        """What an honest seat finds: machines are off by a unit, for all models and for each."""
        del seat, round_
        everywhere = self._random.randint(-NOISE, NOISE)
        return {trainer: value + everywhere - self._random.randint(-NOISE, NOISE) for trainer, value in truth.items()}

    def _contribution(self, bad: bool) -> float:
        if bad:
            return self._random.randint(-900, -30)
        return (-1 if self._random.random() < 0.05 else 1) * self._random.randint(20, 400)


@dataclass(slots=True)
class Settled:
    """A round: what seats opened, what was settled at first, and what stands."""

    opened: Mapping[Node, Words]
    first: Words
    stands: dict[Node, float]


@dataclass(slots=True)
class Job:
    """A job: its amounts, who sits in it, and what became of its rounds."""

    pool: float
    slot_stake: float
    members: Sequence[Node]
    auditors: Sequence[Node]
    jurors: Sequence[Node]
    rounds: list[Settled] = field(default_factory=list)
    by_verdict: set[Node] = field(default_factory=set)
    outside: set[Node] = field(default_factory=set)

    @property
    def seats(self) -> list[Node]:
        """Members and auditors."""
        return [*self.members, *self.auditors]


class Economy:
    """A cast, and what its jobs do to it."""

    def __init__(self, nodes: Sequence[Node], draws: Draws, juries: bool) -> None:
        self.nodes, self.draws, self.juries, self.pool = nodes, draws, juries, 0.0
        self.trainers, self.validators, self.challengers = map(self._of, ("trainer", "validator", "challenger"))
        (self.requestor,) = self._of("requestor")

    def _of(self, role: str) -> list[Node]:
        return [node for node in self.nodes if node.role == role]

    def total(self) -> float:
        """All gains and the challenge pool: 0 at any time."""
        return sum(node.gain for node in self.nodes) + self.pool

    def play(self, jobs: int = JOBS) -> list[str]:
        """Post jobs, one after the other; how each ended."""
        return [self._job() for _ in range(jobs)]

    def _job(self) -> str:
        reward, slot_stake = self.draws.amounts()
        job = self._drawn(reward / ROUNDS, slot_stake)
        if job is None:
            return "cancelled"
        if self.requestor.liar:
            self._refused(job)
            return "refused"
        job.rounds = [self._round(job, number) for number in range(ROUNDS)]
        bonds = self._disputes(job) if self.juries else {}
        self._settle(job, bonds)
        return "changed" if job.by_verdict else "settled"

    def _drawn(self, pool: float, slot_stake: float) -> Job | None:
        trainers = TRAINERS_PART * pool * ROUNDS
        sitting = []
        for kind, nodes, seats in (("member", self.validators, MEMBERS), ("auditor", self.challengers, AUDITORS)):
            able = [node for node in nodes if node.stake >= max(node.lock(trainers), TICKETS[node.role] / 2)]
            if len(able) < seats:
                return None
            sitting.append(self.draws.seats(kind, able, seats))
        members, auditors = sitting
        seated = {*members, *auditors}
        others = [node for node in (*self.validators, *self.challengers) if node not in seated]
        able = [node for node in others if node.stake >= node.lock(trainers)]
        if self.juries and len(able) < LEAST_JURY:
            return None
        jurors = self.draws.seats("juror", able, min(JURORS, len(able))) if self.juries else []
        return Job(pool, slot_stake, members, auditors, jurors)

    def _refused(self, job: Job) -> None:
        """All members refuse round 1, after everybody published. No jury: it is final."""
        spent = job.pool * (1 + TRAINERS_PART + MEMBERS_PART)
        self.requestor.gain -= spent
        for trainer in self.trainers:
            trainer.gain += job.pool * (1 + TRAINERS_PART) / len(self.trainers)
        for member in job.members:
            member.gain += job.pool * MEMBERS_PART / MEMBERS

    def _round(self, job: Job, number: int) -> Settled:
        truth = self.draws.truth(self.trainers, number)
        opened = {seat: self._words(seat, truth, number) for seat in (*job.seats, *job.jurors)}
        first = {trainer: _median([opened[seat][trainer] for seat in job.members]) for trainer in self.trainers}
        return Settled(opened, first, dict(first))

    def _words(self, seat: Node, truth: Words, number: int) -> Words:
        if seat.liar:
            return {trainer: LIE if trainer.liar else -LIE for trainer in truth}
        return self.draws.found(seat, truth, number)

    def _disputes(self, job: Job) -> dict[Node, float]:
        """Let the jury judge what seats contradict; what challenges bring to filers and jurors, apart from slashes of the latter."""
        brought: dict[Node, float] = {}
        agreed_to_change: set[Node] = set()
        fee = min(FEE * self.pool, MEMBERS_PART * job.pool / MEMBERS * ROUNDS)
        for settled in job.rounds:
            filers = [seat for seat in job.seats if not _all_near(settled.opened[seat], settled.first)]
            if filers:
                offenders, agreeing, decided = self._verdict(job, settled)
                taken = sum(node.slash(node.lock(TRAINERS_PART * job.pool * ROUNDS)) for node in offenders)
                if settled.stands != settled.first:
                    agreed_to_change |= agreeing
                    _share(brought, filers, taken / 2)
                    _share(brought, agreeing, taken / 4)
                    self.pool += taken - (taken / 2 + taken / 4 * bool(agreeing))
                elif decided:
                    _share(brought, filers, -BOND * len(filers))
                    _share(brought, agreeing, BOND * len(filers) / 2)
                    self.pool += BOND * len(filers) * (0.5 if agreeing else 1)
        for juror in agreed_to_change:
            brought[juror] = brought.get(juror, 0) + fee
            self.pool -= fee
        return brought

    def _verdict(self, job: Job, settled: Settled) -> tuple[list[Node], set[Node], bool]:
        """Judge a round: seats that lose L for the first time, jurors that agree, and whether there is a verdict at all."""
        needed, outside, changed = _two_thirds(len(job.jurors)), set(), []
        decided = False
        for trainer in self.trainers:
            said = {juror: settled.opened[juror][trainer] for juror in job.jurors}
            verdict = _median(list(said.values()))
            if sum(_near(word, verdict) for word in said.values()) < needed:
                continue
            decided = True
            outside |= {juror for juror, word in said.items() if not _near(word, verdict)}
            if not _near(settled.first[trainer], verdict):
                settled.stands[trainer] = verdict
                changed.append(trainer)
        job.outside |= outside
        wrong = {
            seat: None
            for trainer in changed
            for seat in job.seats
            if not _near(settled.opened[seat][trainer], settled.stands[trainer])
        }
        offenders = [seat for seat in wrong if seat not in job.by_verdict]
        job.by_verdict |= set(wrong)
        return offenders, set(job.jurors) - outside, decided

    def _settle(self, job: Job, brought: Mapping[Node, float]) -> None:
        for node, amount in brought.items():
            node.gain += amount
        for settled in job.rounds:
            self._pay_trainers(job, settled)
            self._pay_seats(job, settled)
        faulty = {seat for settled in job.rounds for seat in self._deviating(job, settled)} | job.outside
        for node in sorted(faulty - job.by_verdict, key=[*job.seats, *job.jurors].index):
            self.pool += node.slash(min(node.lock(TRAINERS_PART * job.pool * ROUNDS), BASE * 2**node.slashes))
        self._fault(job)

    def _pay_trainers(self, job: Job, settled: Settled) -> None:
        part = TRAINERS_PART * job.pool
        total = sum(max(0.0, value) for value in settled.stands.values())
        if not total:
            return
        self.requestor.gain -= part
        self.pool += part
        for trainer, value in settled.stands.items():
            pay = part * min(max(0.0, value) / total, MAX_SHARE)
            trainer.gain += pay
            self.pool -= pay

    def _pay_seats(self, job: Job, settled: Settled) -> None:
        for seats, part in ((job.members, MEMBERS_PART), (job.auditors, AUDITORS_PART)):
            self.requestor.gain -= part * job.pool
            self.pool += part * job.pool
            for seat in seats:
                distance = fmean(
                    abs(settled.opened[seat][trainer] - value) for trainer, value in settled.stands.items()
                )
                pay = part * job.pool / len(seats) * max(0.0, 1 - distance / TAU)
                seat.gain += pay
                self.pool -= pay

    def _deviating(self, job: Job, settled: Settled) -> set[Node]:
        found = set()
        for trainer, value in settled.stands.items():
            far = {seat for seat in job.seats if not _near(settled.opened[seat][trainer], value)}
            if MEMBERS - len(far.intersection(job.members)) >= _two_thirds(MEMBERS):
                found |= far
        return found

    def _fault(self, job: Job) -> None:
        judged = [settled for settled in job.rounds if any(value > 0 for value in settled.stands.values())]
        for trainer in self.trainers:
            if len(judged) >= 3 and all(settled.stands[trainer] <= 0 for settled in judged):
                trainer.gain -= FAULT * job.slot_stake
                self.pool += FAULT * job.slot_stake


def _share(brought: dict[Node, float], among: Collection[Node], amount: float) -> None:
    for node in among:
        brought[node] = brought.get(node, 0) + amount / len(among)


def _median(values: Sequence[float]) -> float:
    return sorted(values)[(len(values) - 1) // 2]


def _two_thirds(count: int) -> int:
    return -(-2 * count // 3)


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= TAU


def _all_near(words: Words, others: Words) -> bool:
    return all(_near(word, others[trainer]) for trainer, word in words.items())
