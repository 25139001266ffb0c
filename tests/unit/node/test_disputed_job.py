"""A committee that lies, nodes that follow their duties: challenged, judged, settled; keys passed on to the jury alone."""

import json
from dataclasses import replace

from tests.unit.behaviours.casting import bent
from tests.unit.node.played import Played, posted
from tests.unit.node.world import World, everything_kept

from scatter.node.models import job_key
from scatter.node.reports import Progress
from scatter.protocol.duties import Artefact, artefact_key
from scatter.protocol.ids import Round
from scatter.protocol.pay import seat_lock
from scatter.protocol.rates import Rates
from scatter.protocol.scores import unpack
from scatter.protocol.states import ChallengeKind, Reason, Role, State
from scatter.protocol.verdicts import Item

SCORES = Item(ChallengeKind.SCORES, Round(1))


async def lied_to(world: World) -> Played:
    """Two trainers; the only member lies, as soon as it is known who that is."""
    played = await posted(world, trainers=2, validators=1, auditors=1, others=3)
    await played.until(State.KEYING)
    liar = played.members[0]
    played.change(liar, replace(liar, behaviour=bent("inverted-scores")))
    return played


async def check(played: Played) -> None:
    job, world = played.job, played.world
    assert (job.state, job.reason) == (State.SETTLED, Reason.NONE)
    assert set(job.items) == {SCORES}
    item = job.items[SCORES]
    assert item.filers == (played.auditors[0].identity.address,)
    assert item.verdict is not None
    assert item.verdict.changed
    assert item.verdict.lost == {0}
    assert item.verdict.agreed == frozenset(range(3))
    honest = await played.auditors[0].artefacts.get(artefact_key(Artefact.SCORES, job.id, Round(1)))
    assert list(item.verdict.lanes)[1:] == unpack(json.loads(honest or b""), 2)[1:]
    settled = job.rounds[Round(1)].settled
    assert settled is not None
    assert sorted(item.verdict.lanes[1:]) == sorted(settled.lanes[1:]), "the lie was to exchange them"
    slashed = [event.values for event in world.ledger.model.events if event.name == "StakeSlashed"]
    liar = played.members[0].identity.address
    lost = seat_lock(Role.VALIDATOR, job.terms, Rates())
    assert [(s["node"], s["amount"]) for s in slashed] == [(liar, lost)]


async def test_one_by_one(world: World) -> None:
    played = await lied_to(world)
    await played.until_true(lambda job: job.ended and job.claimed >= set(job.participants))
    await check(played)
    key = await job_key(played.requestor, played.job_id)
    for juror in played.jurors:
        assert await job_key(juror, played.job_id) == key
        passed = await juror.artefacts.get(artefact_key(Artefact.UPDATE_KEYS, played.job_id, Round(1)))
        assert set(json.loads(passed or b"")) == {"0", "1"}
    idle = [parts for parts in played.validators if parts not in [*played.members, *played.jurors]]
    for parts in [*idle, *played.trainers]:
        kept = await everything_kept(parts.artefacts)
        assert not [name for name in kept if name.startswith((Artefact.UPDATE_KEYS, Artefact.VERDICT))]


async def test_by_themselves(world: World) -> None:
    played = await lied_to(world)
    await played.by_themselves()
    await check(played)
    assert not [report for report in world.reports if report.progress in (Progress.GIVEN_UP, Progress.RETRYING)]
    assert len(world.ledger.sent) == len(set(world.ledger.sent))
