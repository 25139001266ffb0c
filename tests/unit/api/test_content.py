"""Content over the API: adding, fetching, what stays; the queue's tasks; the stream of what happens."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.api.conftest import TOKEN, Operated, operated
from tests.unit.api.test_node import problem
from tests.unit.node.played import posted
from tests.unit.node.world import World

from scatter.api.app import create_app
from scatter.api.errors import CannotServe
from scatter.api.hosting import serving
from scatter.api.operated import MOST_WATCHERS, Event
from scatter.client.errors import ApiRefused
from scatter.client.node_client import NodeClient
from scatter.protocol.ids import Timestamp
from scatter.protocol.states import Role

Client = Callable[..., Any]
ABSENT = "bafkreigy5tcgloscldzhi2iadhemu2v7dj2u5wme7vgim2jlmnxindpsfi"


@pytest.fixture
async def node(world: World) -> Operated:
    return operated(await world.node("node", Role.TRAINER))


@pytest.mark.parametrize("size", [0, 5, 256 << 10, (256 << 10) + 1, 9 << 20])
async def test_what_is_added_comes_back(node: Operated, client: Client, size: int) -> None:
    asking = await client(node)
    content = random.Random(size).randbytes(size)  # noqa: S311
    added = await asking.post("/content", content=content)
    assert added.status_code == 201, added.text
    cid = added.json()["cid"]
    assert added.json() == {"cid": cid, "size": size, "pinned": True}
    assert cid == await node.shelf.put(content), "the same CID as any content's"
    assert node.announced == [cid]
    back = await asking.get(f"/content/{cid}")
    assert (back.content, int(back.headers["content-length"])) == (content, size)
    assert (await asking.get("/content")).json()["items"] == [added.json()]


async def test_pages_of_content(node: Operated, client: Client) -> None:
    asking = await client(node)
    cids = sorted([(await asking.post("/content", content=bytes([n]))).json()["cid"] for n in range(5)])
    found, after = [], None
    while True:
        page = (await asking.get("/content", params={"limit": 2} | ({"after": after} if after else {}))).json()
        found += [one["cid"] for one in page["items"]]
        after = page["next"]
        if after is None:
            break
        await node.shelf.drop(after)  # what goes in between does not change what comes after it
    assert found == cids


async def test_content_from_other_peers(world: World, node: Operated, client: Client) -> None:
    asking = await client(node)
    problem(await asking.get(f"/content/{ABSENT}"), "content-missing", 404)
    problem(await asking.put(f"/content/{ABSENT}/pin"), "content-missing", 404)
    said = problem(await asking.put(f"/content/{ABSENT}"), "content-unavailable", 404)
    assert "there was nobody to ask" in said["detail"]
    for method, path in (("GET", ""), ("PUT", ""), ("PUT", "/pin"), ("DELETE", "/pin")):
        problem(await asking.request(method, f"/content/no-cid{path}"), "invalid-request", 422)


async def test_what_is_neither_pinned_nor_needed_goes(world: World, client: Client) -> None:
    played = await posted(world, validators=1)
    node = operated(played.requestor)
    asking = await client(node)
    needed = {one.cid for one in await node.shelf.listed()}
    assert len(needed) > 4
    loose = (await asking.post("/content", content=b"loose", params={"pin": "false"})).json()["cid"]
    fixed = (await asking.post("/content", content=b"fixed")).json()["cid"]
    object.__setattr__(node.parts, "clock", lambda: 4e9)
    dropped = (await asking.post("/content/gc", json={"older_than_seconds": 3e9})).json()
    assert dropped == {"cids": [], "bytes": 0}, "too young to go"
    dropped = (await asking.post("/content/gc")).json()
    assert dropped == {"cids": [loose], "bytes": 5}
    assert {one.cid for one in await node.shelf.listed()} == needed | {fixed}
    assert (await asking.delete(f"/content/{fixed}/pin")).json()["pinned"] is False
    assert (await asking.post("/content/gc")).json()["cids"] == [fixed]
    problem(await asking.post("/content/gc", json={"older_than_seconds": -1}), "invalid-request", 422)


async def test_what_a_finished_job_left_goes_from_others_and_stays_with_its_requestor(
    world: World, client: Client
) -> None:
    played = await posted(world, trainers=2, validators=1)
    await played.until_true(lambda job: job.claimed >= set(job.participants))
    for parts, goes in ((played.requestor, False), (played.trainers[0], True)):
        node = operated(parts)
        object.__setattr__(parts, "clock", lambda: 4e9)
        marks = await parts.artefacts.keys("complete/")
        dropped = (await (await client(node)).post("/content/gc")).json()["cids"]
        left = await node.shelf.listed()
        assert bool(dropped) is goes
        assert bool(left) is not goes
        assert (await parts.artefacts.keys("complete/") == marks) is not goes, "what is gone does not count as here"


async def test_tasks_the_newest_first(node: Operated, client: Client) -> None:
    queue = node.parts.queue
    for number in range(3):
        payload = {"job": "ab" * 32, "round": number, "subject": "x", "kind": "train", "deadline": None}
        await queue.add(f"key-{number}", "train", payload, now=float(number), deadline=Timestamp(99))
    task = await queue.lease(worker="w", now=5.0, seconds=1.0)
    assert task is not None
    await queue.fail(task, "no memory", now=6.0, retry_at=None)
    asking = await client(node)
    first = (await asking.get("/tasks", params={"limit": 2})).json()
    assert [(one["round"], one["status"]) for one in first["items"]] == [(2, "ready"), (1, "ready")]
    rest = (await asking.get("/tasks", params={"limit": 2, "after": first["next"]})).json()
    assert rest["next"] is None
    (failed,) = rest["items"]
    assert (failed["status"], failed["error"], failed["attempts"]) == ("failed", "no memory", 1)
    assert (failed["added_at"], failed["finished_at"], failed["deadline"]) == (0.0, 6.0, 99)


async def test_what_happens_as_a_stream(node: Operated) -> None:
    async with (
        serving(create_app(node, TOKEN), "127.0.0.1", 0) as url,
        NodeClient(url, TOKEN) as asking,
        asyncio.timeout(30),
    ):
        happening = asking.events()
        reading = asyncio.ensure_future(anext(happening))
        while not node.events.watched:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        node.events.publish(Event("state", {"block": 7, "idle": True}))
        event = await reading
        assert (event.name, event.data) == ("state", {"block": 7, "idle": True})
        node.events.publish(Event("task", {"kind": "train"}))
        assert (await anext(happening)).name == "task"
        node.events.close()
        with pytest.raises(StopAsyncIteration):
            await anext(happening)


async def test_watchers_are_bounded_and_slow_ones_left_behind(node: Operated) -> None:
    async with node.events.watching() as slow:
        for number in range(1_001):
            node.events.publish(Event("state", {"block": number}))
        assert not node.events.watched
        assert len([event async for event in slow]) == 1_000
    async with (
        serving(create_app(node, TOKEN), "127.0.0.1", 0) as url,
        NodeClient(url, TOKEN) as asking,
        asyncio.timeout(30),
    ):
        streams = [asking.events() for _ in range(MOST_WATCHERS)]
        reading = [asyncio.ensure_future(anext(stream)) for stream in streams]
        while len(node.events._watchers) < MOST_WATCHERS:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        with pytest.raises(ApiRefused, match="watch already"):
            await anext(asking.events())
        node.events.publish(Event("state", {}))
        await asyncio.gather(*reading)
        node.events.close()


async def test_a_port_that_is_taken(node: Operated) -> None:
    async with serving(create_app(node, TOKEN), "127.0.0.1", 0) as url:
        with pytest.raises(CannotServe, match="api"):
            async with serving(create_app(node, TOKEN), "127.0.0.1", int(url.rpartition(":")[2])):
                pass
