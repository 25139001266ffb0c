"""`scatter demo`: one federated job, from posting to payout, to look at."""

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from scatter.localnet.settings import Settings

DEFAULT_SEED = 7
FOLDER, FOLDER_OF_PAGES = Path("scatter-demo"), Path("scatter-demo-web")


def demo(  # noqa: PLR0913, PLR0917 — one parameter for each option
    job: Annotated[
        Path | None, typer.Option(help="The job folder to run; the digits example if none is given.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Where the chain, the nodes and the results are kept.",
            show_default="scatter-demo, or scatter-demo-web",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=2**63 - 1, help="Fixes keys, draws and who gets which data.")
    ] = DEFAULT_SEED,
    trainers: Annotated[int, typer.Option(min=1, max=63, help="How many trainers.")] = 6,
    validators: Annotated[int, typer.Option(min=1, max=31, help="How many validators.")] = 3,
    challengers: Annotated[int, typer.Option(min=0, max=31, help="How many challengers; two of them audit.")] = 2,
    lazy: Annotated[int, typer.Option(min=0, help="Trainers that return the model unchanged.")] = 0,
    poison: Annotated[int, typer.Option(min=0, help="Trainers that train on flipped labels.")] = 0,
    liars: Annotated[
        str | None, typer.Option(help="Who lies, as validators=N: so many agree on false scores.", metavar="WHO=N")
    ] = None,
    bystanders: Annotated[
        int, typer.Option(min=0, max=31, help="Staked challengers who may sit on a jury; three make disputes possible.")
    ] = 0,
    alpha: Annotated[
        float, typer.Option(min=0.01, max=1000.0, help="How one-sided data is (Dirichlet; smaller is more so).")
    ] = 1.0,
    processes: Annotated[
        bool, typer.Option("--processes", help="Every node in a process and database of its own, over libp2p.")
    ] = False,
    in_browser: Annotated[
        bool, typer.Option("--web", help="Watch it in the browser, where it can be paused, until Ctrl-C.")
    ] = False,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Where the pages of --web are; 0 takes a port that is free.")
    ] = 8000,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the demonstration in --out.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object on stdout, all else on stderr.")
    ] = False,
) -> None:
    """Run a federated job on a development chain on this machine: requestor, trainers, validators, real training.

    Exit code 0 when the job settled, 1 when it ended otherwise or something failed, 2 for bad input.
    """
    from scatter.cli.failures import BadOption, explained
    from scatter.localnet.cast import Cast, lying
    from scatter.localnet.settings import Settings

    with explained():
        cast = Cast(trainers, validators, challengers, lazy, poison, lying(liars), bystanders)
        new = None if resume else Settings(seed, cast, alpha)
        if not in_browser:
            _play(out or FOLDER, job, new, processes, as_json)
        elif processes or as_json:
            raise BadOption("--web takes neither --processes nor --json")
        else:
            _watch(out or FOLDER_OF_PAGES, job, new, port)


def _play(out: Path, job: Path | None, new: "Settings | None", processes: bool, as_json: bool) -> NoReturn:
    """A new one, or the one that is there when there are no settings of another, on the terminal."""
    from scatter.cli.failures import FAILED
    from scatter.cli.live import Screen
    from scatter.cli.summary import print_summary
    from scatter.localnet.demonstration import demonstrate, prepare
    from scatter.localnet.example import example_job
    from scatter.runtime.sandbox import LocalSandbox

    if new is not None:
        prepare(out, job or example_job(), new)
    with Screen() as screen:
        outcome = asyncio.run(demonstrate(out, LocalSandbox(), screen, processes=processes))
    print_summary(outcome, out)
    if as_json:
        sys.stdout.write(json.dumps(outcome.to_json()) + "\n")
    raise typer.Exit(0 if outcome.state == "Settled" else FAILED)


def _watch(out: Path, job: Path | None, new: "Settings | None", port: int) -> None:
    """The same in the browser, until Ctrl-C."""
    from scatter.web.demonstration import Demonstration, check_folder, document_of
    from scatter.web.serving import serve
    from scatter.web.settings import WebSettings

    check_folder(out, resume=new is None)
    document = None if new is None else document_of(new.cast, job, new.seed, new.alpha)

    def say(line: str) -> None:
        typer.echo(line, err=True)

    serve(WebSettings(out.resolve(), Path.cwd(), port=port), say, Demonstration(document, say))
