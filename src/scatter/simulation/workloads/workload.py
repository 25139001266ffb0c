"""The jobs of a simulation, all made of one job folder, and the data of its trainers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from scatter.jobs.errors import JobError
from scatter.jobs.examples import Examples
from scatter.jobs.folder import JobPackage, load_job
from scatter.jobs.variants import variant
from scatter.learning.predictions import Truth
from scatter.localnet.example import EXAMPLES, example_job
from scatter.localnet.partition import TooFewRows, deal
from scatter.ports import Sandbox
from scatter.protocol.ids import DECIMALS
from scatter.protocol.terms import MAX_BPS
from scatter.runtime.remembered import RememberingSandbox
from scatter.runtime.sandbox import LocalSandbox
from scatter.runtime.trusted import TrustedRunner, scripts_of
from scatter.simulation.errors import WorkloadError
from scatter.simulation.scenario import HONEST, QUALITY_RANGES, Quality, WorkloadSettings
from scatter.simulation.step_kinds import AddTopic
from scatter.simulation.workloads.machine import Machine

SYNTHETIC = "synthetic"
SYNTHETIC_NOISE = 1
"""Units by which predictions of machines differ in the synthetic workload."""


@dataclass(frozen=True, slots=True)
class Owner:
    """A trainer that data is dealt to: what it is called, how it behaves, how much of real data it gets beside others, and how good
    it is where trainers are synthetic."""

    name: str
    behaviour: str = HONEST
    share: float = 1.0
    quality: Quality = Quality()  # noqa: RUF009 — immutable


@dataclass(frozen=True, slots=True)
class Workload:
    """A job folder, how its code runs, and how its data is dealt. `noise`: by how many units of 1e-5 machines differ."""

    settings: WorkloadSettings
    package: JobPackage
    sandbox: Sandbox
    seed: int
    noise: int

    @classmethod
    def load(cls, settings: WorkloadSettings, beside: Path, seed: int) -> "Workload":
        """The workload that a scenario in the folder `beside` asks for. WorkloadError."""
        known = settings.job in EXAMPLES
        folder = example_job(settings.job) if known else beside / settings.job
        try:
            package = load_job(folder)
        except JobError as error:
            raise WorkloadError(f"workload.job {settings.job!r} is no job: {error}") from error
        if settings.run == "in-process" and not known:
            raise WorkloadError(
                f'workload.job {settings.job!r} did not come with Scatter, so it runs in the sandbox: set run = "sandbox"'
            )
        if package.data is None:
            raise WorkloadError(f"workload.job {settings.job!r} has no data/ to deal out")
        trusted = scripts_of(example_job(name) for name in EXAMPLES)
        sandbox: Sandbox = TrustedRunner(trusted) if settings.run == "in-process" else LocalSandbox()
        noise = SYNTHETIC_NOISE if settings.kind == SYNTHETIC else 0
        return cls(settings, package, RememberingSandbox(sandbox), seed, noise)

    def machine(self, name: str) -> Sandbox:
        """Where a node runs job code."""
        return Machine(self.sandbox, f"{self.seed}/{name}".encode(), self.noise)

    def data(self, trainers: Iterable[Owner]) -> Mapping[str, Examples]:
        """The data of trainers, by their names; the same for the same ones. WorkloadError."""
        everybody = list(trainers)
        if not everybody or self.package.data is None:
            return {}
        if self.settings.kind == SYNTHETIC:
            return {owner.name: self._qualities(number, owner) for number, owner in enumerate(everybody)}
        try:
            weights = [owner.share for owner in everybody]
            shares = deal(self.package.data, len(everybody), self.settings.alpha, self.seed, weights)
        except TooFewRows as error:
            how = f"workload.alpha {self.settings.alpha:g}" + (" with data_share of nodes" * (len(set(weights)) > 1))
            raise WorkloadError(f"{how} cannot be dealt: {error}") from error
        return {owner.name: share for owner, share in zip(everybody, shares, strict=True)}

    def job(self, name: str, number: int, step: AddTopic, trainers: int, amounts: Mapping[str, int]) -> JobPackage:
        """The job that a step posts: of that name, the `number`th of the scenario, for so many trainers unless the step says
        otherwise, with amounts as they were drawn. WorkloadError."""
        job: dict[str, Any] = {"name": name, "seed": (self.seed * 10_007 + number) % 2**32}
        limits = step.trainers
        least, most = (trainers, trainers) if limits is None else (limits.min, limits.max)
        job["trainers"] = {"min": least, "max": most}
        for key in ("rounds", "committee", "auditors", "min_jury", "tau"):
            _given(job, key, getattr(step, key))
        for key in ("fault", "max_share"):
            _given(job, key, _share(getattr(step, key)))
        job |= {key: amount_text(amount) for key, amount in amounts.items()}
        durations = {key: f"{step_value}s" for key, step_value in _durations(step).items()}
        if durations:
            job["durations"] = durations
        changes: dict[str, Any] = {"job": job}
        if step.rule is not None:
            changes["aggregate"] = {"rule": step.rule.label}
        if self.settings.kind == SYNTHETIC:
            changes["train"] = {"hyperparameters": {"trainers": most}}
        try:
            return variant(self.package, changes)
        except JobError as error:
            raise WorkloadError(f"the job {name!r} cannot be posted: {error}") from error

    def _qualities(self, number: int, owner: Owner) -> Examples:
        """What the synthetic job's README says of `data/`: the trainer's number, and its quality. WorkloadError."""
        assert self.package.data is not None  # noqa: S101 — `load` refuses a job without
        row = self.package.data.inputs[0].copy()
        row[0] = number
        said = self.settings.quality
        asked = {**said.get(HONEST, {}), **said.get(owner.behaviour, {}), **owner.quality.given}
        places = {part.name: place for place, part in enumerate(fields(Quality), start=1)}
        for key, place in places.items():
            row[place] = asked.get(key, row[place])
        for low, high in QUALITY_RANGES:
            if row[places[low]] > row[places[high]]:
                raise WorkloadError(
                    f"the quality of {owner.name} has {low} = {row[places[low]]:g}, and {high} = {row[places[high]]:g}, "
                    "which cannot be less; what a node or a behaviour does not say is as the job has it"
                )
        truth = self.package.data.truth
        return Examples(np.stack([row, row]), Truth(truth.outputs, truth.array))


def amount_text(amount: int) -> str:
    """Base units as `job.toml` has them; `quantities.parse_amount` gives them back."""
    whole, rest = divmod(amount, 10**DECIMALS)
    return f"{whole}.{rest:0{DECIMALS}}".rstrip("0").rstrip(".") + " SCT"


def _given(table: dict[str, Any], key: str, value: Any) -> None:
    if value is not None:
        table[key] = value


def _share(points: int | None) -> float | None:
    return None if points is None else float(Decimal(points) / MAX_BPS)


def _durations(step: AddTopic) -> dict[str, int]:
    names = ("open", "keys", "train", "reveal", "commit", "open_scores", "aggregate", "challenge", "judge")
    return {name: value for name in names if (value := getattr(step.durations, name)) is not None}
