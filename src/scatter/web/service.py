"""What can be done with workspaces and runs: the one place behind pages and API."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit

from scatter.jobs.positions import Path as Place
from scatter.localnet.example import example_scenario
from scatter.simulation.interventions import MAX_INTERVENTIONS
from scatter.simulation.interventions import START as START_NODE
from scatter.simulation.interventions import STOP as STOP_NODE
from scatter.simulation.scenario import MAX_NODES, Scenario
from scatter.storage.database import Database
from scatter.storage.interventions import SqlInterventions, StoredIntervention
from scatter.storage.runs import RunStatus, SqlRunEvents, SqlRuns, StoredRun, Wanted
from scatter.storage.workspaces import SqlWorkspaces, Workspace
from scatter.web.documents import editing, toplevel
from scatter.web.documents.blocks import DocumentError, parse, tables_at
from scatter.web.documents.checking import errors_in, read
from scatter.web.documents.nesting import place_after, relocate
from scatter.web.record.follower import Follower
from scatter.web.running.supervisor import Supervisor
from scatter.web.settings import WebSettings

MAX_NAME = 80
MAX_WORKSPACES = 500
MAX_PACE = 10.0
STOP_SECONDS = 10.0
EXAMPLE = "paper-4"
EXAMPLE_NAME = "Example: a committee that colludes"
SMALLEST = Path(__file__).with_name("smallest.toml")


class FormError(DocumentError):
    """What a form says cannot be taken; `errors` has a sentence by field ("" is the form itself)."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name} {text}" if name else text for name, text in errors.items()))
        self.errors = errors


class NotPossible(RuntimeError):
    """Something cannot be done as things stand; the message says why, and what can."""


