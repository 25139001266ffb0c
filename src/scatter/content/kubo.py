"""Content in an IPFS node beside this one: Kubo, by its RPC API (https://docs.ipfs.tech/reference/kubo/rpc/).

Files of more than one block are there; single blocks stay in this node's own folder. The sealed keys of updates are among those,
and whoever names the CID of something that Kubo has is given it by Kubo. What is this node's is listed in a folder of Kubo's
mutable file system, `/scatter/<CID>/<when it came>`: Kubo's collection of garbage leaves it alone, and what its owner keeps for
himself is never read, listed or dropped here.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self

import aiohttp
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from scatter.content.cids import RAW, Cid, InvalidCid
from scatter.content.store import FileContentStore
from scatter.content.unixfs import LEAF_BYTES, LINKS, cid_of
from scatter.content.verifying import PIECE_BYTES
from scatter.errors import Failure
from scatter.ports import ContentMissing, IncomingContent, KeptContent

FOLDER = "/scatter"
CHUNKER = f"size-{LEAF_BYTES}"
_MOST_ANSWER_BYTES = 64 << 20
_NOT_THERE = ("file does not exist", "no link named", "not found")
_ADDING = {
    "cid-version": "1", "cid-base": "base32", "raw-leaves": "true", "chunker": CHUNKER, "max-file-links": str(LINKS),
    "pin": "false", "quieter": "true",
}  # fmt: skip


class KuboUnavailable(Failure, OSError):
    """Kubo does not answer, or refuses; the message says what it said."""


class _Missing(KuboUnavailable):
    """Kubo says that there is no such thing."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True)
    name: str = Field(alias="Name")
    size: int = Field(alias="Size", default=0)


class _Entries(BaseModel):
    entries: list[_Entry] | None = Field(alias="Entries")


class _Added(BaseModel):
    cid: str = Field(alias="Hash")


@dataclass(frozen=True, slots=True)
class Kubo:
    """Kubo's RPC API at a URL like `http://127.0.0.1:5001`. Whatever is asked is answered from what it has: it looks for nothing
    in its network."""

    url: str
    session: aiohttp.ClientSession

    async def ask(
        self, command: str, *arguments: str, content: AsyncIterator[bytes] | None = None, **options: str
    ) -> bytes:
        """What a command answers. KuboUnavailable; `_Missing`."""
        query = [("arg", argument) for argument in arguments]
        query += options.items()
        form = None
        if content is not None:
            form = aiohttp.FormData()
            form.add_field("file", content, filename="content", content_type="application/octet-stream")
        try:
            async with self.session.post(f"{self.url}/api/v0/{command}", params=query, data=form) as response:
                body = await _bounded(response)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise KuboUnavailable(f"no Kubo answers at {self.url}: {str(error) or type(error).__name__}") from error
        if response.status == 200:
            return body
        said = body[:500].decode(errors="replace").strip()
        if response.status == 500 and any(words in said for words in _NOT_THERE):
            raise _Missing(said)
        raise KuboUnavailable(f"Kubo at {self.url} refuses {command}: {response.status} {said}")


