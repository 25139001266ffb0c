"""The world of a simulation: a chain, its contracts, nodes, and time, which moves when nobody has anything to do.

Everything happens in one order, which follows from the scenario and its seed: all nodes do what they can, one after the other;
then one block takes what they sent; then they go on. When nobody sends anything, time jumps to the next moment at which
some job's duties change.
"""

from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any

from scatter.chain.anvil import DevelopmentChain
from scatter.chain.stepped import MinedBlock, MinedCall, SteppedChain, SteppedSigner
from scatter.content.memory import MemoryContentStore
from scatter.node.chain_view import ChainView
from scatter.p2p.in_process import InProcessNetwork
from scatter.protocol.duties.anybody import BLOCKS_APART
from scatter.protocol.duties.timing import next_turn
from scatter.protocol.ids import WORD_BYTES, Address, JobId, Timestamp
from scatter.protocol.view import JobView, NetworkView
from scatter.simulation.blocks import Actor, BlockRecord, SentCall, Switch
from scatter.simulation.errors import Stuck
from scatter.simulation.turns import Errand, Turns, everybody
from scatter.storage.memory import MemoryArtefacts

Watcher = Callable[[BlockRecord], None]
TROUBLES_SHOWN = 3


async def _nothing() -> None:
    pass


@dataclass(slots=True)
class Inhabitant:
    """A node in the world: who it is for the scenario, its turns, and whether it is at work. `switch`: what was done to it last, if
    it was ever stopped."""

    actor: Actor
    turns: Turns
    signer: SteppedSigner
    artefacts: MemoryArtefacts
    content: MemoryContentStore
    at_work: bool = False
    switch: Switch | None = None

    @property
    def address(self) -> Address:
        """Its account."""
        return self.actor.address


