"""The rounds of a model job: training, scoring in secret, settling, aggregating."""

from tests.property.protocol.model_drawing import Drawing
from tests.property.protocol.model_parts import check

from scatter.protocol.commitments import Sender, scores_commitment, secret_hash
from scatter.protocol.ids import Address, Round
from scatter.protocol.scores import METRIC_SCALE, abstains, pack, settle, unpack, words_for
from scatter.protocol.states import Reason, State, majority, two_thirds


class Rounds(Drawing):
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
        kind, number = self._kind(seat)
        self._emit("ScoresCommitted", round=round_, kind=int(kind), seat=number, commitment=commitment)
        if len(self.current.commitments) == len(self.seats):
            self.enter(State.OPENING, "open_scores")

    def _end_committing(self) -> None:
        self._fault(*(set(range(len(self.seats))) - set(self.current.commitments)))
        self.enter(State.OPENING, "open_scores")

    def open_scores(self, sender: Address, round_: int, words: tuple[int, ...], salt: bytes) -> None:
        self._in(State.OPENING, round_)
        seat = self._seat(sender)
        check(seat in self.current.commitments, "NotCommitted")
        check(seat not in self.current.openings, "AlreadyOpened")
        self._check_words(words)
        kind, number = self._kind(seat)
        where = Sender(self.chain.chain_id, self.chain.contract, sender)
        commitment = scores_commitment(where, kind, self.id, Round(round_), words, salt)
        check(commitment == self.current.commitments[seat], "CommitmentMismatch")
        self.current.openings[seat] = tuple(words)
        self._emit("ScoresOpened", round=round_, kind=int(kind), seat=number, words=tuple(words))
        if set(self.current.openings) == set(self.current.commitments):
            self._end_opening()

    def _check_words(self, words: tuple[int, ...]) -> None:
        if not words or abstains(words):
            return
        check(len(words) == words_for(len(self.trainers)), "WordCountMismatch")
        lanes = unpack(words, 16 * len(words) - 1)
        check(lanes[0] <= METRIC_SCALE and all(lane < 1 << 15 for lane in lanes), "ScoreOutOfRange")

    def settle_round(self, _sender: Address, round_: int, words: tuple[tuple[int, ...], ...]) -> None:
        check(self.state is State.OPENING, "WrongState")
        check(self.round == round_, "WrongRound")
        check(words_for(len(self.trainers)) > 1, "SettlesItself")
        complete = set(self.current.openings) == set(self.current.commitments)
        check(complete or self.chain.timestamp > self.deadline, "ScoresStillOpening")
        if self._settles():
            check(len(words) == len(self.current.scored), "WordCountMismatch")
            check(list(map(tuple, words)) == list(self.current.scored.values()), "OpenedWordsMismatch")
            self._settle()
        else:
            self._end_opening()

    def _refused(self) -> bool:
        refusing = [seat for seat in self.current.refused if seat < self.terms.members]
        return len(refusing) >= two_thirds(self.terms.members)

    def _settles(self) -> bool:
        return len(self.current.scored) >= two_thirds(self.terms.members) and not self._refused()

    def _end_opening(self) -> None:
        if self._settles() and words_for(len(self.trainers)) > 1:
            return
        self._fault(*(set(self.current.commitments) - set(self.current.openings)))
        if self._settles():
            self._settle()
        elif self._refused():
            self.enter(State.CHALLENGING, "challenge", Reason.REFUSED)
        else:
            self._stop(State.CANCELLED, Reason.TOO_FEW_OPENED)

    def _settle(self) -> None:
        made, trainers = self.current, len(self.trainers)
        self._fault(*(set(made.commitments) - set(made.openings)))
        lanes = {seat: unpack(words, trainers) for seat, words in made.scored.items()}
        settled = settle(lanes, frozenset(made.updates), trainers, self.terms.members, self.terms.tau)
        made.settled = settled
        self._emit(
            "RoundSettled",
            round=self.round,
            settled=tuple(pack(settled.lanes)),
            positive_sum=settled.positive_sum,
            panel=mask(settled.panel),
            left_out=mask(settled.left_out),
            deviating=mask(settled.deviating),
        )
        if settled.accepted:
            self.enter(State.AGGREGATING, "aggregate")
        else:
            self._close()

    def _panel(self) -> frozenset[int]:
        return self.current.settled.panel if self.current.settled else frozenset()

    def post_aggregate(self, sender: Address, round_: int, aggregate: bytes) -> None:
        self._in(State.AGGREGATING, round_)
        seat = self._seat(sender)
        check(seat in self._panel(), "NotOnPanel")
        check(seat not in self.current.votes, "AlreadyPosted")
        self.current.votes[seat] = aggregate
        self._emit("AggregatePosted", round=round_, seat=seat, aggregate=aggregate)
        if list(self.current.votes.values()).count(aggregate) >= majority(self.terms.members):
            self._close(aggregate)
        elif set(self.current.votes) == self._panel():
            self._close()

    def _end_aggregating(self) -> None:
        self._fault(*(self._panel() - set(self.current.votes)))
        self._close()


def mask(bits: frozenset[int]) -> int:
    return sum(1 << bit for bit in bits)
