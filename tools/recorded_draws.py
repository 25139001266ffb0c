"""What chance decided in a run of the contracts, for the plain model to play the same run again."""

from collections.abc import Sequence
from pathlib import Path

from economy_model import Draws, Economy, Node, Words

from scatter.protocol.ids import SCT
from scatter.simulation.recording.recorded import Recorded
from scatter.simulation.scenario import HONEST


class RecordedDraws(Draws):
    """Amounts, seats and opened words as they were recorded. Raises ValueError where the model would not have allowed them."""

    def __init__(self, recorded: Recorded) -> None:
        super().__init__(0)
        self._job = 0
        self._jobs = list(recorded["jobs"])
        self._seated = [(row["job"], row["part"], row["node"]) for row in recorded["parts"]]
        self._opened: dict[tuple[int, int, str], dict[str, float]] = {}
        for row in recorded["opened_scores"]:
            self._opened.setdefault((row["job"], row["round"], row["node"]), {})[row["trainer"]] = row["contribution"]
        self._stands: dict[tuple[int, int], dict[str, float]] = {}
        for row in recorded["settled_scores"]:  # first as settled, then as judged
            self._stands.setdefault((row["job"], row["round"]), {})[row["trainer"]] = row["contribution"]

    def amounts(self) -> tuple[float, float]:
        """Of the next job that was posted."""
        terms = self._jobs[self._job]
        self._job += 1
        return int(terms["round_pool"]) / SCT * terms["rounds"], int(terms["slot_stake"]) / SCT

    def seats(self, kind: str, able: Sequence[Node], count: int) -> list[Node]:
        """Whom the contracts drew; nobody for a jury when nothing was challenged."""
        drawn = [name for job, part, name in self._seated if job == self._job and part == kind]
        known = {node.name: node for node in able}
        if not set(drawn) <= set(known) or len(drawn) not in ((0, count) if kind == "juror" else (count,)):
            raise ValueError(f"job {self._job}: {drawn} were drawn as {kind}s, {count} of {sorted(known)} could be")
        return [known[name] for name in drawn]

    def truth(self, trainers: Sequence[Node], round_: int) -> Words:
        """What stands in the end: the model's jurors find that, and its seats what they opened."""
        stands = self._stands[self._job, round_ + 1]
        return {trainer: stands[trainer.name] for trainer in trainers}

    def found(self, seat: Node, truth: Words, round_: int) -> Words:
        """What a seat opened; for a juror, whose words are not recorded, what stands."""
        opened = self._opened.get((self._job, round_ + 1, seat.name))
        return truth if opened is None else {trainer: opened[trainer.name] for trainer in truth}


def replayed(folder: Path) -> dict[str, float]:
    """The gain in SCT of each node, by the plain model, in the run that was recorded in a folder. ValueError."""
    recorded = Recorded.load(folder)
    rows = [row for row in recorded["nodes"] if row["role"] != "none"]
    nodes = [Node(row["node"], row["role"], row["behaviour"] != HONEST) for row in rows]
    terms = list(recorded["jobs"])
    economy = Economy(nodes, RecordedDraws(recorded), juries=terms[0]["min_jury"] > 0)
    economy.play(len(terms))
    return {node.name: node.gain for node in nodes}
