"""`scatter content`: content by CID, through the node that runs in a folder, or in the folder itself while none does."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from scatter.cli.node import FOLDER, NodeOption
from scatter.cli.options import AsJson, say

app = typer.Typer(help="Add content, get it from peers, and say what stays.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The content's CID.", metavar="CID")]


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="The file to add.", metavar="FILE")],
    node: NodeOption = FOLDER,
    pin: Annotated[bool, typer.Option(help="Whether it stays when content is collected.")] = True,
    as_json: AsJson = False,
) -> None:
    """Add a file's content, and print its CID, which is that of `ipfs add --cid-version 1`.

    A node that runs tells others of it at once; otherwise it waits in the folder for the node to run.
    Exit code 0, 1 when the node does not answer, 2 for bad input.
    """
    from scatter.cli.failures import explained
    from scatter.cli.keeping import add_content

    with explained():
        cid, size = asyncio.run(add_content(node, file, pin))
    typer.echo(json.dumps({"cid": cid, "size": size}) if as_json else cid)


@app.command()
def get(
    cid: Name,
    out: Annotated[
        Path | None, typer.Option(help="Where to write it; a file called like its CID if not given.")
    ] = None,
    node: NodeOption = FOLDER,
    as_json: AsJson = False,
) -> None:
    """Write content to a file: from the node's own, or from peers that have it, checked against its CID.

    Exit code 0, 1 when nobody has it or the node does not answer, 2 for bad input.
    """
    from scatter.cli.failures import explained
    from scatter.cli.keeping import get_content

    target = out or Path(cid)
    with explained():
        size = asyncio.run(get_content(node, cid, target))
    say(f"{size} bytes are in {target}")
    if as_json:
        typer.echo(json.dumps({"cid": cid, "size": size, "file": str(target)}))


@app.command()
def ls(node: NodeOption = FOLDER, as_json: AsJson = False) -> None:
    """List what is here: CID, bytes, and whether it is pinned."""
    from scatter.cli.failures import explained
    from scatter.cli.keeping import list_content

    with explained():
        found = asyncio.run(list_content(node))
    if as_json:
        typer.echo(json.dumps({"content": found}))
        return
    for one in found:
        typer.echo(f"{one['cid']} {one['size']:>12} {'pinned' if one['pinned'] else ''}".rstrip())


@app.command()
def pin(
    cid: Name,
    node: NodeOption = FOLDER,
    off: Annotated[bool, typer.Option("--off", help="Let it go with the next collection.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let content stay that is here, or with --off let it go. Exit code 0, 1 when it is not here, 2 for bad input."""
    from scatter.cli.failures import explained
    from scatter.cli.keeping import pin_content

    with explained():
        asyncio.run(pin_content(node, cid, not off))
    _told(as_json, {"cid": cid, "pinned": not off}, f"{cid} is {'not ' if off else ''}pinned")


@app.command()
def gc(
    node: NodeOption = FOLDER,
    older_than: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="Only what has been here for longer than that.")
    ] = 3600.0,
    as_json: AsJson = False,
) -> None:
    """Drop what is not pinned, what no unfinished job needs and no job of the node's own made. The node must run: it knows jobs."""
    from scatter.cli.failures import explained
    from scatter.cli.keeping import collect_content

    with explained():
        dropped = asyncio.run(collect_content(node, older_than))
    _told(as_json, dropped, f"{len(dropped['cids'])} were dropped, {dropped['bytes']} bytes")


def _told(as_json: bool, values: dict[str, Any], words: str) -> None:
    say(words)
    if as_json:
        typer.echo(json.dumps(values))
