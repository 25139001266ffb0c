"""Who is answered when many ask: one peer after the other, however many requests each of them has."""

from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio

from scatter.ports import PeerKey


class Turns:
    """Lets `total` answers go on at a time, and `each` for one peer. Those who wait are let in by peer, in a circle."""

    def __init__(self, total: int, each: int) -> None:
        self._total = total
        self._each = each
        self._active: Counter[PeerKey] = Counter()
        self._waiting: OrderedDict[PeerKey, deque[trio.Event]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, peer: PeerKey) -> AsyncIterator[None]:
        """Wait for a turn, and have it for the length of the block."""
        admitted = trio.Event()
        self._waiting.setdefault(peer, deque()).append(admitted)
        self._admit()
        try:
            await admitted.wait()
            yield
        finally:
            if admitted.is_set():
                self._active[peer] -= 1
                self._active += Counter()  # forgets peers without answers
            else:
                self._leave(peer, admitted)
            self._admit()

    def _admit(self) -> None:
        while self._active.total() < self._total:
            peer = next((one for one in self._waiting if self._active[one] < self._each), None)
            if peer is None:
                return
            admitted = self._waiting[peer].popleft()
            self._active[peer] += 1
            self._waiting.move_to_end(peer)
            if not self._waiting[peer]:
                del self._waiting[peer]
            admitted.set()

    def _leave(self, peer: PeerKey, waiting: trio.Event) -> None:
        self._waiting[peer].remove(waiting)
        if not self._waiting[peer]:
            del self._waiting[peer]


class Pace:
    """How fast each peer may do something, as to ask: `rate` times a second on average, `burst` at once (the generic cell rate
    algorithm, ITU-T I.371)."""

    def __init__(self, rate: float, burst: int) -> None:
        self._gap = 1 / rate
        self._slack = (burst - 1) / rate
        self._due: dict[PeerKey, float] = {}

    async def wait(self, peer: PeerKey) -> None:
        """Return when the peer's next request may be looked at."""
        await trio.sleep(self._delay(peer))

    def exceeded(self, peer: PeerKey) -> bool:
        """Count one more; whether that was too soon."""
        return self._delay(peer) > 0

    def _delay(self, peer: PeerKey) -> float:
        now = trio.current_time()
        due = max(now, self._due.get(peer, now))
        self._due = {other: time for other, time in self._due.items() if time > now}
        self._due[peer] = due + self._gap
        return max(0.0, due - self._slack - now)