@dataclass(frozen=True, slots=True)
class Service:
    """The stores, and whoever runs and follows runs."""

    settings: WebSettings
    workspaces: SqlWorkspaces
    runs: SqlRuns
    events: SqlRunEvents
    interventions: SqlInterventions
    supervisor: Supervisor
    follower: Follower

    @classmethod
    def of(cls, settings: WebSettings, database: Database) -> "Service":
        """Over an open database."""
        runs, events = SqlRuns(database), SqlRunEvents(database)
        supervisor = Supervisor(runs, settings.database, settings.runs, settings.beside, settings.most_runs)
        interventions = SqlInterventions(database)
        return cls(settings, SqlWorkspaces(database), runs, events, interventions, supervisor, Follower(events))

    # ── workspaces ─────────────────────────────────────────────────────────────────────────────────────────────────
    async def welcome(self) -> None:
        """On the very first visit there is an example."""
        marker = self.settings.folder / "welcomed"
        if marker.exists():
            return
        file = example_scenario(EXAMPLE)
        if file is not None:
            await self.workspaces.add(EXAMPLE_NAME, file.read_text())
        marker.touch()

    async def create(self, name: str, document: str | None = None) -> Workspace:
        """A new workspace, of a document or the smallest that runs. DocumentError."""
        if len(await self.workspaces.all()) >= MAX_WORKSPACES:
            raise NotPossible(f"there are {MAX_WORKSPACES} workspaces already; delete one first")
        name = checked_name(name)
        text = _named(SMALLEST.read_text(), name) if document is None else document
        parse(text)
        return await self.workspaces.add(name, text)

    async def rename(self, workspace: str, name: str) -> Workspace:
        """Give a workspace another name. DocumentError for none."""
        return await self.workspaces.change(await self.workspaces.get(workspace), name=checked_name(name))

    async def duplicate(self, workspace: str) -> Workspace:
        """A copy of a workspace, without its runs."""
        before = await self.workspaces.get(workspace)
        return await self.create(f"{before.name[: MAX_NAME - 7]} (copy)", before.document)

    async def delete(self, workspace: str) -> None:
        """Take a workspace away, with its runs; those that go on are stopped first."""
        for run in await self.runs.of(workspace):
            await self.delete_run(run.id)
        await self.workspaces.remove(workspace)

    async def replace(self, workspace: str, document: str, version: int | None = None) -> Workspace:
        """Put a document in the place of a workspace's. DocumentError when it is no TOML."""
        parse(document)
        return await self._store(workspace, lambda _: document, version)

    async def edit(
        self, workspace: str, change: Callable[[str], str], at: Place | None = None, version: int | None = None
    ) -> Workspace:
        """Change a document. FormError, and nothing changes, when the block `at` is wrong then."""

        def checked(text: str) -> str:
            changed = change(text)
            if at is not None and (errors := errors_in(changed, at)):
                raise FormError(errors)
            return changed

        return await self._store(workspace, checked, version)

    async def _store(self, workspace: str, change: Callable[[str], str], version: int | None) -> Workspace:
        before = await self.workspaces.get(workspace)
        if version is not None and version != before.version:
            raise NotPossible(
                "somebody else changed this workspace meanwhile; look at it again, then repeat your change"
            )
        document = await asyncio.to_thread(change, before.document)
        return before if document == before.document else await self.workspaces.change(before, document=document)

    async def add_step(
        self, workspace: str, values: Mapping[str, Any], where: Place, at: int | None = None
    ) -> Workspace:
        """Add a step to a list of steps; a repeated one comes with a job to repeat."""
        made = dict(values)
        if made.get("do") == "repeat" and not made.get("steps"):
            made["steps"] = _repeated()
        return await self._add(workspace, made, where, at)

    async def move_step(
        self, workspace: str, step: Place, into: Place | None, to: int, version: int | None = None
    ) -> tuple[Workspace, Place]:
        """Move a step to a place of a list of steps, by default of its own; where it is then. DocumentError when there is no such
        step, list or place."""
        where = step[:-1] if into is None else into
        changed = await self.edit(workspace, lambda text: relocate(text, step, where, to), version=version)
        return changed, place_after(step, where, to)

    async def add_nodes(self, workspace: str, values: Mapping[str, Any]) -> Workspace:
        """Add a group of nodes."""
        return await self._add(workspace, values, ("nodes",), None)

    async def add_expectation(self, workspace: str, values: Mapping[str, Any]) -> Workspace:
        """Add something that must hold in the end."""
        return await self._add(workspace, values, ("expect",), None)

    async def add_intervention(self, workspace: str, values: Mapping[str, Any]) -> Workspace:
        """Add something that is done to nodes before a block."""
        return await self._add(workspace, values, ("interventions",), None)

    async def set_table(
        self, workspace: str, name: str, values: Mapping[str, Any], version: int | None = None
    ) -> Workspace:
        """Set keys of a table of the top; None takes one away. FormError; LookupError when there is no such table; NotPossible when
        the document is of another version."""
        if name not in toplevel.TABLES:
            raise LookupError(f"there is no table {name!r}; there are {', '.join(toplevel.TABLES)}")
        return await self.edit(workspace, lambda text: toplevel.change_table(text, name, values), (name,), version)

    async def set_variables(
        self, workspace: str, variables: Mapping[str, Any], shorter: Mapping[str, Any], version: int | None = None
    ) -> Workspace:
        """Set variables, and what they are in the short form; None takes one away. FormError; NotPossible when the document is of
        another version."""

        def change(text: str) -> str:
            changed = toplevel.change_table(text, "variables", variables)
            return toplevel.change_table(changed, "short", shorter)

        def checked(text: str) -> str:
            changed = change(text)
            if errors := {**errors_in(changed, ("short",)), **errors_in(changed, ("variables",))}:
                raise FormError(errors)
            return changed

        return await self._store(workspace, checked, version)

    async def _add(self, workspace: str, values: Mapping[str, Any], where: Place, at: int | None) -> Workspace:
        made = {key: value for key, value in values.items() if value is not None}

        def change(text: str) -> str:
            changed = editing.insert(text, where, made, at)
            last = len(tables_at(parse(changed), where)) - 1
            place = (*where, last if at is None else min(at, last))
            if errors := errors_in(changed, place):
                raise FormError(errors)
            return changed

        return await self._store(workspace, change, None)

    # ── runs ───────────────────────────────────────────────────────────────────────────────────────────────────────
    async def start(
        self,
        workspace: str,
        *,
        short: bool = False,
        seed: int | None = None,
        until: int | None = None,
        pace: float = 0.0,
    ) -> StoredRun:
        """Begin a run of a workspace as it is now. ScenarioError when it cannot be run, NotPossible while another goes on."""
        found = await self.workspaces.get(workspace)
        await asyncio.to_thread(read, found.document, short=short, seed=seed)
        going = [run for run in await self.runs.of(workspace) if run.active]
        if going:
            raise NotPossible(f"run {going[0].number} is not over; stop it first, or let it come to its end")
        run = await self.runs.add(
            workspace, found.document, short=short, seed=seed, until=until, pace=min(max(pace, 0.0), MAX_PACE)
        )
        self.supervisor.wake()
        return run

    async def pause(self, run: str) -> None:
        """Let it wait before its next block."""
        await self._only_active(run)
        await self.runs.control(run, wanted=Wanted.PAUSE)

    async def go_on(self, run: str, until: int | None = None) -> None:
        """Let it go on, to its end or until so many steps are done. A stopped one goes on where it was kept."""
        stored = await self.runs.get(run)
        if stored.status == RunStatus.STOPPED:
            await self.runs.report(run, status=RunStatus.QUEUED, attempts=0, finished_at=None)
        elif not stored.active:
            raise NotPossible("this run is over; start a new one")
        await self.runs.control(run, wanted=Wanted.GO, until=until)
        self.supervisor.wake()

    async def one_step(self, run: str) -> None:
        """Let it do one more step, then wait."""
        record = await self.follower.record(run)
        done = sum(step.phase == "done" for step in record.steps.values())
        await self.go_on(run, done + 1)

    async def set_pace(self, run: str, pace: float) -> None:
        """So many seconds from block to block."""
        if not 0 <= pace <= MAX_PACE:
            raise DocumentError(f"the pace is between 0 and {MAX_PACE:g} seconds a block")
        await self.runs.control(run, pace=pace)

    async def stop(self, run: str) -> None:
        """End it. It can go on later where it was kept."""
        await self._only_active(run)
        await self.runs.control(run, wanted=Wanted.STOP)
        self.supervisor.wake()

    async def switch(self, run: str, do: str, nodes: Sequence[str]) -> StoredIntervention:
        """Stop nodes (or groups of them), or let them go on: before the next block, and not before they have their roles."""
        await self._only_active(run)
        scenario = scenario_of(await self.runs.get(run))
        known = {name for group in scenario.nodes for name in (group.group, *group.names)}
        if do not in (STOP_NODE, START_NODE):
            raise DocumentError(f"what can be done to nodes is {STOP_NODE} and {START_NODE}")
        if not nodes or len(nodes) > MAX_NODES:
            raise DocumentError(f"name between 1 and {MAX_NODES} nodes or groups")
        if strange := [name for name in nodes if name not in known]:
            raise DocumentError(f"this run has no node and no group {strange[0][:MAX_NAME]!r}")
        if len(await self.interventions.of(run)) >= MAX_INTERVENTIONS:
            raise NotPossible(
                f"this was done {MAX_INTERVENTIONS} times in this run, which is all that a scenario can say"
            )
        return await self.interventions.ask(run, do, tuple(dict.fromkeys(nodes)))

    async def delete_run(self, run: str) -> None:
        """Take a run away with all that it left; if it goes on it is stopped first."""
        stored = await self.runs.get(run)
        if stored.active:
            await self.runs.control(run, wanted=Wanted.STOP)
            self.supervisor.wake()
        if not await self.supervisor.ended(run, STOP_SECONDS):
            raise NotPossible("the run's process does not end; try again in a moment")
        await self.runs.remove(run)
        self.follower.forget(run)
        await self.supervisor.forget(run)

    async def run_of(self, workspace: str, number: int | None = None) -> StoredRun | None:
        """A run of a workspace by its number, the newest when none is given; None when there is none. LookupError."""
        if number is not None:
            return await self.run_numbered(workspace, number)
        runs = await self.runs.of(workspace)
        return runs[0] if runs else None

    async def run_numbered(self, workspace: str, number: int) -> StoredRun:
        """A run of a workspace by its number. LookupError."""
        found = next((run for run in await self.runs.of(workspace) if run.number == number), None)
        if found is None:
            raise LookupError(f"this workspace has no run {number}")
        return found

    async def _only_active(self, run: str) -> None:
        if not (await self.runs.get(run)).active:
            raise NotPossible("this run is over; start a new one")


