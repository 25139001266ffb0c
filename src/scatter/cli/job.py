"""`scatter job`: make a job folder, try it out."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Make and check job folders.", no_args_is_help=True)

Folder = Annotated[Path, typer.Argument(help="A job folder, or a .tar or .tar.gz of one.", metavar="FOLDER")]


@app.command()
def init(
    name: Annotated[str, typer.Argument(help="What the job is called on the chain.", metavar="NAME")],
    folder: Annotated[Path | None, typer.Option(help="Where to put it; a folder called NAME if not given.")] = None,
    source: Annotated[
        Path | None, typer.Option("--from", help="The job to start from; the digits example if none is given.")
    ] = None,
) -> None:
    """Start a job: a copy of one that works, under another name, to change from there."""
    from scatter.cli.failures import explained
    from scatter.jobs.errors import JobError
    from scatter.jobs.templates import copy_job
    from scatter.localnet.example import example_job

    target = folder or Path(name)
    with explained():
        if folder is None and target.name != name:
            raise JobError(f"{name!r} does not name a folder; say where the job goes with --folder")
        copy_job(source or example_job(), target, name)
    typer.echo(f"{target} is a job now. Change it, then: scatter job check {target}", err=True)


@app.command()
def check(
    folder: Folder,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
    run: Annotated[bool, typer.Option(help="Also run the predictor twice in the sandbox and compare.")] = True,
) -> None:
    """Check a job before it is posted: exit code 0 when it can be, 2 when it cannot."""
    from scatter.jobs.check import Severity, check_job
    from scatter.jobs.errors import JobError
    from scatter.jobs.folder import load_job
    from scatter.node.trial import try_job
    from scatter.runtime.sandbox import LocalSandbox

    findings: list[tuple[str, str]] = []
    try:
        package = load_job(folder)
        findings = [(finding.severity.value, finding.message) for finding in check_job(package)]
        if run and all(severity != Severity.ERROR.value for severity, _ in findings):
            asyncio.run(try_job(package, LocalSandbox()))
    except JobError as error:
        findings.append((Severity.ERROR.value, str(error)))
    errors = [message for severity, message in findings if severity == Severity.ERROR.value]
    if as_json:
        listed = [{"severity": severity, "message": message} for severity, message in findings]
        typer.echo(json.dumps({"folder": str(folder), "ok": not errors, "findings": listed}))
    else:
        for severity, message in findings:
            typer.echo(f"{severity}: {message}", err=True)
        if not errors:
            typer.echo(f"{folder} can be posted.", err=True)
    raise typer.Exit(2 if errors else 0)
