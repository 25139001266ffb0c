"""Asking a node over its HTTP API."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import aiohttp

from scatter.client.errors import ApiRefused, ApiUnreachable

PREFIX = "/api/v1"
_PIECE_BYTES = 1 << 20
_MOST_LINE_BYTES = 1 << 20
_PAGE = 200


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event of a node's stream."""

    name: str
    data: Mapping[str, Any]


class NodeClient:
    """One node's API, at `http://127.0.0.1:4080`, with its token. All calls raise ApiUnreachable and ApiRefused."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url.rstrip("/") + PREFIX
        self._session = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {token}"},
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
            read_bufsize=_MOST_LINE_BYTES,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def ask(
        self,
        method: str,
        path: str,
        *,
        wish: Any = None,
        body: Path | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Any:
        """The JSON that a request is answered with. `wish` is sent as JSON, `body` as the bytes of a file."""
        try:
            if body is None:
                async with self._session.request(method, self._url + path, json=wish, params=query) as response:
                    return await _answer(response)
            with body.open("rb") as file:
                headers = {"Content-Type": "application/octet-stream"}
                request = self._session.request(method, self._url + path, data=file, params=query, headers=headers)
                async with request as response:
                    return await _answer(response)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._unreachable(error) from error

    async def everything(self, path: str) -> list[dict[str, Any]]:
        """All items of a list, from all of its pages."""
        items: list[dict[str, Any]] = []
        query = {"limit": str(_PAGE)}
        while True:
            found = await self.ask("GET", path, query=query)
            items += found["items"]
            if found["next"] is None:
                return items
            query["after"] = found["next"]

    async def download(self, path: str) -> AsyncIterator[bytes]:
        """The bytes that a request is answered with, in pieces."""
        try:
            async with self._session.get(self._url + path) as response:
                if not response.ok:
                    await _answer(response)
                async for piece in response.content.iter_chunked(_PIECE_BYTES):
                    yield piece
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._unreachable(error) from error

    async def events(self) -> AsyncIterator[ServerEvent]:
        """What happens to the node, until it ends."""
        name = ""
        try:
            async with self._session.get(f"{self._url}/events") as response:
                if not response.ok:
                    await _answer(response)
                async for raw in response.content:
                    field, _, value = raw.decode().rstrip("\n").partition(": ")
                    if field == "event":
                        name = value
                    elif field == "data":
                        yield ServerEvent(name, json.loads(value))
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> ApiUnreachable:
        return ApiUnreachable(f"no node answers at {self._url}: {str(error) or type(error).__name__}")


async def _answer(response: aiohttp.ClientResponse) -> Any:
    try:
        content = await response.json(content_type=None)
    except ValueError:
        raise ApiUnreachable(f"{response.url} does not answer like a node") from None
    if response.ok:
        return content
    said = content if isinstance(content, dict) else {}
    words = [str(said.get(name, "")) for name in ("type", "detail", "remedy")]
    raise ApiRefused(response.status, words[0], words[1] or f"answered {response.status}", words[2])
