"""Random jobs played on the model chain and written down step by step, so that the contracts can be taken the same way."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.contracts.mischief import Mischief
from tests.property.protocol.actors import (
    Actor,
    cast,
    claim_words,
    digest,
    enrol,
    example_terms,
    post,
    random_lanes,
    true_aggregate,
    truth,
)
from tests.property.protocol.model_chain import ModelChain
from tests.property.protocol.model_parts import Refused
from tests.property.protocol.simulation import QUIET, anything_owed, silence

from scatter.protocol.duties import Duty, DutyKind
from scatter.protocol.ids import SCT, Address, Digest, JobId
from scatter.protocol.rates import Rates
from scatter.protocol.states import Role, State
from scatter.protocol.terms import Durations, JobTerms
from scatter.protocol.view import JobView

FIRST_ACCOUNT = 0xA000_0000
LARGE = 20
"""Trainers of a job whose scores take more than one word."""
VALIDATORS, CHALLENGERS = 9, 7
SLEEPERS = 40
"""Validators that deposited and asked for their stake back: they stand in the pool, and make draws take pages."""
MISCHIEF, QUARREL = 0.1, 0.4
"""How often somebody tries something without being asked: at most times, and while something can be challenged."""
EXODUS = 0.15
"""How often nearly everybody with a stake asks for it back when something is challenged."""
REFORM = 0.005
"""How often the owner changes the parameters, wherever the jobs are."""
UNINFORMED = 0.3
"""How often somebody posts under other parameters than the present ones."""
MOST_CLAIMED = 5
"""Accounts in one claim."""


@dataclass(frozen=True)
class Standing:
    """Where a job, and the money of all, stand after a step."""

    job: dict[str, int]
    challenge_pool: int
    held: int
    sender: int


@dataclass(frozen=True)
class Step:
    """One block: a transaction of `sender`, or an empty block. `refused` is the error with which it reverts, `after` what is
    so after a transaction about a job, `words` what a claim passes back for each account."""

    block: int
    timestamp: int
    sender: Address | None = None
    function: str = ""
    arguments: tuple[Any, ...] = ()
    refused: str | None = None
    after: Standing | None = None
    words: dict[Address, list[int]] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"block {self.block}: {self.sender}.{self.function}{self.arguments} → {self.refused or 'done'}"


class Script(ModelChain):
    """The model chain with one block a step, each at least a second after the one before; refusals are written down too."""

    def __init__(self, random: Callable[[int, bytes], bytes]) -> None:
        super().__init__(random=random)
        self.steps: list[Step] = []

    def send(self, sender: Address, function: str, *arguments: Any) -> None:
        self.timestamp += 1
        refused, words = None, {}
        if function == "claim":
            view = self.view.jobs[arguments[0]]
            words = {account: claim_words(view, [account]) for account in arguments[1]}
        try:
            super().send(sender, function, *arguments)
        except Refused as error:
            refused = str(error)
        after = self._standing(sender, arguments[0]) if arguments and arguments[0] in self.jobs else None
        self.steps.append(Step(self.block, self.timestamp, sender, function, arguments, refused, after, words))

    def _standing(self, sender: Address, job: JobId) -> Standing:
        made = self.jobs[job]
        shown = {
            "state": int(made.state),
            "reason": int(made.reason),
            "deadline": made.deadline,
            "trainers": len(made.trainers),
            "jurors": len(made.jurors),
            "challenges": len(made.items),
            "phase": int(made.phase),
        }
        return Standing(shown, self.challenge_pool, self.held, self.balances.get(sender, 0))

    def wait(self, seconds: int, blocks: int = 1) -> None:
        for last in reversed(range(blocks)):
            self.block += 1
            self.timestamp += 1 if last else max(1, seconds - blocks + 1)
            self.steps.append(Step(self.block, self.timestamp))


class Play:
    """Jobs one after another or two at a time, among validators and challengers that stay."""

    def __init__(self, chain: Script, random: Random, sleepers: int = SLEEPERS) -> None:
        self.chain, self.random = chain, random
        self.mischief = Mischief(chain, random)
        self._accounts = FIRST_ACCOUNT
        self.staked = self._cast(validators=VALIDATORS, challengers=CHALLENGERS)
        asleep = self._cast(validators=sleepers)
        enrol(chain, [*self.staked, *asleep])
        for sleeper in asleep:
            chain.send(sleeper.address, "request_withdrawal")

    def _cast(self, *, trainers: int = 0, validators: int = 0, challengers: int = 0) -> list[Actor]:
        actors = cast(
            self.random, trainers=trainers, validators=validators, challengers=challengers, first=self._accounts
        )
        self._accounts += len(actors)
        return actors if trainers else actors[1:]

    def change_parameters(self) -> None:
        """The owner means to; sometimes it may not, or somebody else tries."""
        random, chain = self.random, self.chain
        version, rates = len(chain.parameters), random_rates(random)
        chain.send(random.choice([chain.owner, self.staked[0].address]), "change_parameters", version, rates)
        chain.send(chain.owner, "change_parameters", version + random.choice([-1, 0, 0, 1]), random_rates(random))

    def _post(self, requestor: Address, trainers: int) -> JobId:
        """Until the present parameters allow the terms; somebody may not know which are present."""
        if self.random.random() < UNINFORMED:
            stale = self.chain.view.version + self.random.choice([-1, 1])
            post(self.chain, requestor, random_terms(self.random, trainers), max(0, stale))
        while (job := post(self.chain, requestor, random_terms(self.random, trainers))) not in self.chain.jobs:
            pass
        return job

    def jobs(self, *sizes: int) -> list[JobId]:
        """Play jobs of so many trainers at once, to their end."""
        everybody, posted = self.begin(*sizes)
        large = max(sizes) >= LARGE
        self._run(everybody, posted, exodus=not large and self.random.random() < EXODUS)
        for node in self.staked:
            self.care_for(node)
        return posted

    def begin(self, *sizes: int) -> tuple[list[Actor], list[JobId]]:
        """Post jobs of so many trainers at once; all who take part, and have made up their minds, with the jobs."""
        everybody, posted, fate = list(self.staked), [], {}
        large = max(sizes) >= LARGE
        for trainers in sizes:
            actors = self._cast(trainers=trainers)
            everybody += actors
            enrol(self.chain, actors)
            posted.append(self._post(actors[0].address, trainers))
        # Among twenty trainers somebody would always fail: the large jobs go well, but for a lie that is judged.
        fails = 0.0 if large else self.random.choice([0.0, 0.01, 0.03, 0.1])
        plot = Plot(self.random, certain=large)
        strike = None if large else self.random.choice(_STRIKES)
        for actor in everybody:
            actor.silent = _unless_on_strike(silence(actor, fate, self.random, fails, gone=False), strike)
            actor.scores, actor.aggregate = plot.scores(actor.address), plot.aggregate()
        return everybody, posted

    def _run(self, actors: list[Actor], jobs: list[JobId], *, exodus: bool) -> None:
        since = self.chain.timestamp
        while self.chain.timestamp - since <= QUIET:
            views = [self.chain.view.jobs[job] for job in jobs]
            quarrel = any(view.state is State.CHALLENGING for view in views)
            if self.random.random() < (QUARREL if quarrel else MISCHIEF):
                self.mischief.done(actors, self.random.choice(jobs))
            if self.random.random() < REFORM:
                self.change_parameters()
            if exodus and any(view.items for view in views):
                exodus = False
                for node in self.staked[1:]:
                    self.chain.send(node.address, "request_withdrawal")
            if self.duty(actors):
                since = self.chain.timestamp
            else:
                self.chain.wait(self.random.randrange(20, 400), blocks=self.random.randrange(1, 4))

    def duty(self, actors: list[Actor]) -> bool:
        """Somebody does something that it owes; false when nobody owes anything."""
        found: tuple[Actor, Duty] | None = anything_owed(self.chain, actors, self.random)
        if found is not None:
            self._attempt(*found)
        return found is not None

    def _attempt(self, actor: Actor, duty: Duty) -> None:
        """Do a duty; one that is refused, because of what somebody tried before, is given up."""
        sent = len(self.chain.steps)
        if duty.kind is DutyKind.CLAIM:
            self._claim(actor.address, self.chain.view.jobs[duty.job])
        else:
            actor.do(duty, self.chain)
        if any(step.refused for step in self.chain.steps[sent:]):
            silent, given_up = actor.silent, duty.key
            actor.silent = lambda d: d.key == given_up or silent(d)

    def _claim(self, sender: Address, view: JobView) -> None:
        """For some that are left, in any order."""
        left = [account for account in view.participants if account not in view.claimed]
        some = self.random.sample(left, min(len(left), self.random.randint(1, MOST_CLAIMED)))
        self.chain.send(sender, "claim", view.id, some, claim_words(view, some))

    def care_for(self, actor: Actor) -> None:
        """What operators do by hand: fill up a ticket, ask for it back, take it out, come back."""
        choice, node = self.random.random(), self.chain.nodes[actor.address]
        if node.role == Role.NONE and choice < 0.8:
            keys = (bytes([1]) * 32, bytes([2]) * 32)
            self.chain.send(actor.address, "register", int(actor.identity.role), *keys)
        if choice < 0.5:
            self.chain.send(actor.address, "deposit_ticket")
        elif choice < 0.55:
            self.chain.send(actor.address, "request_withdrawal")
        elif choice < 0.6:
            self.chain.send(actor.address, "withdraw")


class Plot:
    """Who lies in some jobs played together: members that agree on something false, a jury that does not find the truth,
    rounds that nobody can score or that members say so of, content that some do not get, and aggregates of one's own."""

    def __init__(self, random: Random, *, certain: bool) -> None:
        self._random = random
        self._false = 1.0 if certain else random.choice([0.0, 0.3, 1.0])
        self._loyal = 0.9 if certain else random.choice([0.5, 0.8, 1.0])
        self._lying_jurors = 0.0 if certain else random.choice([0.0, 0.0, 0.1, 0.3, 1.0])
        self._refused = 0.0 if certain else random.choice([0.0, 0.2, 0.4])
        self._without = 0.02 if certain else random.choice([0.0, 0.05, 0.1])
        self._wrong_aggregates = 0.0 if certain else random.choice([0.0, 0.0, 0.05, 0.3])

    def scores(self, who: Address) -> Callable[[JobView, int], list[int] | None]:
        """What this node commits to, as a seat or as a juror."""

        def scores(view: JobView, round_: int) -> list[int] | None:
            random, true = self._random, truth(view, round_)
            shared = Random(true + 1)  # noqa: S311
            false, refused = shared.random() < self._false, shared.random() < self._refused
            if random.random() < self._without:
                return []
            lies = random.random() < (self._loyal if who in view.members else self._lying_jurors)
            if refused and random.random() < (0.9 if who in view.members else shared.random()):
                return None
            lanes = random_lanes(random, len(view.trainers), true)
            return _shifted(lanes, shared) if false and lies and who not in view.auditors else lanes

        return scores

    def aggregate(self) -> Callable[[int], Digest]:
        """What this node posts, or finds as a juror."""

        def aggregate(round_: int) -> Digest:
            wrong = self._random.random() < self._wrong_aggregates
            return digest("another", round_) if wrong else true_aggregate(round_)

        return aggregate


