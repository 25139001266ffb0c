"""Bodies of requests that are files: written to a place in the node's workspace, and gone afterwards. Routes bound their size."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import Request

from scatter.api.operated import Operated


@asynccontextmanager
async def uploaded(request: Request, node: Operated, name: str) -> AsyncIterator[Path]:
    """The body as a file of a name in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="upload-", dir=node.parts.runner.workspace) as folder:
        place = Path(folder) / name
        with place.open("wb") as file:
            async for piece in request.stream():
                await asyncio.to_thread(file.write, piece)
        yield place
