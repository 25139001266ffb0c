"""Bodies of requests that are files: written to a place in the node's workspace, up to a bound, and gone afterwards."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import Request

from scatter.api.operated import Operated
from scatter.api.problems import TOO_LARGE, Problem


@asynccontextmanager
async def uploaded(request: Request, node: Operated, name: str, most: int) -> AsyncIterator[Path]:
    """The body as a file of a name in a folder of its own. Problem when it has more than `most` bytes."""
    with tempfile.TemporaryDirectory(prefix="upload-", dir=node.parts.runner.workspace) as folder:
        place = Path(folder) / name
        size = 0
        with place.open("wb") as file:
            async for piece in request.stream():
                size += len(piece)
                if size > most:
                    raise Problem(TOO_LARGE, f"the body has more than {most} bytes")
                await asyncio.to_thread(file.write, piece)
        yield place
