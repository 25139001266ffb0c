"""`scatter contracts`: put the contracts on a chain, check those that are there, and change the parameters of new jobs."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from scatter.cli import parameters
from scatter.cli.options import AsJson, DeploymentFile, Keystore, MaybeAddress, PrivateKeyFile, Url, account_of, say
from scatter.protocol.ids import Address

app = typer.Typer(help="Deploy the contracts to a chain, and verify what is deployed.", no_args_is_help=True)
app.add_typer(parameters.app, name="parameters")

LONGEST_DELAY = 365 * 24 * 3600


@app.command()
def deploy(
    rpc_url: Url,
    keystore: Keystore = None,
    private_key_file: PrivateKeyFile = None,
    out: Annotated[Path, typer.Option(help="The file that nodes will read.")] = Path("deployment.json"),
    proposer: MaybeAddress = None,
    owner_delay: Annotated[
        int | None, typer.Option(metavar="SECONDS", help="14 days unless given.", min=0, max=LONGEST_DELAY)
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before anything is sent.")] = False,
    as_json: AsJson = False,
) -> None:
    """Deploy token, randomness, owner, protocol and records, and write where they are. The deployer gets all tokens.

    --proposer, or else the deployer, may propose changes of the parameters of new jobs; they wait for --owner-delay.

    Run again, it goes on where it was interrupted, and does nothing once all is there: keep the .outbox file beside the
    deployment, which remembers what was sent. Exit code 0 when the contracts are there, 1 when something failed or
    nobody agreed, 2 for bad input.
    """
    from scatter.cli.deploying import Governance, deploy_contracts
    from scatter.cli.failures import explained

    with explained():
        account = account_of(keystore, private_key_file)
        governance = Governance(None if proposer is None else Address(proposer), owner_delay)
        agreed = (lambda: True) if yes else _agreed
        deployment = asyncio.run(deploy_contracts(rpc_url, account, out, governance, say=say, agreed=agreed))
    if as_json:
        typer.echo(json.dumps({"deployment": str(out), **deployment.to_json()}))


@app.command()
def verify(rpc_url: Url, deployment: DeploymentFile, as_json: AsJson = False) -> None:
    """Compare the code on the chain with this installation's contracts, parameters and addresses included.

    Exit code 0 when all is the same, 1 when anything differs or the chain cannot be asked, 2 for bad input.
    """
    from scatter.chain.connection import Connection
    from scatter.chain.deployment import Deployment
    from scatter.chain.verify import Finding, Verified
    from scatter.chain.verify import verify as verify_contracts
    from scatter.cli.failures import FAILED, explained

    async def look() -> list[Verified]:
        known = Deployment.load(deployment)
        async with await Connection.open(rpc_url, known) as connection:
            return await verify_contracts(connection, known)

    with explained():
        found = asyncio.run(look())
    for each in found:
        say(f"{each.finding.upper():9} {each.name} {each.address} {each.reason}".rstrip())
    same = all(each.finding is Finding.SAME for each in found)
    if as_json:
        contracts = [
            {"name": each.name, "address": each.address, "finding": each.finding, "reason": each.reason}
            for each in found
        ]
        typer.echo(json.dumps({"deployment": str(deployment), "ok": same, "contracts": contracts}))
    raise typer.Exit(0 if same else FAILED)


def _agreed() -> bool:
    # typer.confirm would write on stdout, which is for JSON.
    typer.echo("Deploy? [y/N] ", nl=False, err=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
