"""The screen of a running demonstration: which round, who has acted, who is late and until when, what the model scores."""

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from scatter.cli.picture import Picture
from scatter.node.chain_view import ChainView
from scatter.node.reports import Progress, Report
from scatter.ports import ChainEvent
from scatter.protocol.awaited import awaited
from scatter.protocol.duties import DutyKind
from scatter.protocol.ids import Address
from scatter.protocol.states import Role, State
from scatter.protocol.view import JobView

QUIET = frozenset({DutyKind.FETCH, DutyKind.EXAMINE, DutyKind.OPEN_KEYS, DutyKind.REGISTER, DutyKind.DEPOSIT})
PROBLEMS_SHOWN = 3
REFRESH_PER_SECOND = 8


@dataclass
class _Doing:
    """What a node is seen to do."""

    now: str = ""
    last: str = ""


class Screen(Picture):
    """Draws on stderr: a live table on a terminal, a line for each thing that happens elsewhere."""

    def __init__(self) -> None:
        super().__init__(REFRESH_PER_SECOND)
        self._lock = threading.Lock()
        self._view: ChainView | None = None
        self._names: Mapping[Address, str] = {}
        self._doing: dict[str, _Doing] = {}
        self._problems: deque[str] = deque(maxlen=PROBLEMS_SHOWN)
        self._message = "starting"

    def note(self, message: str) -> None:
        """See `localnet.demonstration.Watcher`."""
        self._message = message
        self._say(message)

    def watch(self, view: ChainView, names: Mapping[Address, str]) -> None:
        """See `localnet.demonstration.Watcher`."""
        with self._lock:
            self._view, self._names = view, dict(names)
        view.on_event(self._event)

    def report(self, report: Report) -> None:
        """See `localnet.demonstration.Watcher`."""
        with self._lock:
            doing = self._doing.setdefault(report.node, _Doing())
            if report.progress is Progress.STARTED:
                doing.now = report.duty.kind
                return
            doing.now, doing.last = "", f"{report.duty.kind} ({report.seconds:.1f} s)"
        if report.progress is not Progress.DONE:
            problem = f"{report.node}, round {report.duty.round}, {report.duty.kind} {report.progress}: {report.error}"
            self._problems.append(problem)
            self._say(problem)
        elif report.duty.kind not in QUIET:
            self._say(f"{report.node}: {report.duty.kind} done in {report.seconds:.1f} s")

    def _event(self, event: ChainEvent) -> None:
        if self._view is None or event.name not in ("StateEntered", "RoundSettled"):
            return
        job = self._view.network.jobs.get(event.values["job"])
        if job is None:
            return
        if event.name == "RoundSettled":
            settled = job.rounds[event.values["round"]].settled
            if settled is not None:
                accepted = f"{len(settled.accepted)} of {len(settled.published)} updates accepted"
                self._say(f"round {event.values['round']}: started from a score of {settled.metric:.3f}; {accepted}")
        else:
            self._say(_headline(job))

    def _render(self) -> RenderableType:
        with self._lock:
            view, names, doing = self._view, self._names, dict(self._doing)
        if view is None:
            return Text(f"{self._message} …")
        job = next(iter(view.network.jobs.values()), None)
        parts: list[RenderableType] = [Text(_headline(job) if job else f"{self._message} …", style="bold")]
        if job:
            parts += [Text(_time_left(job, view)), Text(_scores(job))]
        parts.append(_table(view, job, names, doing))
        parts += [Text(problem, style="red") for problem in self._problems]
        return Group(*parts)


def _headline(job: JobView) -> str:
    state = job.state.name.capitalize()
    where = f", round {job.round} of {job.terms.rounds}" if State.TRAINING <= job.state <= State.AGGREGATING else ""
    why = f" ({job.reason.name.lower().replace('_', ' ')})" if job.reason else ""
    return f"job {job.name}: {state}{where}{why}"


def _time_left(job: JobView, view: ChainView) -> str:
    if job.deadline is None:
        return f"block {view.head.number}"
    left = job.deadline - view.now.timestamp
    how = f"{_span(left)} left on the chain's clock" if left >= 0 else f"the deadline passed {_span(-left)} ago"
    return f"block {view.head.number}, {how}"


def _span(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    return f"{hours} h {rest // 60} min" if hours else f"{rest // 60} min {rest % 60} s"


def _scores(job: JobView) -> str:
    settled = [(number, made.settled) for number, made in sorted(job.rounds.items()) if made.settled is not None]
    if not settled:
        return "no round has been scored yet"
    return "model at the start of round " + ", ".join(f"{number}: {made.metric:.3f}" for number, made in settled)


def _table(view: ChainView, job: JobView | None, names: Mapping[Address, str], doing: Mapping[str, _Doing]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("node", "part", "does now", "did last", "awaited"):
        table.add_column(column)
    late = job is not None and job.deadline is not None and view.now.timestamp > job.deadline
    waiting = set(awaited(job)) if job else set()
    for account, name in names.items():
        seen = doing.get(name, _Doing())
        mark = Text("late", style="red") if late else Text("yes", style="yellow")
        table.add_row(name, _part(view, job, account), seen.now, seen.last, mark if account in waiting else "")
    return table


def _part(view: ChainView, job: JobView | None, account: Address) -> str:
    node = view.network.nodes.get(account)
    if node is None:
        return "not registered yet"
    seat = None if job is None else job.seat_of(account)
    if job is not None and seat is not None:
        return f"{job.kind_of(seat).name.lower()}, seat {seat}"
    if job is not None and account in job.jurors:
        return f"juror {job.jurors.index(account)}"
    if job is not None and job.slot_of(account) is not None:
        return f"trainer, slot {job.slot_of(account)}"
    return {Role.VALIDATOR: "validator, not drawn", Role.CHALLENGER: "challenger, staked"}.get(
        node.role, node.role.name.lower()
    )
