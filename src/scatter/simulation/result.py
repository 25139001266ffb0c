"""What came out of a simulation: what `scatter simulate --json` prints, and what expectations are measured on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scatter.localnet.outcome import ChallengeResult
from scatter.simulation.bounds import Crossing
from scatter.simulation.losses import Loss
from scatter.simulation.scenario import HONEST


@dataclass(frozen=True, slots=True)
class Balance:
    """What a node has, in base units: in its wallet, and in its ticket."""

    tokens: int
    stake: int


@dataclass(frozen=True, slots=True)
class NodeResult:
    """A node before the first job was posted and in the end. `behaviour` is its first, `behaviours` are all that it had;
    `stakes`: its ticket, in base units, each time a job was paid out; `penalties`: what jobs cost it of slot stakes and ticket."""

    name: str
    group: str
    role: str
    behaviour: str
    behaviours: frozenset[str]
    before: Balance
    after: Balance
    stakes: tuple[int, ...]
    penalties: int

    @property
    def honest(self) -> bool:
        """Whether it never had another behaviour."""
        return self.behaviours == {HONEST}

    @property
    def gain(self) -> int:
        """What it has more in the end, in base units."""
        return self.after.tokens + self.after.stake - self.before.tokens - self.before.stake


@dataclass(frozen=True, slots=True)
class JobResult:
    """A job in the end. `metrics`: of the model that each settled round started from, 0..1; `final_metric`: of the last model,
    over the whole evaluation, None when nobody measured it; `shares`: what contributions paid, by trainer, in base units."""

    name: str
    requestor: str
    state: str
    reason: str
    metrics: tuple[float, ...]
    final_metric: float | None
    shares: Mapping[str, int]
    challenges: tuple[ChallengeResult, ...]


@dataclass(frozen=True, slots=True)
class SimulationResult:
    """Everything that expectations can be about. Amounts in base units; `losses` are those of honest nodes, `crossings` the
    scores that ended outside what honest seats had found, `max_tx_gas` is the dearest transaction's."""

    scenario: str
    seed: int
    seconds: float
    nodes: tuple[NodeResult, ...]
    jobs: tuple[JobResult, ...]
    supply_before: int
    supply_after: int
    challenge_pool: int
    max_tx_gas: int
    losses: tuple[Loss, ...]
    crossings: tuple[Crossing, ...]

    @property
    def jobs_by_state(self) -> dict[str, int]:
        """How many jobs are in each state, in the order in which they got there first."""
        return dict(Counter(job.state for job in self.jobs))

    def to_json(self, expectations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """As JSON values, with what came of the expectations (`expectations.evaluate`)."""
        return {
            "scenario": self.scenario,
            "seed": self.seed,
            "seconds": self.seconds,
            "jobs": self.jobs_by_state,
            "supply_before": self.supply_before,
            "supply_after": self.supply_after,
            "nodes": [
                {
                    "name": node.name,
                    "role": node.role,
                    "behaviour": node.behaviour,
                    "tokens_before": node.before.tokens,
                    "tokens_after": node.after.tokens,
                    "stake_before": node.before.stake,
                    "stake_after": node.after.stake,
                }
                for node in self.nodes
            ],
            "expectations": [dict(one) for one in expectations],
        }
