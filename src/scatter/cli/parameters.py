"""`scatter contracts parameters`: what new jobs are posted under, and changing it through the protocol's owner."""

import asyncio
import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scatter.cli.options import AsJson, DeploymentFile, Keystore, PrivateKeyFile, Url, account_of, say

if TYPE_CHECKING:
    from scatter.chain.governance import Change, Present

app = typer.Typer(help="Show the parameters of new jobs, and propose and execute changes.", no_args_is_help=True)

_VALUE = re.compile(r"([a-z_]+)=([0-9]{1,30})(SCT)?\Z")

Changed = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="A parameter and its new value: base units or 1/10,000; with SCT behind it, whole tokens. May be repeated.",
    ),
]


@app.command()
def show(rpc_url: Url, deployment: DeploymentFile, as_json: AsJson = False) -> None:
    """Show the parameters that new jobs are posted under, who owns them, and how long changes wait.

    Exit code 1 when the chain cannot be asked, 2 for bad input.
    """
    from scatter.chain.connection import Connection
    from scatter.chain.deployment import Deployment
    from scatter.chain.governance import present
    from scatter.cli.failures import explained

    async def look() -> "Present":
        known = Deployment.load(deployment)
        async with await Connection.open(rpc_url, known) as connection:
            return await present(connection)

    with explained():
        now = asyncio.run(look())
    shown = _of_present(now)
    if as_json:
        typer.echo(json.dumps(shown))
        return
    for name, value in (*shown["parameters"].items(), *(item for item in shown.items() if item[0] != "parameters")):
        typer.echo(f"{name:18} {value}")


@app.command()
def propose(
    rpc_url: Url,
    deployment: DeploymentFile,
    changed: Changed,
    keystore: Keystore = None,
    private_key_file: PrivateKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Propose a change of the parameters of new jobs. Jobs that were posted keep what they have.

    Exit code 1 when it failed (the sender may have to be a proposer), 2 for bad input.
    """
    from scatter.cli.failures import explained
    from scatter.cli.governing import propose_change

    values = _values(changed)
    with explained():
        account = account_of(keystore, private_key_file)
        change = asyncio.run(propose_change(rpc_url, deployment, account, values))
    say(f"version {change.version} is proposed as 0x{change.id.hex()}; it can be executed from {change.ready_at} on")
    if as_json:
        typer.echo(json.dumps(_of_change(change)))


@app.command()
def execute(
    rpc_url: Url,
    deployment: DeploymentFile,
    changed: Changed,
    keystore: Keystore = None,
    private_key_file: PrivateKeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Execute a change that was proposed with the same values, once it has waited. Anybody may.

    Exit code 1 when it failed, 2 for bad input: nobody proposed it, or it has to wait.
    """
    from scatter.cli.failures import explained
    from scatter.cli.governing import execute_change

    values = _values(changed)
    with explained():
        account = account_of(keystore, private_key_file)
        change = asyncio.run(execute_change(rpc_url, deployment, account, values))
    say(f"new jobs are posted under version {change.version} of the parameters")
    if as_json:
        typer.echo(json.dumps(_of_change(change)))


def _values(changed: Sequence[str]) -> dict[str, int]:
    from scatter.protocol.ids import SCT

    values: dict[str, int] = {}
    for text in changed:
        match = _VALUE.match(text)
        if match is None:
            raise typer.BadParameter(f"{text!r}: expected NAME=VALUE, such as lock_bps=2500 or challenge_bond=600SCT")
        name, number, tokens = match.groups()
        if name in values:
            raise typer.BadParameter(f"{name} is given twice")
        values[name] = int(number) * (SCT if tokens else 1)
    return values


def _of_present(now: "Present") -> dict[str, Any]:
    from dataclasses import asdict

    return {"version": now.version, "parameters": asdict(now.rates), "owner": now.owner, "delay": now.delay}


def _of_change(change: "Change") -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "version": change.version,
        "parameters": asdict(change.rates),
        "id": f"0x{change.id.hex()}",
        "stage": change.stage.name.lower(),
        "ready_at": change.ready_at,
    }
