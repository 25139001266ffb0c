"""A chain in memory that keeps the rules of the contracts: accounts, tickets, jobs, claims, and a log of their events."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from eth_hash.auto import keccak
from tests.property.protocol.model_job import ModelJob
from tests.property.protocol.model_parts import ModelNode, Refused, check

from scatter.protocol.awards import stakes_taken
from scatter.protocol.ids import SCT, Address, JobId, Round, job_id
from scatter.protocol.money import Settlement, settlement
from scatter.protocol.outcome import JobOutcome
from scatter.protocol.pay import seat_part, seat_pay, ticket
from scatter.protocol.projection import apply
from scatter.protocol.rates import BPS, Rates
from scatter.protocol.records import Record, RecordKind
from scatter.protocol.reputation import deeds
from scatter.protocol.scores import words_for
from scatter.protocol.states import Role, State
from scatter.protocol.terms import JobTerms, parts
from scatter.protocol.view import NetworkView

FUNDS = 1_000_000 * SCT


@dataclass(frozen=True)
class Event:
    name: str
    values: dict[str, Any]
    block: int


def seeded(seed: bytes) -> Callable[[int, bytes], bytes]:
    """Randomness of a development chain: keccak256(abi.encode(seed, salt))."""
    return lambda block, salt: keccak(seed + salt)


def account(number: int) -> Address:
    return Address(f"0x{number:040x}")


class ModelChain:
    """`send` executes one transaction in the next block; the head's timestamp moves only by `wait`."""

    def __init__(self, rates: Rates = Rates(), random: Callable[[int, bytes], bytes] = seeded(bytes(32))):  # noqa: B008
        self.chain_id, self.contract, self.withdrawal_delay = 31337, account(0xC0), 1_000
        self.block, self.timestamp = 100, 1_800_000_000
        self.nodes: dict[Address, ModelNode] = {}
        self.pools: dict[Role, list[Address]] = {Role.VALIDATOR: [], Role.CHALLENGER: []}
        self.jobs: dict[JobId, ModelJob] = {}
        self.balances: dict[Address, int] = {}
        self.held = 0
        self.challenge_pool = 0
        self.events: list[Event] = []
        self.view = NetworkView()
        self.random, self.owner = random, account(0xC2)
        self.parameters: list[Rates] = []
        self._keep_parameters(rates)

    @property
    def rates(self) -> Rates:
        """Those of new jobs."""
        return self.parameters[-1]

    def emit(self, name: str, **values: Any) -> None:
        self.events.append(Event(name, values, self.block))
        self.view = apply(self.view, name, values, self.block)

    def wait(self, seconds: int, blocks: int = 1) -> None:
        self.timestamp += seconds
        self.block += blocks

    def send(self, sender: Address, function: str, *arguments: Any) -> None:
        """Refused when the contracts would revert; then nothing but the block number has changed."""
        self.block += 1
        if function in _CHAIN_FUNCTIONS:
            getattr(self, function)(sender, *arguments)
            return
        job = self.jobs.get(arguments[0])
        check(job, "WrongState")
        getattr(job, function)(sender, *arguments[1:])

    # ── parameters ─────────────────────────────────────────────────────────────────────────────────────────────────
    def change_parameters(self, sender: Address, version: int, rates: Rates) -> None:
        check(sender == self.owner, "NotOwner")
        check(version == len(self.parameters), "StaleParameters")
        check(0 < rates.lock_bps <= BPS, "ParameterOutOfRange")
        check(rates.trainers_bps + rates.members_bps <= BPS, "ParameterOutOfRange")
        check(rates.challenge_bond <= rates.challenger_ticket, "ParameterOutOfRange")
        self._keep_parameters(rates)

    def _keep_parameters(self, rates: Rates) -> None:
        self.emit("ParametersChanged", version=len(self.parameters), parameters=asdict(rates))
        self.parameters.append(rates)

    # ── nodes ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def register(self, sender: Address, role: int, peer_key: bytes, sealing_key: bytes) -> None:
        node = self.nodes.setdefault(sender, ModelNode())
        check(node.role == role or node.stake == 0, "RoleBound")
        node.role = role
        self.balances.setdefault(sender, FUNDS)
        self.emit("NodeRegistered", node=sender, role=role, peer_key=peer_key, sealing_key=sealing_key)

    def deposit_ticket(self, sender: Address) -> None:
        node = self.nodes[sender]
        role = Role(node.role)
        check(role in self.pools, "NoTicketForRole")
        whole = ticket(role, self.rates)
        check(node.stake < whole or node.withdrawing, "TicketComplete")
        if sender not in self.pools[role]:
            self.pools[role].append(sender)
        missing = max(0, whole - node.stake)
        node.stake, node.withdrawing = node.stake + missing, False
        self.emit("TicketDeposited", node=sender, amount=missing, stake=node.stake)
        self.take(sender, missing)

    def request_withdrawal(self, sender: Address) -> None:
        node = self.nodes[sender]
        check(node.stake, "NothingStaked")
        check(not node.withdrawing, "WithdrawalPending")
        node.withdrawing, node.available_at = True, self.timestamp + self.withdrawal_delay
        self.emit("WithdrawalRequested", node=sender, available_at=node.available_at)

    def withdraw(self, sender: Address) -> None:
        node = self.nodes[sender]
        check(node.withdrawing, "WithdrawalNotRequested")
        check(self.timestamp >= node.available_at, "WithdrawalPending")
        check(node.locked == 0, "StakeLocked")
        self.balances[sender] += node.stake
        self.held -= node.stake
        self.emit("Withdrawn", node=sender, amount=node.stake)
        node.stake, node.withdrawing = 0, False

    # ── jobs ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def post(
        self, sender: Address, topic: bytes, terms: JobTerms, key_hashes: Sequence[bytes], digests: Sequence[bytes]
    ) -> None:
        check(self.nodes[sender].role == Role.REQUESTOR, "NotRegistered")
        check(terms.parameters == len(self.parameters) - 1, "StaleParameters")
        check(least_pay(terms, self.rates) >= self.rates.min_seat_pay, "SeatPayTooSmall")
        job = job_id(sender, topic)
        check(job not in self.jobs, "JobExists")
        self.jobs[job] = ModelJob(self, job, sender, terms, tuple(key_hashes))
        self.take(sender, terms.round_pool * (terms.rounds + 1))
        self.emit(
            "JobPosted",
            job=job,
            requestor=sender,
            topic=topic,
            terms=asdict(terms),
            shard_key_hashes=tuple(key_hashes),
            shard_digests=tuple(digests),
        )
        self.jobs[job].enter(State.OPEN, "open")

    def join(self, sender: Address, job: JobId) -> None:
        made = self.jobs[job]
        check(made.state is State.OPEN, "WrongState")
        check(self.timestamp <= made.deadline, "DeadlinePassed")
        check(sender in self.nodes and self.nodes[sender].role == Role.TRAINER, "NotRegistered")
        made.join(sender)
        self.take(sender, made.terms.slot_stake)

    def claim(self, sender: Address, job: JobId, accounts: Sequence[Address], words: Sequence[int]) -> None:
        """All or nothing; the opened words of seats are checked for their number only."""
        made = self.jobs[job]
        check(made.state >= State.SETTLED, "WrongState")
        parts = set(made.parts)
        for index, claimed in enumerate(accounts):
            check(claimed in parts, "NoPart")
            check(claimed not in made.claimed and claimed not in accounts[:index], "AlreadyClaimed")
        check(len(words) == self._claim_words(made, accounts), "WordCountMismatch")
        for claimed in accounts:
            self._pay(made, claimed)

    def _claim_words(self, job: ModelJob, accounts: Sequence[Address]) -> int:
        if len(job.trainers) <= 15:
            return 0
        seats = {number for number, seat in enumerate(job.seats) if seat.account in accounts}
        paid = [
            (set(made.openings) & seats) - made.settled.left_out for made in job.outcome().judged_rounds if made.settled
        ]
        return sum(map(len, paid)) * words_for(len(job.trainers))

    def _pay(self, job: ModelJob, claimed: Address) -> None:
        outcome = job.outcome()
        settled = settlement(outcome, job.rates)
        due, node = settled.dues[claimed], self.nodes[claimed]
        for seat in job.seats + job.jurors:
            if seat.account == claimed:
                node.locked -= seat.lock
                self.emit("SeatUnlocked", job=job.id, node=claimed, amount=seat.lock)
                if due.penalty:
                    node.stake -= due.penalty
                    node.slashes += 1
                    node.role = node.role if node.stake else 0
                    self.emit("StakeSlashed", job=job.id, node=claimed, amount=due.penalty)
        job.claimed.add(claimed)
        self.balances[claimed] += due.paid
        self.held -= due.paid
        kept = to_challenge_pool(outcome, settled, claimed, job.rates)
        self.challenge_pool += kept
        self.emit("Claimed", job=job.id, account=claimed, paid=due.paid, penalty=due.penalty, to_challenge_pool=kept)

    # ── tokens of jobs and models ──────────────────────────────────────────────────────────────────────────────────
    def mint_job(self, sender: Address, job: JobId, requestor: Address) -> None:
        check(job in self.jobs and self.jobs[job].requestor == requestor, "NotRequestorOf")
        terms = self.jobs[job].terms
        self._record(job, requestor, RecordKind.TRAINING_JOB, 0, terms.training_job)
        self._record(job, requestor, RecordKind.EVALUATION_JOB, 0, terms.evaluation_job)

    def mint_model(
        self, sender: Address, job: JobId, trainer: Address, rounds: Sequence[int], updates: Sequence[bytes], index: int
    ) -> None:
        made = self.jobs[job]
        check(trainer in made.trainers, "NotTrainerOf")
        check(made.state >= State.SETTLED, "JobNotEnded")
        slot = made.trainers.index(trainer)
        published = {number: r.updates[slot] for number, r in sorted(made.rounds.items()) if slot in r.updates}
        check((list(rounds), list(updates)) == (list(published), list(published.values())), "UpdatesMismatch")
        self._record(job, trainer, RecordKind.MODEL, rounds[index], updates[index])

    def record(self, _sender: Address, job: JobId, accounts: Sequence[Address]) -> None:
        """What `ScatterReputation` takes; what it comes to is the rule in Python, which a differential test holds against it."""
        made = self.jobs[job]
        check(made.state >= State.SETTLED, "JobNotEnded")
        for index, account in enumerate(accounts):
            check(account in made.parts, "NoPartIn")
            check(account not in self.view.jobs[job].recorded and account not in accounts[:index], "AlreadyRecorded")
        for account in accounts:
            added = asdict(deeds(self.view.jobs[job], account))
            self.emit("DeedsRecorded", job=job, account=account, deeds=added)

    def _record(self, job: JobId, maker: Address, kind: RecordKind, round_: int, digest: bytes) -> None:
        minted = Record(kind, maker, Round(round_))
        check(minted not in self.view.jobs[job].records, "AlreadyMinted")
        self.emit("Recorded", id=0, job=job, maker=maker, kind=int(kind), round=round_, digest=digest)

    def take(self, sender: Address, amount: int) -> None:
        self.balances[sender] -= amount
        self.held += amount


