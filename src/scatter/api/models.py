"""What the API answers with. Amounts are base units (10^-18 SCT) as decimal text: numbers of JSON lose digits. Bytes are hex;
times are seconds of the Unix epoch, `deadline` by the chain's clock."""

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from scatter.ports import TaskStatus
from scatter.protocol.states import Role, State

Item = TypeVar("Item", bound=BaseModel)

Amount = Annotated[
    int,
    PlainSerializer(str, return_type=str),
    Field(json_schema_extra={"type": "string", "pattern": "^-?[0-9]+$"}, description="base units, 10^-18 SCT"),
]
Wei = Annotated[
    int,
    PlainSerializer(str, return_type=str),
    Field(json_schema_extra={"type": "string", "pattern": "^[0-9]+$"}, description="wei, 10^-18 ether"),
]
RoleName = Literal["requestor", "trainer", "validator", "challenger"]
StateName = Literal[
    "open", "drawing", "keying", "training", "revealing", "committing", "opening", "aggregating", "challenging", "judging",
    "settled", "defaulted", "cancelled",
]  # fmt: skip
Part = Literal["requestor", "trainer", "member", "auditor", "juror"]


class Answer(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True)


class Page(Answer, Generic[Item]):
    """Some of many, in an order that does not change; `next` asks for those after them, null at the end."""

    items: list[Item]
    next: str | None = Field(description="pass it as `after` to have the next page")


class Chain(Answer):
    """The chain as the node sees it."""

    id: int
    block: int
    timestamp: int


class Health(Answer):
    """The node is there."""

    status: Literal["ok"] = "ok"
    version: str
    chain: Chain


class PeerAddress(Answer):
    """How others reach the node's peer."""

    id: str
    key: str
    addresses: list[str]


class Identity(Answer):
    """Who the node is: its account, its peer, the public key for what is sealed to it."""

    name: str
    account: str
    role: RoleName
    registered: bool = Field(description="whether the chain has this role and these keys")
    peer: PeerAddress
    sealing_key: str


class RoleAnswer(Answer):
    """The node's role, and that of its account on the chain."""

    role: RoleName
    on_chain: RoleName | None
    bound: str | None = Field(description="why it cannot be another one now; null: it can")


class RoleWish(BaseModel):
    """The role to take."""

    model_config = ConfigDict(extra="forbid")
    role: RoleName


class Balance(Answer):
    """What the account has: ether for gas, tokens in hand, and its stake. `locked` of the stake is held by seats."""

    account: str
    ether: Wei
    tokens: Amount
    stake: Amount
    locked: Amount
    withdrawing: bool


class Dataset(Answer):
    """Data that the node may train on. Nothing of it leaves the node."""

    name: str
    files: int
    bytes: int


class JobSummary(Answer):
    """A job in a list."""

    id: str
    name: str
    requestor: str
    state: StateName
    round: int
    rounds: int
    deadline: int | None
    trainers: int
    part: Part | None = Field(description="the node's own part in it")


class Terms(Answer):
    """What a job was posted with."""

    round_pool: Amount
    slot_stake: Amount
    rounds: int
    members: int
    auditors: int
    min_trainers: int
    max_trainers: int
    min_jury: int
    training_job: str
    evaluation_job: str
    durations: dict[str, int]


class RoundAnswer(Answer):
    """A round as it was settled. `starting_score` is 0..1."""

    number: int
    updates: int
    starting_score: float | None
    accepted: list[int] | None
    global_model: str | None = Field(description="CID of the aggregate's manifest; null: none (yet)")


class Job(JobSummary):
    """A job."""

    reason: str | None
    terms: Terms
    rounds_made: list[RoundAnswer]


class TrainerSlot(Answer):
    """A trainer of a job."""

    slot: int
    account: str
    dropped: bool
    peer: str | None


class Seat(Answer):
    """A seat of a job's committee, or a juror."""

    seat: int
    kind: Literal["member", "auditor", "juror"]
    account: str
    peer: str | None


class TaskAnswer(Answer):
    """A task of the node's queue."""

    id: int
    kind: str
    job: str | None
    round: int
    subject: str
    status: TaskStatus
    attempts: int
    error: str | None
    deadline: int | None
    added_at: float
    finished_at: float | None


class PeerAnswer(Answer):
    """A peer that the node is connected to."""

    id: str
    account: str | None = Field(description="the account that registered it on the chain")
    address: str
    source: Literal["inbound", "bootstrap", "mdns", "remembered", "dht"] = Field(description="how it came to be known")
    since: float
    round_trip_ms: float | None = Field(description="null: not measured yet")


class ContentAnswer(Answer):
    """Content that is here."""

    cid: str
    size: int
    pinned: bool


class Collection(Answer):
    """What was dropped."""

    cids: list[str]
    bytes: int


class CollectionWish(BaseModel):
    """What may be dropped: only what has been here for so long."""

    model_config = ConfigDict(extra="forbid")
    older_than_seconds: float = Field(default=3600.0, ge=0)


def role_name(role: Role) -> Any:
    """A role as the API calls it; None for no role."""
    return None if role is Role.NONE else role.name.lower()


def state_name(state: State) -> Any:
    """A state as the API calls it."""
    return state.name.lower()
