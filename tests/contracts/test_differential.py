"""The rules in Python against the deployed contracts: random jobs, equal events, refusals and balances to the last unit.

The model chain settles, pays and draws with `scatter.protocol`; the contracts do it on a development chain, block by block.
SCATTER_DIFFERENTIAL_JOBS plays more than the twenty jobs of every day, SCATTER_DIFFERENTIAL_SEED plays others.
"""

import asyncio
import os
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from random import Random
from typing import Any

from tests.contracts.script import LARGE, Play, Script
from tests.contracts.twin import DEPLOYER, Twin
from tests.property.protocol.model_chain import seeded
from tests.property.protocol.model_drawing import PAGE_CANDIDATES
from tests.property.protocol.model_job import ModelJob
from tests.property.protocol.model_parts import ModelItem, ModelRound

from scatter.chain.deployment import PROTOCOL, REPUTATION, TOKEN
from scatter.chain.parameters import ChainParameters
from scatter.protocol.awards import stakes_taken
from scatter.protocol.ids import Address, JobId
from scatter.protocol.rates import Rates
from scatter.protocol.reputation import deeds
from scatter.protocol.scores import UNREADABLE, SettledRound, abstains, are_scores, is_special, pack, unpack
from scatter.protocol.states import ChallengeKind, JudgingPhase, SeatKind
from scatter.protocol.verdicts import Item, Verdict
from scatter.protocol.view import Reputation

JOBS = int(os.environ.get("SCATTER_DIFFERENTIAL_JOBS", "20"))
SEED = int(os.environ.get("SCATTER_DIFFERENTIAL_SEED", "123"))
RECORDED_AT_ONCE = 7
DRAWS = bytes([SEED % 256]) * 32


def batched(accounts: Sequence[Address], most: int) -> list[Sequence[Address]]:
    return [accounts[first : first + most] for first in range(0, len(accounts), most)]


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
        twin.begin(script)
        play = Play(script, random)
        seen: set[str] = set()
        for together in sizes(random):
            jobs = play.jobs(*together)
            await twin.replay(script.steps)
            seen |= what_happened(script, jobs)
            script.steps.clear()
            await check_alike(twin, script, jobs)
        await check_reputations(twin, script)
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
    *(f"{who} abstained" for who in ("member", "auditor", "juror")),
    "called unreadable what is a number",
    "juror excused",
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
    abstained = set().union(*(set(made.openings) - set(made.scored) - made.refused for made in rounds))
    return named(
        {
            "struck out": any(made.struck for made, _ in settled),
            "left out": any(made.left_out for made, _ in settled),
            "member abstained": bool(abstained & members),
            "auditor abstained": bool(abstained - members),
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
            "juror abstained": any(
                abstains(words) for made in job.items.values() for words, _ in made.openings.values()
            ),
            "called unreadable what is a number": any(excused_seats(job, item, verdict) for item, verdict in verdicts),
            "juror excused": any(excused_jurors(job.items[item], verdict) for item, verdict in verdicts),
            "seat lost its lock": any(verdict.lost for _, verdict in verdicts),
            "void jury": bool(job.items) and not verdicts,
            "challenged by several": any(len(made.filers) > 1 for made in job.items.values()),
        }
    )


def excused_seats(job: ModelJob, item: Item, verdict: Verdict) -> bool:
    """Whether some seat lost nothing although a jury found a number for what it called unreadable."""
    if item.kind is not ChallengeKind.SCORES or not verdict.changed:
        return False
    made, trainers = job.rounds[item.round], len(job.trainers)
    assert made.settled is not None
    numbers = [
        lane
        for lane, (new, old) in enumerate(zip(verdict.lanes, made.settled.lanes, strict=True))
        if new != old and not is_special(new)
    ]
    said = {seat: unpack(words, trainers) for seat, words in made.scored.items() if seat not in verdict.lost}
    return any(lanes[lane] == UNREADABLE for lanes in said.values() for lane in numbers)


def excused_jurors(made: ModelItem, verdict: Verdict) -> bool:
    """Whether some juror that opened numbers is neither agreeing nor outside."""
    gave = {juror for juror, (words, _) in made.openings.items() if are_scores(words)}
    return verdict.counts and bool(verdict.lanes) and bool(gave - verdict.agreed - verdict.outside)


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
        await check_deeds(twin, script, job)


async def check_events(twin: Twin, script: Script) -> None:
    said = await twin.events()
    made = [event for event in script.events if event.name != "DeedsRecorded"]
    for ours, theirs in zip(made, said, strict=False):
        assert (ours.name, ours.values, ours.block) == (theirs.name, theirs.values, theirs.block)
    assert len(said) == len(made)


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
    assert (ours.state, ours.reason, ours.shown_round) == (theirs["state"], theirs["reason"], theirs["round"])
    outcome = ours.outcome()
    assert theirs["slashable"] == mask({n for n, seat in enumerate(ours.seats) if seat.silent} | outcome.deviating)
    outside = frozenset().union(*(made.verdict.outside for made in ours.items.values() if made.verdict))
    silent = {n for n, seat in enumerate(ours.jurors) if seat.silent}
    # The contracts note jurors that were silent at commitment with those silent at opening: who did not commit cannot open.
    known = ours.phase is JudgingPhase.TALLYING
    assert theirs["slashable_jurors"] == (mask(silent | outside) if known else 0)
    for kind, name in ((SeatKind.MEMBER, "seats"), (SeatKind.AUDITOR, "auditors"), (SeatKind.JUROR, "jurors")):
        assert await twin.read(name, ours.id) == tuple(seat.account for seat in ours.drawn[kind])
    judged = [made.settled for made in outcome.judged_rounds]
    for settled, (number, made) in zip(judged, ours.rounds.items(), strict=True):
        check_round(await twin.read("round", ours.id, number), made, settled)
    await check_items(twin, ours)


async def check_deeds(twin: Twin, script: Script, job: JobId) -> None:
    """What everybody did, as the rule in Python and the contract have it; then it is recorded, page by page."""
    view = script.view.jobs[job]
    shown = await asyncio.gather(*(twin.read("deeds", job, a, contract=REPUTATION) for a in view.participants))
    assert [Reputation(**found) for found in shown] == [deeds(view, account) for account in view.participants]
    for page in batched(view.participants, RECORDED_AT_ONCE):
        script.record(DEPLOYER, job, page)
        await twin.record(job, page)


async def check_reputations(twin: Twin, script: Script) -> None:
    """All that was recorded, added up."""
    await twin.mine()
    accounts = list(script.view.reputations)
    shown = await asyncio.gather(*(twin.read("reputation", account, contract=REPUTATION) for account in accounts))
    assert [Reputation(**found) for found in shown] == list(script.view.reputations.values())
    assert {any(getattr(r, each.name) for r in script.view.reputations.values()) for each in fields(Reputation)} == {
        True
    }


def check_round(shown: dict[str, Any], made: ModelRound, settled: SettledRound | None) -> None:
    assert shown["published"] == mask(made.updates)
    assert (shown["committed"], shown["opened"]) == (mask(made.commitments), mask(made.openings))
    abstained = set(made.openings) - set(made.scored) - made.refused
    assert (shown["refused"], shown["abstained"]) == (mask(made.refused), mask(abstained))
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