def least_pay(terms: JobTerms, rates: Rates) -> int:
    """What the worst paid seat earns in a round."""
    cut = parts(terms, rates)
    member = cut.members // terms.members
    return min(member, cut.auditors // terms.auditors) if terms.auditors else member


def to_challenge_pool(outcome: JobOutcome, settled: Settlement, claimed: Address, rates: Rates) -> int:
    """What one claim moves to the challenge pool: a penalty (not L lost by verdict, which the item shares out) and what a
    seat did not earn of its part of the rounds that it is paid for; the requestor's, the rest."""
    own = {account: due.penalty for account, due in settled.dues.items() if account != outcome.requestor}
    by_verdict = frozenset().union(*stakes_taken(outcome).values())
    for number, seat in enumerate(outcome.seats):
        if number in by_verdict:
            own[seat.account] = 0
        for made in outcome.judged_rounds:
            lanes, result = made.openings.get(number), made.settled
            if result is not None and lanes is not None and number not in result.left_out:
                part = seat_part(result, number, outcome.terms, rates)
                own[seat.account] += part - seat_pay(result, lanes, number, outcome.terms, rates)
    return own[claimed] if claimed in own else settled.challenge_pool - sum(own.values())


_CHAIN_FUNCTIONS = frozenset(
    {
        *("change_parameters", "register", "deposit_ticket", "request_withdrawal", "withdraw"),
        *("post", "join", "claim", "mint_job", "mint_model", "record"),
    }
)

__all__ = ["Event", "ModelChain", "ModelJob", "Refused", "account", "seeded"]
