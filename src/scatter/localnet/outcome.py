"""What came out of a demonstration: the object that `scatter demo --json` prints."""

from dataclasses import asdict, dataclass
from typing import Any

from scatter.content.cids import raw_cid
from scatter.protocol.ids import NO_DIGEST
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
    evaluation, measured by the requestor after the end; `transactions` and `gas_used` are those of all nodes."""

    job: str
    state: str
    rounds: tuple[RoundResult, ...]
    final_accuracy: float
    participants: tuple[Participant, ...]
    supply_before: int
    supply_after: int
    transactions: int
    gas_used: int
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        values = asdict(self)
        for participant in values["participants"]:
            del participant["why"]
        return values


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
