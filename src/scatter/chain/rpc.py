"""JSON-RPC over HTTP. Requests that are made at the same moment travel in one batch.

A single request costs the server and us about as much as ten in a batch, and a node asks many small questions at each new
block; so `Rpc.call` only queues, and what has gathered when the event loop comes round is sent together.
"""

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from scatter.ports import ChainError, ChainUnavailable

if TYPE_CHECKING:
    from web3 import AsyncHTTPProvider
    from web3.types import RPCEndpoint

BATCH = 100
CONNECTIONS = 8
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
        self._provider: AsyncHTTPProvider | None = None
        self._connecting = asyncio.Lock()

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
        if self._provider is not None:
            await self._provider.disconnect()
            self._provider = None

    def _flush(self) -> None:
        waiting = [item for item in self._queue if not item[2].done()]
        self._queue.clear()
        for start in range(0, len(waiting), BATCH):
            task = asyncio.create_task(self._send(waiting[start : start + BATCH]))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _send(self, batch: list[tuple[str, Sequence[Any], asyncio.Future[Any]]]) -> None:
        try:
            answers = await self._post([(cast("RPCEndpoint", method), params) for method, params, _ in batch])
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

    async def _post(self, requests: list[tuple["RPCEndpoint", Any]]) -> Sequence[Any]:
        """The answers, trying again while the connection is lost."""
        import aiohttp

        provider = await self._connected()
        give_up = time.monotonic() + self._patience
        pause = _FIRST_PAUSE
        while True:
            try:
                answers = await provider.make_batch_request(requests)
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

    async def _connected(self) -> "AsyncHTTPProvider":
        import aiohttp
        from web3 import AsyncHTTPProvider

        async with self._connecting:
            if self._provider is None:
                provider = AsyncHTTPProvider(self.url)
                # The provider's own session opens a connection for each request.
                connector = aiohttp.TCPConnector(limit=CONNECTIONS)
                session = aiohttp.ClientSession(connector=connector, raise_for_status=True)
                await provider.cache_async_session(session)
                self._provider = provider
            return self._provider

    def _unavailable(self, reason: str) -> ChainUnavailable:
        return ChainUnavailable(f"no chain at {self.url}: {reason}")


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
