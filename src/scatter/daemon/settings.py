"""The keys of `node.toml`, what each may be, and the sentence that says so when it is not.

Every field's description finishes the sentence "node.toml:3: api.port is 70000; …". Paths are relative to the node's folder.
"""

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from scatter.jobs.quantities import parse_amount
from scatter.protocol.states import Role

FILE = "node.toml"
LOG_LEVELS = ("debug", "info", "warning", "error")
ROLES = {role.name.lower(): role for role in Role if role is not Role.NONE}
MAX_SEED = 2**63 - 1
ALL_JOBS = "*"
HONEST = "honest"

_JOB = re.compile(r"\*|[^\0]{1,64}")


def _place(value: object) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("not a path")
    return Path(value).expanduser()


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError("not a URL")
    return text


def _amount(value: object) -> int:
    if not isinstance(value, str):
        raise ValueError("not an amount")
    return parse_amount(value)


def _role(value: object) -> Role:
    if not isinstance(value, str) or value not in ROLES:
        raise ValueError("not a role")
    return ROLES[value]


def _job(text: str) -> str:
    if not _JOB.fullmatch(text):
        raise ValueError("not a job")
    return text


Place = Annotated[Path, BeforeValidator(_place)]
Url = Annotated[str, AfterValidator(_url)]
Address = Annotated[str, StringConstraints(pattern=r"\A/[!-~]{1,500}\z")]
Addresses = Annotated[
    tuple[Address, ...], BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value)
]
Jobs = Annotated[
    tuple[Annotated[str, AfterValidator(_job)], ...],
    BeforeValidator(lambda value: tuple(value) if isinstance(value, list) else value),
]
Name = Annotated[str, StringConstraints(pattern=r"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,62}\z")]

_ADDRESSES = 'it is a list of multiaddrs like ["/ip4/0.0.0.0/tcp/4001"]'


class Table(BaseModel):
    """A table of `node.toml`: no unknown keys, no conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True)


class ChainTable(Table):
    """`[chain]`: which chain, and which contracts on it."""

    rpc_url: Url = Field(description="it is the URL of a JSON-RPC server, http or https")
    deployment: Place = Field(
        default=Path("deployment.json"), description="it is the path of the file that `scatter contracts deploy` wrote"
    )
    poll_seconds: float = Field(
        default=1.0, ge=0.02, le=60.0, description="it is how often to look for a new block, from 0.02 to 60.0 seconds"
    )
    patience_seconds: float = Field(
        default=600.0,
        ge=1.0,
        le=86_400.0,
        description="it is for how long a server that does not answer is asked again, from 1.0 to 86400.0 seconds",
    )
    confirmations: int = Field(
        default=0,
        ge=0,
        le=1_000,
        description="it is how deep a block lies before this node discloses anything, 0 to 1000",
    )


class AccountTable(Table):
    """`[account]`: who sends. One of `keystore` and `private_key_file` counts; the second when it is given."""

    keystore: Place = Field(default=Path("account.json"), description="it is the path of an encrypted key (version 3)")
    password_file: Place | None = Field(
        default=None, description="it is the path of a file with the keystore's password and nothing else"
    )
    private_key_file: Place | None = Field(
        default=None, description="it is the path of a file with a secret key as 64 hex digits"
    )


class StorageTable(Table):
    """`[storage]`: where what the node keeps is."""

    database: Place = Field(default=Path("node.sqlite"), description="it is the path of the node's database")
    content: Place = Field(default=Path("content"), description="it is the path of a folder for content by CID")
    kubo: Url | None = Field(
        default=None, description='it is the URL of the RPC API of a Kubo node, like "http://127.0.0.1:5001"'
    )
    workspace: Place = Field(default=Path("workspace"), description="it is the path of a folder for runs of job code")


class PeersTable(Table):
    """`[peers]`: how others reach this node, and how it finds them."""

    identity: Place = Field(default=Path("peer.pem"), description="it is the path of a file made by `scatter keys new`")
    listen: Addresses = Field(default=("/ip4/0.0.0.0/tcp/4001",), description=_ADDRESSES, min_length=1, max_length=16)
    announce: Addresses = Field(default=(), description=_ADDRESSES, max_length=16)
    bootstrap: Addresses = Field(
        default=(),
        description='it is a list of peers to ask first, like ["/ip4/192.0.2.7/tcp/4001/p2p/12D3KooW…"]',
        max_length=64,
    )
    mdns: bool = Field(default=False, description="it is true or false: find peers on the local network")
    addresses: Place = Field(
        default=Path("addresses.json"), description="it is the path of a file that remembers where peers were"
    )


class ApiTable(Table):
    """`[api]`: the node's HTTP API."""

    enabled: bool = Field(default=True, description="it is true or false")
    host: Annotated[str, StringConstraints(pattern=r"\A[0-9A-Za-z.:-]{1,253}\z")] = Field(
        default="127.0.0.1", description="it is the address to listen on; 127.0.0.1 is this machine alone"
    )
    port: int = Field(
        default=4080, ge=0, le=65_535, description="it is a port from 1 to 65535, or 0 for any that is free"
    )
    token_file: Place = Field(default=Path("api.token"), description="it is the path of a file with the API's token")


class TrainerTable(Table):
    """`[trainer]`: what a trainer trains on, and which jobs it joins."""

    datasets: Place = Field(
        default=Path("datasets"),
        description="it is the path of a folder; what is in its folder a/b is the dataset that jobs call a/b",
    )
    join: Jobs = Field(
        default=(ALL_JOBS,),
        max_length=1_000,
        description='it is a list of jobs by name or id; ["*"] joins whatever suits, [] only what the API is told to',
    )
    largest_stake: Annotated[int, BeforeValidator(_amount)] | None = Field(
        default=None, description='it is an amount like "500 SCT": the most that is staked for one job'
    )


class LogTable(Table):
    """`[log]`: what the node says on stderr."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description=f"it is one of {', '.join(LOG_LEVELS)}"
    )


class DevelopmentTable(Table):
    """`[development]`: for development chains only, where money is play money."""

    seed: int | None = Field(
        default=None, ge=0, le=MAX_SEED, description=f"it is an integer from 0 to {MAX_SEED}, from which secrets follow"
    )
    behaviour: Annotated[str, StringConstraints(min_length=1, max_length=64)] = Field(
        default=HONEST, description='it is the name of a behaviour, like "honest" or "lazy"'
    )


class NodeFile(Table):
    """All of `node.toml`."""

    name: Name = Field(
        default="node", description="it is what the node is called in its logs: letters, digits, _ . and -"
    )
    role: Annotated[Role, BeforeValidator(_role)] = Field(description=f"it is one of {', '.join(ROLES)}")
    chain: ChainTable = Field(description="it is a table")
    account: AccountTable = Field(default=AccountTable(), description="it is a table")
    storage: StorageTable = Field(default=StorageTable(), description="it is a table")
    peers: PeersTable = Field(default=PeersTable(), description="it is a table")
    api: ApiTable = Field(default=ApiTable(), description="it is a table")
    trainer: TrainerTable = Field(default=TrainerTable(), description="it is a table")
    log: LogTable = Field(default=LogTable(), description="it is a table")
    development: DevelopmentTable = Field(default=DevelopmentTable(), description="it is a table")
