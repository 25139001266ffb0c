"""`scatter simulate`: run a scenario."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer


def simulate(
    scenario: Annotated[
        Path,
        typer.Argument(
            help="A scenario file (docs/simulation.md says what is in one), or the name of an example, like paper-1.",
            metavar="SCENARIO.toml",
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Where results go; scatter-simulation/<name>-<seed> if not given.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, max=2**32 - 1, help="Instead of the scenario's: of everything that is drawn.")
    ] = None,
    short: Annotated[bool, typer.Option("--short", help="In the scenario's short form.")] = False,
    assign: Annotated[
        list[str] | None, typer.Option("--set", help="A variable of the scenario, as NAME=VALUE.", metavar="NAME=VALUE")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start anew even if an interrupted run of the same could go on.")
    ] = False,
    keep_every: Annotated[
        float, typer.Option(min=0, help="Seconds between two checkpoints, from which an interrupted run goes on.")
    ] = 15.0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object on stdout, all else on stderr.")
    ] = False,
) -> None:
    """Run a scenario on a development chain: the same nodes and contracts as in a real network, some of them bent.

    A run that was interrupted goes on where it was. Exit code 0 when all expectations hold, 1 when one does not or something failed,
    2 for bad input.
    """
    from scatter.behaviours.registry import check_behaviour
    from scatter.cli.failures import FAILED, explained
    from scatter.cli.simulating import Screen, print_result
    from scatter.localnet.example import example_scenario
    from scatter.simulation.reading import read_scenario_file
    from scatter.simulation.run import Run

    file = scenario if scenario.exists() else example_scenario(scenario.name) or scenario
    with explained():
        read = read_scenario_file(
            file,
            short=short,
            overrides=_assignments(assign or []),
            seed=seed,
            check_behaviour=check_behaviour,
        )
        place = out or Path("scatter-simulation", f"{read.name}-{read.seed}{'-short' if short else ''}")
        with Screen(read) as screen:
            result, outcomes = asyncio.run(Run(read, file.parent, place, screen, keep_every).run(fresh=fresh))
    print_result(result, outcomes, place)
    if as_json:
        sys.stdout.write(json.dumps(result.to_json(outcomes)) + "\n")
    raise typer.Exit(0 if all(outcome["held"] for outcome in outcomes) else FAILED)


def _assignments(texts: list[str]) -> dict[str, str]:
    """Variables by name. BadOption for a text that is no assignment."""
    from scatter.cli.failures import BadOption

    pairs = [text.partition("=") for text in texts]
    for text, (name, equals, _) in zip(texts, pairs, strict=True):
        if not (name and equals):
            raise BadOption(f"--set takes NAME=VALUE, not {text!r}")
    return {name: value for name, _, value in pairs}
