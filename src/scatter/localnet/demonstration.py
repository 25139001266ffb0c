"""A federated job from posting to payout, with everybody who takes part in it on this machine."""

import asyncio
import json
import re
import shutil
import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from scatter.jobs.archives import pack
from scatter.jobs.check import Severity, check_job
from scatter.jobs.definition import FILE as DEFINITION
from scatter.jobs.definition import parse_definition
from scatter.jobs.errors import JobError
from scatter.jobs.folder import DATA, EVALUATION, MODEL, JobCode, JobPackage, load_job
from scatter.jobs.paths import check_path
from scatter.learning.models import write_model
from scatter.localnet.cast import REQUESTOR, Cast, CastError
from scatter.localnet.curve import draw_learning_curve
from scatter.localnet.ground import Ground
from scatter.localnet.homes import DATASETS
from scatter.localnet.measuring import final_metric, final_model
from scatter.localnet.network import LocalNetwork, Running
from scatter.localnet.outcome import Outcome, Participant, challenge_results, round_results
from scatter.localnet.partition import deal
from scatter.localnet.processes import ProcessNetwork
from scatter.localnet.reasons import reason
from scatter.localnet.settings import FILE, JOB_FILE, STARTING_TOKENS, FolderUnusable, Settings
from scatter.node.chain_view import ChainView
from scatter.node.reports import Report
from scatter.ports import Sandbox
from scatter.protocol.duties.enrolment import STAKED_ROLES
from scatter.protocol.ids import Address, JobId, job_id, topic_of
from scatter.protocol.states import Role
from scatter.protocol.view import NetworkView

LEAST_JURY = 3
MODEL_FILE = "model.safetensors"
CURVE_FILE = "learning-curve.png"
RESULT_FILE = "result.json"
DEVELOPMENT_MINIMUM_DURATION = 1


class Stage(Protocol):
    """A network on which a job is played: nodes of this process, or processes of their own."""

    @property
    def ground(self) -> Ground:
        """The chain below."""
        ...

    @property
    def accounts(self) -> Mapping[str, Address]:
        """Accounts by player's name."""
        ...

    async def post(self, package: JobPackage) -> None:
        """Let the requestor post a job, and wait until the view shows it."""
        ...

    def afterwards(self) -> AbstractAsyncContextManager[Running]:
        """Everything that nodes have, once the job is over."""
        ...


class Watcher(Protocol):
    """Somebody who looks on."""

    def note(self, message: str) -> None:
        """One sentence about what happens now."""
        ...

    def report(self, report: Report) -> None:
        """What a node did."""
        ...

    def watch(self, view: ChainView, names: Mapping[Address, str]) -> None:
        """The network has started: where to look, and what the accounts are called."""
        ...


def prepare(folder: Path, job: Path, settings: Settings) -> None:
    """Set up the folder of a new demonstration. JobError or CastError when the job and the cast cannot be played, and then
    nothing is changed; FolderUnusable when the folder holds something else."""
    package = cast_job(job, settings.cast)
    _empty(folder)
    (folder / JOB_FILE).write_bytes(pack(_files(package)))
    settings.save(folder)


def cast_job(job: Path, cast: Cast) -> JobPackage:
    """The job of a folder, as this cast plays it. JobError or CastError when it cannot."""
    package = _with_jury(load_job(job), cast)
    errors = [
        finding.message
        for finding in check_job(package, minimum_duration=DEVELOPMENT_MINIMUM_DURATION)
        if finding.severity is Severity.ERROR
    ]
    if errors:
        raise JobError(errors[0])
    _check_cast(package, cast)
    return package


def _with_jury(package: JobPackage, cast: Cast) -> JobPackage:
    """With bystanders enough for a jury, the job asks for one; without them its own `min_jury` would cancel it."""
    if cast.bystanders < LEAST_JURY or package.definition.min_jury:
        return package
    text = package.code.files[DEFINITION].decode()
    asked = re.sub(r"(?m)^min_jury\s*=\s*0\b", f"min_jury = {LEAST_JURY}", text).encode()
    code = JobCode(parse_definition(asked), {**package.code.files, DEFINITION: asked})
    return replace(package, code=code)


def _check_cast(package: JobPackage, cast: Cast) -> None:
    definition = package.definition
    if package.data is None:
        raise JobError(f"job {definition.name!r} has no data/ to deal out among local trainers")
    if cast.trainers < definition.min_trainers:
        raise CastError(f"job {definition.name!r} needs {definition.min_trainers} trainers, there are {cast.trainers}")
    if cast.validators < definition.committee:
        raise CastError(
            f"job {definition.name!r} needs a committee of {definition.committee}, there are {cast.validators} validators"
        )
    if cast.challengers + cast.bystanders < definition.auditors:
        raise CastError(
            f"job {definition.name!r} needs {definition.auditors} auditors, there are {cast.challengers} challengers"
        )


