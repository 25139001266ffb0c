"""`scatter keys`: identities of peers."""

import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Make identities for peers.", no_args_is_help=True)


@app.command()
def new(
    file: Annotated[
        Path, typer.Argument(help="The file to make; one that exists is never overwritten.", metavar="FILE")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Make an identity: an Ed25519 key in a file that only its owner can read. Prints the peer's id.

    Exit code 0 when the file was made, 2 when it was there before or cannot be written.
    """
    from scatter.cli.failures import explained
    from scatter.p2p.identity_file import create_identity

    with explained():
        identity = create_identity(file)
    said = {"file": str(file), "peer_id": identity.peer_id, "public_key": identity.public_key.hex()}
    typer.echo(json.dumps(said) if as_json else identity.peer_id)
