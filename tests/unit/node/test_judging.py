"""A juror gets the keys, and finds out again what was challenged: what the committee found, if that was honest."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.behaviours.casting import bent
from tests.unit.node.jobcode import result
from tests.unit.node.played import Played, posted
from tests.unit.node.world import World, duty, everything_kept, owed

from scatter.content.encryption import encrypt_content, key_commitment
from scatter.jobs.manifests import UpdateManifest
from scatter.node.doing import do
from scatter.node.key_exchange import PROTOCOL, KeyRequest
from scatter.node.library import keep, manifest_of
from scatter.node.models import job_key, update_context, update_key
from scatter.node.parts import Parts
from scatter.ports import PeerUnreachable
from scatter.protocol.duties import Artefact, DutyKind, artefact_key, item_key
from scatter.protocol.ids import NO_DIGEST, Digest, Round, Timestamp
from scatter.protocol.scores import ABSTENTION, UNREADABLE, ZERO, unpack
from scatter.protocol.states import ChallengeKind, JudgingPhase, State
from scatter.protocol.verdicts import Item
from scatter.protocol.view import ItemView

ROUND = Round(1)
SCORES, AGGREGATE, REFUSAL = ChallengeKind


@pytest.fixture
async def played(world: World) -> Played:
    """A round of two trainers that is over; everything of it is challenged, and two of three others are the jury."""
    made = await posted(world, trainers=2, others=3)
    await made.until(State.CHALLENGING)
    jury = [parts for parts in made.validators if parts not in made.members][:2]
    show(
        made,
        state=State.JUDGING,
        phase=JudgingPhase.COMMITTING,
        deadline=Timestamp(world.view.now.timestamp + made.job.terms.durations.judge),
        jurors=tuple(parts.identity.address for parts in jury),
        items={Item(kind, ROUND): ItemView() for kind in ChallengeKind},
    )
    return made


def show(played: Played, **changes: Any) -> None:
    view = played.world.view
    view.network = replace(view.network, jobs={played.job_id: replace(played.job, **changes)})


def show_update(played: Played, slot: int, name: Digest) -> None:
    made = played.job.rounds[ROUND]
    show(played, rounds={ROUND: replace(made, updates={**made.updates, slot: name})})


async def gather(juror: Parts, kinds: Sequence[DutyKind] = (DutyKind.FETCH, DutyKind.FETCH_KEYS)) -> None:
    """Do what is owed before judging."""
    while pending := [d for d in await owed(juror) if d.kind in kinds]:
        await do(juror, pending[0])


async def verdict(played: Played, juror: Parts, kind: ChallengeKind) -> dict[str, Any]:
    await do(juror, duty(played.job, DutyKind.JUDGE, kind.name.lower(), ROUND))
    kept = await juror.artefacts.get(item_key(Artefact.VERDICT, played.job_id, Item(kind, ROUND)))
    salt = await juror.artefacts.get(item_key(Artefact.VERDICT_SALT, played.job_id, Item(kind, ROUND)))
    assert len(salt or b"") == 32
    found: dict[str, Any] = json.loads(kept or b"")
    return found


async def member_scores(played: Played) -> list[int]:
    words = await played.members[0].artefacts.get(artefact_key(Artefact.SCORES, played.job_id, ROUND))
    found: list[int] = json.loads(words or b"")
    return found


async def update_keys(played: Played, juror: Parts) -> dict[str, str]:
    kept = await juror.artefacts.get(artefact_key(Artefact.UPDATE_KEYS, played.job_id, ROUND))
    found: dict[str, str] = json.loads(kept or b"")
    return found


async def test_jurors_find_what_an_honest_committee_found(played: Played) -> None:
    scores, aggregate = await member_scores(played), played.job.rounds[ROUND].global_model
    salts = set()
    for juror in played.jurors:
        assert {d.kind for d in await owed(juror)} == {DutyKind.FETCH, DutyKind.FETCH_KEYS}
        await gather(juror)
        assert await update_keys(played, juror) == {
            str(slot): (await update_key(played.members[0], played.job, ROUND, slot) or b"").hex() for slot in (0, 1)
        }
        assert [d.kind for d in await owed(juror)] == [DutyKind.JUDGE] * 3
        assert await verdict(played, juror, SCORES) == {"words": scores, "aggregate": ""}
        assert await verdict(played, juror, AGGREGATE) == {"words": [], "aggregate": aggregate.hex()}
        assert await verdict(played, juror, REFUSAL) == {"words": scores, "aggregate": ""}
        assert [d.kind for d in await owed(juror)] == [DutyKind.COMMIT_VERDICT] * 3
        kept = await everything_kept(juror.artefacts)
        salts |= {value for key, value in kept.items() if key.startswith(Artefact.VERDICT_SALT)}
    assert len(salts) == 6, "nobody learns anything from the opening of another"


async def test_a_verdict_is_made_once(played: Played) -> None:
    juror = played.jurors[0]
    await gather(juror)
    first = await verdict(played, juror, SCORES)
    before = await everything_kept(juror.artefacts)
    played.world.sandbox.instead = lambda run: result({}, exit_code=1)
    assert await verdict(played, juror, SCORES) == first
    assert await everything_kept(juror.artefacts) == before


async def test_a_juror_that_cannot_score_says_so(played: Played) -> None:
    juror = played.jurors[0]
    await gather(juror)
    played.world.sandbox.instead = lambda run: result({}, exit_code=1)
    for kind in (SCORES, REFUSAL):
        assert await verdict(played, juror, kind) == {"words": [], "aggregate": ""}


async def test_a_juror_may_lie(played: Played) -> None:
    juror = replace(played.jurors[0], behaviour=bent("inverted-scores"))
    await gather(juror)
    lanes = unpack((await verdict(played, juror, SCORES))["words"], 2)
    metric, *honest = unpack(await member_scores(played), 2)
    assert lanes == [metric, *reversed(honest)]
    assert honest[0] != honest[1]


def withhold(*holders: Parts, slot: int | None = None) -> None:
    """Let holders pass on no key, or not that of a slot."""
    for holder in holders:
        handler = holder.network.handlers[PROTOCOL]  # type: ignore[attr-defined]

        async def answer(peer: bytes, message: bytes, handler: Any = handler) -> bytes:
            request = KeyRequest.from_bytes(message)
            if slot is None or (request.round, request.slot) == (ROUND, slot):
                raise PermissionError
            answered: bytes = await handler(peer, message)
            return answered

        holder.network.serve(PROTOCOL, answer)


async def test_an_update_whose_key_nobody_passes_on_is_unreadable(played: Played) -> None:
    juror = played.jurors[0]
    withhold(*played.everybody, slot=1)
    await gather(juror)
    assert set(await update_keys(played, juror)) == {"0"}
    lanes = unpack((await verdict(played, juror, SCORES))["words"], 2)
    assert lanes[2] == UNREADABLE
    assert ZERO < lanes[1] < UNREADABLE
    assert (await verdict(played, juror, AGGREGATE))["aggregate"] == NO_DIGEST.hex(), "it was accepted"


async def test_keys_come_from_whoever_has_them(played: Played) -> None:
    """Members that do not answer are passed over; without anybody the duty is tried again."""
    juror = played.jurors[0]
    withhold(*played.members)
    await gather(juror)
    assert await job_key(juror, played.job_id) == await job_key(played.requestor, played.job_id)
    assert set(await update_keys(played, juror)) == {"0", "1"}, "the trainers passed them on"
    withhold(played.requestor)
    with pytest.raises(PeerUnreachable, match="nobody passed on the key"):
        await do(played.jurors[1], duty(played.job, DutyKind.FETCH_KEYS, round_=0))
    assert not [key for key in await everything_kept(played.jurors[1].artefacts) if key.startswith(Artefact.JOB_KEY)]


async def test_the_job_key_is_asked_for_once(played: Played) -> None:
    juror = played.jurors[0]
    await do(juror, duty(played.job, DutyKind.FETCH_KEYS, round_=0))
    assert await job_key(juror, played.job_id) == await job_key(played.requestor, played.job_id)
    assert await juror.artefacts.get(artefact_key(Artefact.UPDATE_KEYS, played.job_id, ROUND)) is None
    await gather(juror, [DutyKind.FETCH])
    withhold(played.requestor)
    withhold(*played.members, slot=0)
    await gather(juror)
    assert await job_key(juror, played.job_id)


async def test_without_any_key_a_juror_has_nothing_to_say(played: Played) -> None:
    """It is owed when the time is nearly over, and then better than silence."""
    juror = played.jurors[0]
    await gather(juror, [DutyKind.FETCH])
    for kind in (SCORES, REFUSAL):
        assert await verdict(played, juror, kind) == {"words": [ABSTENTION], "aggregate": ""}
    assert await verdict(played, juror, AGGREGATE) == {"words": [], "aggregate": NO_DIGEST.hex()}


async def test_without_content_a_juror_has_nothing_to_say(played: Played) -> None:
    juror = played.jurors[0]
    await do(juror, duty(played.job, DutyKind.FETCH_KEYS, round_=0))
    for kind in (SCORES, REFUSAL):
        assert await verdict(played, juror, kind) == {"words": [ABSTENTION], "aggregate": ""}
    assert await verdict(played, juror, AGGREGATE) == {"words": [], "aggregate": NO_DIGEST.hex()}


async def test_a_committee_that_accepted_what_is_no_model_does_not_stop_its_judges(played: Played) -> None:
    """All is as it should be about the update but what it is."""
    juror, trainer, key = played.jurors[0], played.job.trainers[0], bytes([5]) * 32
    await gather(juror, [DutyKind.FETCH])
    manifest = await manifest_of(juror, played.job.rounds[ROUND].updates[0], UpdateManifest)
    ciphertext = encrypt_content(key, b"not a model", update_context(played.job_id, ROUND, trainer))
    values = {"ciphertext": await juror.content.put(ciphertext), "key_commitment": key_commitment(key)}
    show_update(played, 0, await keep(juror, manifest.model_copy(update=values)))
    await do(juror, duty(played.job, DutyKind.FETCH_KEYS, round_=0))
    other = await update_key(played.members[0], played.job, ROUND, 1)
    passed = json.dumps({"0": key.hex(), "1": (other or b"").hex()}).encode()
    await juror.artefacts.keep(artefact_key(Artefact.UPDATE_KEYS, played.job_id, ROUND), passed)
    lanes = unpack((await verdict(played, juror, SCORES))["words"], 2)
    assert lanes[1] == UNREADABLE
    assert ZERO < lanes[2] < UNREADABLE
    assert (await verdict(played, juror, AGGREGATE))["aggregate"] == NO_DIGEST.hex()


async def test_an_update_that_is_none_leaves_the_keys_of_the_others(played: Played) -> None:
    """A trainer published garbage, and a member sends some key for it."""
    juror = played.jurors[0]
    await gather(juror, [DutyKind.FETCH])
    show_update(played, 0, played.job.terms.training_job)
    await do(juror, duty(played.job, DutyKind.FETCH_KEYS, round_=1))
    assert set(await update_keys(played, juror)) == {"1"}
    lanes = unpack((await verdict(played, juror, SCORES))["words"], 2)
    assert lanes[1] == UNREADABLE
    assert lanes[2] != UNREADABLE
