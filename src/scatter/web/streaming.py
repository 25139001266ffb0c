"""Frames of a run as server-sent events: soon after something happens, but not more often than a page can show."""

import asyncio
import time
from collections.abc import AsyncIterator

from fastapi.sse import ServerSentEvent

from scatter.web.service import Service
from scatter.web.views.live import frame

LEAST_SECONDS = 0.1
"""Between two frames."""
PATIENCE_SECONDS = 0.5
RETRY_MILLISECONDS = 500


async def frames(service: Service, run: str, after: int, *, with_nodes: bool = False) -> AsyncIterator[ServerSentEvent]:
    """Frames for what came after an event, from now on until the browser leaves or the run is over and told."""
    status: tuple[str, str | None] | None = None
    yield ServerSentEvent(comment="here", retry=RETRY_MILLISECONDS)
    async with service.follower.watching(run) as watch:
        while True:
            sent_at = time.monotonic()
            stored = await service.runs.get(run)
            if (stored.status, stored.error) != status:
                status = (stored.status, stored.error)
                yield ServerSentEvent(
                    event="status", data={"status": stored.status, "error": stored.error, "pace": stored.pace}
                )
            if await watch.beyond(after, PATIENCE_SECONDS):
                made = frame(watch.record, after, with_nodes=with_nodes)
                after = made["number"]
                yield ServerSentEvent(event="frame", id=str(after), data=made)
            elif not stored.active and not (await service.runs.get(run)).active:
                yield ServerSentEvent(event="over", data={"number": after})
                return
            await _rest(sent_at)


async def _rest(since: float) -> None:
    await asyncio.sleep(max(0.0, LEAST_SECONDS - (time.monotonic() - since)))
