"""`scatter web`: simulations in the browser."""

from pathlib import Path
from typing import Annotated

import typer

FOLDER = Path("scatter-web")


def web(
    folder: Annotated[Path, typer.Option("--dir", help="Where workspaces and runs are kept.")] = FOLDER,
    host: Annotated[
        str, typer.Option(help="Where to listen. Anything but this machine itself asks people to sign in with a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes one that is free.")] = 8000,
    runs: Annotated[int, typer.Option(min=1, max=64, help="Runs that may go on at once; others wait.")] = 2,
) -> None:
    """Simulations in the browser: workspaces, their nodes and steps, runs as they go on, and charts.

    Runs have processes of their own: they go on when this one ends, and are there again when it starts.
    """
    from scatter.cli.failures import explained
    from scatter.web.serving import serve
    from scatter.web.settings import WebSettings, is_loopback, token_in

    with explained():
        token = None if is_loopback(host) else token_in(folder)
        serve(
            WebSettings(folder.resolve(), Path.cwd(), host, port, token, runs), lambda line: typer.echo(line, err=True)
        )
