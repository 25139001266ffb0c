"""The rules in Python against the deployed contracts: random jobs, equal events, refusals and balances to the last unit.

The model chain settles, pays and draws with `scatter.protocol`; the contracts do it on a development chain, block by block.
SCATTER_DIFFERENTIAL_JOBS plays more than the twenty jobs of every day, SCATTER_DIFFERENTIAL_SEED plays others.
"""

import asyncio
import os
from collections.abc import Iterable
from dataclasses import fields, replace
from random import Random
from typing import Any

from tests.contracts.script import LARGE, Play, Script
from tests.contracts.twin import Twin
from tests.property.protocol.model_chain import seeded
from tests.property.protocol.model_drawing import PAGE_CANDIDATES
from tests.property.protocol.model_job import ModelJob
from tests.property.protocol.model_parts import ModelRound

from scatter.chain.deployment import PROTOCOL, TOKEN
from scatter.chain.parameters import ChainParameters
from scatter.protocol.awards import stakes_taken
from scatter.protocol.ids import JobId
from scatter.protocol.rates import Rates
from scatter.protocol.scores import SettledRound, pack
from scatter.protocol.states import ChallengeKind, SeatKind
from scatter.protocol.verdicts import Verdict

JOBS = int(os.environ.get("SCATTER_DIFFERENTIAL_JOBS", "20"))
SEED = int(os.environ.get("SCATTER_DIFFERENTIAL_SEED", "67"))
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
        assert not EVERY_DAY - seen, "the jobs of every day have become too plain"


EVERY_DAY = {
    "Settled",
    "NO_SHARD_KEY",
    "TOO_FEW_OPENED",
    "REFUSED",
    "struck out",
    "left out",
    "stood in",
    "compared",
    "deviating",
    "no longer deviating",
    "struck out by verdict",
    "nothing accepted",
    "nobody published",
    "drawn in pages",
    "settled by hand",
    "tallied with words",
    "claimed with words",
    "trainer penalised",
    "seat slashed",
    "juror slashed",
    "seat lost its lock",
    "void jury",
    "challenged by several",
    "fees",
    "outlived its parameters",
    *("NotOwner", "StaleParameters", "ParameterOutOfRange"),
    *(f"{kind.name} {came}" for kind in ChallengeKind for came in ("changed", "stands")),
}


def what_happened(script: Script, jobs: list[JobId]) -> set[str]:
    """The rarer things that these jobs went through."""
    played = [script.jobs[job] for job in jobs]
    found = set().union(*(in_rounds(job) | in_disputes(job) | at_the_end(script, job) for job in played))
    done = [(s.function, bool(s.arguments and s.arguments[-1])) for s in script.steps if s.refused is None]
    found |= {"settled by hand"} if ("settle_round", True) in done else set()
    found |= {"tallied with words"} if ("tally", True) in done else set()
    found |= {"claimed with words"} if ("claim", True) in done else set()
    found |= {step.refused for step in script.steps if step.refused is not None}
    found |= {"outlived its parameters"} if any(job.rates != script.rates for job in played) else set()
    ends = {job.reason.name if job.reason else job.state.name.capitalize() for job in played}
    return found | ends


def in_rounds(job: ModelJob) -> set[str]:
    rounds, members = job.rounds.values(), set(range(job.terms.members))
    settled = [(made.settled, set(made.scored)) for made in rounds if made.settled is not None]
    return named(
        {
            "struck out": any(made.struck for made, _ in settled),
            "left out": any(made.left_out for made, _ in settled),
            "stood in": any(made.panel - members for made, _ in settled),
            "compared": any(opened - made.panel - made.left_out for made, opened in settled),
            "deviating": any(made.deviating for made, _ in settled),
            "nothing accepted": any(not made.accepted for made, _ in settled),
            "nobody published": job.round > 1 and any(not made.updates for made in rounds),
            "drawn in pages": bool(job.seats) and any(cursor > PAGE_CANDIDATES for cursor in job.draw.cursors.values()),
        }
    )


def in_disputes(job: ModelJob) -> set[str]:
    verdicts = [(item, made.verdict) for item, made in job.items.items() if made.verdict is not None]
    rounds = [(made, job.rounds[item.round].settled) for item, made in verdicts if item.kind is ChallengeKind.SCORES]
    reached = {f"{i.kind.name} {'changed' if v.changed else 'stands'}" for i, v in verdicts if v.counts}
    return reached | named(
        {
            "no longer deviating": any(made and made.deviating - v.deviating - v.lost for v, made in rounds),
            "struck out by verdict": any(made and as_struck(v, made) != made.struck for v, made in rounds),
            "seat lost its lock": any(verdict.lost for _, verdict in verdicts),
            "void jury": bool(job.items) and not verdicts,
            "challenged by several": any(len(made.filers) > 1 for made in job.items.values()),
        }
    )


def as_struck(verdict: Verdict, settled: SettledRound) -> frozenset[int]:
    """What is struck out after a verdict."""
    return replace(settled, lanes=verdict.lanes).struck


