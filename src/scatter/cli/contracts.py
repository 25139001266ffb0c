"""`scatter contracts`: put the contracts on a chain, and check those that are there."""

import asyncio
import json
import os
import sys
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

if TYPE_CHECKING:
    from scatter.chain.keys import Account

app = typer.Typer(help="Deploy the contracts to a chain, and verify what is deployed.", no_args_is_help=True)

PASSWORD = "SCATTER_KEYSTORE_PASSWORD"  # noqa: S105 — the variable's name


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise typer.BadParameter("expected http://HOST[:PORT] or https://HOST")
    return text


Url = Annotated[
    str, typer.Option("--rpc-url", help="A JSON-RPC server of the chain, http or https.", metavar="URL", callback=_url)
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout, all else on stderr.")]


@app.command()
def deploy(
    rpc_url: Url,
    keystore: Annotated[
        Path | None,
        typer.Option(
            help=f"Who deploys: an encrypted key (version 3). {PASSWORD} has its password, or it is asked for."
        ),
    ] = None,
    private_key_file: Annotated[
        Path | None, typer.Option(help="Who deploys: a file with a secret key as 64 hex digits.")
    ] = None,
    out: Annotated[Path, typer.Option(help="The file that nodes will read.")] = Path("deployment.json"),
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before anything is sent.")] = False,
    as_json: AsJson = False,
) -> None:
    """Deploy token, randomness, protocol and records, and write where they are. The deployer gets all tokens.

    Run again, it goes on where it was interrupted, and does nothing once all is there: keep the .outbox file beside the
    deployment, which remembers what was sent. Exit code 0 when the contracts are there, 1 when something failed or
    nobody agreed, 2 for bad input.
    """
    from scatter.cli.deploying import deploy_contracts
    from scatter.cli.failures import explained

    with explained():
        account = _account(keystore, private_key_file)
        agreed = (lambda: True) if yes else _agreed
        deployment = asyncio.run(deploy_contracts(rpc_url, account, out, say=_say, agreed=agreed))
    if as_json:
        typer.echo(json.dumps({"deployment": str(out), **deployment.to_json()}))


@app.command()
def verify(
    rpc_url: Url,
    deployment: Annotated[Path, typer.Argument(help="The file that `deploy` wrote.", metavar="DEPLOYMENT")],
    as_json: AsJson = False,
) -> None:
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
        _say(f"{each.finding.upper():9} {each.name} {each.address} {each.reason}".rstrip())
    same = all(each.finding is Finding.SAME for each in found)
    if as_json:
        contracts = [
            {"name": each.name, "address": each.address, "finding": each.finding, "reason": each.reason}
            for each in found
        ]
        typer.echo(json.dumps({"deployment": str(deployment), "ok": same, "contracts": contracts}))
    raise typer.Exit(0 if same else FAILED)


def _account(keystore: Path | None, private_key_file: Path | None) -> "Account":
    from scatter.chain.keystore import Keystore, read_private_key

    if (keystore is None) == (private_key_file is None):
        raise typer.BadParameter("say who deploys with one of --keystore and --private-key-file")
    if keystore is None:
        assert private_key_file is not None  # noqa: S101 — one of them is given
        return read_private_key(private_key_file)
    locked = Keystore.load(keystore)
    password = os.environ.get(PASSWORD)
    return locked.unlock(_asked(keystore) if password is None else password)


def _asked(keystore: Path) -> str:
    try:
        return getpass(f"Password of {keystore}: ")
    except EOFError:
        raise typer.BadParameter(f"no password for {keystore}: type it, or set {PASSWORD}") from None


def _agreed() -> bool:
    # typer.confirm would write on stdout, which is for JSON.
    typer.echo("Deploy? [y/N] ", nl=False, err=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _say(message: str) -> None:
    typer.echo(message, err=True)
