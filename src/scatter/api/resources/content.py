"""Content by CID: what is here, adding, fetching from peers, what stays."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Body, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from scatter.api.asking import Node
from scatter.api.models import Collection, CollectionWish, ContentAnswer, Page
from scatter.api.operated import Operated
from scatter.api.pages import After, Limit, page
from scatter.api.problems import INVALID, NO_CONTENT, NO_STORE, NOBODY, TOO_LARGE, UNAUTHORIZED, answers
from scatter.api.uploads import uploaded
from scatter.content.adding import add_file
from scatter.content.store import MAX_BYTES
from scatter.content.verifying import PIECE_BYTES
from scatter.node.housekeeping import collect, pin, pinned, unpin
from scatter.ports import ContentShelf

router = APIRouter(prefix="/content", tags=["content"], responses=answers(UNAUTHORIZED, NO_STORE))

Name = Annotated[str, Path(max_length=100, description="a CID, version 1 in base32")]


@router.get("")
async def listed(node: Node, limit: Limit = 50, after: After = None) -> Page[ContentAnswer]:
    """What is here, by CID."""
    kept, stays = await node.shelf.listed(), await pinned(node.parts)
    return page(
        kept,
        lambda one: one.cid,
        lambda one: ContentAnswer(cid=one.cid, size=one.size, pinned=one.cid in stays),
        limit,
        after,
    )


@router.post("", status_code=201, responses=answers(TOO_LARGE), max_body_size=MAX_BYTES)
async def add(
    request: Request,
    response: Response,
    node: Node,
    keep: Annotated[bool, Query(alias="pin", description="whether it stays")] = True,
) -> ContentAnswer:
    """Add content: the body's bytes. Others can fetch it from now on, and are told so."""
    async with uploaded(request, node, "content") as place:
        cid, size = await add_file(node.shelf, place)
    if keep:
        await pin(node.parts, cid)
    node.announce(cid)
    response.headers["Location"] = f"{request.url.path}/{cid}"
    return ContentAnswer(cid=cid, size=size, pinned=keep)


@router.post("/gc")
async def gc(node: Node, wish: Annotated[CollectionWish, Body()] = CollectionWish()) -> Collection:  # noqa: B008
    """Drop what is not pinned, what no unfinished job needs and no job of this node's own made."""
    dropped = await collect(node.parts, node.shelf, node.tasks.clock(), wish.older_than_seconds)
    return Collection(cids=list(dropped.cids), bytes=dropped.bytes)


@router.get(
    "/{cid}",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"application/octet-stream": {}}, "description": "the bytes"},
        **answers(NO_CONTENT, INVALID),
    },
)
async def get(node: Node, cid: Name) -> StreamingResponse:
    """The bytes of content that is here."""
    size = await node.shelf.size(cid)
    return StreamingResponse(
        _bytes(node.shelf, cid, size), media_type="application/octet-stream", headers={"Content-Length": str(size)}
    )


@router.put("/{cid}", responses=answers(NOBODY, INVALID))
async def fetch(
    node: Node, cid: Name, limit_bytes: Annotated[int, Query(ge=1, le=MAX_BYTES)] = MAX_BYTES
) -> ContentAnswer:
    """Have content here: fetch it from peers that say they have it, unless it is here."""
    await node.parts.fetcher.fetch(cid, [], limit_bytes)
    return await _answer(node, cid)


@router.put("/{cid}/pin", responses=answers(NO_CONTENT, INVALID))
async def keep(node: Node, cid: Name) -> ContentAnswer:
    """Let content stay."""
    await pin(node.parts, cid)
    return await _answer(node, cid)


@router.delete("/{cid}/pin", responses=answers(NO_CONTENT, INVALID))
async def release(node: Node, cid: Name) -> ContentAnswer:
    """Let content go with the next collection, when nothing else needs it."""
    await unpin(node.parts, cid)
    return await _answer(node, cid)


async def _answer(node: Operated, cid: str) -> ContentAnswer:
    return ContentAnswer(cid=cid, size=await node.shelf.size(cid), pinned=cid in await pinned(node.parts))


async def _bytes(shelf: ContentShelf, cid: str, size: int) -> AsyncIterator[bytes]:
    for offset in range(0, size, PIECE_BYTES):
        yield await shelf.read(cid, offset, PIECE_BYTES)
