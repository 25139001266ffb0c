"""What became of a job, and what everybody gained or lost by it."""

from collections.abc import Iterable, Mapping

from tests.property.protocol.model_chain import FUNDS, account
from tests.unit.behaviours.casting import SEED
from tests.unit.node.played import Played
from tests.unit.node.world import Held

from scatter.behaviours.bent import Bent
from scatter.behaviours.persona import Conspiracy, Persona
from scatter.behaviours.registry import create
from scatter.node.parts import Parts
from scatter.protocol.ids import SCT, Round
from scatter.protocol.scores import SettledRound
from scatter.protocol.states import ChallengeKind, Role
from scatter.protocol.verdicts import Item

ONE = Round(1)
SCORES, REFUSAL = Item(ChallengeKind.SCORES, ONE), Item(ChallengeKind.REFUSAL, ONE)
STAKE, FIRST_SLASH = 500 * SCT, 200 * SCT


async def end(played: Played, held: Held = lambda parts, duty: False) -> None:
    await played.until_true(lambda job: job.ended and job.claimed >= set(job.participants), held)


def settled(played: Played, round_: int = 1) -> SettledRound:
    found = played.job.rounds[Round(round_)].settled
    assert found is not None
    return found


def gain(played: Played, parts: Parts) -> int:
    """Tokens and stake against the start, in base units."""
    model, me = played.world.ledger.model, parts.identity.address
    return model.balances[me] + model.nodes[me].stake - FUNDS


def losses(played: Played) -> Mapping[str, int]:
    """What each node's stake was cut by."""
    names = {parts.identity.address: parts.name for parts in played.everybody}
    events = played.world.ledger.model.events
    return {names[e.values["node"]]: e.values["amount"] for e in events if e.name == "StakeSlashed"}


def names(everybody: Iterable[Parts]) -> set[str]:
    return {parts.name for parts in everybody}


def requestor(name: str, conspiracy: Conspiracy | None = None, **options: object) -> Bent[object]:
    """The behaviour of the node that posts the job: the first account of a world."""
    persona = Persona("requestor", account(1), Role.REQUESTOR, SEED, conspiracy or Conspiracy())
    return create(name, options, persona)
