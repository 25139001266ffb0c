"""Keys are passed on to those who may have them, sealed to them, and nobody can pass on a wrong one."""

import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.node.played import Played, posted
from tests.unit.node.world import World, duty, members_wait, owed

from scatter.content.encryption import EncryptionError, key_commitment, open_sealed, seal
from scatter.jobs.manifests import UpdateManifest
from scatter.node.doing import do
from scatter.node.key_exchange import PROTOCOL, KeyRefused, KeyRequest, ask_for_key
from scatter.node.library import keep, manifest_of
from scatter.node.models import job_key, update_key
from scatter.node.parts import Parts
from scatter.ports import PeerUnreachable
from scatter.protocol.duties import DutyKind
from scatter.protocol.ids import Address, Digest, JobId, Round
from scatter.protocol.states import ChallengeKind, Role, State
from scatter.protocol.verdicts import Item
from scatter.protocol.view import ItemView

ROUND, SLOT = Round(1), 0


@pytest.fixture
async def played(world: World) -> Played:
    """A member that has everything, three validators without a part; a trainer has published, the shard key is shown."""
    made = await posted(world, trainers=2, others=3)
    await made.until(State.COMMITTING, held=members_wait)
    for owing in await owed(made.members[0]):
        if owing.kind in (DutyKind.FETCH, DutyKind.OPEN_KEYS):
            await do(made.members[0], owing)
    return made


def others(played: Played) -> list[Parts]:
    return [parts for parts in played.validators if parts not in played.members]


def show(played: Played, **changes: Any) -> None:
    view = played.world.view
    job = replace(played.job, **changes)
    view.network = replace(view.network, jobs={job.id: job})


def draw(played: Played, jurors: Iterable[Parts], challenged: int = ROUND) -> None:
    """Let the chain show a jury, and a challenge of a round."""
    items = {Item(ChallengeKind.SCORES, Round(challenged)): ItemView()}
    show(played, jurors=tuple(parts.identity.address for parts in jurors), items=items)


async def got(played: Played, asking: Parts, request: KeyRequest, holder: Parts | None = None) -> bytes | None:
    """What a node gets from the member when it asks, None when it gets nothing and is not told why."""
    try:
        return await ask_for_key(asking, played.job, request, [(holder or played.members[0]).network.peer])
    except PeerUnreachable as error:
        if not str(error).endswith("could not answer"):
            raise
        return None


async def with_update(juror: Parts, played: Played) -> KeyRequest:
    """Jurors fetch the updates before they ask for keys."""
    await do(juror, duty(played.job, DutyKind.FETCH, played.job.rounds[ROUND].updates[SLOT].hex()))
    return KeyRequest(played.job_id, ROUND, SLOT)


async def true_key(played: Played) -> bytes:
    key = await update_key(played.members[0], played.job, ROUND, SLOT)
    assert key is not None
    return key


async def test_the_job_key_is_for_everybody_with_a_part(played: Played) -> None:
    juror, other, _ = others(played)
    request = KeyRequest(played.job_id)
    assert await got(played, juror, request) is None, "before the jury is drawn"
    draw(played, [juror])
    key = await job_key(played.requestor, played.job_id)
    assert await got(played, juror, request) == key
    assert await got(played, juror, request, played.requestor) == key
    assert await got(played, played.trainers[0], request) == key
    assert await got(played, other, request) is None
    show(played, bundle=None)
    assert await got(played, juror, request) is None, "before the requestor has given it out"


async def test_update_keys_are_for_the_jury_of_a_challenged_round(played: Played) -> None:
    juror, other, _ = others(played)
    draw(played, [juror, other])
    request = await with_update(juror, played)
    await with_update(other, played)
    show(played, jurors=())
    assert await got(played, juror, request) is None, "before the jury is drawn"
    draw(played, [juror], challenged=2)
    assert await got(played, juror, request) is None, "nobody challenged this round"
    draw(played, [juror])
    key = await got(played, juror, request)
    manifest = await manifest_of(juror, played.job.rounds[ROUND].updates[SLOT], UpdateManifest)
    assert key == await true_key(played)
    assert key_commitment(key) == manifest.key_commitment
    assert await got(played, juror, request, others(played)[2]) is None, "who has no key cannot pass one on"
    for stranger in (other, played.requestor, played.trainers[1]):
        assert await got(played, stranger, request) is None, stranger.name
    hidden = replace(played.job.rounds[ROUND], shard_key=None)
    show(played, rounds={ROUND: hidden})
    assert await got(played, juror, request) is None, "before the shard key is on the chain"


