"""What the node does: its queue, and a stream of what happens."""

import json
from collections.abc import AsyncIterator

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from scatter.api.asking import Node
from scatter.api.models import Page, TaskAnswer
from scatter.api.operated import Events
from scatter.api.pages import After, Limit
from scatter.api.problems import BUSY, INVALID, UNAUTHORIZED, Problem, answers
from scatter.ports import TaskRecord
from scatter.protocol.duties.enrolment import NO_JOB

router = APIRouter(tags=["tasks"], responses=answers(UNAUTHORIZED))


@router.get("/tasks", responses=answers(INVALID))
async def tasks(node: Node, limit: Limit = 50, after: After = None) -> Page[TaskAnswer]:
    """The node's tasks, the newest first, also those that have ended."""
    if after is not None and not (after.isascii() and after.isdecimal() and len(after) < 19):
        raise Problem(INVALID, "query.after: expected what `next` of a page said")
    found = await node.tasks.queue.latest(limit + 1, None if after is None else int(after))
    shown = [_task(record) for record in found[:limit]]
    return Page(items=shown, next=str(shown[-1].id) if len(found) > limit else None)


@router.get(
    "/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "server-sent events"}, **answers(BUSY)},
)
async def events(node: Node) -> StreamingResponse:
    """What happens from now on, as server-sent events: `task` for each step of a task, `state` when the node sees a new block,
    becomes idle or has something to do. A stream that is read too slowly ends."""
    node.events.require_room()
    return StreamingResponse(
        _stream(node.events), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
    )


async def _stream(happening: Events) -> AsyncIterator[str]:
    async with happening.watching() as watched:
        yield ": watching\n\n"
        async for event in watched:
            yield f"event: {event.name}\ndata: {json.dumps(event.data)}\n\n"


def _task(record: TaskRecord) -> TaskAnswer:
    job = str(record.payload.get("job", ""))
    return TaskAnswer(
        id=record.id,
        kind=record.kind,
        job=None if job == NO_JOB.hex() else job,
        round=int(record.payload.get("round", 0)),
        subject=str(record.payload.get("subject", "")),
        status=record.status,
        attempts=record.attempts,
        error=record.error,
        deadline=record.deadline,
        added_at=record.added_at,
        finished_at=record.finished_at,
    )
