"""The terms of a federated job: what the requestor promises when it posts, and the bounds that the contract checks.

The fields are those of the contract's `JobTerms`, in its order. Every job keeps the terms it was posted with.
"""

from dataclasses import dataclass, fields

from scatter.protocol.ids import WORD_BYTES, Digest
from scatter.protocol.rates import BPS, Parts, Rates

MAX_ROUNDS = 32
MAX_TRAINERS = 63
MAX_MEMBERS = 31
MAX_AUDITORS = 7
MAX_JURY = 31
MAX_ITEMS = 2 * MAX_ROUNDS
"""So many different things of a job can be challenged: scores and aggregate of each round. (A refusal stops a job before the
scores of its round.)"""
MAX_RULE = 4
"""Aggregation rules by number: contribution, mean, median, trimmed mean, krum."""
MAX_BPS = BPS
MAX_TAU = 2**15 - 1
MAX_AMOUNT = 2**96 - 1
MAX_DURATION = 30 * 24 * 3600

DEFAULT_MINIMUM_DURATION = 3600
DEFAULT_RATES = Rates()


@dataclass(frozen=True, slots=True)
class Durations:
    """How long each state of a job may last, in whole seconds."""

    open: int
    keys: int
    train: int
    reveal: int
    commit: int
    open_scores: int
    aggregate: int
    challenge: int
    judge: int

    @property
    def scoring_reserve(self) -> int:
        """A seat stops waiting for content when so much of the commit window is left, and scores what is missing unreadable."""
        return self.commit // 3

    @property
    def judging_reserve(self) -> int:
        """The same of a juror, who has to ask for keys as well; without any answer it judges in half of that."""
        return self.judge // 3


@dataclass(frozen=True, slots=True)
class JobTerms:
    """What a job is posted with.

    `training_job` and `evaluation_job` are digests of manifests, `job_key_hash` is the keccak256 of the job key.
    Amounts are base units, shares are basis points (1/10,000), `tau` is in units of 1e-5 of contribution; `parameters` is the
    version of the contract's parameters, the present one when the job is posted.
    """

    training_job: Digest
    evaluation_job: Digest
    job_key_hash: bytes
    round_pool: int
    slot_stake: int
    rounds: int
    members: int
    auditors: int
    min_trainers: int
    max_trainers: int
    rule: int
    min_jury: int
    parameters: int
    fault_bps: int
    max_share_bps: int
    tau: int
    durations: Durations

    @property
    def pool(self) -> int:
        """What the requestor escrows for all rounds, in base units."""
        return self.round_pool * self.rounds

    @property
    def bond(self) -> int:
        """What the requestor stakes on its own conduct: one round's pool, in base units."""
        return self.round_pool

    @property
    def jury(self) -> int:
        """How many jurors a jury takes, when there are so many: 2V + 1, at most `MAX_JURY`."""
        return min(2 * self.members + 1, MAX_JURY)

    @property
    def smallest_jury(self) -> int:
        """A jury of fewer is void."""
        return max(3, self.min_jury)


def parts(terms: JobTerms, rates: Rates) -> Parts:
    """The parts of one round's pool. Without auditors, members share theirs."""
    trainers = terms.round_pool * rates.trainers_bps // BPS
    members = terms.round_pool * rates.members_bps // BPS
    auditors = terms.round_pool - trainers - members
    return Parts(trainers, members, auditors) if terms.auditors else Parts(trainers, members + auditors, 0)


def check_terms(
    terms: JobTerms, *, rates: Rates = DEFAULT_RATES, minimum_duration: int = DEFAULT_MINIMUM_DURATION
) -> None:
    """Refuse terms that the contract would refuse.

    `rates` are those of new jobs, `minimum_duration` (seconds) is what the contract was deployed with. Raises ValueError with one sentence
    that names the first bound that does not hold.
    """
    for name in ("training_job", "evaluation_job", "job_key_hash"):
        if len(getattr(terms, name)) != WORD_BYTES:
            raise ValueError(f"{name} has {len(getattr(terms, name))} bytes; it takes {WORD_BYTES}")
    _within("round_pool", terms.round_pool, 0, MAX_AMOUNT)
    _within("slot_stake", terms.slot_stake, 0, MAX_AMOUNT)
    _within("rounds", terms.rounds, 1, MAX_ROUNDS)
    _within("members", terms.members, 1, MAX_MEMBERS)
    _within("auditors", terms.auditors, 0, MAX_AUDITORS)
    _within("max_trainers", terms.max_trainers, 1, MAX_TRAINERS)
    _within("min_trainers", terms.min_trainers, 1, terms.max_trainers)
    _within("rule", terms.rule, 0, MAX_RULE)
    _within("min_jury", terms.min_jury, 0, terms.jury)
    _within("fault_bps", terms.fault_bps, 0, MAX_BPS)
    _within("max_share_bps", terms.max_share_bps, 1, MAX_BPS)
    _within("tau", terms.tau, 1, MAX_TAU)
    for field in fields(Durations):
        _within(f"durations.{field.name}", getattr(terms.durations, field.name), minimum_duration, MAX_DURATION)
    cut = parts(terms, rates)
    pay = cut.members // terms.members
    if terms.auditors:
        pay = min(pay, cut.auditors // terms.auditors)
    if pay < rates.min_seat_pay:
        raise ValueError(f"a seat would earn {pay} base units a round; the least is {rates.min_seat_pay}")


def _within(name: str, value: int, least: int, most: int) -> None:
    if not least <= value <= most:
        raise ValueError(f"{name} is {value}; it must be between {least} and {most}")
