"""What the API takes and gives, as pydantic models: their schemas are the OpenAPI document's."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from scatter.storage.interventions import StoredIntervention
from scatter.storage.runs import StoredRun
from scatter.storage.workspaces import Workspace
from scatter.web.documents.blocks import parse, tables_at
from scatter.web.documents.checking import problem_of
from scatter.web.service import MAX_NAME, MAX_PACE

Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]


class Input(BaseModel):
    """What comes from outside: nothing unknown in it."""

    model_config = ConfigDict(extra="forbid")


class NewWorkspace(Input):
    """A workspace to be: `document` is scenario TOML; without one it is the smallest scenario that runs."""

    name: Name
    document: str | None = None


class NewName(Input):
    """Another name."""

    name: Name


class Values(Input):
    """Keys of a block of the document. When one is changed, null takes a key away."""

    values: dict[str, Any]


class Tables(BaseModel):
    """The tables of a document's top, as it has them."""

    scenario: dict[str, Any]
    variables: dict[str, Any]
    short: dict[str, Any]
    chain: dict[str, Any]
    workload: dict[str, Any]


class NewStep(Values):
    """A step: `parent` is the key of the repeated step that it goes into, `at` its place there; else it comes last."""

    parent: str = ""
    at: Annotated[int, Field(ge=0)] | None = None


class Place(Input):
    """A place in a list of steps, from 0. `parent`: the key of the repeated step whose list it is, before anything is moved; empty
    for the list of all; null for the list that the step is in."""

    to: Annotated[int, Field(ge=0)]
    parent: str | None = None


class NewRun(Input):
    """How to run: in the short form, with another seed, only so many steps, and with seconds between blocks."""

    short: bool = False
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)] | None = None
    until: Annotated[int, Field(ge=1)] | None = None
    pace: Annotated[float, Field(ge=0, le=MAX_PACE)] = 0.0


class Control(Input):
    """What a run should do: `go` (until so many steps are done, or to its end), `step` (one more), `pause` or `stop`; and its
    pace, in seconds from block to block."""

    do: Literal["go", "step", "pause", "stop"] | None = None
    until: Annotated[int, Field(ge=1)] | None = None
    pace: Annotated[float, Field(ge=0, le=MAX_PACE)] | None = None


class NewIntervention(Input):
    """What is to be done to nodes (or groups of them) while a run goes on."""

    do: Literal["stop-node", "start-node"]
    nodes: Annotated[list[str], Field(min_length=1, max_length=500)]


class InterventionOut(BaseModel):
    """Something that was done by hand. `before_block`: the block that it took effect before; null while it waits for one."""

    number: int
    do: str
    nodes: list[str]
    asked_at: float
    before_block: int | None

    @classmethod
    def of(cls, stored: StoredIntervention) -> "InterventionOut":
        """As it is kept."""
        return cls(
            **{name: getattr(stored, name) for name in cls.model_fields if name != "nodes"}, nodes=list(stored.nodes)
        )


class WorkspaceOut(BaseModel):
    """A workspace. `problem`: why it cannot be run, null when it can."""

    id: str
    name: str
    version: int
    created_at: float
    changed_at: float
    nodes: int
    steps: int
    problem: str | None

    @classmethod
    def of(cls, workspace: Workspace) -> "WorkspaceOut":
        """Without its document."""
        content, problem = parse(workspace.document), problem_of(workspace.document)
        return cls(
            id=workspace.id,
            name=workspace.name,
            version=workspace.version,
            created_at=workspace.created_at,
            changed_at=workspace.changed_at,
            nodes=len(tables_at(content, ("nodes",))),
            steps=len(tables_at(content, ("steps",))),
            problem=None if problem is None else problem.sentence,
        )


class NodeOut(BaseModel):
    """A node of a document. `address`: its account in a run with the document's seed."""

    name: str
    group: str
    role: str
    address: str


class RunOut(BaseModel):
    """A run. `status`: queued, running, paused, finished, failed or stopped; `result` as in result.json."""

    id: str
    workspace: str
    number: int
    short: bool
    seed: int | None
    status: str
    wanted: str
    until: int | None
    pace: float
    error: str | None
    result: dict[str, Any] | None
    created_at: float
    started_at: float | None
    finished_at: float | None

    @classmethod
    def of(cls, run: StoredRun) -> "RunOut":
        """Without its document."""
        return cls(**{name: getattr(run, name) for name in cls.model_fields})
