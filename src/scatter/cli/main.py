"""The command `scatter` and its subcommands."""

import sys
from typing import Annotated

import typer

from scatter import __version__
from scatter.cli import bootstrap, content, contracts, demo, figures, job, keys, node, peers, simulate, web

app = typer.Typer(
    name="scatter",
    help="Incentivized, trustless, decentralized federated learning.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("demo")(demo.demo)
app.command("simulate")(simulate.simulate)
app.command("figures")(figures.figures)
app.command("web")(web.web)
app.command("bootstrap")(bootstrap.bootstrap)
app.command("peers")(peers.peers)
app.add_typer(node.app, name="node")
app.add_typer(content.app, name="content")
app.add_typer(job.app, name="job")
app.add_typer(keys.app, name="keys")
app.add_typer(contracts.app, name="contracts")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"scatter {__version__}")
        raise typer.Exit


@app.callback()
def scatter(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Incentivized, trustless, decentralized federated learning."""
    del version


def main() -> None:
    """The entry point: Ctrl-C ends with exit code 130 and without a traceback."""
    try:
        app()
    except KeyboardInterrupt:
        typer.echo("Interrupted.", err=True)
        sys.exit(130)
