"""Random jobs played on the model chain and written down step by step, so that the contracts can be taken the same way."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.property.protocol.actors import SALT, Actor, cast, claim_words, digest, enrol, example_terms, post
from tests.property.protocol.model_chain import ModelChain
from tests.property.protocol.model_job import Refused
from tests.property.protocol.simulation import QUIET, anything_owed, silence

from scatter.protocol.duties import Duty, DutyKind
from scatter.protocol.ids import SCT, Address, Digest, JobId
from scatter.protocol.states import Role, State
from scatter.protocol.terms import Durations, JobTerms

FIRST_ACCOUNT = 0xA000_0000
LARGE = 20
"""Trainers of a job whose scores take more than one word."""
VALIDATORS = 9
SLEEPERS = 40
"""Validators that deposited and asked for their stake back: they stand in the pool, and make a draw take pages."""
MISCHIEF = 0.12
"""How often somebody tries something without being asked."""


@dataclass(frozen=True)
class Step:
    """One block: a transaction of `sender`, or an empty block. `refused` is the error with which it reverts."""

    block: int
    timestamp: int
    sender: Address | None = None
    function: str = ""
    arguments: tuple[Any, ...] = ()
    refused: str | None = None

    def __str__(self) -> str:
        return f"block {self.block}: {self.sender}.{self.function}{self.arguments} → {self.refused or 'done'}"


class Script(ModelChain):
    """The model chain with one block a step, each at least a second after the one before; refusals are written down too."""

    def __init__(self, random: Callable[[int, bytes], bytes]) -> None:
        super().__init__(random=random)
        self.steps: list[Step] = []

    def send(self, sender: Address, function: str, *arguments: Any) -> None:
        self.timestamp += 1
        refused = None
        try:
            super().send(sender, function, *arguments)
        except Refused as error:
            refused = str(error)
        self.steps.append(Step(self.block, self.timestamp, sender, function, arguments, refused))

    def wait(self, seconds: int, blocks: int = 1) -> None:
        for last in reversed(range(blocks)):
            self.block += 1
            self.timestamp += 1 if last else max(1, seconds - blocks + 1)
            self.steps.append(Step(self.block, self.timestamp))


class Play:
    """Jobs one after another or two at a time, among validators that stay."""

    def __init__(self, chain: Script, random: Random) -> None:
        self.chain, self.random = chain, random
        self._accounts = FIRST_ACCOUNT
        self.validators = self._cast(trainers=0, validators=VALIDATORS)
        sleepers = self._cast(trainers=0, validators=SLEEPERS)
        enrol(chain, [*self.validators, *sleepers])
        for sleeper in sleepers:
            chain.send(sleeper.address, "request_withdrawal")

    def _cast(self, *, trainers: int, validators: int) -> list[Actor]:
        actors = cast(self.random, trainers=trainers, validators=validators, first=self._accounts)
        self._accounts += len(actors)
        return actors if trainers else actors[1:]

    def jobs(self, *sizes: int) -> list[JobId]:
        """Play jobs of so many trainers at once, to their end."""
        everybody, posted, fate = list(self.validators), [], {}
        for trainers in sizes:
            actors = self._cast(trainers=trainers, validators=0)
            everybody += actors
            enrol(self.chain, actors)
            posted.append(post(self.chain, actors[0].address, random_terms(self.random, trainers)))
        # Among twenty nodes somebody would always fail: the large jobs go well.
        fails = self.random.choice([0.0, 0.01, 0.03, 0.1]) if max(sizes) < LARGE else 0.0
        strike = self.random.choice(_STRIKES)
        for actor in everybody:
            actor.silent = _unless_on_strike(silence(actor, fate, self.random, fails, gone=False), strike)
        self._run(everybody, posted)
        for validator in self.validators:
            self._care_for(validator)
        return posted

    def _run(self, actors: list[Actor], jobs: list[JobId]) -> None:
        since = self.chain.timestamp
        while self.chain.timestamp - since <= QUIET:
            if self.random.random() < MISCHIEF:
                self._mischief(actors, self.random.choice(jobs))
            found: tuple[Actor, Duty] | None = anything_owed(self.chain, actors, self.random)
            if found is None:
                self.chain.wait(self.random.randrange(20, 400), blocks=self.random.randrange(1, 4))
            else:
                since = self.chain.timestamp
                self._attempt(*found)

    def _attempt(self, actor: Actor, duty: Duty) -> None:
        """Do a duty; one that is refused, because of what somebody tried before, is given up."""
        sent = len(self.chain.steps)
        actor.do(duty, self.chain)
        if any(step.refused for step in self.chain.steps[sent:]):
            silent, given_up = actor.silent, duty.key
            actor.silent = lambda d: d.key == given_up or silent(d)

    def _care_for(self, validator: Actor) -> None:
        """What operators do by hand: fill up a ticket, ask for it back, take it out, come back."""
        choice = self.random.random()
        node = self.chain.nodes[validator.address]
        if choice < 0.5 and node.role == Role.NONE:
            self.chain.send(validator.address, "register", int(Role.VALIDATOR), bytes([1]) * 32, bytes([2]) * 32)
        if choice < 0.3:
            self.chain.send(validator.address, "deposit_ticket")
        elif choice < 0.4:
            self.chain.send(validator.address, "request_withdrawal")
        elif choice < 0.5:
            self.chain.send(validator.address, "withdraw")

    def _mischief(self, actors: list[Actor], job: JobId) -> None:
        """Somebody tries something, mostly what the job's state is about."""
        sender = self.random.choice(actors).address
        tricks = list(self._tricks(sender, job))
        fitting = [t for t in tricks if t[0] in _FITTING.get(self.chain.view.jobs[job].state, {"claim"})]
        function, *arguments = self.random.choice(fitting if fitting and self.random.random() < 0.7 else tricks)
        self.chain.send(sender, function, *arguments)

    def _tricks(self, sender: Address, job: JobId) -> Iterator[tuple[Any, ...]]:
        """Calls that are allowed to few and seldom."""
        view = self.chain.view.jobs[job]
        words = tuple(self.random.choice([0, 10_001, 1 << 31, 5]) for _ in range(1 + len(view.trainers) // 16))
        near = max(0, view.round + self.random.choice([-1, 0, 0, 0, 1]))
        some = self.random.sample(view.participants, min(2, len(view.participants)))
        yield "join", job
        yield "start", job
        yield "poke", job
        yield "publish_keys", job, digest("trick")
        yield "publish_update", job, near, digest("trick", self.random.random())
        yield "reveal_shard_key", job, near, digest("no key")
        yield "commit_scores", job, near, digest("no commitment")
        yield "open_scores", job, near, words[: self.random.choice([1, 2])], SALT
        yield "open_scores", job, near, words, SALT
        yield "settle_round", job, near, ((1,),)
        yield "post_aggregate", job, near, digest("wrong", self.random.randrange(2))
        yield "register", int(Role.VALIDATOR), bytes([3]) * 32, bytes([4]) * 32
        yield ("deposit_ticket",)
        yield "claim", job, [sender], []
        yield "claim", job, some, claim_words(view, some) if view.state is State.SETTLED else []


_STRIKES = [
    *[None] * 8,
    *((DutyKind.PUBLISH_UPDATE, round_) for round_ in (2, 3)),
    *((DutyKind.REVEAL, round_) for round_ in (1, 2, 3)),
]
"""What nobody does at all, in which round."""


def _unless_on_strike(silent: Callable[[Duty], bool], strike: tuple[DutyKind, int] | None) -> Callable[[Duty], bool]:
    return lambda duty: silent(duty) or (duty.kind, duty.round) == strike


_FITTING = {
    State.OPEN: {"join", "start", "poke"},
    State.DRAWING: {"join", "poke"},
    State.KEYING: {"publish_keys"},
    State.TRAINING: {"publish_update", "poke"},
    State.REVEALING: {"reveal_shard_key"},
    State.COMMITTING: {"commit_scores"},
    State.OPENING: {"open_scores", "settle_round"},
    State.AGGREGATING: {"post_aggregate"},
}


def random_terms(random: Random, trainers: int) -> JobTerms:
    """Terms in which every division leaves something over."""
    return example_terms(
        training_job=Digest(random.randbytes(32)),
        round_pool=random.randrange(200 * SCT, 6_000 * SCT),
        slot_stake=random.randrange(2_000 * SCT),
        rounds=random.choice([1, 2, 3, 3, 4]),
        members=random.choice([1, 2, 3, 3, 4, 5, 5]),
        min_trainers=random.randint(1, trainers),
        max_trainers=trainers,
        fault_bps=random.randint(0, 10_000),
        max_share_bps=random.randint(1_000, 10_000),
        tau=random.choice([2, 5, 10, 20, 60]),
        durations=Durations(*(random.randrange(40, 900) for _ in range(9))),
    )