async def test_a_juror_passes_on_what_was_passed_to_it(played: Played) -> None:
    first, second, _ = others(played)
    draw(played, [first, second])
    await with_update(first, played)
    await with_update(second, played)
    await do(first, duty(played.job, DutyKind.FETCH_KEYS, round_=1))
    request = KeyRequest(played.job_id, ROUND, SLOT)
    assert await got(played, second, request, first) == await true_key(played)


GARBAGE = (b"", bytes(33), bytes(35), bytes(1 << 16), KeyRequest(JobId(bytes(32))).to_bytes())


async def test_garbage_gets_no_answer_and_does_no_harm(played: Played) -> None:
    juror, holder = others(played)[0], played.members[0]
    draw(played, [juror])
    for message in GARBAGE:
        with pytest.raises(PeerUnreachable, match="could not answer"):
            await juror.network.request(holder.network.peer, PROTOCOL, message)
    assert await got(played, juror, KeyRequest(played.job_id))


async def test_what_was_not_published_has_no_key(played: Played) -> None:
    juror = others(played)[0]
    for round_, slot in [(1, 2), (1, 255), (2, 0), (255, 0)]:
        draw(played, [juror], challenged=round_)
        assert await got(played, juror, KeyRequest(played.job_id, Round(round_), slot)) is None


