"""JSON-RPC over HTTP. Requests that are made at the same moment travel in one batch.

A single request costs the server and us about as much as ten in a batch, and a node asks many small questions at each new
block; so `Rpc.call` only queues, and what has gathered when the event loop comes round is sent together.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic_core import from_json

from scatter.ports import ChainError, ChainUnavailable

if TYPE_CHECKING:
    from aiohttp import ClientSession

BATCH = 100
CONNECTIONS = 8
REQUEST_SECONDS = 30.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0
_SERVER_ERROR, _TOO_MANY_REQUESTS = 500, 429


class RpcError(ChainError):
    """The server answered with an error: `code` as in JSON-RPC, `data` what a reverted call returned (else empty)."""

    def __init__(self, code: int, message: str, data: bytes = b"") -> None:
        super().__init__(message)
        self.code = code
        self.data = data


class Rpc:
    """One server. `patience` is for how many seconds lost connections are tried again; 0 for not at all."""

    def __init__(self, url: str, *, patience: float = 30.0) -> None:
        self.url = url
        self._patience = patience
        self._queue: list[tuple[str, Sequence[Any], asyncio.Future[Any]]] = []
        self._sending: set[asyncio.Task[None]] = set()
        self._session: ClientSession | None = None

    async def call(self, method: str, *params: Any) -> Any:
        """The result of one method. RpcError when the server answers with an error, ChainUnavailable when it does not
        answer."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if not self._queue:
            asyncio.get_running_loop().call_soon(self._flush)
        self._queue.append((method, params, answer))
        return await answer

    async def close(self) -> None:
        """Close the connections; calls under way are cancelled."""
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _flush(self) -> None:
        waiting = [item for item in self._queue if not item[2].done()]
        self._queue.clear()
        for start in range(0, len(waiting), BATCH):
            task = asyncio.create_task(self._send(waiting[start : start + BATCH]))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _send(self, batch: list[tuple[str, Sequence[Any], asyncio.Future[Any]]]) -> None:
        try:
            answers = await self._post([(method, params) for method, params, _ in batch])
        except asyncio.CancelledError:
            for _, _, future in batch:
                future.cancel()
            raise
        except ChainUnavailable as error:
            for _, _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, _, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if "error" in answer:
                future.set_exception(_error(answer["error"]))
            else:
                future.set_result(answer.get("result"))

    async def _post(self, requests: Sequence[tuple[str, Sequence[Any]]]) -> Sequence[Any]:
        """The answers, trying again while the connection is lost."""
        import aiohttp

        body = json.dumps(
            [{"jsonrpc": "2.0", "id": n, "method": m, "params": p} for n, (m, p) in enumerate(requests)]
        ).encode()
        give_up = time.monotonic() + self._patience
        pause = _FIRST_PAUSE
        while True:
            try:
                answers = _in_order(await self._exchange(body))
            except aiohttp.ClientResponseError as error:
                if error.status < _SERVER_ERROR and error.status != _TOO_MANY_REQUESTS:
                    raise self._unavailable(f"HTTP {error.status}") from error
                failure: Exception = error
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                failure = error
            except (ValueError, KeyError, TypeError) as error:
                raise self._unavailable("it does not speak JSON-RPC") from error
            else:
                if isinstance(answers, list) and len(answers) == len(requests):
                    return answers
                raise self._unavailable(f"it answered a batch with {str(answers)[:200]}")
            if time.monotonic() + pause > give_up:
                raise self._unavailable(str(failure) or type(failure).__name__) from failure
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _exchange(self, body: bytes) -> Any:
        import aiohttp

        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS),
                headers={"content-type": "application/json"},
                timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
                raise_for_status=True,
            )
        async with self._session.post(self.url, data=body) as answer:
            return from_json(await answer.read())

    def _unavailable(self, reason: str) -> ChainUnavailable:
        return ChainUnavailable(f"no chain at {self.url}: {reason}")


def _in_order(answers: Any) -> Any:
    """As they were asked; servers may answer in any order. ValueError when there is not one for each."""
    if not isinstance(answers, list):
        return answers
    by_id = {int(answer["id"]): answer for answer in answers}
    if sorted(by_id) != list(range(len(answers))):
        raise ValueError("these are answers to something else")
    return [by_id[number] for number in range(len(answers))]


def _error(error: Any) -> RpcError:
    if not isinstance(error, dict):
        return RpcError(0, str(error))
    data = error.get("data")
    # Some servers wrap the returned data once more.
    if isinstance(data, dict):
        data = data.get("data")
    try:
        raw = bytes.fromhex(data.removeprefix("0x")) if isinstance(data, str) else b""
    except ValueError:
        raw = b""
    return RpcError(int(error.get("code", 0)), str(error.get("message", "")), raw)
