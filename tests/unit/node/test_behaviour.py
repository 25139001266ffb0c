"""Each hook of a behaviour bends what it says, at the one place where that is made; the honest one bends nothing."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.unit.node.jobcode import result
from tests.unit.node.played import Played, posted
from tests.unit.node.world import World, duty, members_wait, owed

from scatter.content.fetching import ContentUnavailable
from scatter.jobs.folder import JobPackage
from scatter.jobs.manifests import TrainingJobManifest
from scatter.learning.models import Model
from scatter.node.behaviour import Behaviour, Scene, Work
from scatter.node.doing import do
from scatter.node.key_exchange import KeyRequest, ask_for_key
from scatter.node.library import manifest_of
from scatter.node.models import global_model, starting_model
from scatter.node.parts import Parts
from scatter.node.rounds import round_aggregate, round_words
from scatter.ports import Call, CallReverted, PeerKey, PeerUnreachable
from scatter.protocol.duties import Duty, DutyKind, Holdings
from scatter.protocol.ids import Address, Digest, Round
from scatter.protocol.scores import ABSTENTION, pack
from scatter.protocol.states import State
from scatter.protocol.view import NetworkView

ROUND = Round(1)
OTHER = bytes([9]) * 32


class Marked(Behaviour):
    """Leaves a mark on what it makes, and remembers what each hook was asked about."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Round]] = []

    def duties(self, owed: Sequence[Duty], scene: Scene) -> Sequence[Duty]:
        return [*owed, Duty(next(iter(scene.network.jobs)), ROUND, DutyKind.POKE, "more")]

    def data(self, own: Path, workspace: Path, work: Work) -> Path:
        self.asked.append(("data", work.round))
        return workspace / own.name

    def update(self, start: Model, trained: Model, work: Work) -> Model:
        self.asked.append(("update", work.round))
        return Model({name: np.full_like(start[name], 7) for name in trained})

    def secret_for(self, reader: Address, secret: bytes, work: Work) -> bytes:
        self.asked.append(("secret", work.round))
        return OTHER

    def scores(self, lanes: Sequence[int], work: Work) -> Sequence[int]:
        self.asked.append(("scores", work.round))
        return [len(lanes), 1]

    def aggregate(self, start: Model, made: Model, work: Work) -> Model:
        self.asked.append(("aggregate", work.round))
        return Model({name: np.full_like(start[name], 8) for name in made})

    def transaction(self, call: Call, duty: Duty, network: NetworkView) -> Call:
        return replace(call, function="poke", arguments=(duty.job,))

    def serves(self, peer: PeerKey, network: NetworkView) -> bool:
        return False


class Repackaging(Behaviour):
    """Posts another initial model."""

    def package(self, package: JobPackage) -> JobPackage:
        return replace(package, model=package.model[:-4] + np.float32(1).tobytes())


@pytest.fixture
async def played(world: World) -> Played:
    return await posted(world, trainers=2, validators=1)


async def marked(played: Played, parts: Parts) -> tuple[Parts, Marked]:
    """The same node from now on, marked, also in what it serves."""
    behaviour = Marked()
    return await played.world.node(parts.name, parts.identity.role, behaviour=behaviour), behaviour


async def test_duties(played: Played) -> None:
    trainer, _ = await marked(played, played.trainers[0])
    assert [duty.kind for duty in await owed(trainer)] == [DutyKind.FETCH, DutyKind.POKE]


async def test_package(world: World) -> None:
    played = await posted(world, requestors=Repackaging())
    model = await global_model(played.requestor, played.job, Round(0), None)
    assert model["weight"].reshape(-1).tolist() == [0, 0, 0, 0, 0, 1]


async def test_data_and_update(played: Played) -> None:
    await played.until(State.TRAINING)
    trainer, behaviour = await marked(played, played.trainers[0])
    await do(trainer, duty(played.job, DutyKind.OPEN_KEYS))
    other = trainer.runner.workspace / "data"
    played.trainers[1].datasets["tiny/v1"].rename(other)
    await do(trainer, duty(played.job, DutyKind.TRAIN))
    run = next(run for run in played.world.sandbox.runs if run.command[-1] == "train.py")
    assert run.mounts["/data"] == other
    assert behaviour.asked == [("data", ROUND), ("update", ROUND), *[("secret", ROUND)] * 2]


async def test_secrets_that_are_sealed(played: Played) -> None:
    await played.until(State.KEYING)
    requestor, behaviour = await marked(played, played.requestor)
    await do(requestor, duty(played.job, DutyKind.SEAL_KEYS))
    assert behaviour.asked == [("secret", Round(0))] * 3


