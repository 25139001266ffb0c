"""The demonstration in the browser: its cast and its job as a scenario, whose run somebody watches."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import tomlkit

from scatter.jobs.folder import JobPackage
from scatter.localnet.cast import Cast, Player
from scatter.localnet.demonstration import cast_job
from scatter.localnet.example import example_job
from scatter.localnet.settings import FolderUnusable
from scatter.protocol.states import Role
from scatter.storage.runs import RunStatus
from scatter.web.documents.checking import read
from scatter.web.service import STOP_SECONDS, Service
from scatter.web.settings import DATABASE

NAME = "Demonstration"
EXAMPLE = "digits"
PACE = 1.0
"""Seconds from block to block: what happens can be read then."""
LIES_TOGETHER = "inverted-scores"
_STEPS: Sequence[Mapping[str, str]] = (
    {"do": "deploy-protocol"},
    {"do": "transfer-initial-supply"},
    {"do": "initialize-roles"},
)


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A demonstration to be watched: its scenario, or None to go on with the one that is there. `say` tells where it is."""

    document: str | None
    say: Callable[[str], None]

    @asynccontextmanager
    async def beside(self, service: Service, address: str) -> AsyncIterator[None]:
        """Play it while the pages are there; it is stopped with them, and goes on with the next that go on."""
        place = await self._begin(service)
        self.say(f"Watch the demonstration at {address}{place}")
        try:
            yield
        finally:
            going = [run.id for run in await service.runs.active()]
            for run in going:
                await service.stop(run)
            for run in going:
                await service.supervisor.ended(run, STOP_SECONDS)

    async def _begin(self, service: Service) -> str:
        """Where to look."""
        found = next((one for one in await service.workspaces.all() if one.name == NAME), None)
        if self.document is None:
            runs = [] if found is None else await service.runs.of(found.id)
            if runs and runs[0].status == RunStatus.STOPPED:
                await service.go_on(runs[0].id)
            return "/" if found is None else f"/w/{found.id}/run"
        if found is None:
            found = await service.create(NAME, self.document)
        else:
            await service.replace(found.id, self.document)
        for run in await service.runs.of(found.id):
            if run.active:  # of a server that was killed
                await service.stop(run.id)
                await service.supervisor.ended(run.id, STOP_SECONDS)
                await service.runs.report(run.id, status=RunStatus.STOPPED)
        await service.start(found.id, pace=PACE)
        return f"/w/{found.id}/run"


def check_folder(folder: Path, *, resume: bool) -> None:
    """FolderUnusable when a folder holds something, and no pages were ever kept in it; or when there is nothing to go on with."""
    if resume and not (folder / DATABASE).is_file():
        raise FolderUnusable(
            f"{folder} holds no demonstration in the browser to go on with; start one without --resume"
        )
    if folder.exists() and any(folder.iterdir()) and not (folder / DATABASE).is_file():
        raise FolderUnusable(
            f"{folder} holds something else than a demonstration in the browser; choose another with --out"
        )


def document_of(cast: Cast, job: Path | None, seed: int, alpha: float) -> str:
    """The scenario of a demonstration: everybody of the cast, real training in the sandbox, one job from its posting until all are
    paid. JobError, CastError or ScenarioError when it cannot be played."""
    package = cast_job(job or example_job(), cast)
    document = tomlkit.document()
    title = f"The job {package.definition.name} from its posting until everybody is paid"
    document["scenario"] = {"name": "demonstration", "title": title, "seed": seed}
    workload = {"kind": "real", "job": EXAMPLE if job is None else str(job.resolve()), "run": "sandbox", "alpha": alpha}
    document["workload"] = workload
    document["nodes"] = _tables(_groups(cast))
    steps = (*_STEPS, _posting(package), {"do": "trainer-joins", "job": "$job"}, {"do": "wait", "job": "$job"})
    document["steps"] = _tables(steps)
    text = tomlkit.dumps(document)
    read(text)
    return text


def _posting(package: JobPackage) -> dict[str, Any]:
    """As the job has it, but for what a cast changed: the jury."""
    return {"id": "job", "do": "add-topic", "min_jury": package.definition.min_jury}


def _groups(cast: Cast) -> list[dict[str, Any]]:
    return [_group(name, list(players)) for name, players in groupby(cast.players(), _group_name)]


def _group_name(player: Player) -> str:
    kind = player.name.rsplit("-", 1)[0]
    return kind if player.conduct == "honest" else {"lazy": "lazy", "label-flip": "poison"}.get(player.conduct, "liar")


def _group(name: str, players: Sequence[Player]) -> dict[str, Any]:
    made: dict[str, Any] = {"group": name, "role": players[0].role.name.lower(), "count": len(players)}
    if players[0].conduct != "honest":
        made["behaviour"] = players[0].conduct
    if players[0].role is Role.VALIDATOR and players[0].conduct == LIES_TOGETHER:
        made["conspiracy"] = "liars"
    return made


def _tables(values: Sequence[Mapping[str, Any]]) -> Any:
    made = tomlkit.aot()
    for one in values:
        table = tomlkit.table()
        table.update(one)
        made.append(table)
    return made
