"""What came out of a demonstration: the object that `scatter demo --json` prints."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from scatter.content.cids import raw_cid
from scatter.protocol.ids import NO_DIGEST, Address
from scatter.protocol.verdicts import Verdict
from scatter.protocol.view import JobView


@dataclass(frozen=True, slots=True)
class RoundResult:
    """One settled round: the metric of the model that it started from (0..1), how many updates were accepted, and the CID of
    the aggregate's manifest; None when the round kept its model."""

    round: int
    starting_score: float
    accepted: int
    aggregate: str | None


@dataclass(frozen=True, slots=True)
class ChallengeResult:
    """One thing that was challenged: by whom, whether the jury's verdict changed it (`outcome`: changed, stands, no verdict,
    void), who lost a seat's whole lock by it, and how many sat on the jury. Names, not accounts, in the order of the cast:
    who filed first and who has which seat is chance."""

    kind: str
    round: int
    challengers: tuple[str, ...]
    outcome: str
    offenders: tuple[str, ...]
    jurors: int


@dataclass(frozen=True, slots=True)
class Participant:
    """What a player had before the job was posted and has at the end, in base units."""

    name: str
    role: str
    address: str
    balance_before: int
    balance_after: int
    stake_before: int
    stake_after: int
    why: str

    @property
    def earned(self) -> int:
        """What the job brought, or cost."""
        return self.balance_after + self.stake_after - self.balance_before - self.stake_before


@dataclass(frozen=True, slots=True)
class Outcome:
    """A job from posting to payout. Amounts in base units; `final_accuracy` is the job's report metric over its whole
    evaluation, measured by the requestor after the end; `transactions` and `gas_used` are those of all nodes. At
    the end balances, `held_by_contracts` (stakes and the challenge pool) and `undistributed` add up to the supply."""

    job: str
    state: str
    rounds: tuple[RoundResult, ...]
    final_accuracy: float
    challenges: tuple[ChallengeResult, ...]
    participants: tuple[Participant, ...]
    supply_before: int
    supply_after: int
    held_by_contracts: int
    undistributed: int
    transactions: int
    gas_used: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        values = asdict(self)
        for participant in values["participants"]:
            del participant["why"]
        return values


def challenge_results(job: JobView, names: Mapping[Address, str]) -> tuple[ChallengeResult, ...]:
    """What was challenged in a job, in the order in which verdicts take stakes; `names` has everybody, in the cast's order."""
    return tuple(
        ChallengeResult(
            item.kind.name.lower(),
            item.round,
            _named(view.filers, names),
            _outcome_of(view.verdict),
            () if view.verdict is None else _named([job.seats[seat] for seat in view.verdict.lost], names),
            len(job.jurors),
        )
        for item, view in sorted(job.items.items())
    )


def _named(accounts: Collection[Address], names: Mapping[Address, str]) -> tuple[str, ...]:
    return tuple(name for account, name in names.items() if account in accounts)


def _outcome_of(verdict: Verdict | None) -> str:
    if verdict is None:
        return "void"
    if not verdict.counts:
        return "no verdict"
    return "changed" if verdict.changed else "stands"


def round_results(job: JobView) -> tuple[RoundResult, ...]:
    """The settled rounds of a job, in order."""
    return tuple(
        RoundResult(
            number,
            made.settled.metric,
            len(made.settled.accepted),
            None if made.global_model == NO_DIGEST else raw_cid(made.global_model),
        )
        for number, made in sorted(job.rounds.items())
        if made.settled is not None
    )
