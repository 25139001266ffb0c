"""`scatter figures`: the pictures of a simulation that was recorded."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer


def figures(
    folder: Annotated[
        Path,
        typer.Argument(help="The output folder of a simulation, or its recording.", metavar="DIR", show_default=False),
    ],
    out: Annotated[
        Path | None, typer.Option(help="Where the figures go; DIR/figures if nothing is given.", show_default=False)
    ] = None,
    formats: Annotated[str, typer.Option("--format", help="png, svg or both, with a comma between.")] = "png,svg",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object on stdout: the files written.")
    ] = False,
) -> None:
    """Draw what a simulation recorded: who earned and who lost, stakes, learning, contributions, gas, time.

    Exit code 0 when figures were drawn, 1 when they cannot be written, 2 when there is no recording that can be read.
    """
    from scatter.cli.failures import FAILED, BadOption, explained
    from scatter.simulation.figures.drawing import FIGURES, FORMATS, draw_all
    from scatter.simulation.recording.recorded import Recorded

    wanted = list(dict.fromkeys(part.strip().lower() for part in formats.split(",")))
    place = out or folder / "figures"
    names = iter(range(1, len(FIGURES) + 1))
    with explained():
        if strange := [part for part in wanted if part not in FORMATS]:
            raise BadOption(f"--format takes {' and '.join(FORMATS)}, not {strange[0]!r}")
        recorded = Recorded.load(folder)
    try:
        files = draw_all(
            recorded, place, wanted, lambda name: typer.echo(f"{next(names)}/{len(FIGURES)} {name}", err=True)
        )
    except OSError as error:
        typer.echo(f"error: the figures cannot be written: {error}", err=True)
        raise typer.Exit(FAILED) from error
    if as_json:
        sys.stdout.write(json.dumps({"files": [str(file) for file in files]}) + "\n")
    else:
        typer.echo(f"{len(files)} files in {place}", err=True)