def _empty(folder: Path) -> None:
    """Make the folder, or clear it of an earlier demonstration. Anything else in it stays, and stops us."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / FILE).is_file():
            raise FolderUnusable(f"{folder} holds something else than a demonstration; choose another with --out")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)


def _files(package: JobPackage) -> dict[str, bytes]:
    files = {**package.code.files, MODEL: package.model}
    for name, examples in ((EVALUATION, package.evaluation), (DATA, package.data)):
        if examples is not None:
            files |= {f"{name}/{file}": content for file, content in examples.to_files().items()}
    return files


async def demonstrate(folder: Path, sandbox: Sandbox, watcher: Watcher, *, processes: bool = False) -> Outcome:
    """Play the demonstration that `prepare` set up, or go on with it where it was interrupted: with nodes in this process, or each
    in a process of its own, as one likes from one time to the next."""
    began = time.monotonic()
    settings, package = Settings.load(folder), load_job(folder / JOB_FILE)
    network = LocalNetwork(
        folder=folder,
        seed=settings.seed,
        players=tuple(settings.cast.players()),
        tokens=STARTING_TOKENS,
        datasets=await asyncio.to_thread(_deal, folder, settings, package),
        sandbox=sandbox,
        reporter=watcher.report,
    )
    watcher.note("starting a development chain, contracts and nodes")
    stages: AbstractAsyncContextManager[Stage] = (
        ProcessNetwork(network, watcher.note).run() if processes else network.run()
    )
    async with stages as stage:
        view = stage.ground.view
        watcher.watch(view, {account: name for name, account in stage.accounts.items()})
        await view.until(lambda view: _enrolled(view, stage.accounts))
        if settings.before is None:
            settings = settings.with_balances(await _balances(stage), await stage.ground.supply())
            settings.save(folder)
        job = await _posted(stage, package, watcher)
        await view.until(lambda view: _paid_out(view, job))
        watcher.note("measuring the final model on the whole evaluation set")
        async with stage.afterwards() as running:
            outcome = await _outcome(folder, running, package, job, settings, began)
    await asyncio.to_thread(_write_results, folder, package, outcome)
    return outcome


def _write_results(folder: Path, package: JobPackage, outcome: Outcome) -> None:
    (folder / RESULT_FILE).write_text(json.dumps(outcome.to_json(), indent=2) + "\n")
    scores = [result.starting_score for result in outcome.rounds]
    if scores:
        metric = package.definition.report.value.replace("_", " ")
        draw_learning_curve(folder / CURVE_FILE, metric, scores, outcome.final_accuracy)


def _deal(folder: Path, settings: Settings, package: JobPackage) -> dict[str, dict[str, Path]]:
    """Give each trainer its folder of data; trainers by name, then datasets by name."""
    if package.data is None:
        raise JobError(f"job {package.definition.name!r} has no data/")
    trainers = [player for player in settings.cast.players() if player.role is Role.TRAINER]
    shares = deal(package.data, len(trainers), settings.alpha, settings.seed)
    datasets = {}
    for player, share in zip(trainers, shares, strict=True):
        place = folder / "nodes" / player.name / DATASETS / check_path(package.definition.dataset)
        place.mkdir(parents=True, exist_ok=True)
        for name, content in share.to_files().items():
            (place / name).write_bytes(content)
        datasets[player.name] = {package.definition.dataset: place}
    return datasets


def _enrolled(view: NetworkView, accounts: Mapping[str, Address]) -> bool:
    for account in accounts.values():
        me = view.nodes.get(account)
        if me is None or (me.role in STAKED_ROLES and not me.stake):
            return False
    return True


async def _posted(stage: Stage, package: JobPackage, watcher: Watcher) -> JobId:
    job = job_id(stage.accounts[REQUESTOR], topic_of(package.definition.name))
    if job not in stage.ground.view.network.jobs:
        watcher.note(f"posting the job {package.definition.name!r}")
        await stage.post(package)
    return job


def _paid_out(view: NetworkView, job: JobId) -> bool:
    posted = view.jobs.get(job)
    return posted is not None and posted.ended and posted.claimed >= set(posted.participants)


async def _balances(stage: Stage) -> dict[str, list[int]]:
    """Balance and stake of each player, by name, in base units."""
    ground = stage.ground
    return {name: [await ground.balance(account), ground.stake(account)] for name, account in stage.accounts.items()}


async def _outcome(
    folder: Path, running: Running, package: JobPackage, job: JobId, settings: Settings, began: float
) -> Outcome:
    ground = running.ground
    view, after = ground.view.network.jobs[job], await _balances(running)
    before = settings.before or after
    requestor = running.requestor
    model = await final_model(requestor, view)
    (folder / MODEL_FILE).write_bytes(write_model(model))
    sent = [sent for account, box in running.outboxes.items() for sent in await box.unlost(account, 0)]
    return Outcome(
        job=job.hex(),
        state=view.state.name.capitalize(),
        rounds=round_results(view),
        final_accuracy=await final_metric(requestor, view, model, package.evaluation),
        challenges=challenge_results(view, {account: name for name, account in running.accounts.items()}),
        participants=tuple(
            Participant(
                name,
                node.parts.identity.role.name.lower(),
                node.parts.identity.address,
                before[name][0],
                after[name][0],
                before[name][1],
                after[name][1],
                reason(view, node.parts.identity.address),
            )
            for name, node in running.nodes.items()
        ),
        supply_before=settings.supply,
        supply_after=await ground.supply(),
        held_by_contracts=await ground.balance(requestor.contracts.protocol),
        undistributed=await ground.balance(ground.operator.address),
        transactions=len(sent),
        gas_used=sum(transaction.gas_used or 0 for transaction in sent),
        seconds=round(time.monotonic() - began, 2),
    )
