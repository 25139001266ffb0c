"""One node's turns: it does one duty after the other until it owes nothing more, or waits for a block.

What a worker and a reconciler are for a node that runs by itself, without queue, leases and clock: here nothing else happens
while a node has its turn, so that runs can be repeated.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

from scatter.chain.stepped import SteppedSigner
from scatter.node.doing import do
from scatter.node.failures import hopeless
from scatter.node.owing import Owing
from scatter.node.parts import Parts
from scatter.node.reports import Progress, Report
from scatter.protocol.duties import Duty, DutyKind
from scatter.protocol.ids import JobId

HEAVY = frozenset({DutyKind.TRAIN, DutyKind.SCORE, DutyKind.AGGREGATE, DutyKind.JUDGE})
"""Duties that take a node's own content and leave an artefact: several nodes may do theirs at the same time."""

log = logging.getLogger(__name__)

May = Callable[[Duty], bool]
"""Whether a duty is allowed now: a trainer that joins by a step of the scenario waits for that step."""


class Errand:
    """Something that sends transactions of one account: it goes on until it ends, or waits for a block."""

    def __init__(self, signer: SteppedSigner, work: Coroutine[Any, Any, Any]) -> None:
        self._signer = signer
        self._task = asyncio.ensure_future(work)

    @property
    def done(self) -> bool:
        """Whether it has ended."""
        return self._task.done()

    def result(self) -> Any:
        """What it came to; raises what ended it."""
        return self._task.result()

    async def go_on(self) -> None:
        """Let it work until it ends or waits for a block."""
        waiting = asyncio.ensure_future(self._signer.parked.wait())
        await asyncio.wait((self._task, waiting), return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    async def cancel(self) -> None:
        """End it."""
        self._task.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await self._task


class Turns:
    """The turns of one node."""

    def __init__(self, parts: Parts, signer: SteppedSigner, may: May) -> None:
        self.parts = parts
        self._signer = signer
        self._may = may
        self._owing = Owing(parts)
        self._errand: Errand | None = None
        self._duty: Duty | None = None
        self._attempts: dict[str, int] = {}
        self._resting: set[str] = set()
        self.given_up: dict[str, str] = {}
        """Duties that failed for good, with the error."""

    @property
    def waits(self) -> bool:
        """Whether it waits for a block."""
        return self._errand is not None

    @property
    def rests(self) -> bool:
        """Whether something failed that may come right once another node has done something."""
        return bool(self._resting)

    def gave_up(self, job: JobId) -> bool:
        """Whether it gave up something that it owed to a job."""
        return any(key.startswith(job.hex()) for key in self.given_up)

    def behave(self, parts: Parts) -> None:
        """Go on as another node of the same account: with another behaviour."""
        self.parts, self._owing = parts, Owing(parts)

    async def next(self) -> Duty | None:
        """What it would do now; None when there is nothing, or it waits."""
        if self.waits:
            return None
        owed = await self._owing.now(self.given_up)
        return next((duty for duty in owed if duty.key not in self._resting and self._may(duty)), None)

    async def do(self, duty: Duty) -> bool:
        """Do a duty, up to its end or to the next block; whether it changed anything."""
        self._duty, self._errand = duty, Errand(self._signer, do(self.parts, duty))
        self._tell(duty, Progress.STARTED)
        return await self.go_on()

    async def go_on(self) -> bool:
        """After a block: let what waited for it go on, up to its end or to the next block; whether it changed anything."""
        if self._errand is None or self._duty is None:
            return False
        await self._errand.go_on()
        if not self._errand.done:
            return True
        errand, duty = self._errand, self._duty
        self._errand = self._duty = None
        try:
            errand.result()
        except Exception as error:
            self._failed(duty, error)
            return False
        self._attempts.pop(duty.key, None)
        self._tell(duty, Progress.DONE)
        return True

    def rested(self) -> None:
        """Something changed: what failed is worth another try."""
        self._resting.clear()

    async def stop(self) -> None:
        """End what is under way."""
        if self._errand is not None:
            await self._errand.cancel()
            self._errand = self._duty = None

    def _failed(self, duty: Duty, error: Exception) -> None:
        attempt = self._attempts[duty.key] = self._attempts.get(duty.key, 0) + 1
        said = str(error) or type(error).__name__
        log.debug("%s: %s failed", self.parts.name, duty.key, exc_info=error)
        if hopeless(error, attempt):
            self.given_up[duty.key] = said
            self._tell(duty, Progress.GIVEN_UP, said)
        else:
            self._resting.add(duty.key)
            self._tell(duty, Progress.RETRYING, said)

    def _tell(self, duty: Duty, progress: Progress, error: str = "") -> None:
        self.parts.reporter(Report(self.parts.name, duty, progress, 0.0, error))


async def everybody(turns: Sequence[Turns]) -> None:
    """Let all nodes do, in their order, what they can do without another block."""
    while True:
        changed = False
        heavy: list[tuple[Turns, Duty]] = []
        for each in turns:
            while (duty := await each.next()) is not None:
                if duty.kind in HEAVY:
                    heavy.append((each, duty))
                    break
                changed |= await each.do(duty)
        if heavy:
            changed |= any(await asyncio.gather(*(each.do(duty) for each, duty in heavy)))
        elif not changed:
            return
        if changed:
            for each in turns:
                each.rested()
