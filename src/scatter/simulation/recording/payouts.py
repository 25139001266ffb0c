"""Claims in the recording: what was earned, what only came back, what was lost, each with its reason."""

from dataclasses import dataclass

from scatter.localnet.reasons import reason
from scatter.ports import ChainEvent
from scatter.protocol.awards import awards
from scatter.protocol.ids import Address
from scatter.protocol.outcome import Dispute, JobOutcome, Seat
from scatter.protocol.pay import seat_lock
from scatter.protocol.rates import Rates
from scatter.protocol.states import Reason, Role, SeatKind
from scatter.protocol.verdicts import NO_VERDICT, Item
from scatter.protocol.view import JobView
from scatter.simulation.recording.book import Scene
from scatter.simulation.recording.penalties import why_penalised

_WRONGED = frozenset({Reason.NO_KEYS, Reason.NO_SHARD_KEY, Reason.REFUSED})


@dataclass(frozen=True, slots=True)
class Payout:
    """One claim of one account, in base units: what it transferred is paid + returned."""

    paid: int
    returned: int
    penalty: int


def see_claims(scene: Scene, event: ChainEvent, rates: Rates) -> None:
    """Follow one event."""
    if event.name != "Claimed":
        return
    number, view = scene.job(event)
    account = event.values["account"]
    payout = split(view, account, event.values["paid"], event.values["penalty"], rates)
    node, part = scene.book.name(account), part_of(view, account)
    for kind, amount in (("paid", payout.paid), ("returned", payout.returned), ("penalty", payout.penalty)):
        if amount or kind == "paid":
            why = _why(kind, view, account, amount)
            scene.add("payouts", job=number, node=node, part=part, kind=kind, amount=amount, why=why)


def part_of(job: JobView, account: Address) -> str:
    """What the account is in the job: `requestor`, `trainer`, `member`, `auditor` or `juror`."""
    if account == job.requestor:
        return "requestor"
    if account in job.trainers:
        return "trainer"
    seat = job.seat_of(account)
    return (SeatKind.JUROR if seat is None else job.kind_of(seat)).name.lower()


def split(job: JobView, account: Address, claimed: int, penalty: int, rates: Rates) -> Payout:
    """What of a claim was earned, and what came back of what the account had put up: the bonds of challenges that changed
    something or on which there is no verdict; a trainer's slot stake less its penalty; all that a requestor gets, but for
    its share of what a refusal's offenders lost."""
    returned = rates.challenge_bond * len(_bonds_back(job, account))
    if account == job.requestor:
        won = awards(_disputed(job, rates), rates)[account] - returned if returned else 0
        returned = claimed - won
    elif account in job.trainers:
        returned += job.terms.slot_stake - penalty
    return Payout(claimed - returned, returned, penalty)


def _bonds_back(job: JobView, account: Address) -> list[Dispute]:
    filed = [_dispute(job, item) for item, view in job.items.items() if account in view.filers]
    return [dispute for dispute in filed if dispute.verdict.changed or not dispute.verdict.counts]


def _dispute(job: JobView, item: Item) -> Dispute:
    view = job.items[item]
    return Dispute(view.filers, view.verdict or NO_VERDICT)


def _disputed(job: JobView, rates: Rates) -> JobOutcome:
    """The job as far as its disputes pay anybody."""
    locks = [
        Role.CHALLENGER if job.kind_of(seat) is SeatKind.AUDITOR else Role.VALIDATOR for seat in range(len(job.seats))
    ]
    return JobOutcome(
        terms=job.terms,
        reason=job.reason,
        requestor=job.requestor,
        trainers=job.trainers,
        seats=[Seat(a, seat_lock(r, job.terms, rates), 0, silent=False) for a, r in zip(job.seats, locks, strict=True)],
        rounds=(),
        jurors=[Seat(account, 0, 0, silent=False) for account in job.jurors],
        disputes={item: _dispute(job, item) for item in job.items},
    )


def _why(kind: str, job: JobView, account: Address, amount: int) -> str:
    if kind == "penalty":
        return why_penalised(job, account, amount)
    return _why_paid(job, account, amount) if kind == "paid" else _why_returned(job, account)


def _why_paid(job: JobView, account: Address, amount: int) -> str:
    if account == job.requestor:
        return "won its challenge of the refusal" if amount else "a requestor earns nothing by its own job"
    words = reason(job, account)
    if account in job.trainers and job.reason in _WRONGED:
        words += "; has a part of the requestor's bond where it was wronged"
    return words


def _why_returned(job: JobView, account: Address) -> str:
    if account == job.requestor:
        return "its bond, rounds that were not settled and parts that nobody earned"
    words = ["its slot stake, less penalties"] if account in job.trainers else []
    if _bonds_back(job, account):
        words.append("bonds of challenges that changed something or were not decided")
    return "; ".join(words)
