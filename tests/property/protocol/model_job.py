"""One job on the model chain: the state table of the protocol, written down a second time, without packing or gas.

Functions are called as the contract's are, refuse with the names of its errors, and emit its events.
"""

from collections.abc import Callable

from tests.property.protocol.model_jury import Jury
from tests.property.protocol.model_parts import check

from scatter.protocol.ids import Address
from scatter.protocol.states import TERMINAL, Reason, State


class ModelJob(Jury):
    def join(self, sender: Address) -> None:
        self._in(State.OPEN)
        check(sender not in self.trainers, "AlreadyJoined")
        self._emit("TrainerJoined", trainer=sender, slot=len(self.trainers))
        self.trainers.append(sender)
        if len(self.trainers) == self.terms.max_trainers:
            self._begin_draw(State.DRAWING)

    def start(self, sender: Address) -> None:
        self._in(State.OPEN)
        check(sender == self.requestor, "NotRequestor")
        check(len(self.trainers) >= self.terms.min_trainers, "TooFewTrainersJoined")
        self._begin_draw(State.DRAWING)

    def publish_keys(self, sender: Address, bundle: bytes) -> None:
        self._in(State.KEYING)
        check(sender == self.requestor, "NotRequestor")
        self._emit("KeysPublished", bundle=bundle)
        self.enter(State.TRAINING, "train", round_=1)

    def poke(self, _sender: Address) -> None:
        check(self.state not in (State.NONE, *TERMINAL), "WrongState")
        if self.state is State.DRAWING:
            self._draw_seats()
        elif self.state is State.JUDGING:
            self.poke_judging()
        else:
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
            State.CHALLENGING: self._end_challenging,
        }

    def _end_open(self) -> None:
        if len(self.trainers) < self.terms.min_trainers:
            self.enter(State.CANCELLED, reason=Reason.TOO_FEW_TRAINERS)
        else:
            self._begin_draw(State.DRAWING)