class KuboContentStore:
    """`scatter.ports.ContentShelf` over a store in a folder and Kubo. Large content is written to the folder, handed to Kubo when
    it is whole, and then dropped from the folder."""

    def __init__(self, local: FileContentStore, kubo: Kubo) -> None:
        self._local = local
        self._kubo = kubo
        self._handing_over = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def opened(cls, local: FileContentStore, url: str) -> AsyncIterator[Self]:
        """The store, until the block ends. KuboUnavailable when nothing answers at the URL as Kubo does."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=300)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            kubo = Kubo(url.rstrip("/"), session)
            await kubo.ask("version")
            yield cls(local, kubo)

    async def put(self, content: bytes) -> str:
        """See `ContentStore`; ValueError when the content is larger than this store takes."""
        cid = await self._local.put(content)
        await self._hand_over(Cid.parse(cid))
        return cid

    async def get(self, cid: str) -> bytes:
        """See `ContentStore`; InvalidCid for a text that is no CID, here and below."""
        with suppress(ContentMissing):
            return await self._local.get(cid)
        parsed = Cid.parse(cid)
        size = (await self._entry(parsed)).size
        content = b"".join([await self.read(cid, offset, PIECE_BYTES) for offset in range(0, size, PIECE_BYTES)])
        if cid_of(content) != parsed:
            await self.drop(cid)
            raise ContentMissing(f"{cid} is not here any more: Kubo has lost some of it")
        return content

    async def has(self, cid: str) -> bool:
        """See `ContentStore`."""
        try:
            await self.size(cid)
        except ContentMissing:
            return False
        return True

    async def size(self, cid: str) -> int:
        """See `ContentStore`."""
        with suppress(ContentMissing):
            return await self._local.size(cid)
        return (await self._entry(Cid.parse(cid))).size

    async def read(self, cid: str, offset: int, length: int) -> bytes:
        """See `ContentStore`."""
        with suppress(ContentMissing):  # a moment ago it may have been in the folder
            return await self._local.read(cid, offset, length)
        length = min(length, (await self._entry(Cid.parse(cid))).size - offset)
        if length <= 0:
            return b""
        try:
            piece = await self._kubo.ask("cat", cid, offset=str(offset), length=str(length), offline="true")
        except _Missing as error:
            raise ContentMissing(f"{cid} is not here: Kubo has lost some of it") from error
        if len(piece) != length:
            raise ContentMissing(f"{cid} is not here: Kubo has lost some of it")
        return piece

    async def receive(self, cid: str, size: int) -> "_Incoming":
        """See `ContentStore`."""
        return _Incoming(self, Cid.parse(cid), await self._local.receive(cid, size))

    async def drop(self, cid: str) -> None:
        """See `ContentStore`."""
        await self._local.drop(cid)
        if Cid.parse(cid).codec != RAW:
            with suppress(_Missing):
                await self._kubo.ask("files/rm", f"{FOLDER}/{Cid.parse(cid)}", recursive="true", force="true")

    async def listed(self) -> list[KeptContent]:
        """See `ContentShelf`."""
        found = {one.cid: one for one in await self._local.listed()}
        for entry in await self._entries(FOLDER):
            try:
                cid = Cid.parse(entry.name)
                inner = await self._entry(cid)
            except (InvalidCid, ContentMissing):
                continue
            found.setdefault(str(cid), KeptContent(str(cid), inner.size, _when(inner.name)))
        return sorted(found.values(), key=lambda one: one.cid)

    async def _hand_over(self, cid: Cid) -> None:
        """Let Kubo have what is whole in the folder, unless it is a single block, and have it there no more."""
        if cid.codec == RAW:
            return
        async with self._handing_over:
            if await self._local.has(str(cid)):
                try:
                    await self._entry(cid)
                except ContentMissing:
                    await self._add(cid)
                await self._local.drop(str(cid))

    async def _add(self, cid: Cid) -> None:
        said = await self._kubo.ask("add", content=self._pieces(str(cid)), **_ADDING)
        made = _parsed(_Added, said).cid
        if made != str(cid):
            raise KuboUnavailable(f"Kubo at {self._kubo.url} made {made} of the content that is {cid}")
        name = f"{FOLDER}/{cid}/{int(time.time())}"
        await self._kubo.ask("files/cp", f"/ipfs/{cid}", name, parents="true")

    async def _pieces(self, cid: str) -> AsyncIterator[bytes]:
        for offset in range(0, await self._local.size(cid), PIECE_BYTES):
            yield await self._local.read(cid, offset, PIECE_BYTES)

    async def _entry(self, cid: Cid) -> _Entry:
        entries = [] if cid.codec == RAW else await self._entries(f"{FOLDER}/{cid}")
        if not entries:
            raise ContentMissing(f"{cid} is not here")
        return entries[0]

    async def _entries(self, folder: str) -> list[_Entry]:
        try:
            return _parsed(_Entries, await self._kubo.ask("files/ls", folder, long="true")).entries or []
        except _Missing:
            return []


class _Incoming:
    """`scatter.ports.IncomingContent` of a store over Kubo."""

    def __init__(self, store: KuboContentStore, cid: Cid, inner: IncomingContent) -> None:
        self._store = store
        self._cid = cid
        self._inner = inner
        self.begun = inner.begun

    async def write(self, offset: int, piece: bytes | memoryview) -> None:
        await self._inner.write(offset, piece)

    async def read(self, offset: int, length: int) -> bytes:
        return await self._inner.read(offset, length)

    async def finish(self) -> None:
        await self._inner.finish()
        await self._store._hand_over(self._cid)

    async def leave(self) -> None:
        await self._inner.leave()


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > _MOST_ANSWER_BYTES:
            raise KuboUnavailable(f"{response.url} answers with more than {_MOST_ANSWER_BYTES} bytes")
    return bytes(body)


def _parsed(kind: Any, said: bytes) -> Any:
    try:
        return kind.model_validate_json(said)
    except ValidationError as error:
        raise KuboUnavailable("what answers is not Kubo: its answer is none of its RPC API") from error


def _when(name: str) -> float:
    """When content came; the epoch's beginning for a name that somebody else gave."""
    return float(name) if name.isascii() and name.isdigit() and len(name) < 12 else 0.0