@dataclass(slots=True)
class World:
    """What a simulation runs in; `block_seconds` lie between blocks while somebody acts."""

    miner: DevelopmentChain
    chain: SteppedChain
    view: ChainView
    operator: SteppedSigner
    peers: InProcessNetwork
    block_seconds: int
    inhabitants: dict[str, Inhabitant] = field(default_factory=dict)
    watchers: list[Watcher] = field(default_factory=list)
    quiet: Callable[[], Awaitable[None]] = field(default=_nothing)
    """Called when nobody has anything to do at the present time, nothing is sent and nothing waits: the world may be kept."""
    before_block: Callable[[], Awaitable[None]] = field(default=_nothing)
    """Awaited before each block: it may take its time."""

    @property
    def network(self) -> NetworkView:
        """The chain, as everybody sees it."""
        return self.view.network

    @property
    def now(self) -> Timestamp:
        """The chain's time."""
        return self.chain.now.timestamp

    def at_work(self) -> list[Inhabitant]:
        """The nodes that act, in the order of the scenario."""
        return [each for each in self.inhabitants.values() if each.at_work]

    async def perform(self, signer: SteppedSigner, work: Coroutine[Any, Any, Any]) -> Any:
        """Let somebody do something that sends transactions, while all nodes live on; what it comes to."""
        return (await self.perform_all([(signer, work)]))[0]

    async def perform_all(self, works: Iterable[tuple[SteppedSigner, Coroutine[Any, Any, Any]]]) -> list[Any]:
        """The same of several at once: their transactions share blocks."""
        errands = [Errand(signer, work) for signer, work in works]
        try:
            while True:
                for errand in errands:
                    await errand.go_on()
                if all(errand.done for errand in errands):
                    return [errand.result() for errand in errands]
                await self.step()
        finally:
            for errand in errands:
                await errand.cancel()

    async def until(self, condition: Callable[[], bool], deadline: Timestamp | None = None) -> bool:
        """Let everybody live until a condition holds, or the chain's time reaches a deadline; whether the condition holds.

        Stuck when neither can come.
        """
        while not condition():
            if deadline is not None and self.now >= deadline:
                return False
            if await self.step():
                continue
            await self.quiet()
            if not await self._pass_time(deadline):
                raise Stuck(self._what_is_wrong())
        return True

    async def step(self) -> bool:
        """Let everybody do what they can, and mine what they sent; whether there was anything to mine."""
        await everybody([each.turns for each in self.at_work()])
        if not self.chain.waiting:
            return False
        await self.mine(Timestamp(self.now + self.block_seconds))
        return True

    async def mine(self, timestamp: Timestamp) -> None:
        """Mine a block, tell whoever watches, and let those go on who waited for it."""
        await self.before_block()
        mined = await self.chain.mine(timestamp)
        await self.view.reached(mined.block.number)
        record = self._record(mined)
        for watcher in self.watchers:
            watcher(record)
        for each in self.inhabitants.values():
            each.turns.rested()
            await each.turns.go_on()

    def _record(self, mined: MinedBlock) -> BlockRecord:
        behaviours = {each.address: each.actor.behaviour for each in self.inhabitants.values()}
        switches = {each.address: each.switch for each in self.inhabitants.values() if each.switch is not None}
        calls = tuple(map(_sent, mined.calls))
        return BlockRecord(mined.block, mined.events, calls, self.network, behaviours, switches)

    async def _pass_time(self, deadline: Timestamp | None) -> bool:
        """Nobody acts: a block at the next time at which something changes; whether there is one."""
        times = [time for time in map(self._next_time, self.network.jobs.values()) if time is not None]
        if deadline is not None:
            times.append(deadline)
        if not times:
            return False
        await self.mine(min(times))
        return True

    def _next_time(self, job: JobView) -> Timestamp | None:
        """When a job's duties change by themselves: at the next block while it waits for one, or for somebody to claim; never
        once everybody had a turn to claim."""
        if job.ended:
            turns = len(set(job.participants)) * BLOCKS_APART
            if _over(job) or self.chain.now.number > job.changed_block + turns:
                return None
        return next_turn(job, self.now) or Timestamp(self.now + self.block_seconds)

    def troubles(self) -> str:
        """What nodes gave up lately, and why: as further sentences of an error, or nothing."""
        lost = [
            f"{name} gave up {key.split('/')[2]} in round {key.split('/')[1]}: {error}"
            for name, each in self.inhabitants.items()
            for key, error in each.turns.given_up.items()
        ]
        return "".join(f". {sentence}" for sentence in lost[-TROUBLES_SHOWN:])

    def _what_is_wrong(self) -> str:
        jobs = ", ".join(
            f"{job.name} is {job.state.name.lower()}" for job in self.network.jobs.values() if not _over(job)
        )
        stopped = [name for name, each in self.inhabitants.items() if each.switch is not None and not each.switch.on]
        still = (
            f"; stopped: {', '.join(stopped[:TROUBLES_SHOWN])}{' …' * (len(stopped) > TROUBLES_SHOWN)}"
            if stopped
            else ""
        )
        return (
            f"nobody has anything to do any more, and no deadline lies ahead ({jobs or 'no job is open'}{still})"
            f"{self.troubles()}"
        )

    async def close(self) -> None:
        """End what is under way."""
        for each in self.inhabitants.values():
            await each.turns.stop()
        await self.view.stop()


def _over(job: JobView) -> bool:
    return job.ended and job.claimed >= set(job.participants)


def _sent(call: MinedCall) -> SentCall:
    if call.call is None:
        return SentCall(call.sender, "", "deploy", None, call.gas_used, call.error, call.hash)
    first = call.call.arguments[0] if call.call.arguments else None
    about_job = isinstance(first, bytes) and len(first) == WORD_BYTES and call.call.function != "post"
    job = JobId(first) if about_job and isinstance(first, bytes) else None
    return SentCall(call.sender, call.call.contract, call.call.function, job, call.gas_used, call.error, call.hash)
