"""Nodes that do what `duties` says and nothing else, on the model chain."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from random import Random
from typing import Any

from tests.property.protocol.model_chain import ModelChain, account
from tests.property.protocol.model_parts import durations

from scatter.protocol.commitments import Sender, scores_commitment, secret_hash, verdict_commitment
from scatter.protocol.duties import Artefact, Duty, DutyKind, Holdings, Identity, Now, artefact_key, duties, item_key
from scatter.protocol.duties.anybody import claim_page
from scatter.protocol.duties.enrolment import Keys, enrolment_duties
from scatter.protocol.ids import NO_DIGEST, SCT, Address, Digest, JobId, Round, Timestamp, job_id, topic_of
from scatter.protocol.scores import ABSTENTION, COPY, UNREADABLE, ZERO, are_scores, pack, unpack, words_for
from scatter.protocol.states import ChallengeKind, Role
from scatter.protocol.terms import JobTerms
from scatter.protocol.verdicts import contradicts
from scatter.protocol.view import JobView

TOPIC = topic_of("model")
SALT = bytes(range(32))


def digest(*parts: Any) -> Digest:
    return Digest(sha256(repr(parts).encode()).digest())


def shard_key(round_: int) -> bytes:
    return digest("shard", round_)


def example_terms(**changes: Any) -> JobTerms:
    values: dict[str, Any] = {
        "training_job": digest("training"),
        "evaluation_job": digest("evaluation"),
        "job_key_hash": secret_hash(digest("job key")),
        "round_pool": 1_000 * SCT + 7,
        "slot_stake": 500 * SCT + 3,
        "rounds": 2,
        "members": 3,
        "auditors": 0,
        "min_trainers": 1,
        "max_trainers": 3,
        "rule": 0,
        "min_jury": 0,
        "parameters": 0,
        "fault_bps": 5_000,
        "max_share_bps": 5_000,
        "tau": 10,
        "durations": durations(600),
    }
    return JobTerms(**{**values, **changes})


def true_aggregate(round_: int) -> Digest:
    return digest("aggregate", round_)


@dataclass
class Actor:
    """A node. `scores` makes the lanes of a round that it commits to (None: it refuses; none: it abstains), `aggregate` the digest that it
    posts; `silent` says which duties it leaves undone."""

    identity: Identity
    scores: Callable[[JobView, int], list[int] | None]
    aggregate: Callable[[int], Digest] = true_aggregate
    silent: Callable[[Duty], bool] = lambda duty: False
    content: set[Digest] = field(default_factory=set)
    made: dict[str, Any] = field(default_factory=dict)
    done: list[Duty] = field(default_factory=list)

    @property
    def address(self) -> Address:
        return self.identity.address

    @property
    def keys(self) -> Keys:
        return Keys(digest("peer", self.address), digest("sealing", self.address))

    def owed(self, chain: ModelChain) -> list[Duty]:
        """Everything owed at the head of the chain."""
        if enrolment := self.enrolment(chain):
            return enrolment
        holdings = Holdings(frozenset(self.content), frozenset(self.made))
        now = Now(chain.block, Timestamp(chain.timestamp))
        return [d for view in chain.view.jobs.values() for d in duties(view, self.identity, holdings, now)]

    def enrolment(self, chain: ModelChain) -> list[Duty]:
        """What is owed before any job."""
        return enrolment_duties(chain.view.nodes.get(self.address), self.identity, self.keys)

    def do(self, duty: Duty, chain: ModelChain) -> None:
        """Make the artefact or send the transaction of a duty."""
        self.done.append(duty)
        view = chain.view.jobs.get(duty.job)
        if view is None or duty.kind not in _MAKES:
            function, arguments = self._transaction(duty, chain, view)
            chain.send(self.address, function, *arguments)
        elif duty.kind is DutyKind.FETCH:
            self.content.add(Digest(bytes.fromhex(duty.subject)))
        else:
            self._make(_MAKES[duty.kind], duty, view)

    def _make(self, kind: Artefact, duty: Duty, view: JobView) -> None:
        if kind is Artefact.AUDIT:
            if self._differs(duty, view):
                self.made[item_key(Artefact.FINDING, duty.job, duty.item)] = True
            key, value = item_key(kind, duty.job, duty.item), True
        elif kind is Artefact.VERDICT:
            key, value = item_key(kind, duty.job, duty.item), self._verdict(duty, view)
        else:
            kind = Artefact.JOB_KEY if duty.kind is DutyKind.FETCH_KEYS and not duty.round else kind
            round_ = duty.round if kind in _OF_ROUND else Round(0)
            key, value = artefact_key(kind, duty.job, round_), self._value(kind, round_, view)
        assert key not in self.made, f"{key} is made twice"
        self.made[key] = value

    def _value(self, kind: Artefact, round_: Round, view: JobView) -> Any:
        if kind is Artefact.SCORES:
            return self._words(view, round_)
        return self.aggregate(round_) if kind is Artefact.AGGREGATE else digest(kind, round_, self.address)

    def _words(self, view: JobView, round_: Round) -> list[int]:
        lanes = self.scores(view, round_)
        if lanes is None:
            return []
        return pack(lanes) if lanes else [ABSTENTION]

    def _verdict(self, duty: Duty, view: JobView) -> tuple[list[int], Digest]:
        if duty.item.kind is ChallengeKind.AGGREGATE:
            return [], self.aggregate(duty.round)
        return self._words(view, duty.round), NO_DIGEST

    def _differs(self, duty: Duty, view: JobView) -> bool:
        made = view.rounds[duty.round]
        if self.address in view.trainers:
            return False  # every aggregate here can be read
        if self.address == view.requestor:
            return bool(self.scores(view, duty.round))
        if duty.item.kind is ChallengeKind.AGGREGATE:
            return bool(self.artefact(Artefact.AGGREGATE, duty) != made.global_model)
        words = self.artefact(Artefact.SCORES, duty)
        if duty.item.kind is ChallengeKind.REFUSAL:
            return are_scores(words)
        assert made.settled is not None
        return are_scores(words) and contradicts(made.settled, unpack(words, len(view.trainers)), view.terms.tau)

    def _transaction(self, duty: Duty, chain: ModelChain, view: JobView | None) -> tuple[str, Sequence[Any]]:
        if view is None:
            keys = (int(self.identity.role), self.keys.peer, self.keys.sealing)
            return {DutyKind.REGISTER: ("register", keys), DutyKind.DEPOSIT: ("deposit_ticket", ())}[duty.kind]
        function, arguments = _SENDS[duty.kind]
        return function, (duty.job, *arguments(self, duty, chain, view))

    def artefact(self, kind: Artefact, duty: Duty) -> Any:
        return self.made[artefact_key(kind, duty.job, duty.round)]

    def found(self, duty: Duty) -> tuple[tuple[int, ...], Digest]:
        """What a juror found on an item."""
        words, aggregate = self.made[item_key(Artefact.VERDICT, duty.job, duty.item)]
        return tuple(words), aggregate

    def commitment(self, duty: Duty, chain: ModelChain, view: JobView) -> bytes:
        sender = Sender(chain.chain_id, chain.contract, self.address)
        seat = view.seat_of(self.address)
        if seat is None:
            return verdict_commitment(sender, duty.job, duty.item, *self.found(duty), SALT)
        words = self.artefact(Artefact.SCORES, duty)
        return scores_commitment(sender, view.kind_of(seat), duty.job, duty.round, words, SALT)


_MAKES = {
    DutyKind.FETCH: Artefact.CONSENT,
    DutyKind.EXAMINE: Artefact.CONSENT,
    DutyKind.SEAL_KEYS: Artefact.BUNDLE,
    DutyKind.OPEN_KEYS: Artefact.JOB_KEY,
    DutyKind.TRAIN: Artefact.UPDATE,
    DutyKind.SCORE: Artefact.SCORES,
    DutyKind.AGGREGATE: Artefact.AGGREGATE,
    DutyKind.AUDIT: Artefact.AUDIT,
    DutyKind.FETCH_KEYS: Artefact.UPDATE_KEYS,
    DutyKind.JUDGE: Artefact.VERDICT,
}
_SENDS: dict[DutyKind, tuple[str, Callable[[Actor, Duty, ModelChain, JobView], tuple[Any, ...]]]] = {
    DutyKind.JOIN: ("join", lambda me, d, chain, view: ()),
    DutyKind.POKE: ("poke", lambda me, d, chain, view: ()),
    DutyKind.PUBLISH_KEYS: ("publish_keys", lambda me, d, chain, view: (me.artefact(Artefact.BUNDLE, d),)),
    DutyKind.REVEAL: ("reveal_shard_key", lambda me, d, chain, view: (d.round, shard_key(d.round))),
    DutyKind.PUBLISH_UPDATE: ("publish_update", lambda me, d, chain, view: (d.round, me.artefact(Artefact.UPDATE, d))),
    DutyKind.COMMIT: ("commit_scores", lambda me, d, chain, view: (d.round, me.commitment(d, chain, view))),
    DutyKind.OPEN: ("open_scores", lambda me, d, chain, view: (d.round, tuple(me.artefact(Artefact.SCORES, d)), SALT)),
    DutyKind.SETTLE_ROUND: ("settle_round", lambda me, d, chain, view: (d.round, opened_words(view))),
    DutyKind.POST_AGGREGATE: (
        "post_aggregate",
        lambda me, d, chain, view: (d.round, me.artefact(Artefact.AGGREGATE, d)),
    ),
    DutyKind.CHALLENGE: ("challenge", lambda me, d, chain, view: item_of(d)),
    DutyKind.COMMIT_VERDICT: (
        "commit_verdict",
        lambda me, d, chain, view: (*item_of(d), me.commitment(d, chain, view)),
    ),
    DutyKind.OPEN_VERDICT: ("open_verdict", lambda me, d, chain, view: (*item_of(d), *me.found(d), SALT)),
    DutyKind.TALLY: ("tally", lambda me, d, chain, view: (*item_of(d), tallied_words(d, view))),
    DutyKind.RECORD_DEEDS: ("record", lambda me, d, chain, view: ([me.address],)),
    DutyKind.CLAIM: ("claim", lambda me, d, chain, view: (claim_page(view), claim_words(view, claim_page(view)))),
    DutyKind.MINT_JOB: ("mint_job", lambda me, d, chain, view: (me.address,)),
    DutyKind.MINT_MODEL: (
        "mint_model",
        lambda me, d, chain, view: (me.address, *published_by(view, me.address, d.round)),
    ),
}
_OF_ROUND = {Artefact.UPDATE, Artefact.SCORES, Artefact.AGGREGATE, Artefact.UPDATE_KEYS}


def published_by(view: JobView, trainer: Address, round_: Round) -> tuple[list[int], list[Digest], int]:
    """What a minted model is proven by: rounds and updates of its trainer, and which of them is meant."""
    slot = view.slot_of(trainer)
    updates = {number: made.updates[slot] for number, made in sorted(view.rounds.items()) if slot in made.updates}
    return list(updates), list(updates.values()), list(updates).index(round_)


def item_of(duty: Duty) -> tuple[int, int]:
    """An item as the contract takes it."""
    return int(duty.item.kind), duty.item.round


def opened_words(view: JobView) -> tuple[tuple[int, ...], ...]:
    """What all seats opened in this round, in their order."""
    return tuple(view.current.scored.values())


def tallied_words(duty: Duty, view: JobView) -> list[tuple[int, ...]]:
    """What a tally passes back of words that do not fit one: those of the seats, then those of the jurors."""
    if words_for(len(view.trainers)) == 1 or duty.item.kind is not ChallengeKind.SCORES:
        return []
    jury = [seen.words for _, seen in sorted(view.items[duty.item].openings.items()) if are_scores(seen.words)]
    return [*view.rounds[duty.round].scored.values(), *jury]


def claim_words(view: JobView, accounts: Sequence[Address]) -> list[int]:
    """What a claim passes back of openings that do not fit one word."""
    if words_for(len(view.trainers)) == 1:
        return []
    return [
        word
        for claimed in accounts
        for made in view.rounds.values()
        for seat, words in made.scored.items()
        if (settled := view.judged(made)) and view.seat_of(claimed) == seat and seat not in settled.left_out
        for word in words
    ]


def random_lanes(random: Random, trainers: int, truth: int) -> list[int]:
    """Lanes around a truth that all members of a round share: mostly near, sometimes off, special or worthless."""
    shared = Random(truth)  # noqa: S311
    lanes = [shared.randrange(10_001)]
    for _ in range(trainers):
        true = shared.choice([UNREADABLE, COPY, *[ZERO + shared.randrange(-300, 900) for _ in range(8)]])
        swapped = random.choice([UNREADABLE, COPY, 0, 32_765, ZERO])
        near = true if true >= COPY else true + random.randrange(-4, 5)
        lanes.append(random.choices([near, swapped, min(32_765, abs(near - 60))], [30, 1, 1])[0])
    return lanes


def cast(
    random: Random,
    *,
    trainers: int,
    validators: int,
    challengers: int = 0,
    first: int = 1,
    unscorable: float = 0,
    mints: bool = False,
) -> list[Actor]:
    """A requestor, trainers, validators and challengers, with accounts from `first` on; the scores they give are drawn from
    `random`. `unscorable`: the share of rounds that nearly everybody refuses; `mints`: whether they want
    tokens of what they make."""

    def scores(view: JobView, round_: int) -> list[int] | None:
        true = Random(truth(view, round_))  # noqa: S311
        if (true.random() < unscorable) != (random.random() < unscorable / 10):
            return None
        return random_lanes(random, len(view.trainers), truth(view, round_))

    staked = [*[Role.VALIDATOR] * validators, *[Role.CHALLENGER] * challengers]
    roles = [Role.REQUESTOR, *[Role.TRAINER] * trainers, *staked]
    identities = [
        Identity(account(number), role, mint_jobs=mints, mint_models=mints)
        for number, role in enumerate(roles, start=first)
    ]
    return [Actor(identity, scores) for identity in identities]


def truth(view: JobView, round_: int) -> int:
    """The seed of what is true of a round."""
    return int.from_bytes(view.id[:4], "big") + round_


def enrol(chain: ModelChain, actors: Sequence[Actor]) -> None:
    """Let everybody register and put up a ticket."""
    for actor in actors:
        while owed := actor.enrolment(chain):
            actor.do(owed[0], chain)


def post(chain: ModelChain, requestor: Address, terms: JobTerms, version: int | None = None) -> JobId:
    """Post the job of a requestor whose shard keys are those of `shard_key`, under the present parameters unless others are
    asked for."""
    terms = replace(terms, parameters=chain.view.version if version is None else version)
    rounds = range(1, terms.rounds + 1)
    hashes = [secret_hash(shard_key(r)) for r in rounds]
    chain.send(requestor, "post", TOPIC, terms, hashes, [digest("encrypted shard", r) for r in rounds])
    return job_id(requestor, TOPIC)
