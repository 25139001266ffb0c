"""What somebody tries without being asked: mostly refused, and the model has to know why."""

from collections.abc import Iterator
from random import Random
from typing import Any

from tests.property.protocol.actors import SALT, Actor, claim_words, digest
from tests.property.protocol.model_chain import ModelChain

from scatter.protocol.ids import NO_DIGEST, Address, JobId
from scatter.protocol.scores import ABSTENTION
from scatter.protocol.states import ChallengeKind, Role, State
from scatter.protocol.view import JobView

Trick = tuple[Any, ...]
"""A function and its arguments."""
FITTING = 0.7
"""How often a trick is about what the job's state is about."""


class Mischief:
    """Tricks on a chain."""

    def __init__(self, chain: ModelChain, random: Random) -> None:
        self._chain, self._random = chain, random

    def done(self, actors: list[Actor], job: JobId) -> None:
        """Somebody tries something."""
        random, view = self._random, self._chain.view.jobs[job]
        sender = random.choice([*(actor.address for actor in actors), *view.participants])
        tricks = [*self._on_rounds(view), *self._on_disputes(view), *self._on_money(view, sender)]
        fitting = [trick for trick in tricks if trick[0] in _FITTING.get(view.state, {"claim"})]
        function, *arguments = random.choice(fitting if fitting and random.random() < FITTING else tricks)
        self._chain.send(sender, function, *arguments)

    def _near(self, view: JobView) -> int:
        return max(0, view.round + self._random.choice([-1, 0, 0, 0, 1]))

    def _words(self, view: JobView) -> tuple[int, ...]:
        random = self._random
        words = tuple(random.choice([0, 10_001, 1 << 31, 5]) for _ in range(1 + len(view.trainers) // 16))
        return random.choice([words, words, words[:1], (*words, 0), (), (ABSTENTION,), (ABSTENTION, *words[1:])])

    def _on_rounds(self, view: JobView) -> Iterator[Trick]:
        random, job, near = self._random, view.id, self._near(view)
        yield "join", job
        yield "start", job
        yield "poke", job
        yield "publish_keys", job, digest("trick")
        yield "publish_update", job, near, digest("trick", random.random())
        yield "reveal_shard_key", job, near, digest("no key")
        yield "commit_scores", job, near, digest("no commitment")
        yield "open_scores", job, near, self._words(view), SALT
        yield "settle_round", job, near, ((1,),)
        yield "settle_round", job, near, _reversed(tuple(view.current.scored.values()))
        yield "post_aggregate", job, near, digest("wrong", random.randrange(2))

    def _on_disputes(self, view: JobView) -> Iterator[Trick]:
        random, job = self._random, view.id
        kind, round_ = int(random.choice(list(ChallengeKind))), random.randint(0, view.terms.rounds + 1)
        yield "challenge", job, kind, round_
        yield "challenge", job, int(ChallengeKind.SCORES), random.randint(1, view.terms.rounds)
        yield "challenge", job, int(ChallengeKind.REFUSAL), max(0, view.round)
        if view.items and random.random() < 0.8:
            item = random.choice(sorted(view.items))
            kind, round_ = int(item.kind), int(item.round)
        aggregate = random.choice([NO_DIGEST, NO_DIGEST, digest("trick")])
        yield "commit_verdict", job, kind, round_, digest("no commitment")
        yield "open_verdict", job, kind, round_, self._words(view), aggregate, SALT
        yield "tally", job, kind, round_, ()
        yield "tally", job, kind, round_, ((1,),)

    def _on_money(self, view: JobView, sender: Address) -> Iterator[Trick]:
        some = self._random.sample(view.participants, min(2, len(view.participants)))
        yield "register", int(self._random.choice([Role.VALIDATOR, Role.CHALLENGER])), bytes([3]) * 32, bytes([4]) * 32
        yield ("deposit_ticket",)
        yield ("request_withdrawal",)
        yield ("withdraw",)
        yield "claim", view.id, [sender], []
        yield "claim", view.id, some, claim_words(view, some) if view.state is State.SETTLED else []


def _reversed(words: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(reversed(words))


_FITTING = {
    State.OPEN: {"join", "start", "poke"},
    State.DRAWING: {"join", "poke"},
    State.KEYING: {"publish_keys"},
    State.TRAINING: {"publish_update", "poke"},
    State.REVEALING: {"reveal_shard_key"},
    State.COMMITTING: {"commit_scores"},
    State.OPENING: {"open_scores", "settle_round"},
    State.AGGREGATING: {"post_aggregate"},
    State.CHALLENGING: {"challenge"},
    State.JUDGING: {"poke", "commit_verdict", "open_verdict", "tally"},
}
