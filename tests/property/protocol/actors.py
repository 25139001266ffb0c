"""Nodes that do what `duties` says and nothing else, on the model chain."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from random import Random
from typing import Any

from tests.property.protocol.model_chain import ModelChain, account
from tests.property.protocol.model_job import durations

from scatter.protocol.commitments import scores_commitment, secret_hash
from scatter.protocol.duties import Artefact, Duty, DutyKind, Holdings, Identity, Now, artefact_key, duties
from scatter.protocol.duties.anybody import claim_page
from scatter.protocol.duties.enrolment import Keys, enrolment_duties
from scatter.protocol.ids import SCT, Address, Digest, JobId, Round, Timestamp, job_id, topic_of
from scatter.protocol.scores import COPY, UNREADABLE, ZERO, pack, words_for
from scatter.protocol.states import Role, SeatKind
from scatter.protocol.terms import JobTerms
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
        "fault_bps": 5_000,
        "max_share_bps": 5_000,
        "tau": 10,
        "durations": durations(600),
    }
    return JobTerms(**{**values, **changes})


@dataclass
class Actor:
    """A node. `scores` makes the lanes it commits to; `silent` says which duties it leaves undone."""

    identity: Identity
    scores: Callable[[JobView], list[int]]
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
        round_ = duty.round if kind in _OF_ROUND else Round(0)
        key = artefact_key(kind, duty.job, round_)
        assert key not in self.made, f"{key} is made twice"
        value = pack(self.scores(view)) if kind is Artefact.SCORES else digest(kind, round_, self._own(kind))
        self.made[key] = value

    def _own(self, kind: Artefact) -> str:
        """Aggregates are equal at all members, other artefacts are each node's own."""
        return "" if kind is Artefact.AGGREGATE else self.address

    def _transaction(self, duty: Duty, chain: ModelChain, view: JobView | None) -> tuple[str, Sequence[Any]]:
        if view is None:
            keys = (int(self.identity.role), self.keys.peer, self.keys.sealing)
            return {DutyKind.REGISTER: ("register", keys), DutyKind.DEPOSIT: ("deposit_ticket", ())}[duty.kind]
        function, arguments = _SENDS[duty.kind]
        return function, (duty.job, *arguments(self, duty, chain, view))

    def artefact(self, kind: Artefact, duty: Duty) -> Any:
        return self.made[artefact_key(kind, duty.job, duty.round)]

    def commitment(self, duty: Duty, chain: ModelChain) -> bytes:
        return scores_commitment(
            chain_id=chain.chain_id,
            contract=chain.contract,
            kind=SeatKind.MEMBER,
            job=duty.job,
            round_=duty.round,
            sender=self.address,
            words=self.artefact(Artefact.SCORES, duty),
            salt=SALT,
        )


_MAKES = {
    DutyKind.FETCH: Artefact.CONSENT,
    DutyKind.EXAMINE: Artefact.CONSENT,
    DutyKind.SEAL_KEYS: Artefact.BUNDLE,
    DutyKind.OPEN_KEYS: Artefact.JOB_KEY,
    DutyKind.TRAIN: Artefact.UPDATE,
    DutyKind.SCORE: Artefact.SCORES,
    DutyKind.AGGREGATE: Artefact.AGGREGATE,
}
_SENDS: dict[DutyKind, tuple[str, Callable[[Actor, Duty, ModelChain, JobView], tuple[Any, ...]]]] = {
    DutyKind.JOIN: ("join", lambda me, d, chain, view: ()),
    DutyKind.POKE: ("poke", lambda me, d, chain, view: ()),
    DutyKind.PUBLISH_KEYS: ("publish_keys", lambda me, d, chain, view: (me.artefact(Artefact.BUNDLE, d),)),
    DutyKind.REVEAL: ("reveal_shard_key", lambda me, d, chain, view: (d.round, shard_key(d.round))),
    DutyKind.PUBLISH_UPDATE: ("publish_update", lambda me, d, chain, view: (d.round, me.artefact(Artefact.UPDATE, d))),
    DutyKind.COMMIT: ("commit_scores", lambda me, d, chain, view: (d.round, me.commitment(d, chain))),
    DutyKind.OPEN: ("open_scores", lambda me, d, chain, view: (d.round, tuple(me.artefact(Artefact.SCORES, d)), SALT)),
    DutyKind.SETTLE_ROUND: ("settle_round", lambda me, d, chain, view: (d.round, opened_words(view))),
    DutyKind.POST_AGGREGATE: (
        "post_aggregate",
        lambda me, d, chain, view: (d.round, me.artefact(Artefact.AGGREGATE, d)),
    ),
    DutyKind.CLAIM: ("claim", lambda me, d, chain, view: (claim_page(view), claim_words(view, claim_page(view)))),
}
_OF_ROUND = {Artefact.UPDATE, Artefact.SCORES, Artefact.AGGREGATE}


def opened_words(view: JobView) -> tuple[tuple[int, ...], ...]:
    """What all members opened in this round, in the order of their seats."""
    return tuple(view.current.openings[seat] for seat in sorted(view.current.openings))


def claim_words(view: JobView, accounts: Sequence[Address]) -> list[int]:
    """What a claim passes back of openings that do not fit one word."""
    if words_for(len(view.trainers)) == 1:
        return []
    return [
        word
        for claimed in accounts
        for made in view.rounds.values()
        for seat, words in made.openings.items()
        if made.settled and view.seat_of(claimed) == seat and seat not in made.settled.left_out
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


def cast(random: Random, *, trainers: int, validators: int, first: int = 1) -> list[Actor]:
    """A requestor, trainers and validators, with accounts from `first` on; the scores they give are drawn from `random`."""

    def scores(view: JobView) -> list[int]:
        return random_lanes(random, len(view.trainers), int.from_bytes(view.id[:4], "big") + view.round)

    roles = [Role.REQUESTOR, *[Role.TRAINER] * trainers, *[Role.VALIDATOR] * validators]
    return [Actor(Identity(account(number), role), scores) for number, role in enumerate(roles, start=first)]


def enrol(chain: ModelChain, actors: Sequence[Actor]) -> None:
    """Let everybody register and put up a ticket."""
    for actor in actors:
        while owed := actor.enrolment(chain):
            actor.do(owed[0], chain)


def post(chain: ModelChain, requestor: Address, terms: JobTerms) -> JobId:
    """Post the job of a requestor whose shard keys are those of `shard_key`."""
    rounds = range(1, terms.rounds + 1)
    hashes = [secret_hash(shard_key(r)) for r in rounds]
    chain.send(requestor, "post", TOPIC, terms, hashes, [digest("encrypted shard", r) for r in rounds])
    return job_id(requestor, TOPIC)
