"""The rules in Python against the deployed contracts: random jobs, equal events, refusals and balances to the last unit.

The model chain settles, pays and draws with `scatter.protocol`; the contracts do it on a development chain, block by block.
SCATTER_DIFFERENTIAL_JOBS plays more than the sixteen jobs of every day, SCATTER_DIFFERENTIAL_SEED plays others.
"""

import asyncio
import os
from random import Random

from tests.contracts.script import LARGE, Play, Script
from tests.contracts.twin import PROTOCOL, TOKEN, Twin
from tests.property.protocol.model_chain import seeded
from tests.property.protocol.model_job import PAGE, ModelJob

from scatter.chain.deploy import ChainParameters
from scatter.protocol.ids import SCT, JobId
from scatter.protocol.rates import Rates
from scatter.protocol.scores import pack
from scatter.protocol.states import Reason

JOBS = int(os.environ.get("SCATTER_DIFFERENTIAL_JOBS", "16"))
SEED = int(os.environ.get("SCATTER_DIFFERENTIAL_SEED", "6"))
DRAWS = bytes([SEED % 256]) * 32


def sizes(random: Random) -> list[tuple[int, ...]]:
    """How many trainers each job has; some jobs are played two at a time, the large one alone."""
    left, played = JOBS - 1, [(LARGE,)]
    while left > 0:
        together = min(left, random.choice([1, 2]))
        played.append(tuple(random.randint(1, 6) for _ in range(together)))
        left -= together
    return played


async def test_contracts_and_python_agree_to_the_last_unit() -> None:
    random = Random(SEED)  # noqa: S311
    parameters = ChainParameters(minimum_duration=1, withdrawal_delay=2_000)
    async with Twin.start(parameters, DRAWS) as twin:
        script = Script(seeded(DRAWS))
        await twin.begin(script)
        play = Play(script, random)
        seen: set[str] = set()
        for together in sizes(random):
            jobs = play.jobs(*together)
            await twin.replay(script.steps)
            seen |= what_happened(script, jobs)
            script.steps.clear()
            await check_alike(twin, script, jobs)
    assert twin.dry_runs
    if "SCATTER_DIFFERENTIAL_SEED" not in os.environ:
        assert seen >= EVERY_DAY, "the jobs of every day have become too plain"


EVERY_DAY = {
    "Settled",
    "NO_SHARD_KEY",
    "TOO_FEW_OPENED",
    "struck out",
    "left out",
    "deviating",
    "nothing accepted",
    "nobody published",
    "drawn in pages",
    "settled by hand",
    "claimed with words",
    "trainer penalised",
    "seat slashed",
}


def what_happened(script: Script, jobs: list[JobId]) -> set[str]:
    """The rarer things that these jobs went through."""
    done = [step for step in script.steps if step.refused is None]
    played = [script.jobs[job] for job in jobs]
    rounds = [made for job in played for made in job.rounds.values()]
    settled = [made.settled for made in rounds if made.settled is not None]
    claims = [event.values for event in script.events if event.name == "Claimed" and event.values["job"] in jobs]
    members = {member for job in played for member in job.members}
    found = {
        "struck out": any(made.struck for made in settled),
        "left out": any(made.left_out for made in settled),
        "deviating": any(made.deviating for made in settled),
        "nothing accepted": any(not made.accepted for made in settled),
        "nobody published": any(job.round > 1 and not made.updates for job in played for made in job.rounds.values()),
        "drawn in pages": any(job.cursor > PAGE for job in played),
        "settled by hand": any(step.function == "settle_round" for step in done),
        "claimed with words": any(step.function == "claim" and step.arguments[2] for step in done),
        "trainer penalised": any(claim["penalty"] and claim["account"] not in members for claim in claims),
        "seat slashed": any(claim["penalty"] and claim["account"] in members for claim in claims),
    }
    ends = {job.reason.name if job.reason else job.state.name.capitalize() for job in played}
    return ends | {name for name, true in found.items() if true}


async def check_alike(twin: Twin, script: Script, jobs: list[JobId]) -> None:
    await twin.check_outcomes()
    await check_events(twin, script)
    check_dry_runs(twin, script)
    await check_tokens(twin, script)
    await check_nodes(twin, script)
    for job in jobs:
        await check_job(twin, script.jobs[job])


async def check_events(twin: Twin, script: Script) -> None:
    said = await twin.events()
    for ours, theirs in zip(script.events, said, strict=False):
        assert (ours.name, ours.values, ours.block) == (theirs.name, theirs.values, theirs.block)
    assert len(said) == len(script.events)


def check_dry_runs(twin: Twin, script: Script) -> None:
    claimed = {
        (e.values["job"], e.values["account"]): tuple(e.values[k] for k in ("paid", "penalty", "to_challenge_pool"))
        for e in script.events
        if e.name == "Claimed"
    }
    assert all(amounts == claimed[key] for key, amounts in twin.dry_runs.items())


async def check_tokens(twin: Twin, script: Script) -> None:
    accounts = list(script.balances)
    balances = await asyncio.gather(*(twin.read("balanceOf", a, contract=TOKEN) for a in accounts))
    assert dict(zip(accounts, balances, strict=True)) == script.balances
    assert await twin.read("balanceOf", twin.bindings.address(PROTOCOL), contract=TOKEN) == script.held
    assert await twin.read("challengePool") == script.challenge_pool


async def check_nodes(twin: Twin, script: Script) -> None:
    nodes = await asyncio.gather(*(twin.read("node", account) for account in script.nodes))
    for (account, ours), theirs in zip(script.nodes.items(), nodes, strict=True):
        known = (ours.role, ours.stake, ours.locked, min(ours.slashes, 255), ours.parts)
        assert known == tuple(theirs[key] for key in ("role", "stake", "locked", "slashes", "parts")), account
        assert (theirs["withdrawable_at"] != 0) == ours.withdrawing, account


async def check_job(twin: Twin, ours: ModelJob) -> None:
    theirs = await twin.read("job", ours.id)
    assert (ours.state, ours.reason, ours.round) == (theirs["state"], theirs["reason"], theirs["round"])
    assert theirs["slashable"] == sum(1 << seat for seat in ours.at_fault)
    assert await twin.read("seats", ours.id) == tuple(ours.members)
    if ours.reason in (Reason.NO_COMMITTEE, Reason.TOO_FEW_TRAINERS):
        assert not ours.drawn
    else:
        assert ours.drawn == ours.members
    for number, made in ours.rounds.items():
        shown = await twin.read("round", ours.id, number)
        settled = made.settled
        assert shown["published"] == sum(1 << slot for slot in made.updates)
        assert shown["settled"] == (settled is not None)
        assert shown["positive_sum"] == (settled.positive_sum if settled else 0)
        assert shown["left_out"] == (sum(1 << seat for seat in settled.left_out) if settled else 0)
        assert shown["scores"] == (tuple(pack(settled.lanes)) if settled else ())


def test_defaults_in_python_are_those_of_the_deployment() -> None:
    deployed, ours = ChainParameters(), Rates()
    names = ("validator_ticket", "lock_bps", "slash_base", "trainers_bps", "members_bps", "min_seat_pay")
    assert all(getattr(deployed, name) == getattr(ours, name) for name in names)
    assert deployed.validator_ticket == 25_000 * SCT