def scenario_of(run: StoredRun) -> Scenario:
    """The scenario that a run is of."""
    return read(run.document, short=run.short, seed=run.seed)


def checked_name(name: str) -> str:
    """A name without spaces around it. DocumentError when it is empty, too long or not printable."""
    name = name.strip()
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise FormError({"name": f"must be a line of 1 to {MAX_NAME} characters"})
    return name


def _named(text: str, name: str) -> str:
    return toplevel.change_table(text, "scenario", {"title": name[:MAX_NAME]})


def _repeated() -> Sequence[Mapping[str, Any]]:
    return (
        {"id": "again", "do": "add-topic", "reward": "1000 SCT", "slot_stake": "500 SCT", "rounds": 3},
        {"do": "trainer-joins", "job": "$again"},
        {"do": "wait", "job": "$again", "state": "claimed"},
    )


def exported_name(workspace: Workspace) -> str:
    """What the file of a workspace is called."""
    content = tomlkit.parse(workspace.document).unwrap()
    about = content.get("scenario")
    name = about.get("name") if isinstance(about, dict) else None
    safe = "".join(
        letter if letter.isascii() and (letter.isalnum() or letter in "-_") else "-"
        for letter in str(name or "scenario")
    )
    return f"{safe[:60]}.toml"


def model_of(settings: WebSettings, run: StoredRun, job: str) -> Path:
    """The file of a job's last global model. LookupError when there is none."""
    from scatter.simulation.run import MODELS

    path = settings.runs / run.id / MODELS / f"{job}.safetensors"
    if not path.is_file():
        raise LookupError("there is no model yet; it is written when the run is over and the job made one")
    return path
