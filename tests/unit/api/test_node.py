"""The node itself over its API: who may ask, what it says of itself, its role, its money, its data."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.api.conftest import Operated, operated
from tests.unit.node.ledger import GAS_MONEY
from tests.unit.node.played import posted
from tests.unit.node.world import World, enrol

from scatter.api.problems import KINDS, PREFIX
from scatter.ports import ConnectedPeer, PeerSource
from scatter.protocol.ids import Timestamp
from scatter.protocol.states import Role

Client = Callable[..., Any]
YEAR = 365 * 24 * 3600


@pytest.fixture
async def trainer(world: World) -> Operated:
    parts = await world.node("trainer", Role.TRAINER)
    await enrol([parts])
    return operated(parts)


def problem(response: Any, kind: str, status: int) -> dict[str, Any]:
    """The problem that a response is, which must be of a kind."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    said: dict[str, Any] = response.json()
    assert (said["type"], said["status"], response.status_code) == (PREFIX + kind, status, status), said
    assert said["detail"]
    assert said["remedy"]
    return said


@pytest.mark.parametrize("token", [None, "", "another token that is long enough", "a token that is long enoug"])
async def test_without_the_token_nothing_is_told(trainer: Operated, client: Client, token: str | None) -> None:
    asking = await client(trainer, token)
    for path in ("/identity", "/jobs", "/content", "/events", "/nothing", "/health/"):
        response = await asking.get(path)
        problem(response, "unauthorized", 401)
        assert response.headers["www-authenticate"] == "Bearer"
    problem(await asking.post("/content", content=bytes(100)), "unauthorized", 401)
    assert not await trainer.shelf.listed()


async def test_health_needs_no_token(trainer: Operated, client: Client) -> None:
    said = (await (await client(trainer, None)).get("/health")).json()
    assert said["status"] == "ok"
    assert said["chain"]["id"] == 31_337
    assert said["chain"]["block"] == trainer.parts.view.head.number


async def test_who_it_is(trainer: Operated, client: Client) -> None:
    said = (await (await client(trainer)).get("/identity")).json()
    assert said["account"] == trainer.parts.identity.address
    assert (said["role"], said["registered"]) == ("trainer", True)
    assert said["peer"]["key"] == trainer.parts.network.peer.hex()
    assert said["sealing_key"] == trainer.parts.sealing_public.hex()


async def test_no_answer_holds_a_secret(world: World, client: Client) -> None:
    played = await posted(world, validators=1)
    node = operated(played.requestor)
    asking = await client(node)
    kept = [await played.requestor.artefacts.get(key) for key in await played.requestor.artefacts.keys("job-")]
    secrets = [played.requestor.sealing_key, *(value for value in kept if value)]
    assert len(secrets) >= 3
    paths = ("/health", "/identity", "/role", "/balance", "/datasets", "/jobs", "/tasks", "/peers", "/content")
    job = played.job_id.hex()
    for path in (*paths, f"/jobs/{job}", f"/jobs/{job}/trainers", f"/jobs/{job}/committee", "/openapi.json"):
        response = await asking.get(path)
        assert response.status_code == 200, response.text
        for secret in secrets:
            assert secret.hex() not in response.text
            assert secret not in response.content


async def test_balance_in_base_units_to_the_last_digit(world: World, client: Client) -> None:
    parts = await world.node("validator", Role.VALIDATOR)
    await enrol([parts])
    world.ledger.model.balances[parts.identity.address] += 1
    said = (await (await client(operated(parts))).get("/balance")).json()
    assert said["tokens"] == str(world.ledger.model.balances[parts.identity.address])
    assert said["tokens"].endswith("1")
    assert said["stake"] == str(25_000 * 10**18)
    assert said["locked"] == "0"
    assert said["ether"] == str(GAS_MONEY)


async def test_a_stake_is_filled_up_asked_back_and_taken_out_by_hand(world: World, client: Client) -> None:
    parts = await world.node("validator", Role.VALIDATOR)
    await enrol([parts])
    asking, model, me = await client(operated(parts)), world.ledger.model, parts.identity.address
    whole = 25_000 * 10**18
    assert "whole" in problem(await asking.post("/stake"), "refused", 409)["detail"]
    assert "first" in problem(await asking.delete("/stake"), "refused", 409)["detail"]
    said = (await asking.post("/stake/withdrawal")).json()
    assert (said["stake"], said["withdrawing"]) == (str(whole), True)
    assert "already" in problem(await asking.post("/stake/withdrawal"), "refused", 409)["detail"]
    assert (await asking.post("/stake")).json()["withdrawing"] is False, "thought better of"
    await asking.post("/stake/withdrawal")
    problem(await asking.delete("/stake"), "reverted", 409)
    before = model.balances[me]
    await world.ledger.mine(Timestamp(model.timestamp + YEAR))
    said = (await asking.delete("/stake")).json()
    assert (said["stake"], said["tokens"]) == ("0", str(before + whole))
    assert "no stake" in problem(await asking.post("/stake/withdrawal"), "refused", 409)["detail"]


async def test_who_puts_up_no_ticket_has_none_to_fill(trainer: Operated, client: Client) -> None:
    assert "no ticket" in problem(await (await client(trainer)).post("/stake"), "refused", 409)["detail"]


