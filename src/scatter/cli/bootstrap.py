"""`scatter bootstrap`: a peer that others ask first."""

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from scatter.p2p.identity import PeerIdentity
    from scatter.p2p.settings import PeerSettings

LISTEN = "/ip4/0.0.0.0/tcp/4001"


def bootstrap(
    identity: Annotated[Path, typer.Option(help="The peer's key, a file made by `scatter keys new`.", metavar="FILE")],
    listen: Annotated[
        list[str] | None,
        typer.Option(help=f"Where to listen, as a multiaddr; {LISTEN} if none is given.", metavar="ADDRESS"),
    ] = None,
    announce: Annotated[
        list[str] | None,
        typer.Option(help="What others are told, when they see this machine under another address.", metavar="ADDRESS"),
    ] = None,
    peer: Annotated[
        list[str] | None, typer.Option(help="Another bootstrap peer to know, as a multiaddr.", metavar="ADDRESS/p2p/ID")
    ] = None,
    remember: Annotated[
        Path | None, typer.Option(help="A file that keeps the peers' addresses for the next start.", metavar="FILE")
    ] = None,
    mdns: Annotated[bool, typer.Option("--mdns", help="Find peers on the local network, and be found there.")] = False,
) -> None:
    """Run a peer that new peers ask first, until it is told to stop. Prints its multiaddrs, one a line.

    It has no account and takes part in no job. Once peers have met, they find one another without it. Exit code 0 when
    it was told to stop (SIGINT or SIGTERM), 1 when it cannot listen, 2 for bad input.
    """
    from scatter.cli.failures import explained
    from scatter.p2p.identity_file import read_identity
    from scatter.p2p.settings import PeerSettings

    with explained():
        settings = PeerSettings(
            listen=tuple(listen or [LISTEN]),
            announce=tuple(announce or []),
            bootstrap=tuple(peer or []),
            mdns=mdns,
            address_book=remember,
        )
        asyncio.run(_run(read_identity(identity), settings))


async def _run(identity: "PeerIdentity", settings: "PeerSettings") -> None:
    from scatter.p2p.libp2p_network import Libp2pNetwork

    told_to_stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
    async with Libp2pNetwork.running(identity, settings) as network:
        for address in await network.addresses():
            typer.echo(address)
        await told_to_stop.wait()
