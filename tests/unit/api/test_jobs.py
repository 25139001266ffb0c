"""Jobs over the API: posting, listing, joining, starting."""

import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.unit.api.conftest import operated
from tests.unit.api.test_node import problem
from tests.unit.node.jobcode import deal_data, tiny_job
from tests.unit.node.played import posted
from tests.unit.node.world import World, enrol, owed

from scatter.jobs.folder import JOB_LIMITS
from scatter.node.doing import do
from scatter.protocol.duties import DutyKind
from scatter.protocol.states import Role, State

Client = Callable[..., Any]


def packed(folder: Path) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        archive.add(folder, arcname="job")
    return target.getvalue()


async def test_a_job_is_posted_once(world: World, client: Client) -> None:
    requestor = await world.node("requestor", Role.REQUESTOR)
    await enrol([requestor])
    asking = await client(operated(requestor))
    tiny_job(world.folder / "job", trainers=2)
    body = packed(world.folder / "job")
    response = await asking.post("/jobs", content=body)
    assert response.status_code == 201, response.text
    job = response.json()
    assert (job["name"], job["state"], job["part"], job["rounds"]) == ("tiny", "open", "requestor", 1)
    assert job["terms"]["round_pool"] == str(1000 * 10**18)
    assert response.headers["location"].endswith(f"/api/v1/jobs/{job['id']}")
    again = await asking.post("/jobs", content=body)
    assert (again.status_code, again.json()) == (201, job)
    assert sum(key.endswith("/post") for _, key in world.ledger.sent) == 1
    assert not list((requestor.runner.workspace).glob("upload-*")), "nothing is left of the upload"


async def test_bad_jobs_are_refused_before_anything_is_kept(world: World, client: Client) -> None:
    requestor = await world.node("requestor", Role.REQUESTOR)
    await enrol([requestor])
    node = operated(requestor)
    asking = await client(node)
    tiny_job(world.folder / "job")
    (world.folder / "job" / "train" / "train.py").unlink()
    assert (
        "train/" in problem(await asking.post("/jobs", content=packed(world.folder / "job")), "bad-job", 422)["detail"]
    )
    problem(await asking.post("/jobs", content=b"no archive"), "bad-job", 422)
    problem(await asking.post("/jobs"), "bad-job", 422)
    tiny_job(world.folder / "hasty")
    node.minimum_duration = 30 * 24 * 3600
    hasty = await asking.post("/jobs", content=packed(world.folder / "hasty"))
    assert "durations" in problem(hasty, "bad-job", 422)["detail"]
    assert not await node.shelf.listed()
    assert not world.view.network.jobs


async def test_bodies_are_bounded(world: World, client: Client) -> None:
    asking = await client(operated(await world.node("requestor", Role.REQUESTOR)))
    said = {"Content-Length": str(JOB_LIMITS.total + 1)}
    problem(await asking.post("/jobs", content=b"", headers=said), "too-large", 413)
    taken, piece = 0, bytes(1 << 14)

    async def endless() -> Any:
        nonlocal taken
        while True:
            taken += len(piece)
            yield piece

    problem(await asking.put("/role", content=endless()), "too-large", 413)
    assert taken <= 10 * len(piece)


async def test_lists_by_part_state_and_page(world: World, client: Client) -> None:
    played = await posted(world, trainers=2, validators=2)
    await played.until(State.TRAINING)
    job = played.job_id.hex()
    for parts, part in (
        (played.requestor, "requestor"),
        (played.trainers[0], "trainer"),
        (played.members[0], "member"),
    ):
        asking = await client(operated(parts))
        own, joined = part == "requestor", part != "requestor"
        assert (await asking.get("/jobs")).json()["items"][0]["part"] == part
        assert bool((await asking.get("/jobs", params={"part": "own"})).json()["items"]) is own
        assert bool((await asking.get("/jobs", params={"part": "joined"})).json()["items"]) is joined
        assert (await asking.get("/jobs", params={"part": "any", "state": "training"})).json()["items"]
        assert not (await asking.get("/jobs", params={"state": "settled"})).json()["items"]
    slots = (await asking.get(f"/jobs/{job}/trainers", params={"limit": 1})).json()
    assert [slot["account"] for slot in slots["items"]] == [played.job.trainers[0]]
    rest = (await asking.get(f"/jobs/{job}/trainers", params={"after": slots["next"]})).json()
    assert [slot["slot"] for slot in rest["items"]] == [1]
    seats = (await asking.get(f"/jobs/{job}/committee")).json()["items"]
    assert [(seat["kind"], seat["account"]) for seat in seats] == [("member", one) for one in played.job.members]
    assert all(seat["peer"].startswith("12D3KooW") for seat in seats)


