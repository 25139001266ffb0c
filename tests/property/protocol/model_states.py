"""What all parts of a model job share: its state, who has which part in it, and the transitions of more than one action."""

from typing import Any

from tests.property.protocol.model_parts import NOTHING, Chain, ModelItem, ModelRound, ModelSeat, check

from scatter.protocol.ids import Address, JobId
from scatter.protocol.states import JudgingPhase, Reason, SeatKind, State
from scatter.protocol.terms import JobTerms
from scatter.protocol.verdicts import Item


class JobStates:
    def __init__(self, chain: Chain, job: JobId, requestor: Address, terms: JobTerms, key_hashes: tuple[bytes, ...]):
        self.chain, self.id, self.requestor, self.terms, self.key_hashes = chain, job, requestor, terms, key_hashes
        self.rates = chain.rates
        self.state, self.reason, self.round, self.deadline = State.NONE, Reason.NONE, 0, 0
        self.trainers: list[Address] = []
        self.drawn: dict[SeatKind, list[ModelSeat]] = {kind: [] for kind in SeatKind}
        self.rounds: dict[int, ModelRound] = {}
        self.items: dict[Item, ModelItem] = {}
        self.phase = JudgingPhase.DRAWING
        self.pool_at_end = 0
        self.claimed: set[Address] = set()

    @property
    def current(self) -> ModelRound:
        return self.rounds[self.round]

    @property
    def seats(self) -> list[ModelSeat]:
        return self.drawn[SeatKind.MEMBER] + self.drawn[SeatKind.AUDITOR]

    @property
    def jurors(self) -> list[ModelSeat]:
        return self.drawn[SeatKind.JUROR]

    @property
    def parts(self) -> list[Address]:
        return [self.requestor, *self.trainers, *(seat.account for seat in self.seats + self.jurors)]

    def _emit(self, name: str, **values: Any) -> None:
        self.chain.emit(name, job=self.id, **values)

    def _in(self, state: State, round_: int | None = None) -> None:
        check(self.state is state, "WrongState")
        check(self.chain.timestamp <= self.deadline, "DeadlinePassed")
        check(round_ is None or round_ == self.round, "WrongRound")

    def _seat(self, sender: Address) -> int:
        accounts = [seat.account for seat in self.seats]
        check(sender in accounts, "NotSeated")
        return accounts.index(sender)

    def _kind(self, seat: int) -> tuple[SeatKind, int]:
        """The kind of a seat, and its number among those of its kind."""
        members = self.terms.members
        return (SeatKind.MEMBER, seat) if seat < members else (SeatKind.AUDITOR, seat - members)

    def _fault(self, *seats: int) -> None:
        for seat in seats:
            self.seats[seat].silent = True

    @property
    def shown_round(self) -> int:
        """A job keeps its round while it is judged, and shows none: judging is about all of them."""
        return 0 if self.state is State.JUDGING else self.round

    def enter(self, state: State, duration: str = "", reason: Reason = Reason.NONE, round_: int | None = None) -> None:
        self.round = self.round if round_ is None else round_
        self.deadline = self.chain.timestamp + getattr(self.terms.durations, duration) if duration else 0
        self.state, self.reason = state, reason
        if state is State.TRAINING:
            self.rounds[self.round] = ModelRound()
        self._emit("StateEntered", state=int(state), round=self.shown_round, deadline=self.deadline, reason=int(reason))

    def _stop(self, early: State, reason: Reason) -> None:
        if any(made.settled for made in self.rounds.values()):
            self.enter(State.CHALLENGING, "challenge", reason)
        else:
            self.enter(early, reason=reason)

    def _close(self, model: bytes = NOTHING) -> None:
        self.current.closed, self.current.model = True, model
        self._emit("RoundClosed", round=self.round, global_model=model)
        if self.round < self.terms.rounds:
            self.enter(State.TRAINING, "train", round_=self.round + 1)
        else:
            self.enter(State.CHALLENGING, "challenge")