def _shifted(lanes: Sequence[int], shared: Random) -> list[int]:
    """The lie that is agreed on: some contributions are others', or special words."""
    lied = [lane if shared.random() < 0.5 else (lane + 999) % 0x7FFE for lane in lanes[1:]]
    if shared.random() < 0.5:
        lied[0] = 0x7FFF
    return [lanes[0], *lied]


_STRIKES = [
    *[None] * 12,
    *((DutyKind.PUBLISH_UPDATE, round_) for round_ in (2, 2, 3)),
    *((DutyKind.REVEAL, round_) for round_ in (1, 2, 3)),
    *((kind, round_) for kind in (DutyKind.COMMIT, DutyKind.OPEN, DutyKind.POST_AGGREGATE) for round_ in (1, 2)),
    (DutyKind.COMMIT_VERDICT, 1),
    (DutyKind.OPEN_VERDICT, 1),
]
"""What nobody does at all, in which round."""


def _unless_on_strike(silent: Callable[[Duty], bool], strike: tuple[DutyKind, int] | None) -> Callable[[Duty], bool]:
    return lambda duty: silent(duty) or (duty.kind, duty.round) == strike


def random_rates(random: Random) -> Rates:
    """Parameters in which every division leaves something over; some are refused."""
    trainers = random.randrange(3_000, 9_000)
    return Rates(
        validator_ticket=random.randrange(15_000 * SCT, 30_000 * SCT),
        challenger_ticket=random.randrange(15_000 * SCT, 30_000 * SCT),
        lock_bps=random.choice([0, 10_001, *[random.randrange(500, 2_500) for _ in range(20)]]),
        slash_base=random.randrange(400 * SCT),
        trainers_bps=trainers,
        members_bps=random.choice([10_001 - trainers, *[random.randrange(500, 10_000 - trainers) for _ in range(20)]]),
        min_seat_pay=random.choice([0, 0, 0, 7 * SCT]),
        challenge_bond=random.choice([30_001 * SCT, *[random.randrange(900 * SCT) for _ in range(20)]]),
        juror_fee_bps=random.randrange(301),
    )


def random_terms(random: Random, trainers: int) -> JobTerms:
    """Terms in which every division leaves something over."""
    members = random.choice([1, 2, 3, 3, 4, 5])
    return example_terms(
        training_job=Digest(random.randbytes(32)),
        round_pool=random.randrange(200 * SCT, 3_000 * SCT),
        slot_stake=random.randrange(2_000 * SCT),
        rounds=random.choice([1, 2, 3, 3, 4]),
        members=3 if trainers >= LARGE else members,
        auditors=2 if trainers >= LARGE else random.choice([0, 1, 1, 2, 2, 3, 4]),
        min_jury=3 if trainers >= LARGE else min(random.choice([0, 1, 1, 3, 3, 5]), 2 * members + 1),
        min_trainers=random.randint(1, trainers),
        max_trainers=trainers,
        fault_bps=random.randint(0, 10_000),
        max_share_bps=random.randint(1_000, 10_000),
        tau=10 if trainers >= LARGE else random.choice([2, 5, 10, 20, 60, 20_000]),
        durations=Durations(*(random.randrange(40, 900) for _ in range(9))),
    )