async def test_rounds_as_they_were_settled(world: World, client: Client) -> None:
    played = await posted(world, trainers=2, validators=1)
    await played.until_true(lambda job: job.ended)
    said = (await (await client(operated(played.requestor))).get(f"/jobs/{played.job_id.hex()}")).json()
    assert said["state"] == "settled"
    (made,) = said["rounds_made"]
    assert (made["updates"], made["accepted"]) == (2, [0, 1])
    assert 0 <= made["starting_score"] <= 1
    assert made["global_model"].startswith("bafkrei")


async def test_a_job_that_is_not_there(world: World, client: Client) -> None:
    asking = await client(operated(await world.node("requestor", Role.REQUESTOR)))
    for method, path in (
        ("GET", ""),
        ("GET", "/trainers"),
        ("GET", "/committee"),
        ("POST", "/join"),
        ("POST", "/start"),
    ):
        problem(await asking.request(method, f"/jobs/{'ab' * 32}{path}"), "not-found", 404)
    problem(await asking.get("/jobs/..%2f..%2fetc"), "not-found", 404)
    problem(await asking.get("/jobs/xyz"), "invalid-request", 422)


async def test_a_trainer_joins_what_it_is_told_to(world: World, client: Client) -> None:
    played = await posted(world, validators=1)
    deal_data(world.folder / "reluctant" / "data", 1)
    reluctant = await world.node("reluctant", Role.TRAINER, joins=frozenset({"another"}))
    await enrol([reluctant])
    assert not await owed(reluctant), "its rule leaves the job alone"
    node = operated(reluctant)
    asking = await client(node)
    response = await asking.post(f"/jobs/{played.job_id.hex()}/join")
    assert response.status_code == 202
    assert node.looks == 1
    while duties := await owed(reluctant):
        await do(reluctant, duties[0])
        await world.settle()
    assert played.job.trainers == (reluctant.identity.address,)
    assert (await asking.post(f"/jobs/{played.job_id.hex()}/join")).json()["part"] == "trainer"


async def test_a_rule_that_names_the_job(world: World) -> None:
    played = await posted(world, validators=1)
    for name in ("tiny", played.job_id.hex()):
        willing = await world.node(f"willing-{name[:4]}", Role.TRAINER, joins=frozenset({name}))
        await enrol([willing])
        assert [duty.kind for duty in await owed(willing)] == [DutyKind.FETCH]


async def test_joining_and_starting_what_cannot_be(world: World, client: Client) -> None:
    played = await posted(world, trainers=2, validators=1)
    job = played.job_id.hex()
    asking = await client(operated(played.requestor))
    assert "only trainers" in problem(await asking.post(f"/jobs/{job}/join"), "refused", 409)["detail"]
    assert "0 of the 1" in problem(await asking.post(f"/jobs/{job}/start"), "refused", 409)["detail"]
    stranger = await client(operated(played.trainers[0]))
    assert "requestor" in problem(await stranger.post(f"/jobs/{job}/start"), "refused", 409)["detail"]


async def test_a_requestor_starts_before_all_slots_are_taken(world: World, client: Client) -> None:
    played = await posted(world, trainers=2, validators=1)
    one = played.trainers.pop()
    await played.until_true(lambda job: len(job.trainers) == 1)
    asking = await client(operated(played.requestor))
    response = await asking.post(f"/jobs/{played.job_id.hex()}/start")
    assert response.status_code == 200, response.text
    assert response.json()["state"] == "drawing"
    problem(await asking.post(f"/jobs/{played.job_id.hex()}/start"), "refused", 409)
    late = await (await client(operated(one))).post(f"/jobs/{played.job_id.hex()}/join")
    assert "Open" in problem(late, "refused", 409)["detail"]
