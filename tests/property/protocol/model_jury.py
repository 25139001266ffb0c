"""Challenges and juries of a model job."""

from tests.property.protocol.model_parts import ModelItem, check
from tests.property.protocol.model_rounds import Rounds, mask

from scatter.protocol.awards import juror_fee, juror_fees
from scatter.protocol.commitments import Sender, verdict_commitment
from scatter.protocol.ids import NO_DIGEST, Address, Digest, Round
from scatter.protocol.outcome import Dispute, JobOutcome, RoundOutcome, Seat
from scatter.protocol.scores import abstains, are_scores, pack, unpack, words_for
from scatter.protocol.states import ChallengeKind, JudgingPhase, Reason, State
from scatter.protocol.verdicts import (
    NO_VERDICT,
    Item,
    Verdict,
    verdict_on_aggregate,
    verdict_on_refusal,
    verdict_on_scores,
)


class Jury(Rounds):
    # ── Challenging ────────────────────────────────────────────────────────────────────────────────────────────────
    def challenge(self, sender: Address, kind: int, round_: int) -> None:
        self._in(State.CHALLENGING)
        check(self.terms.min_jury, "NoSecondLayer")
        item = Item(ChallengeKind(kind), Round(round_))
        requestor = sender == self.requestor and item.kind is ChallengeKind.REFUSAL
        check(requestor or sender in self.parts[1:], "NotParticipant")
        check(self._challengeable(item), "NotChallengeable")
        check(item not in self.items or sender not in self.items[item].filers, "AlreadyChallenged")
        if item not in self.items:
            self.items = dict(sorted({**self.items, item: ModelItem()}.items()))
        self.items[item].filers.append(sender)
        self.chain.take(sender, self.rates.challenge_bond)
        self._emit("Challenged", kind=kind, round=round_, challenger=sender)

    def _challengeable(self, item: Item) -> bool:
        if item.kind is ChallengeKind.REFUSAL:
            return self.reason is Reason.REFUSED and item.round == self.round
        made = self.rounds.get(item.round)
        settled = made.settled if made else None
        return settled is not None and (item.kind is ChallengeKind.SCORES or bool(settled.accepted))

    def _end_challenging(self) -> None:
        if self.items:
            self._begin_draw(State.JUDGING, self.reason)
        else:
            self.enter(State.SETTLED, reason=self.reason)

    # ── Judging ────────────────────────────────────────────────────────────────────────────────────────────────────
    def _advance(self, phase: JudgingPhase, duration: int = 0) -> None:
        self.phase = phase
        self.deadline = self.chain.timestamp + duration if duration else 0
        self._emit("JudgingAdvanced", phase=int(phase), deadline=self.deadline)

    def poke_judging(self) -> None:
        if self.phase is JudgingPhase.DRAWING:
            self._draw_jury()
        elif self.phase is JudgingPhase.TALLYING:
            self._tally_next()
        else:
            check(self.chain.timestamp > self.deadline, "DeadlineAhead")
            self._end_phase()

    def _draw_jury(self) -> None:
        known, expired = self._seed()
        if not expired and (not known or not self._draw_jurors()):
            return
        if expired or len(self.jurors) < self.terms.smallest_jury:
            self._emit("JuryVoid", jurors=len(self.jurors))
            self.phase = JudgingPhase.TALLYING
            self.enter(State.SETTLED, reason=self.reason)
        else:
            self._advance(JudgingPhase.COMMITTING, self.terms.durations.judge)

    def _end_phase(self) -> None:
        committing = self.phase is JudgingPhase.COMMITTING
        for item in self.items.values():
            acted = set(item.commitments if committing else item.openings)
            for juror in set(range(len(self.jurors))) - acted:
                self.jurors[juror].silent = True
        if committing:
            self._advance(JudgingPhase.OPENING, self.terms.durations.judge)
        else:
            self._advance(JudgingPhase.TALLYING)

    def _judging(self, sender: Address, phase: JudgingPhase, kind: int, round_: int) -> tuple[int, Item]:
        check(self.state is State.JUDGING, "WrongState")
        check(self.phase is phase, "WrongPhase")
        check(self.chain.timestamp <= self.deadline, "DeadlinePassed")
        accounts = [juror.account for juror in self.jurors]
        check(sender in accounts, "NotJuror")
        item = Item(ChallengeKind(kind), Round(round_))
        check(item in self.items, "NotChallenged")
        return accounts.index(sender), item

    def commit_verdict(self, sender: Address, kind: int, round_: int, commitment: bytes) -> None:
        juror, item = self._judging(sender, JudgingPhase.COMMITTING, kind, round_)
        check(juror not in self.items[item].commitments, "AlreadyCommitted")
        self.items[item].commitments[juror] = commitment
        self._emit("VerdictCommitted", kind=kind, round=round_, juror=juror, commitment=commitment)
        if all(len(made.commitments) == len(self.jurors) for made in self.items.values()):
            self._end_phase()

    def open_verdict(
        self, sender: Address, kind: int, round_: int, words: tuple[int, ...], aggregate: bytes, salt: bytes
    ) -> None:
        juror, item = self._judging(sender, JudgingPhase.OPENING, kind, round_)
        made = self.items[item]
        check(juror in made.commitments, "NotCommitted")
        check(juror not in made.openings, "AlreadyOpened")
        if item.kind is ChallengeKind.AGGREGATE:
            check(not words, "WordCountMismatch")
        else:
            check(aggregate == NO_DIGEST, "AggregateUnexpected")
            self._check_words(words)
        where = Sender(self.chain.chain_id, self.chain.contract, sender)
        commitment = verdict_commitment(where, self.id, item, words, Digest(aggregate), salt)
        check(commitment == made.commitments[juror], "CommitmentMismatch")
        made.openings[juror] = (tuple(words), aggregate)
        self._emit("VerdictOpened", kind=kind, round=round_, juror=juror, words=tuple(words), aggregate=aggregate)
        if all(set(made.openings) == set(made.commitments) for made in self.items.values()):
            self._end_phase()

    def _tally_next(self) -> None:
        left = [item for item, made in self.items.items() if made.verdict is None]
        if words_for(len(self.trainers)) > 1:
            left = [item for item in left if item.kind is not ChallengeKind.SCORES]
        if left:
            self._tally(left[0])

    def tally(self, _sender: Address, kind: int, round_: int, words: tuple[tuple[int, ...], ...]) -> None:
        check(self.state is State.JUDGING, "WrongState")
        check(self.phase is JudgingPhase.TALLYING, "WrongPhase")
        item = Item(ChallengeKind(kind), Round(round_))
        check(item in self.items, "NotChallenged")
        check(self.items[item].verdict is None, "AlreadyTallied")
        needed: list[tuple[int, ...]] = []
        if item.kind is ChallengeKind.SCORES and words_for(len(self.trainers)) > 1:
            needed += self.rounds[round_].scored.values()
            needed += [opened for _, (opened, _) in sorted(self.items[item].openings.items()) if are_scores(opened)]
        check(len(words) == len(needed), "WordCountMismatch")
        check(list(map(tuple, words)) == needed, "OpenedWordsMismatch")
        self._tally(item)

    def _tally(self, item: Item) -> None:
        verdict = self.items[item].verdict = self._verdict(item)
        self._emit(
            "VerdictReached",
            kind=int(item.kind),
            round=item.round,
            counts=verdict.counts,
            changed=verdict.changed,
            lanes=tuple(pack(verdict.lanes)),
            aggregate=verdict.aggregate,
            lost=mask(verdict.lost),
            jurors_agreed=mask(verdict.agreed),
            jurors_outside=mask(verdict.outside),
            deviating=mask(verdict.deviating),
        )
        if all(made.verdict is not None for made in self.items.values()):
            self._reserve_fees()
            self.enter(State.SETTLED, reason=self.reason)

    def _verdict(self, item: Item) -> Verdict:
        made, openings, jurors = self.rounds[item.round], self.items[item].openings, len(self.jurors)
        if item.kind is ChallengeKind.REFUSAL:
            able = {juror: bool(words) for juror, (words, _) in openings.items() if not abstains(words)}
            return verdict_on_refusal(made.refused, able, jurors)
        if item.kind is ChallengeKind.AGGREGATE:
            posted = {seat: Digest(name) for seat, name in made.votes.items()}
            opened = {juror: Digest(name) for juror, (_, name) in openings.items()}
            return verdict_on_aggregate(Digest(made.model), posted, opened, jurors)
        assert made.settled is not None
        trainers = len(self.trainers)
        seats = {seat: unpack(words, trainers) for seat, words in made.scored.items()}
        jury = {juror: unpack(words, trainers) if are_scores(words) else None for juror, (words, _) in openings.items()}
        return verdict_on_scores(made.settled, seats, jury, jurors, self.terms.tau)

    def _reserve_fees(self) -> None:
        self.pool_at_end = self.chain.challenge_pool
        outcome = self.outcome()
        fees = juror_fees(outcome, self.rates)
        self.chain.challenge_pool -= sum(fees.values())
        if sum(fees.values()):
            right = frozenset(j for j, juror in enumerate(self.jurors) if juror.account in fees)
            self._emit("JurorFeesReserved", fee=juror_fee(outcome, self.rates), jurors=mask(right))

    # ── the end ────────────────────────────────────────────────────────────────────────────────────────────────────
    def outcome(self) -> JobOutcome:
        """What the job's money depends on."""
        trainers = len(self.trainers)
        rounds = [
            RoundOutcome(
                published=frozenset(made.updates),
                settled=made.settled,
                openings={seat: unpack(words, trainers) for seat, words in made.scored.items()},
                refused=made.refused,
            )
            for made in self.rounds.values()
        ]
        seats, jurors = (
            [Seat(seat.account, seat.lock, seat.slashes, seat.silent) for seat in drawn]
            for drawn in (self.seats, self.jurors)
        )
        disputes = {item: Dispute(tuple(made.filers), made.verdict or NO_VERDICT) for item, made in self.items.items()}
        return JobOutcome(
            terms=self.terms,
            reason=self.reason,
            requestor=self.requestor,
            trainers=self.trainers,
            seats=seats,
            rounds=rounds,
            jurors=jurors,
            disputes=disputes,
            challenge_pool=self.pool_at_end,
        )
