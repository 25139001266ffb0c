"""`scatter peers`: whom a node is connected to."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import typer

from scatter.cli.node import FOLDER, NodeOption
from scatter.cli.options import AsJson


def peers(node: NodeOption = FOLDER, as_json: AsJson = False) -> None:
    """Show who is connected to the node that runs in a folder: since when, how fast, and how it came to be known.

    Exit code 0, 1 when no node runs there or it does not answer, 2 for bad input.
    """
    from scatter.cli.failures import explained

    with explained():
        found = asyncio.run(_connected(node))
    if as_json:
        typer.echo(json.dumps({"peers": found}))
        return
    _show(found)


async def _connected(folder: Path) -> list[dict[str, Any]]:
    from scatter.cli.asking import client_of

    async with client_of(folder) as client:
        return await client.everything("/peers")


def _show(found: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("peer", "account", "connected for", "round trip", "source", "address"):
        table.add_column(column, no_wrap=True)
    for one in found:
        speed = "" if one["round_trip_ms"] is None else f"{one['round_trip_ms']:.1f} ms"
        row = (one["id"], one["account"] or "", _span(time.time() - one["since"]), speed, one["source"], one["address"])
        table.add_row(*row)
    console = Console(highlight=False)
    # A pipe takes whole lines: what reads them should not find ids cut off.
    console.print(table, soft_wrap=not console.is_terminal)
    typer.echo(f"{len(found)} peers are connected", err=True)


def _span(seconds: float) -> str:
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
