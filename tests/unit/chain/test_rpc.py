"""JSON-RPC against a server that we can make misbehave."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from scatter.chain.rpc import BATCH, Rpc, RpcError
from scatter.ports import ChainUnavailable

Answer = Callable[[list[dict[str, Any]]], web.Response]


def echo(batch: list[dict[str, Any]]) -> web.Response:
    return web.json_response([{"jsonrpc": "2.0", "id": call["id"], "result": call["params"]} for call in batch])


class Server:
    """Answers batches with `answers` in turn, the last one for ever."""

    def __init__(self) -> None:
        self.batches: list[list[dict[str, Any]]] = []
        self.answers: list[Answer] = [echo]
        application = web.Application()
        application.router.add_post("/", self._handle)
        self.http = TestServer(application)

    async def _handle(self, request: web.Request) -> web.Response:
        batch = json.loads(await request.text())
        self.batches.append(batch)
        return (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])(batch)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    running = Server()
    await running.http.start_server()
    yield running
    await running.http.close()


@pytest.fixture
async def rpc(server: Server) -> AsyncIterator[Rpc]:
    client = Rpc(str(server.http.make_url("/")), patience=2)
    yield client
    await client.close()


async def test_calls_of_one_moment_share_a_batch(server: Server, rpc: Rpc) -> None:
    results = await asyncio.gather(*(rpc.call("m", n, [n]) for n in range(BATCH + 20)))
    assert results == [[n, [n]] for n in range(BATCH + 20)]
    assert sorted(len(batch) for batch in server.batches) == [20, BATCH]
    assert await rpc.call("later") == []
    assert len(server.batches) == 3


async def test_answers_in_another_order_find_their_calls(server: Server, rpc: Rpc) -> None:
    server.answers = [lambda batch: echo(batch[::-1])]
    assert await asyncio.gather(*(rpc.call("m", n) for n in range(5))) == [[n] for n in range(5)]


async def test_an_error_belongs_to_its_call_alone(server: Server, rpc: Rpc) -> None:
    def second_fails(batch: list[dict[str, Any]]) -> web.Response:
        answers: list[dict[str, Any]] = [{"jsonrpc": "2.0", "id": call["id"], "result": 1} for call in batch]
        error = {"code": 3, "message": "execution reverted", "data": "0xdeadbeef"}
        answers[1] = {"jsonrpc": "2.0", "id": batch[1]["id"], "error": error}
        return web.json_response(answers)

    server.answers = [second_fails]
    first, second, third = await asyncio.gather(*(rpc.call("m") for _ in range(3)), return_exceptions=True)
    assert (first, third) == (1, 1)
    assert isinstance(second, RpcError)
    assert (second.code, str(second), second.data) == (3, "execution reverted", b"\xde\xad\xbe\xef")


@pytest.mark.parametrize(
    ("error", "data"),
    [
        ({"code": 3, "message": "m", "data": {"data": "0x01"}}, b"\x01"),
        ({"code": 3, "message": "m", "data": "not hex"}, b""),
        ({"code": 3, "message": "m", "data": None}, b""),
        ({"code": 3, "message": "m"}, b""),
        ("m", b""),
    ],
)
async def test_data_of_errors(server: Server, rpc: Rpc, error: Any, data: bytes) -> None:
    server.answers = [lambda batch: web.json_response([{"id": call["id"], "error": error} for call in batch])]
    with pytest.raises(RpcError, match="m") as caught:
        await rpc.call("m")
    assert caught.value.data == data


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_server_that_is_busy_is_asked_again(server: Server, rpc: Rpc, status: int) -> None:
    def busy(_batch: list[dict[str, Any]]) -> web.Response:
        return web.Response(status=status)

    server.answers = [busy, busy, echo]
    assert await rpc.call("m", 1) == [1]
    assert len(server.batches) == 3


@pytest.mark.parametrize(
    "answer",
    [
        web.Response(status=401),
        web.Response(text="<html>", content_type="text/html"),
        web.Response(text="[]", content_type="application/json"),
        web.Response(text='"text"', content_type="application/json"),
        web.Response(text='{"error": {"code": -32600, "message": "no batches here"}}', content_type="application/json"),
    ],
    ids=["refused", "html", "empty", "text", "no batches"],
)
async def test_a_server_that_does_not_speak_json_rpc(server: Server, rpc: Rpc, answer: web.Response) -> None:
    server.answers = [lambda _batch: answer]
    with pytest.raises(ChainUnavailable, match="no chain at http://127"):
        await asyncio.wait_for(rpc.call("m"), 1)


async def test_nobody_there(unused_tcp_port: int) -> None:
    rpc = Rpc(f"http://127.0.0.1:{unused_tcp_port}", patience=0.2)
    failures = await asyncio.gather(rpc.call("a"), rpc.call("b"), return_exceptions=True)
    assert [type(failure) for failure in failures] == [ChainUnavailable, ChainUnavailable]
    assert f"no chain at {rpc.url}" in str(failures[0])
    await rpc.close()


async def test_closing_cancels_what_is_under_way(unused_tcp_port: int) -> None:
    rpc = Rpc(f"http://127.0.0.1:{unused_tcp_port}", patience=60)
    call = asyncio.create_task(rpc.call("m"))
    await asyncio.sleep(0.1)
    await rpc.close()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(call, 1)


async def test_a_cancelled_call_leaves_the_others_alone(rpc: Rpc) -> None:
    first, second = asyncio.create_task(rpc.call("m", 1)), asyncio.create_task(rpc.call("m", 2))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == [2]
