"""Keeps what happens in a simulation, block by block."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from scatter.protocol.ids import Address, JobId
from scatter.protocol.view import NetworkView
from scatter.simulation.blocks import Actor, BlockRecord, Switch
from scatter.simulation.recording.beginning import Beginning, Deployed
from scatter.simulation.recording.book import Book, RecordingError, Scene
from scatter.simulation.recording.disputes import see_disputes
from scatter.simulation.recording.money import Money
from scatter.simulation.recording.payouts import see_claims
from scatter.simulation.recording.progress import NOWHERE, Progress, Where, write_block
from scatter.simulation.recording.recorded import Recorded
from scatter.simulation.recording.reputation import see_deeds
from scatter.simulation.recording.scoring import FINAL, see_scores

PROTOCOL_NAME = "protocol"
"""What the contract that holds stakes and escrows is called, unless the beginning says otherwise."""


class Recorder:
    """Folds blocks into the tables of `schema`. It asks nobody anything and looks at no clock: equal blocks give equal files.

    `folder` is where `write` puts them; None: nowhere, the tables are only to be asked for. RecordingError when two accounts
    share a name.
    """

    def __init__(self, actors: Iterable[Actor], folder: Path | None, beginning: Beginning) -> None:
        self._folder, self._deployed = folder, Deployed(beginning.protocol, beginning.rates)
        self._book = Book.of(actors, {beginning.protocol: PROTOCOL_NAME, **beginning.others})
        self._money, self._progress = Money(beginning.protocol), Progress()
        self._money.start(Scene(self._book, beginning.block, NetworkView()), beginning.balances)
        write_block(self._book, beginning.block, 0, [])

    @property
    def block(self) -> int:
        """The number of the last block that was added; the beginning's before the first."""
        return int(self._book.tables["blocks"].column("block")[-1])

    def add(self, record: BlockRecord) -> None:
        """Take in the next block. RecordingError, and nothing is taken in, for one that does not follow: an older block, a
        job that was posted before the beginning, or tokens that nobody had."""
        self._check(record)
        scene = Scene(self._book, record.block, record.network)
        before = dict(self._progress.where)
        self._behave(scene, record.behaviours)
        self._switch(scene, record.switches)
        for event in record.events:
            self._progress.see(scene, event)
            self._money.see(scene, event)
            see_scores(scene, event)
            see_disputes(scene, event)
            see_deeds(scene, event)
            see_claims(scene, event, self._deployed.rates)
        self._money.end_block(scene)
        self._calls(scene, record, before)
        write_block(self._book, record.block, len(record.events), [call.gas for call in record.calls])

    def final_metric(self, job: JobId, metric: float) -> None:
        """What a job's last model scores, 0 to 1, measured after its end; it belongs to the block that was added last.
        RecordingError for an unknown job."""
        number, blocks, metrics = self._book.number(job), self._book.tables["blocks"], self._book.tables["metrics"]
        rounds = [
            round_ for of, round_ in zip(metrics.column("job"), metrics.column("round"), strict=True) if of == number
        ]
        metrics.add(
            block=self.block,
            time=blocks.column("time")[-1],
            job=number,
            round=max(rounds, default=0) + 1,
            source=FINAL,
            metric=float(metric),
        )

    @property
    def recorded(self) -> Recorded:
        """The tables so far; they grow with the next block."""
        return Recorded(self._book.tables, self._deployed)

    def write(self) -> Path | None:
        """Write every table as Parquet and CSV, whole or not at all; the folder, or None when there is none."""
        from scatter.simulation.recording.files import write_folder

        if self._folder is not None:
            write_folder(self._folder, self._book.tables, self._deployed)
        return self._folder

    def _check(self, record: BlockRecord) -> None:
        if record.block.number <= self.block:
            raise RecordingError(f"block {record.block.number} comes after block {self.block}")
        posted = {event.values["job"] for event in record.events if event.name == "JobPosted"}
        for event in record.events:
            if "job" in event.values and event.values["job"] not in posted:
                self._book.number(JobId(event.values["job"]))
        self._money.check(record.block.number, record.events)

    def _behave(self, scene: Scene, behaviours: Mapping[Address, str]) -> None:
        for account, name in self._book.names.items():
            behaviour = behaviours.get(account, self._book.behaviours[account])
            if behaviour != self._book.behaviours[account]:
                self._book.behaviours[account] = behaviour
                scene.add("behaviours", node=name, behaviour=behaviour)

    def _switch(self, scene: Scene, switches: Mapping[Address, Switch]) -> None:
        for account, name in self._book.names.items():
            switch = switches.get(account)
            if switch is not None and switch != self._book.switches.get(account):
                self._book.switches[account] = switch
                scene.add("switches", node=name, on=switch.on, by=switch.by)

    def _calls(self, scene: Scene, record: BlockRecord, before: Mapping[int, Where]) -> None:
        """A failed posting is about no job: there is none."""
        book = self._book
        for index, call in enumerate(record.calls):
            job = None if call.job is None else book.numbers.get(call.job)
            where = NOWHERE if job is None else before.get(job, NOWHERE)
            scene.add(
                "transactions",
                index=index,
                node=book.name(call.sender),
                role=book.roles[call.sender],
                behaviour=book.behaviours[call.sender],
                job=job,
                state=where.state,
                round=where.round,
                contract=call.contract,
                function=call.function,
                gas=call.gas,
                error=call.error,
                hash=None if call.hash is None else f"0x{call.hash.hex()}",
            )