async def test_secrets_that_are_passed_on(played: Played) -> None:
    await played.until(State.TRAINING)
    trainer, member = played.trainers[0], played.members[0]
    await do(trainer, duty(played.job, DutyKind.OPEN_KEYS))
    assert await ask_for_key(member, played.job, KeyRequest(played.job_id), [trainer.network.peer])
    mute, behaviour = await marked(played, trainer)
    with pytest.raises(PeerUnreachable):
        await ask_for_key(member, played.job, KeyRequest(played.job_id), [mute.network.peer])
    assert behaviour.asked == []
    behaviour.serves = lambda peer, network: True  # type: ignore[method-assign]
    with pytest.raises(PeerUnreachable, match="sent another key"):
        await ask_for_key(member, played.job, KeyRequest(played.job_id), [mute.network.peer])
    assert behaviour.asked == [("secret", Round(0))]


async def test_content_is_served_to_whom_it_says(played: Played) -> None:
    training = await manifest_of(played.requestor, played.job.terms.training_job, TrainingJobManifest)
    requestor, behaviour = await marked(played, played.requestor)
    trainer = played.trainers[0]
    with pytest.raises(ContentUnavailable):
        await trainer.fetcher.fetch(training.initial_model, [requestor.network.peer], 1 << 20)
    behaviour.serves = lambda peer, network: peer == trainer.network.peer  # type: ignore[method-assign]
    await trainer.fetcher.fetch(training.initial_model, [requestor.network.peer], 1 << 20)
    assert await trainer.content.has(training.initial_model)


@pytest.mark.parametrize("can_score", [True, False])
async def test_scores(played: Played, can_score: bool) -> None:
    await played.until(State.COMMITTING, held=members_wait)
    member = played.members[0]
    for owing in await owed(member):
        await do(member, owing)
    if not can_score:
        played.world.sandbox.instead = lambda run: result({}, exit_code=1)
    changed, behaviour = await marked(played, member)
    assert await round_words(changed, played.job, ROUND) == pack([3 if can_score else 0, 1])
    assert behaviour.asked == [("scores", ROUND)]


async def test_who_lacks_what_it_needs_is_not_asked_for_scores(played: Played) -> None:
    await played.until(State.COMMITTING, held=members_wait)
    member = played.members[0]
    for owing in await owed(member):
        if owing.kind is DutyKind.FETCH:
            await do(member, owing)
    changed, behaviour = await marked(played, member)
    assert await round_words(changed, played.job, ROUND) == [ABSTENTION]
    assert behaviour.asked == []


async def test_aggregates(played: Played) -> None:
    await played.until(State.AGGREGATING)
    member, behaviour = await marked(played, played.members[0])
    name = await round_aggregate(member, played.job, ROUND)
    assert name != await round_aggregate(played.members[0], played.job, ROUND)
    model = await global_model(member, played.job, ROUND, Digest(name))
    assert (model["weight"] == 8).all()
    assert behaviour.asked == [("aggregate", ROUND)]


async def test_transactions(played: Played) -> None:
    trainer, _ = await marked(played, played.trainers[0])
    with pytest.raises(CallReverted, match="poke reverted"):
        await do(trainer, duty(played.job, DutyKind.JOIN))


async def test_the_honest_one_changes_nothing(played: Played) -> None:
    await played.until(State.AGGREGATING)
    behaviour, work = Behaviour(), Work(played.job, ROUND)
    member = played.members[0]
    start = await starting_model(member, played.job, ROUND)
    trained = Model({name: tensor + 1 for name, tensor in start.items()})
    scene = Scene(member.view.network, member.identity, Holdings(), member.view.now)
    assert behaviour.duties([duty(played.job, DutyKind.POKE)], scene) == [duty(played.job, DutyKind.POKE)]
    assert behaviour.package(played.package) is played.package
    assert behaviour.data(Path("own"), Path("elsewhere"), work) == Path("own")
    assert behaviour.update(start, trained, work) is trained
    assert behaviour.secret_for(member.identity.address, OTHER, work) == OTHER
    assert behaviour.scores([], work) == []
    assert behaviour.scores([5, 6], work) == [5, 6]
    assert behaviour.aggregate(start, trained, work) is trained
    call = Call("a", "b", ())
    assert behaviour.transaction(call, duty(played.job, DutyKind.POKE), member.view.network) is call
    assert behaviour.serves(member.network.peer, member.view.network)
