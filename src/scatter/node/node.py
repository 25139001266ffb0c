"""One node: its parts at work, by its tasks."""

import asyncio
from collections.abc import Sequence

from scatter.content.serving import ContentServer
from scatter.node.doing import do
from scatter.node.key_exchange import serve_keys
from scatter.node.parts import Parts
from scatter.node.reconciler import Reconciler
from scatter.node.serving import may_have
from scatter.node.tasks import Tasks
from scatter.node.worker import Worker

WORKERS = 2


class Node:
    """Follows the chain, owes, works, serves, until it is stopped. A stopped node starts again as another object."""

    def __init__(self, parts: Parts, tasks: Tasks, workers: int = WORKERS) -> None:
        self.parts = parts
        self.reconciler = Reconciler(parts, tasks)
        self._workers: Sequence[Worker] = [
            Worker(parts, tasks, self.reconciler, do, number + 1) for number in range(workers)
        ]

    async def start(self) -> None:
        """Begin: serve content, look for duties, do them. The chain view must have started."""
        await asyncio.to_thread(self.parts.runner.tidy)
        server = ContentServer(self.parts.content, lambda peer, cid: may_have(self.parts, peer, cid))
        server.serve_on(self.parts.network)
        serve_keys(self.parts)
        await self.reconciler.start()
        for worker in self._workers:
            worker.start()

    async def stop(self) -> None:
        """End: no task is left running. What was under way is found again by the next start."""
        await self.reconciler.stop()
        for worker in self._workers:
            await worker.stop()

    async def idle(self) -> bool:
        """Whether this node waits for the chain or the clock only."""
        return await self.reconciler.idle()
