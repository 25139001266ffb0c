"""`scatter node`: make a node's folder, and run it."""

import asyncio
import json
import logging
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scatter.cli.options import PASSWORD, AsJson, Url, password_of, read_password, say

if TYPE_CHECKING:
    from scatter.daemon.assembly import Keys
    from scatter.daemon.reading import Settings

app = typer.Typer(help="Run a node as a process of its own.", no_args_is_help=True)

FOLDER = Path("scatter-node")
FOLDER_VARIABLE = "SCATTER_NODE"
INTERRUPTED = 130
ROLES = ("requestor", "trainer", "validator", "challenger")

NodeFolder = Annotated[
    Path, typer.Argument(help="The node's folder.", metavar="FOLDER", envvar=FOLDER_VARIABLE, show_default=True)
]

NodeOption = Annotated[
    Path, typer.Option("--node", help="The node's folder.", metavar="FOLDER", envvar=FOLDER_VARIABLE)
]


def _role(text: str) -> str:
    if text not in ROLES:
        raise typer.BadParameter(f"expected one of {', '.join(ROLES)}")
    return text


@app.command()
def init(  # noqa: PLR0913, PLR0917 — one parameter for each option
    role: Annotated[str, typer.Option(help=f"One of {', '.join(ROLES)}.", callback=_role)],
    rpc_url: Url,
    deployment: Annotated[Path, typer.Option(help="The file that `scatter contracts deploy` wrote; it is copied.")],
    folder: NodeFolder = FOLDER,
    keystore: Annotated[
        Path | None, typer.Option(help="An account that is there already; otherwise a new one is made.")
    ] = None,
    bootstrap: Annotated[
        list[str] | None, typer.Option(help="A peer to ask first, as a multiaddr.", metavar="ADDRESS/p2p/ID")
    ] = None,
    listen: Annotated[
        str, typer.Option(help="Where peers reach the node.", metavar="ADDRESS")
    ] = "/ip4/0.0.0.0/tcp/4001",
    api_port: Annotated[int, typer.Option(min=0, max=65_535, help="Where the API listens, on this machine.")] = 4080,
    name: Annotated[str | None, typer.Option(help="What the node is called; its folder's name if not given.")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a node's folder: its settings in node.toml, an account, a peer's identity, a token for its API.

    The new account is encrypted under SCATTER_KEYSTORE_PASSWORD, or a password that is asked for. It needs gas money and
    tokens before the node can do anything. Exit code 0 when the folder was made, 2 for bad input.
    """
    from scatter.cli.failures import explained
    from scatter.daemon.founding import ACCOUNT, Plan, found
    from scatter.daemon.settings import ROLES as KNOWN

    with explained():
        plan = Plan(
            name or folder.resolve().name,
            KNOWN[role],
            rpc_url,
            deployment,
            keystore,
            tuple(bootstrap or ()),
            listen,
            api_port,
        )
        made = found(folder, plan, lambda: password_of(folder / ACCOUNT))
    if made.account is not None:
        say(f"the new account is {made.account}: it needs gas money and tokens")
    say(f"{made.file} is written. Look at it, then: scatter node run {folder}")
    if as_json:
        typer.echo(json.dumps({"file": str(made.file), "account": made.account, "peer_id": made.peer_id}))


@app.command()
def run(
    folder: NodeFolder = FOLDER,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="A setting, as api.port=4081.", metavar="KEY=VALUE")
    ] = None,
) -> None:
    """Run the node in a folder until it is told to stop (Ctrl-C, or SIGTERM). Killed at any moment, it goes on where it was.

    --set counts before the environment (SCATTER_API_PORT for api.port), that before node.toml, that before defaults.
    Exit code 0 when it was told to stop by SIGTERM, 130 by Ctrl-C, 1 when something failed, 2 for bad input.
    """
    from scatter.cli.failures import explained
    from scatter.daemon.assembly import read_keys
    from scatter.daemon.reading import read_settings

    with explained():
        read = read_settings(folder, _options(settings or []), os.environ)
        logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        logging.getLogger("scatter").setLevel(read.node.log.level.upper())
        told = asyncio.run(_run(read, read_keys(read, lambda keystore: _password(read, keystore))))
    raise typer.Exit(INTERRUPTED if told is signal.SIGINT else 0)


def _options(texts: list[str]) -> dict[str, str]:
    options = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals:
            raise typer.BadParameter(f"expected KEY=VALUE, not {text!r}", param_hint="--set")
        options[key] = value
    return options


def _password(settings: "Settings", keystore: Path) -> str:
    """From the environment, or the file that the settings name, or whoever sits there."""
    file = settings.node.account.password_file
    if file is None or PASSWORD in os.environ:
        return password_of(keystore)
    return read_password(settings.place(file))


async def _run(settings: "Settings", keys: "Keys") -> signal.Signals:
    """Run until a signal; which one it was."""
    from scatter.daemon.running import run_node
    from scatter.runtime.sandbox import LocalSandbox

    told: asyncio.Future[signal.Signals] = asyncio.get_running_loop().create_future()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, _tell, told, number)
    running = asyncio.create_task(run_node(settings, keys, LocalSandbox(), say), name="node")
    running.add_done_callback(lambda _: told.cancel())
    try:
        number = await told
    except asyncio.CancelledError:
        running.result()
        raise
    running.cancel()
    await asyncio.wait([running])
    if not running.cancelled():
        running.result()
    return number


def _tell(told: "asyncio.Future[signal.Signals]", number: signal.Signals) -> None:
    if not told.done():
        told.set_result(number)
