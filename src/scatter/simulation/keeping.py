"""Keeping a run, so that it goes on where it was killed and comes out the same.

In the folder `state`: what only ever grows is appended to (content by CID, what nodes have and made, the calls of each block),
the rest is written anew each time, and `checkpoint.json` says how far all of it counts. Whatever is longer was written by a
run that was killed before its next checkpoint, and is cut off.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from scatter.chain.deployment import Deployment
from scatter.content.memory import ContentPool, MemoryContentStore
from scatter.files import replace_file
from scatter.ports import BlockRef
from scatter.protocol.ids import JobId, Timestamp, address
from scatter.simulation.blocks import BlockRecord, SentCall, Switch
from scatter.simulation.errors import CheckpointUnusable
from scatter.simulation.past import Remembered
from scatter.simulation.steps import Progress
from scatter.simulation.world import World
from scatter.storage.memory import MemoryArtefacts

FOLDER = "state"
CHECKPOINT = "checkpoint.json"
FORMAT = 2
MAX_CHECKPOINT_BYTES = 64 << 20
_ARTEFACTS, _HELD, _CALLS, _CONTENT = "artefacts.jsonl", "held.jsonl", "calls.jsonl", "content"
_DEPLOYMENT = "deployment.json"
_GROWING = (_ARTEFACTS, _HELD, _CALLS)


@dataclass(frozen=True, slots=True)
class Kept:
    """A run as it was kept: its progress, the deployment (None before there is one), what each conspiracy has told itself, and
    whatever else the run wants back."""

    chain: Path
    progress: Progress
    deployment: Deployment | None
    memories: Mapping[str, Mapping[str, bytes]]
    more: Mapping[str, Any]


@dataclass(slots=True)
class Keeper:
    """Writes and reads the state of one run, which `run` identifies: whatever decides how it comes out."""

    folder: Path
    run: str
    _artefacts: dict[str, set[str]] = field(default_factory=dict)
    _held: dict[str, set[str]] = field(default_factory=dict)
    _content: set[str] = field(default_factory=set)
    _calls: list[str] = field(default_factory=list)
    _lengths: dict[str, int] = field(default_factory=lambda: dict.fromkeys(_GROWING, 0))
    _number: int = 0

    def seen(self, record: BlockRecord) -> None:
        """Remember of a block what the chain does not tell."""
        told = [_call_to_json(call) for call in record.calls]
        switches = {account: [switch.on, switch.by] for account, switch in record.switches.items()}
        self._calls.append(json.dumps([record.block.number, told, dict(record.behaviours), switches]))

    async def keep(
        self,
        world: World,
        pool: ContentPool,
        progress: Progress,
        deployment: Deployment | None,
        memories: Mapping[str, Mapping[str, bytes]],
        more: Mapping[str, Any],
    ) -> None:
        """Keep everything as it is now. Nothing may be under way."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._keep_content(pool)
        for name, each in world.inhabitants.items():
            self._keep_node(name, each.artefacts, each.content)
        self._append(_CALLS, self._calls)
        self._calls = []
        self._number += 1
        chain = f"chain-{self._number}.json"
        await world.miner.dump(self.folder / chain)
        if deployment is not None:
            deployment.save(self.folder / _DEPLOYMENT)
        content = {
            "format": FORMAT,
            "run": self.run,
            "number": self._number,
            "chain": chain,
            "lengths": self._lengths,
            "progress": progress_to_json(progress),
            "deployed": deployment is not None,
            "memories": {name: {k: v.hex() for k, v in memory.items()} for name, memory in memories.items()},
            "more": dict(more),
        }
        replace_file(self.folder / CHECKPOINT, json.dumps(content))
        (self.folder / f"chain-{self._number - 1}.json").unlink(missing_ok=True)

    def find(self) -> Kept | None:
        """The run that was kept here; None when there is none. CheckpointUnusable when it is another run, or damaged."""
        path = self.folder / CHECKPOINT
        if not path.is_file():
            return None
        try:
            if path.stat().st_size > MAX_CHECKPOINT_BYTES:
                raise ValueError(f"it has more than {MAX_CHECKPOINT_BYTES} bytes")
            content = from_json(path.read_text())
            if content["format"] != FORMAT:
                raise ValueError("another version of Scatter wrote it")
            if content["run"] != self.run:
                raise ValueError("it is of another scenario, seed or version of Scatter")
            kept = Kept(
                self.folder / content["chain"],
                progress_from_json(content["progress"]),
                Deployment.load(self.folder / _DEPLOYMENT) if content["deployed"] else None,
                {name: {k: bytes.fromhex(v) for k, v in told.items()} for name, told in content["memories"].items()},
                content["more"],
            )
            self._number = int(content["number"])
            self._lengths = {name: int(content["lengths"][name]) for name in _GROWING}
            for name, length in self._lengths.items():
                _cut(self.folder / name, length)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CheckpointUnusable(f"{path} cannot be used: {error}; start anew with --fresh") from error
        return kept

    def pool(self) -> ContentPool:
        """All content that was kept. CheckpointUnusable when some of it has changed."""
        pool = ContentPool()
        for path in sorted((self.folder / _CONTENT).glob("*")):
            if not path.name.startswith(".") and pool.add(path.read_bytes()) != path.name:
                raise CheckpointUnusable(f"{path} has changed since it was kept; start anew with --fresh")
            self._content.add(path.name)
        return pool

    def nodes(self, pool: ContentPool) -> Mapping[str, tuple[MemoryArtefacts, MemoryContentStore]]:
        """What each node made and has."""
        made: dict[str, dict[str, bytes]] = {}
        for name, key, value in _lines(self.folder / _ARTEFACTS):
            if value is None:
                made[name].pop(key, None)
            else:
                made.setdefault(name, {})[key] = bytes.fromhex(value)
        for name, cid in _lines(self.folder / _HELD):
            self._held.setdefault(name, set()).add(cid)
        self._artefacts = {name: set(kept) for name, kept in made.items()}
        return {
            name: (MemoryArtefacts(made.get(name)), MemoryContentStore(pool, self._held.get(name, ())))
            for name in {*made, *self._held}
        }

    def remembered(self) -> Mapping[int, Remembered]:
        """What was remembered of each block."""
        return {
            block: Remembered(
                tuple(_call_from_json(*call) for call in told),
                {address(account): behaviour for account, behaviour in behaviours.items()},
                {address(account): Switch(*switch) for account, switch in switches.items()},
            )
            for block, told, behaviours, switches in _lines(self.folder / _CALLS)
        }

    def forget(self) -> None:
        """Take everything away: the run is over, or is to start anew."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _keep_content(self, pool: ContentPool) -> None:
        place = self.folder / _CONTENT
        place.mkdir(exist_ok=True)
        for cid, content in pool:
            if cid not in self._content:
                draft = place / ".draft"
                draft.write_bytes(content)
                draft.replace(place / cid)
                self._content.add(cid)

    def _keep_node(self, name: str, artefacts: MemoryArtefacts, content: MemoryContentStore) -> None:
        known, held = self._artefacts.setdefault(name, set()), self._held.setdefault(name, set())
        gone = [[name, key, None] for key in sorted(known - artefacts.kept.keys())]
        new = [[name, key, value.hex()] for key, value in artefacts.kept.items() if key not in known]
        self._append(_ARTEFACTS, [json.dumps(line) for line in (*gone, *new)])
        self._append(_HELD, [json.dumps([name, cid]) for cid in sorted(content.held - held)])
        self._artefacts[name], self._held[name] = set(artefacts.kept), set(content.held)

    def _append(self, name: str, lines: list[str]) -> None:
        with (self.folder / name).open("ab") as file:
            file.seek(self._lengths[name])
            file.truncate()
            file.write("".join(f"{line}\n" for line in lines).encode())
            self._lengths[name] = file.tell()


def run_id(*parts: object) -> str:
    """What identifies a run by everything that decides how it comes out."""
    return hashlib.sha256("\0".join(map(repr, parts)).encode()).hexdigest()


def block_to_json(block: BlockRef) -> list[Any]:
    """As JSON values."""
    return [block.number, block.hash.hex(), block.timestamp]


def block_from_json(values: Any) -> BlockRef:
    """From `block_to_json`."""
    number, hash_, timestamp = values
    return BlockRef(int(number), bytes.fromhex(hash_), Timestamp(int(timestamp)))


def progress_to_json(progress: Progress) -> dict[str, Any]:
    """As JSON values."""
    return {
        "done": progress.done,
        "began": progress.began,
        "jobs": [job.hex() for job in progress.jobs],
        "results": {name: job.hex() for name, job in progress.results.items()},
        "joining": {job.hex(): list(names) for job, names in progress.joining.items()},
        "behaviours": {name: [behaviour, dict(options)] for name, (behaviour, options) in progress.behaviours.items()},
        "switches": {name: [switch.on, switch.by] for name, switch in progress.switches.items()},
    }


def progress_from_json(values: Mapping[str, Any]) -> Progress:
    """From `progress_to_json`."""
    return Progress(
        done=int(values["done"]),
        began=int(values["began"]),
        jobs=[JobId(bytes.fromhex(job)) for job in values["jobs"]],
        results={name: JobId(bytes.fromhex(job)) for name, job in values["results"].items()},
        joining={JobId(bytes.fromhex(job)): tuple(names) for job, names in values["joining"].items()},
        behaviours={name: (behaviour, options) for name, (behaviour, options) in values["behaviours"].items()},
        switches={name: Switch(bool(on), str(by)) for name, (on, by) in values["switches"].items()},
    )


def _call_to_json(call: SentCall) -> list[Any]:
    job, hash_ = call.job.hex() if call.job else "", call.hash.hex() if call.hash else ""
    return [call.sender, call.contract, call.function, job, call.gas, call.error, hash_]


def _call_from_json(
    sender: str, contract: str, function: str, job: str, gas: int, error: str | None, hash_: str = ""
) -> SentCall:
    about = JobId(bytes.fromhex(job)) if job else None
    return SentCall(address(sender), contract, function, about, gas, error, bytes.fromhex(hash_) or None)


def _cut(path: Path, length: int) -> None:
    if path.stat().st_size < length:
        raise ValueError(f"{path.name} is shorter than it was")
    with path.open("ab") as file:
        file.truncate(length)


def _lines(path: Path) -> Iterator[Any]:
    with path.open() as file:
        for line in file:
            yield from_json(line)
