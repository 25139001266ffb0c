"""Jobs in the recording: their terms and parts, the states that they go through, and how long they are in each."""

from dataclasses import dataclass, field, fields

from scatter.ports import BlockRef, ChainEvent
from scatter.protocol.ids import NO_DIGEST, JobId
from scatter.protocol.states import JudgingPhase, Reason, SeatKind, State
from scatter.protocol.terms import JobTerms
from scatter.protocol.view import JobView
from scatter.simulation.recording.book import Book, Scene
from scatter.simulation.recording.schema import TABLES


@dataclass(frozen=True, slots=True)
class Where:
    """Where a job is, and since when."""

    state: str
    phase: str | None
    round: int
    entered: int


NOWHERE = Where("None", None, 0, 0)
_TERMS = {field.name for field in fields(JobTerms)} & {column.name for column in TABLES["jobs"].columns}


@dataclass
class Progress:
    """Where every job is, by number."""

    where: dict[int, Where] = field(default_factory=dict)

    def see(self, scene: Scene, event: ChainEvent) -> None:
        """Follow one event."""
        values = event.values
        match event.name:
            case "JobPosted":
                _posted(scene, scene.network.jobs[JobId(values["job"])])
            case "TrainerJoined":
                number, _ = scene.job(event)
                _part(scene, number, scene.book.name(values["trainer"]), "trainer", values["slot"])
            case "SeatsDrawn":
                number, _ = scene.job(event)
                part = SeatKind(values["kind"]).name.lower()
                for seat, account in enumerate(values["nodes"], values["first_seat"]):
                    _part(scene, number, scene.book.name(account), part, seat)
            case "RoundClosed":
                _closed(scene, event)
            case "StateEntered":
                state = State(values["state"])
                phase = camel(JudgingPhase.DRAWING.name) if state is State.JUDGING else None
                self._enter(scene, event, camel(state.name), phase)
            case "JudgingAdvanced":
                self._enter(scene, event, camel(State.JUDGING.name), camel(JudgingPhase(values["phase"]).name))

    def _enter(self, scene: Scene, event: ChainEvent, state: str, phase: str | None) -> None:
        job, _ = scene.job(event)
        now, values, left = int(scene.block.timestamp), event.values, self.where.get(job)
        if left is not None:
            scene.book.tables["durations"].add(
                job=job,
                state=left.state,
                phase=left.phase,
                round=left.round,
                entered=left.entered,
                left=now,
                seconds=now - left.entered,
            )
        reason = Reason(values.get("reason", Reason.NONE))
        self.where[job] = Where(state, phase, values.get("round", 0), now)
        scene.add(
            "states",
            job=job,
            state=state,
            phase=phase,
            round=self.where[job].round,
            deadline=int(values["deadline"]) or None,
            reason=camel(reason.name) if reason else None,
        )


def camel(name: str) -> str:
    """As docs/protocol.md names states and reasons: `NO_SHARD_KEY` is NoShardKey."""
    return "".join(word.capitalize() for word in name.split("_"))


def write_block(book: Book, block: BlockRef, events: int, gas: list[int]) -> None:
    """The block itself: `gas` is that of each of its transactions."""
    book.tables["blocks"].add(
        block=block.number,
        time=int(block.timestamp),
        transactions=len(gas),
        events=events,
        gas=sum(gas),
    )


def _posted(scene: Scene, view: JobView) -> None:
    number = scene.book.numbers[view.id] = len(scene.book.numbers) + 1
    requestor = scene.book.name(view.requestor)
    terms = {name: getattr(view.terms, name) for name in _TERMS}
    scene.add("jobs", job=number, id=f"0x{view.id.hex()}", name=view.name, requestor=requestor, **terms)
    _part(scene, number, requestor, "requestor", 0)


def _part(scene: Scene, job: int, node: str, part: str, seat: int) -> None:
    """Members, auditors and jurors are each numbered by themselves here."""
    scene.add("parts", job=job, node=node, part=part, seat=seat)


def _closed(scene: Scene, event: ChainEvent) -> None:
    number, view = scene.job(event)
    made = view.rounds[event.values["round"]]
    scene.add(
        "rounds",
        job=number,
        round=made.number,
        published=len(made.published),
        trainers_accepted=0 if made.settled is None else len(made.settled.accepted),
        model=None if made.global_model == NO_DIGEST else f"0x{made.global_model.hex()}",
    )
