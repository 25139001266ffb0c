"""One job on the model chain: the state table of the protocol, written down a second time, without packing or gas.

Functions are called as the contract's are, refuse with the names of its errors, and emit its events.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from scatter.protocol.commitments import scores_commitment, secret_hash
from scatter.protocol.draw import candidates, draw
from scatter.protocol.ids import Address, JobId, Round
from scatter.protocol.money import JobOutcome, RoundOutcome, Seat, seat_lock
from scatter.protocol.scores import METRIC_SCALE, SettledRound, settle, unpack, words_for
from scatter.protocol.states import Reason, SeatKind, State, majority, two_thirds
from scatter.protocol.terms import Durations, JobTerms

NOTHING = bytes(32)
PAGE = 40
ATTEMPTS = 3


class Refused(Exception):
    """The contract would revert; the message is the name of its error."""


@dataclass
class ModelNode:
    role: int = 0
    stake: int = 0
    locked: int = 0
    slashes: int = 0
    withdrawing: bool = False
    available_at: int = 0
    parts: int = 0


@dataclass
class ModelRound:
    updates: dict[int, bytes] = field(default_factory=dict)
    commitments: dict[int, bytes] = field(default_factory=dict)
    openings: dict[int, tuple[int, ...]] = field(default_factory=dict)
    settled: SettledRound | None = None
    votes: dict[int, bytes] = field(default_factory=dict)


class Chain(Protocol):
    """What a job needs of the chain around it."""

    chain_id: int
    contract: Address
    block: int
    timestamp: int
    rates: Any
    pool: list[Address]
    nodes: dict[Address, ModelNode]
    random: Callable[[int, bytes], bytes]

    def emit(self, name: str, **values: Any) -> None: ...


def check(condition: object, error: str) -> None:
    if not condition:
        raise Refused(error)


class ModelJob:
    def __init__(self, chain: Chain, job: JobId, requestor: Address, terms: JobTerms, key_hashes: tuple[bytes, ...]):
        self.chain, self.id, self.requestor, self.terms, self.key_hashes = chain, job, requestor, terms, key_hashes
        self.state, self.reason, self.round, self.deadline = State.NONE, Reason.NONE, 0, 0
        self.draw_block, self.attempt, self.cursor, self.pool_length = 0, 0, 0, 0
        self.trainers: list[Address] = []
        self.members: list[Address] = []
        self.slashes_at_draw: list[int] = []
        self.at_fault: set[int] = set()
        self.rounds: dict[int, ModelRound] = {}
        self.claimed: set[Address] = set()
        self.drawn: list[Address] | None = []
        """What `protocol.draw` says of the whole pool, as it was when the first page was drawn."""

    # ── checks and transitions ─────────────────────────────────────────────────────────────────────────────────────
    @property
    def current(self) -> ModelRound:
        return self.rounds[self.round]

    def _emit(self, name: str, **values: Any) -> None:
        self.chain.emit(name, job=self.id, **values)

    def _in(self, state: State, round_: int | None = None) -> None:
        check(self.state is state, "WrongState")
        check(self.chain.timestamp <= self.deadline, "DeadlinePassed")
        check(round_ is None or round_ == self.round, "WrongRound")

    def _seat(self, sender: Address) -> int:
        check(sender in self.members, "NotMember")
        return self.members.index(sender)

    def enter(self, state: State, duration: str = "", reason: Reason = Reason.NONE, round_: int | None = None) -> None:
        self.round = self.round if round_ is None else round_
        self.deadline = self.chain.timestamp + getattr(self.terms.durations, duration) if duration else 0
        self.state, self.reason = state, reason
        if state is State.TRAINING:
            self.rounds[self.round] = ModelRound()
        self._emit("StateEntered", state=int(state), round=self.round, deadline=self.deadline, reason=int(reason))

    def _stop(self, early: State, reason: Reason) -> None:
        if any(made.settled for made in self.rounds.values()):
            self.enter(State.CHALLENGING, "challenge", reason)
        else:
            self.enter(early, reason=reason)

    def _close(self, model: bytes = NOTHING) -> None:
        self._emit("RoundClosed", round=self.round, global_model=model)
        if self.round < self.terms.rounds:
            self.enter(State.TRAINING, "train", round_=self.round + 1)
        else:
            self.enter(State.CHALLENGING, "challenge")

    # ── Open, Drawing, Keying ──────────────────────────────────────────────────────────────────────────────────────
    def join(self, sender: Address) -> None:
        self._in(State.OPEN)
        check(sender not in self.trainers, "AlreadyJoined")
        self._emit("TrainerJoined", trainer=sender, slot=len(self.trainers))
        self.trainers.append(sender)
        if len(self.trainers) == self.terms.max_trainers:
            self._leave_open()

    def start(self, sender: Address) -> None:
        self._in(State.OPEN)
        check(sender == self.requestor, "NotRequestor")
        check(len(self.trainers) >= self.terms.min_trainers, "TooFewTrainersJoined")
        self._leave_open()

    def _leave_open(self) -> None:
        self.pool_length = len(self.chain.pool)
        self.enter(State.DRAWING)
        self._name_block()

    def _name_block(self) -> None:
        self.draw_block, self.attempt = self.chain.block + 1, self.attempt + 1
        self._emit("DrawScheduled", draw_block=self.draw_block, attempt=self.attempt)

    def _draw(self) -> None:
        if self.chain.block <= self.draw_block:
            return
        seed = self.chain.random(self.draw_block, self.id)
        if seed == NOTHING and self.attempt < ATTEMPTS:
            self._name_block()
        elif seed == NOTHING:
            self.enter(State.CANCELLED, reason=Reason.DRAW_EXPIRED)
        else:
            pool = self.chain.pool[: self.pool_length]
            if self.cursor == 0:
                able = {account for account in pool if self._drawable(self.chain.nodes[account])}
                self.drawn = draw(seed, SeatKind.MEMBER, pool, self.terms.members, able.__contains__)
            self._seat_page(list(candidates(seed, SeatKind.MEMBER, self.pool_length)))

    def _seat_page(self, order: list[int]) -> None:
        drawn, first = [], len(self.members)
        for index in order[self.cursor : self.cursor + PAGE]:
            if len(self.members) == self.terms.members:
                break
            self.cursor += 1
            account = self.chain.pool[index]
            if self._drawable(self.chain.nodes[account]):
                drawn.append(account)
                self._take_seat(account)
        if drawn:
            self._emit("SeatsDrawn", kind=int(SeatKind.MEMBER), first_seat=first, nodes=tuple(drawn))
        if len(self.members) == self.terms.members:
            self.enter(State.KEYING, "keys")
        elif self.cursor == len(order):
            self.enter(State.CANCELLED, reason=Reason.NO_COMMITTEE)

    def _drawable(self, node: ModelNode) -> bool:
        ticket, lock = self.chain.rates.validator_ticket, seat_lock(self.terms, self.chain.rates)
        return node.role == 3 and not node.withdrawing and 2 * node.stake >= ticket and node.stake - node.locked >= lock

    def _take_seat(self, account: Address) -> None:
        node, lock = self.chain.nodes[account], seat_lock(self.terms, self.chain.rates)
        node.locked, node.parts = node.locked + lock, node.parts + 1
        self.members.append(account)
        self.slashes_at_draw.append(node.slashes)
        self._emit("SeatLocked", node=account, amount=lock)

    def publish_keys(self, sender: Address, bundle: bytes) -> None:
        self._in(State.KEYING)
        check(sender == self.requestor, "NotRequestor")
        self._emit("KeysPublished", bundle=bundle)
        self.enter(State.TRAINING, "train", round_=1)

    # ── a round ────────────────────────────────────────────────────────────────────────────────────────────────────
    def _active(self) -> set[int]:
        return set(self.rounds[1].updates) if self.round > 1 else set(range(len(self.trainers)))

    def publish_update(self, sender: Address, round_: int, update: bytes) -> None:
        self._in(State.TRAINING, round_)
        check(sender in self.trainers, "NotTrainer")
        slot = self.trainers.index(sender)
        check(slot in self._active(), "TrainerWasDropped")
        check(slot not in self.current.updates, "AlreadyPublished")
        self.current.updates[slot] = update
        self._emit("UpdatePublished", round=round_, slot=slot, update=update)
        if set(self.current.updates) == self._active():
            self.enter(State.REVEALING, "reveal")

    def _end_training(self) -> None:
        if self.round == 1:
            for slot in sorted(self._active() - set(self.current.updates)):
                self._emit("TrainerDropped", slot=slot)
        if self.current.updates:
            self.enter(State.REVEALING, "reveal")
        elif self.round == 1:
            self.enter(State.CANCELLED, reason=Reason.NO_TRAINER_LEFT)
        else:
            self._close()

    def reveal_shard_key(self, sender: Address, round_: int, key: bytes) -> None:
        self._in(State.REVEALING, round_)
        check(sender == self.requestor, "NotRequestor")
        check(secret_hash(key) == self.key_hashes[round_ - 1], "WrongShardKey")
        self._emit("ShardKeyRevealed", round=round_, key=key)
        self.enter(State.COMMITTING, "commit")

    def commit_scores(self, sender: Address, round_: int, commitment: bytes) -> None:
        self._in(State.COMMITTING, round_)
        seat = self._seat(sender)
        check(seat not in self.current.commitments, "AlreadyCommitted")
        self.current.commitments[seat] = commitment
        self._emit("ScoresCommitted", round=round_, kind=int(SeatKind.MEMBER), seat=seat, commitment=commitment)
        if len(self.current.commitments) == len(self.members):
            self.enter(State.OPENING, "open_scores")

    def open_scores(self, sender: Address, round_: int, words: tuple[int, ...], salt: bytes) -> None:
        self._in(State.OPENING, round_)
        seat = self._seat(sender)
        check(seat in self.current.commitments, "NotCommitted")
        check(seat not in self.current.openings, "AlreadyOpened")
        check(len(words) == words_for(len(self.trainers)), "WordCountMismatch")
        lanes = unpack(words, 16 * len(words) - 1)
        check(lanes[0] <= METRIC_SCALE and all(lane < 1 << 15 for lane in lanes), "ScoreOutOfRange")
        commitment = scores_commitment(
            chain_id=self.chain.chain_id,
            contract=self.chain.contract,
            kind=SeatKind.MEMBER,
            job=self.id,
            round_=Round(round_),
            sender=sender,
            words=words,
            salt=salt,
        )
        check(commitment == self.current.commitments[seat], "CommitmentMismatch")
        self.current.openings[seat] = tuple(words)
        self._emit("ScoresOpened", round=round_, kind=int(SeatKind.MEMBER), seat=seat, words=tuple(words))
        if set(self.current.openings) == set(self.current.commitments):
            self._end_opening()

    def settle_round(self, _sender: Address, round_: int, words: tuple[tuple[int, ...], ...]) -> None:
        check(self.state is State.OPENING, "WrongState")
        check(self.round == round_, "WrongRound")
        check(words_for(len(self.trainers)) > 1, "SettlesItself")
        complete = set(self.current.openings) == set(self.current.commitments)
        check(complete or self.chain.timestamp > self.deadline, "ScoresStillOpening")
        if not self._quorum():
            self._end_opening()
            return
        check(len(words) == len(self.current.openings), "WordCountMismatch")
        given = dict(zip(sorted(self.current.openings), map(tuple, words), strict=True))
        check(given == self.current.openings, "OpenedWordsMismatch")
        self._settle()

    def _quorum(self) -> bool:
        return len(self.current.openings) >= two_thirds(len(self.members))

    def _end_opening(self) -> None:
        if not self._quorum():
            self.at_fault |= set(self.current.commitments) - set(self.current.openings)
            self._stop(State.CANCELLED, Reason.TOO_FEW_OPENED)
        elif words_for(len(self.trainers)) == 1:
            self._settle()

    def _settle(self) -> None:
        made, trainers = self.current, len(self.trainers)
        self.at_fault |= set(made.commitments) - set(made.openings)
        lanes = {seat: unpack(words, trainers) for seat, words in made.openings.items()}
        settled = settle(lanes, frozenset(made.updates), trainers, self.terms.tau)
        made.settled = settled
        self.at_fault |= settled.deviating
        self._emit(
            "RoundSettled",
            round=self.round,
            settled=_packed(settled.lanes),
            positive_sum=settled.positive_sum,
            left_out=sum(1 << seat for seat in settled.left_out),
            deviating=sum(1 << seat for seat in settled.deviating),
        )
        if settled.accepted:
            self.enter(State.AGGREGATING, "aggregate")
        else:
            self._close()

    def post_aggregate(self, sender: Address, round_: int, aggregate: bytes) -> None:
        self._in(State.AGGREGATING, round_)
        seat = self._seat(sender)
        check(seat not in self.current.votes, "AlreadyPosted")
        self.current.votes[seat] = aggregate
        self._emit("AggregatePosted", round=round_, seat=seat, aggregate=aggregate)
        if list(self.current.votes.values()).count(aggregate) >= majority(len(self.members)):
            self._close(aggregate)
        elif len(self.current.votes) == len(self.members):
            self._close()

    # ── time ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def poke(self, _sender: Address) -> None:
        if self.state is State.DRAWING:
            self._draw()
            return
        check(State.NONE < self.state <= State.CHALLENGING, "WrongState")
        check(self.chain.timestamp > self.deadline, "DeadlineAhead")
        self._exits()[self.state]()

    def _exits(self) -> dict[State, Callable[[], None]]:
        return {
            State.OPEN: self._end_open,
            State.KEYING: lambda: self.enter(State.DEFAULTED, reason=Reason.NO_KEYS),
            State.TRAINING: self._end_training,
            State.REVEALING: lambda: self._stop(State.DEFAULTED, Reason.NO_SHARD_KEY),
            State.COMMITTING: self._end_committing,
            State.OPENING: self._end_opening,
            State.AGGREGATING: self._end_aggregating,
            State.CHALLENGING: lambda: self.enter(State.SETTLED, reason=self.reason),
        }

    def _end_open(self) -> None:
        if len(self.trainers) < self.terms.min_trainers:
            self.enter(State.CANCELLED, reason=Reason.TOO_FEW_TRAINERS)
        else:
            self._leave_open()

    def _end_committing(self) -> None:
        self.at_fault |= set(range(len(self.members))) - set(self.current.commitments)
        self.enter(State.OPENING, "open_scores")

    def _end_aggregating(self) -> None:
        self.at_fault |= set(range(len(self.members))) - set(self.current.votes)
        self._close()

    # ── the end ────────────────────────────────────────────────────────────────────────────────────────────────────
    def outcome(self) -> JobOutcome:
        """What the job's money depends on."""
        trainers = len(self.trainers)
        rounds = [
            RoundOutcome(
                published=frozenset(made.updates),
                settled=made.settled,
                openings={seat: unpack(words, trainers) for seat, words in made.openings.items()},
            )
            for made in self.rounds.values()
        ]
        seats = [
            Seat(account, self.slashes_at_draw[i], self.chain.nodes[account].stake, i in self.at_fault)
            for i, account in enumerate(self.members)
        ]
        return JobOutcome(self.terms, self.reason, self.requestor, self.trainers, seats, rounds)


def _packed(lanes: tuple[int, ...]) -> tuple[int, ...]:
    words = [lanes[first : first + 16] for first in range(0, len(lanes), 16)]
    return tuple(sum(lane << 16 * place for place, lane in enumerate(word)) for word in words)


def durations(seconds: int) -> Durations:
    return Durations(*[seconds] * 9)
