"""Hypothesis decides who does what and when: after each step the rules in Python and the deployed contracts agree.

`test_differential.py` plays whole jobs to their end and asks for everything that can happen; this goes where nobody would,
compares after each step, and shrinks what it finds to the few steps that show it.
SCATTER_AGREEMENT_EXAMPLES plays so many others instead of the same few of every day.
"""

import asyncio
import os
from random import Random

from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from hypothesis.strategies import integers, sampled_from
from tests.contracts.script import Play, Script
from tests.contracts.test_differential import check_events, check_job, check_nodes, check_parameters, check_tokens
from tests.contracts.twin import Twin
from tests.property.protocol.actors import Actor
from tests.property.protocol.model_chain import seeded

from scatter.chain.parameters import ChainParameters
from scatter.protocol.ids import JobId

EXAMPLES = os.environ.get("SCATTER_AGREEMENT_EXAMPLES")
FORM = settings(
    max_examples=int(EXAMPLES or 8),
    stateful_step_count=80,
    derandomize=EXAMPLES is None,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
DRAWS = bytes([0x5C]) * 32
MOST_JOBS = 3
MINDS = integers(0, 2**32 - 1)
"""What the one who acts makes up its mind by: Hypothesis draws who and when, this the small choices that follow."""


class Agreement(RuleBasedStateMachine):
    """Jobs on the model chain and on a development chain, which every example takes back to where all are enrolled."""

    def __init__(self, runner: asyncio.Runner, twin: Twin) -> None:
        super().__init__()
        self._runner, self._twin = runner, twin
        self._actors: list[Actor] = []
        self._jobs: list[JobId] = []

    @initialize()
    def go_back(self) -> None:
        self._script, self._play = enrolled(self._twin)
        self._script.steps.clear()
        self._runner.run(self._twin.restore())

    def _decide(self, mind: int) -> Play:
        self._play.random.seed(mind)
        return self._play

    @precondition(lambda self: len(self._jobs) < MOST_JOBS)
    @rule(trainers=integers(1, 4), mind=MINDS)
    def post(self, trainers: int, mind: int) -> None:
        everybody, jobs = self._decide(mind).begin(trainers)
        self._actors = list({actor.address: actor for actor in [*self._actors, *everybody]}.values())
        self._jobs += jobs

    @precondition(lambda self: self._jobs)
    @rule(most=integers(1, 80), mind=MINDS)
    def go_on(self, most: int, mind: int) -> None:
        """Nodes do what they owe; when nobody owes anything, time passes until somebody does."""
        play = self._decide(mind)
        for _ in range(most):
            if not play.duty(self._actors):
                self._script.wait(play.random.randrange(20, 400))

    @precondition(lambda self: self._jobs)
    @rule(mind=MINDS)
    def try_something(self, mind: int) -> None:
        play = self._decide(mind)
        play.mischief.done(self._actors, play.random.choice(self._jobs))

    @precondition(lambda self: self._jobs)
    @rule(seconds=integers(1, 300), blocks=integers(1, 3))
    def wait(self, seconds: int, blocks: int) -> None:
        self._script.wait(seconds, blocks)

    @rule(mind=MINDS)
    def change_parameters(self, mind: int) -> None:
        self._decide(mind).change_parameters()

    @rule(who=integers(0, 2**16), what=sampled_from(["deposit_ticket", "request_withdrawal", "withdraw"]))
    def move_stake(self, who: int, what: str) -> None:
        actors = self._play.staked
        self._script.send(actors[who % len(actors)].address, what)

    @invariant()
    def agree(self) -> None:
        if self._script.steps:
            self._runner.run(self._compare())

    async def _compare(self) -> None:
        twin, script = self._twin, self._script
        await twin.replay(script.steps)
        script.steps.clear()
        await twin.check_outcomes()
        await check_events(twin, script)
        await check_tokens(twin, script)
        await check_nodes(twin, script)
        await check_parameters(twin, script)
        for job in self._jobs:
            await check_job(twin, script.jobs[job])


def enrolled(twin: Twin) -> tuple[Script, Play]:
    """Where each example begins."""
    script = Script(seeded(DRAWS))
    twin.begin(script)
    return script, Play(script, Random(0), sleepers=0)  # noqa: S311


def test_contracts_and_python_agree_whoever_does_what_and_when() -> None:
    with asyncio.Runner() as runner:
        chain = Twin.start(ChainParameters(minimum_duration=1, withdrawal_delay=2_000), DRAWS)
        twin = runner.run(chain.__aenter__())
        try:
            script, _ = enrolled(twin)
            runner.run(twin.replay(script.steps))
            runner.run(twin.keep())
            run_state_machine_as_test(lambda: Agreement(runner, twin), settings=FORM)
        finally:
            runner.run(chain.__aexit__(None, None, None))
