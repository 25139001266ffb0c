"""What all parts of the recorder write into: the tables, and the names that nodes and jobs go by in them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scatter.ports import BlockRef, ChainEvent
from scatter.protocol.ids import Address, JobId, address
from scatter.protocol.states import Role
from scatter.protocol.view import JobView, NetworkView
from scatter.simulation.blocks import Actor, Switch
from scatter.simulation.recording.rows import Rows, empty_tables

ZERO_ADDRESS = address("0x" + 40 * "0")
"""Where tokens come from when they are minted, and go to when they are burnt."""


class RecordingError(ValueError):
    """A block cannot be recorded; the message says why."""


@dataclass
class Book:
    """The tables, and who is who. All that the recorder knows is in here, so it can be taken up again from its tables."""

    tables: dict[str, Rows] = field(default_factory=empty_tables)
    names: dict[Address, str] = field(default_factory=dict)
    roles: dict[Address, str] = field(default_factory=dict)
    numbers: dict[JobId, int] = field(default_factory=dict)
    behaviours: dict[Address, str] = field(default_factory=dict)
    switches: dict[Address, Switch] = field(default_factory=dict)

    @classmethod
    def of(cls, actors: Iterable[Actor], others: Mapping[Address, str]) -> "Book":
        """A new one. RecordingError when two accounts share a name, or two names an account."""
        book = cls()
        for actor in actors:
            book._enter(actor.address, actor.name, actor.group, role_name(actor.role), actor.behaviour)
        for account, name in others.items():
            book._enter(account, name, "", role_name(Role.NONE), "")
        return book

    def name(self, account: Address) -> str:
        """What an account is called. A stranger is entered by its address."""
        if account not in self.names:
            self._enter(account, account, "", role_name(Role.NONE), "")
        return self.names[account]

    def number(self, job: JobId) -> int:
        """What a job is called. RecordingError when it was posted before the recording began."""
        if job not in self.numbers:
            raise RecordingError(f"job 0x{job.hex()} was posted before the recording began")
        return self.numbers[job]

    def _enter(self, account: Address, name: str, group: str, role: str, behaviour: str) -> None:
        if account in self.names or name in self.names.values():
            raise RecordingError(f"{name} ({account}) is there twice")
        self.names[account], self.roles[account], self.behaviours[account] = name, role, behaviour
        self.tables["nodes"].add(node=name, group=group, role=role, behaviour=behaviour, address=account)


@dataclass(frozen=True, slots=True)
class Scene:
    """What an event is told with: its block, and the view at the end of that block."""

    book: Book
    block: BlockRef
    network: NetworkView

    @property
    def when(self) -> dict[str, Any]:
        """The first two columns of most tables."""
        return {"block": self.block.number, "time": int(self.block.timestamp)}

    def add(self, table: str, **values: Any) -> None:
        """A row of this block."""
        self.book.tables[table].add(**self.when, **values)

    def job(self, event: ChainEvent) -> tuple[int, JobView]:
        """The job that an event is about: its number, and what the view has of it."""
        job = JobId(event.values["job"])
        return self.book.number(job), self.network.jobs[job]


def role_name(role: Role) -> str:
    """As in scenarios: `trainer`."""
    return role.name.lower()