def at_the_end(script: Script, job: ModelJob) -> set[str]:
    claims = [e.values for e in script.events if e.name == "Claimed" and e.values["job"] == job.id]
    lost = {claim["account"] for claim in claims if claim["penalty"]}
    return named(
        {
            "trainer penalised": bool(lost & set(job.trainers)),
            "seat slashed": bool(lost & {seat.account for seat in job.seats}),
            "juror slashed": bool(lost & {juror.account for juror in job.jurors}),
            "fees": any(e.name == "JurorFeesReserved" and e.values["job"] == job.id for e in script.events),
        }
    )


def named(found: dict[str, bool]) -> set[str]:
    return {name for name, true in found.items() if true}


async def check_alike(twin: Twin, script: Script, jobs: list[JobId]) -> None:
    await twin.check_outcomes()
    await check_events(twin, script)
    check_dry_runs(twin, script)
    await check_tokens(twin, script)
    await check_nodes(twin, script)
    await check_parameters(twin, script)
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


async def check_parameters(twin: Twin, script: Script) -> None:
    assert await twin.read("parametersVersion") == len(script.parameters) - 1
    versions = await asyncio.gather(*(twin.read("parameters", number) for number in range(len(script.parameters))))
    assert [Rates(**values) for values in versions] == script.parameters


async def check_tokens(twin: Twin, script: Script) -> None:
    accounts = list(script.balances)
    balances = await asyncio.gather(*(twin.read("balanceOf", a, contract=TOKEN) for a in accounts))
    assert dict(zip(accounts, balances, strict=True)) == script.balances
    assert await twin.read("balanceOf", twin.bindings.address(PROTOCOL), contract=TOKEN) == script.held
    assert await twin.read("challengePool") == script.challenge_pool


async def check_nodes(twin: Twin, script: Script) -> None:
    nodes = await asyncio.gather(*(twin.read("node", account) for account in script.nodes))
    for (account, ours), theirs in zip(script.nodes.items(), nodes, strict=True):
        known = (ours.role, ours.stake, ours.locked, min(ours.slashes, 255))
        assert known == tuple(theirs[key] for key in ("role", "stake", "locked", "slashes")), account
        assert (theirs["withdrawable_at"] != 0) == ours.withdrawing, account


async def check_job(twin: Twin, ours: ModelJob) -> None:
    theirs = await twin.read("job", ours.id)
    assert (ours.state, ours.reason, ours.round) == (theirs["state"], theirs["reason"], theirs["round"])
    outcome = ours.outcome()
    assert theirs["slashable"] == mask({n for n, seat in enumerate(ours.seats) if seat.silent} | outcome.deviating)
    outside = frozenset().union(*(made.verdict.outside for made in ours.items.values() if made.verdict))
    assert theirs["slashable_jurors"] == mask({n for n, seat in enumerate(ours.jurors) if seat.silent} | outside)
    for kind, name in ((SeatKind.MEMBER, "seats"), (SeatKind.AUDITOR, "auditors"), (SeatKind.JUROR, "jurors")):
        assert await twin.read(name, ours.id) == tuple(seat.account for seat in ours.drawn[kind])
    judged = [made.settled for made in outcome.judged_rounds]
    for settled, (number, made) in zip(judged, ours.rounds.items(), strict=True):
        check_round(await twin.read("round", ours.id, number), made, settled)
    await check_items(twin, ours)


def check_round(shown: dict[str, Any], made: ModelRound, settled: SettledRound | None) -> None:
    refused = set(made.openings) - set(made.scored)
    assert shown["published"] == mask(made.updates)
    assert (shown["committed"], shown["opened"]) == (mask(made.commitments), mask(made.openings))
    assert shown["refused"] == mask(refused)
    assert shown["settled"] == (settled is not None)
    assert shown["positive_sum"] == (settled.positive_sum if settled else 0)
    assert shown["panel"] == (mask(settled.panel) if settled else 0)
    assert shown["left_out"] == (mask(settled.left_out) if settled else 0)
    assert shown["scores"] == (tuple(pack(settled.lanes)) if settled else ())


async def check_items(twin: Twin, ours: ModelJob) -> None:
    taken = stakes_taken(ours.outcome())
    shown = await twin.read("challenges", ours.id)
    assert [(item["kind"], item["round"]) for item in shown] == [(item.kind, item.round) for item in ours.items]
    for theirs, (item, made) in zip(shown, ours.items.items(), strict=True):
        assert (theirs["committed"], theirs["opened"]) == (mask(made.commitments), mask(made.openings))
        assert theirs["lost"] == mask(taken[item])
        assert theirs["agreed"] == mask(made.verdict.agreed if made.verdict else ())
        assert theirs["outcome"] == outcome_of(made.verdict)


def outcome_of(verdict: Verdict | None) -> int:
    """Pending, NoVerdict, Stands or Changed."""
    if verdict is None:
        return 0
    return 1 + verdict.counts + verdict.changed


def mask(numbers: Iterable[int]) -> int:
    return sum(1 << number for number in numbers)


def test_defaults_in_python_are_those_of_the_deployment() -> None:
    deployed, ours = ChainParameters(), Rates()
    assert all(getattr(deployed, each.name) == getattr(ours, each.name) for each in fields(Rates))
