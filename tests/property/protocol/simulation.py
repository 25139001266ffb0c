"""Running nodes on the model chain: one duty after another, in random order, and who leaves his undone."""

from collections.abc import Callable, Iterator
from random import Random

from tests.property.protocol.actors import Actor
from tests.property.protocol.model_chain import ModelChain

from scatter.protocol.duties import Duty, DutyKind

ANYBODY = {DutyKind.POKE, DutyKind.CLAIM, DutyKind.SETTLE_ROUND, DutyKind.TALLY}
LONGEST = 4_000
"""Steps after which a job is taken to be stuck."""
QUIET = 2_000
"""Seconds in which nothing is owed after which nothing will be: more than a state lasts and all wait for their turn."""


def run(chain: ModelChain, actors: list[Actor], random: Random) -> Iterator[tuple[Actor, Duty]]:
    """One duty at a time, of a random node, until nobody owes anything and the time that passes changes nothing."""
    since = chain.timestamp
    for _ in range(LONGEST):
        found = anything_owed(chain, actors, random)
        if found is not None:
            since = chain.timestamp
            found[0].do(found[1], chain)
            yield found
        elif chain.timestamp - since > QUIET:
            return
        else:
            chain.wait(random.randrange(10, 200), blocks=random.randrange(1, 9))
    raise AssertionError("the job does not end")


def anything_owed(chain: ModelChain, actors: list[Actor], random: Random) -> tuple[Actor, Duty] | None:
    for actor in random.sample(actors, len(actors)):
        pending = [duty for duty in actor.owed(chain) if not actor.silent(duty)]
        if pending:
            return actor, random.choice(pending)
    return None


def silence(
    actor: Actor, fate: dict[tuple[str, str], bool], random: Random, rate: float, *, gone: bool
) -> Callable[[Duty], bool]:
    """Whether a duty is left undone, decided once for each; what anybody does for all is done by who is not gone."""

    def silent(duty: Duty) -> bool:
        if gone or duty.kind in ANYBODY:
            return gone
        return fate.setdefault((actor.address, duty.key), random.random() < rate)

    return silent