async def test_a_role_changes_while_nothing_is_put_up_for_it(trainer: Operated, client: Client) -> None:
    asking = await client(trainer)
    said = (await asking.put("/role", json={"role": "requestor"})).json()
    assert said == {"role": "requestor", "on_chain": "trainer", "bound": None}
    await enrol([trainer.parts])
    await trainer.parts.view.reached(trainer.parts.view.head.number)
    assert (await asking.get("/role")).json()["on_chain"] == "requestor"
    for wish in ({"role": "king"}, {"role": "trainer", "more": 1}, {}, []):
        problem(await asking.put("/role", json=wish), "invalid-request", 422)


async def test_a_role_with_a_stake_is_bound(world: World, client: Client) -> None:
    parts = await world.node("validator", Role.VALIDATOR)
    await enrol([parts])
    asking = await client(operated(parts))
    said = problem(await asking.put("/role", json={"role": "trainer"}), "refused", 409)
    assert "withdraw it first" in said["detail"]
    assert (await asking.get("/role")).json()["bound"] == said["detail"]


async def test_datasets_by_name_and_size_only(world: World, client: Client) -> None:
    played = await posted(world, validators=1)
    asking = await client(operated(played.trainers[0]))
    page = (await asking.get("/datasets")).json()
    (only,) = page["items"]
    assert only["name"] == "tiny/v1"
    assert only["files"] == 2
    assert only["bytes"] > 500
    assert page["next"] is None


async def test_peers_with_their_accounts(trainer: Operated, client: Client) -> None:
    key = trainer.parts.network.peer
    trainer.peers.there = [
        ConnectedPeer("12D3b", None, "/ip4/192.0.2.7/tcp/1", PeerSource.DHT, 5.0, None),
        ConnectedPeer("12D3a", key, "/ip4/192.0.2.8/tcp/1", PeerSource.BOOTSTRAP, 6.5, 0.0123),
    ]
    said = (await (await client(trainer)).get("/peers", params={"limit": 1})).json()
    assert said["items"] == [
        {
            "id": "12D3a",
            "account": trainer.parts.identity.address,
            "address": "/ip4/192.0.2.8/tcp/1",
            "source": "bootstrap",
            "since": 6.5,
            "round_trip_ms": 12.3,
        }
    ]
    rest = (await (await client(trainer)).get("/peers", params={"after": said["next"]})).json()
    assert [(one["id"], one["account"], one["round_trip_ms"]) for one in rest["items"]] == [("12D3b", None, None)]
    assert rest["next"] is None


async def test_what_there_is_not(trainer: Operated, client: Client) -> None:
    asking = await client(trainer)
    problem(await asking.get("/nothing"), "not-found", 404)
    problem(await asking.delete("/jobs"), "method-not-allowed", 405)
    problem(await asking.get("/jobs", params={"limit": 0}), "invalid-request", 422)
    problem(await asking.get("/jobs", params={"limit": 1_000_000}), "invalid-request", 422)
    problem(await asking.get("/tasks", params={"after": "-1"}), "invalid-request", 422)


async def test_json_without_end_is_refused(trainer: Operated, client: Client) -> None:
    asking = await client(trainer)
    body = json.dumps({"role": "a" * 100_000})
    response = await asking.put("/role", content=body, headers={"Content-Type": "application/json"})
    problem(response, "too-large", 413)
    nested = await asking.put("/role", content="[" * 60_000, headers={"Content-Type": "application/json"})
    problem(nested, "invalid-request", 422)


async def test_what_nobody_foresaw_tells_strangers_nothing(trainer: Operated, client: Client) -> None:
    async def broken() -> list[ConnectedPeer]:
        raise KeyError("a secret")

    trainer.peers.connected = broken  # type: ignore[method-assign]
    said = problem(await (await client(trainer)).get("/peers"), "unexpected", 500)
    assert "a secret" not in json.dumps(said)


async def test_the_description_has_every_operation(trainer: Operated, client: Client) -> None:
    described = (await (await client(trainer, None)).get("/openapi.json")).json()
    operations = {f"{method} {path}" for path, methods in described["paths"].items() for method in methods}
    assert {
        *("get /api/v1/health", "get /api/v1/identity", "get /api/v1/role", "put /api/v1/role"),
        *("post /api/v1/stake", "post /api/v1/stake/withdrawal", "delete /api/v1/stake"),
        *("get /api/v1/balance", "get /api/v1/datasets", "get /api/v1/jobs", "post /api/v1/jobs"),
        *("get /api/v1/jobs/{job}", "post /api/v1/jobs/{job}/join", "post /api/v1/jobs/{job}/start"),
        *("get /api/v1/tasks", "get /api/v1/events", "get /api/v1/peers"),
        *("get /api/v1/content", "post /api/v1/content", "get /api/v1/content/{cid}", "put /api/v1/content/{cid}"),
    } <= operations
    for methods in described["paths"].values():
        for operation in methods.values():
            assert operation["description"]
            assert "application/problem+json" in operation["responses"]["401"]["content"]
    assert len({kind.name for kind in KINDS}) == len(KINDS)