async def test_strangers_cost_one_line_of_the_log(played: Played, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever they send: garbage, questions about jobs that are not there, questions that are none of their business."""
    caplog.set_level(logging.INFO)
    stranger, member = await played.world.node("stranger", Role.VALIDATOR), played.members[0].network.peer
    unknown = KeyRequest(JobId(bytes(32)))
    messages = [b"", b"garbage", bytes(10_000), unknown.to_bytes(), KeyRequest(played.job_id, ROUND, 9).to_bytes()]
    for message in messages:
        with pytest.raises(PeerUnreachable, match="could not answer"):
            await stranger.network.request(member, PROTOCOL, message)
    lines = [record for record in caplog.records if "refused" in record.getMessage()]
    assert [(record.levelno, record.exc_info) for record in lines] == [(logging.INFO, None)] * len(messages)
    assert not [record for record in caplog.records if record.exc_info]


def test_a_request_is_read_as_it_was_written() -> None:
    request = KeyRequest(JobId(bytes(range(32))), Round(255), 254)
    as_documented = b"\xa3\x63job\x58\x20" + bytes(range(32)) + b"\x64slot\x18\xfe\x65round\x18\xff"
    assert request.to_bytes() == as_documented
    assert KeyRequest.from_bytes(as_documented) == request
    for wrong in (b"key", as_documented + b"x", as_documented.replace(b"\x18\xff", b"\x19\xff\xff")):
        with pytest.raises(KeyRefused, match="no request for a key"):
            KeyRequest.from_bytes(wrong)


async def test_answers_are_sealed_to_the_asker_and_bound_to_the_question(played: Played) -> None:
    juror, other, _ = others(played)
    draw(played, [juror, other])
    request = KeyRequest(played.job_id)
    answer = await juror.network.request(played.members[0].network.peer, PROTOCOL, request.to_bytes())
    key = await job_key(played.requestor, played.job_id)
    me, him = juror.identity.address, other.identity.address
    assert open_sealed(juror.sealing_key, answer, request.context(me)) == key
    assert key not in answer
    for private, question, reader in [
        (other.sealing_key, request, him),
        (other.sealing_key, request, me),
        (juror.sealing_key, request, him),
        (juror.sealing_key, KeyRequest(played.job_id, ROUND), me),
    ]:
        with pytest.raises(EncryptionError):
            open_sealed(private, answer, question.context(reader))


async def liar(played: Played, name: str, asking: Parts, request: KeyRequest, key: bytes, **changes: Any) -> Parts:
    """A peer that answers with a key of its own, as it should be sealed but for what is changed."""
    sealing: bytes = changes.get("sealing", asking.sealing_public)
    reader: Address = changes.get("reader", asking.identity.address)
    answer: bytes = changes.get("answer", seal(sealing, key, request.context(reader)))

    async def answers(peer: bytes, message: bytes) -> bytes:
        return answer

    parts = await played.world.node(name, Role.VALIDATOR)
    parts.network.serve(PROTOCOL, answers)
    return parts


@pytest.mark.parametrize("slot", [None, SLOT], ids=["job key", "update key"])
async def test_who_sends_another_key_is_passed_over(played: Played, slot: int | None) -> None:
    juror, idle, _ = others(played)
    draw(played, [juror])
    update = await with_update(juror, played)
    request = KeyRequest(played.job_id) if slot is None else update
    key = await job_key(played.requestor, played.job_id) if slot is None else await true_key(played)
    away = await played.world.node("away", Role.VALIDATOR)
    played.world.peers.take_offline(away.network.peer)
    liars = [
        away,
        idle,
        await liar(played, "another key", juror, request, bytes(32)),
        await liar(played, "a short key", juror, request, key[:31]),
        await liar(played, "a long key", juror, request, key + b"\0"),
        await liar(played, "no key", juror, request, b""),
        await liar(played, "nothing", juror, request, b"", answer=b""),
        await liar(played, "garbage", juror, request, b"", answer=bytes(200)),
        await liar(played, "in the open", juror, request, b"", answer=key),
        await liar(played, "sealed to another", juror, request, key, sealing=idle.sealing_public),
        await liar(played, "sealed for another", juror, request, key, reader=idle.identity.address),
    ]
    peers = [parts.network.peer for parts in liars]
    with pytest.raises(PeerUnreachable) as caught:
        await ask_for_key(juror, played.job, request, peers)
    assert str(caught.value).count("sent another key") == 4
    assert len(str(caught.value).split("; ")) == len(liars)
    honest = played.members[0].network.peer
    assert await ask_for_key(juror, played.job, request, [*peers, honest]) == key


async def test_a_liar_that_is_right_in_all_is_believed(played: Played) -> None:
    """The test above would find nothing if the liars were no good."""
    juror = others(played)[0]
    request, key = KeyRequest(played.job_id), await job_key(played.requestor, played.job_id)
    parts = await liar(played, "honest", juror, request, key)
    assert await ask_for_key(juror, played.job, request, [parts.network.peer]) == key


async def test_nobody_to_ask(played: Played) -> None:
    with pytest.raises(PeerUnreachable, match="there was nobody to ask"):
        await ask_for_key(others(played)[0], played.job, KeyRequest(played.job_id), [])


@pytest.mark.parametrize("update", ["another round's", "another trainer's", "no update", "nothing"])
async def test_an_update_that_is_none_has_no_key(played: Played, update: str) -> None:
    """Whatever a trainer published and whoever sends a key for it: jurors go on without."""
    juror = others(played)[0]
    draw(played, [juror])
    request = await with_update(juror, played)
    made = played.job.rounds[ROUND]
    name = made.updates[SLOT]
    if update == "another round's":
        manifest = await manifest_of(juror, name, UpdateManifest)
        name = await keep(juror, manifest.model_copy(update={"round": 2}))
    elif update == "another trainer's":
        await do(juror, duty(played.job, DutyKind.FETCH, made.updates[1].hex()))
        name = made.updates[1]
    else:
        name = played.job.terms.training_job if update == "no update" else Digest(bytes(32))
        await do(juror, duty(played.job, DutyKind.FETCH, played.job.terms.training_job.hex()))
    true = await true_key(played)
    show(played, rounds={ROUND: replace(made, updates={**made.updates, SLOT: name})})
    for key in (bytes(32), true):
        parts = await liar(played, f"liar-{key.hex()[:4]}", juror, request, key)
        with pytest.raises(PeerUnreachable, match="sent another key"):
            await ask_for_key(juror, played.job, request, [parts.network.peer])
