"""A new folder for a node: its settings, its account, its peer's identity, the token of its API."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scatter.chain.deployment import Deployment
from scatter.chain.keys import new_account
from scatter.chain.keystore import Keystore, create_keystore
from scatter.daemon.errors import NodeFolderUnusable
from scatter.daemon.settings import FILE
from scatter.daemon.token import create_token
from scatter.files import replace_file
from scatter.p2p.identity_file import create_identity, read_identity
from scatter.protocol.ids import Address, address
from scatter.protocol.states import Role

ACCOUNT, DEPLOYMENT, IDENTITY, TOKEN, DATASETS = "account.json", "deployment.json", "peer.pem", "api.token", "datasets"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a new node is to be. `deployment` is copied; a `keystore` that is there already is used where it is."""

    name: str
    role: Role
    rpc_url: str
    deployment: Path
    keystore: Path | None = None
    bootstrap: Sequence[str] = ()
    listen: str = "/ip4/0.0.0.0/tcp/4001"
    api_port: int = 4080


@dataclass(frozen=True, slots=True)
class Founded:
    """What was made: the account (None when it is a keystore of the operator's), and the peer's id."""

    file: Path
    account: Address | None
    peer_id: str


def found(folder: Path, plan: Plan, password: Callable[[], str]) -> Founded:
    """Make a node's folder; `password` is asked for once, for a new account. Keys that are there are kept, so an interrupted run
    can be repeated. NodeFolderUnusable when there is a node already; DeploymentUnusable, KeyUnusable, IdentityUnusable."""
    file = folder / FILE
    if file.exists():
        raise NodeFolderUnusable(f"{file} is there already: choose another folder, or edit that file")
    Deployment.load(plan.deployment)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / DATASETS).mkdir(exist_ok=True)
        if not (folder / DEPLOYMENT).exists() or not plan.deployment.samefile(folder / DEPLOYMENT):
            shutil.copyfile(plan.deployment, folder / DEPLOYMENT)
    except OSError as error:
        raise NodeFolderUnusable(f"{folder} cannot be made a node's folder: {error.strerror}") from error
    account = _account(folder / ACCOUNT, password) if plan.keystore is None else None
    identity = folder / IDENTITY
    peer_id = (read_identity(identity) if identity.exists() else create_identity(identity)).peer_id
    create_token(folder / TOKEN)
    replace_file(file, _text(plan))
    return Founded(file, account, peer_id)


def _account(path: Path, password: Callable[[], str]) -> Address | None:
    if path.exists():
        Keystore.load(path)
        return None
    account = new_account()
    create_keystore(path, account, password())
    return address(account.address)


def _text(plan: Plan) -> str:
    keystore = ACCOUNT if plan.keystore is None else str(plan.keystore.resolve())
    bootstrap = ", ".join(_quoted(one) for one in plan.bootstrap)
    return f"""\
# A Scatter node. What each key means: docs/nodes.md. Paths are relative to this file's folder.
name = {_quoted(plan.name)}
role = {_quoted(plan.role.name.lower())}

[chain]
rpc_url = {_quoted(plan.rpc_url)}
deployment = {_quoted(DEPLOYMENT)}

[account]
keystore = {_quoted(keystore)}    # SCATTER_KEYSTORE_PASSWORD has its password, or password_file, or it is asked for

[peers]
identity = {_quoted(IDENTITY)}
listen = [{_quoted(plan.listen)}]
bootstrap = [{bootstrap}]
mdns = false

[api]
host = "127.0.0.1"
port = {plan.api_port}
token_file = {_quoted(TOKEN)}

[trainer]
datasets = {_quoted(DATASETS)}
join = ["*"]    # jobs by name or id; [] joins only what the API is told to
"""


def _quoted(text: str) -> str:
    """A TOML string. Only printable text comes here, from options that were checked or paths."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
