"""The order in which nodes do what they owe."""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from scatter.node.failures import MAX_ATTEMPTS, GiveUp
from scatter.node.reports import Progress
from scatter.protocol.duties import Duty, DutyKind
from scatter.protocol.ids import JobId, Round
from scatter.simulation import turns as module
from scatter.simulation.turns import Turns, everybody

JOB = JobId(bytes(32))


def duty(kind: DutyKind, subject: str = "") -> Duty:
    return Duty(JOB, Round(1), kind, subject)


class Stage:
    """Nodes whose duties, and what becomes of them, are written down here."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.owed: dict[str, list[Duty]] = {}
        self.fails: dict[str, list[Exception]] = {}
        self.log: list[str] = []
        self.reports: list[Progress] = []
        self.running = self.most_at_once = 0
        monkeypatch.setattr(module, "Owing", self._owing)
        monkeypatch.setattr(module, "do", self._do)

    def node(self, name: str, *owed: Duty) -> Turns:
        self.owed[name] = list(owed)
        parts: Any = SimpleNamespace(name=name, reporter=lambda report: self.reports.append(report.progress))
        signer: Any = SimpleNamespace(parked=asyncio.Event())
        parts.signer = signer
        return Turns(parts, signer, lambda duty: duty.subject != "forbidden")

    def _owing(self, parts: Any) -> Any:
        async def now(given_up: Any = ()) -> Sequence[Duty]:
            return [each for each in self.owed[parts.name] if each.key not in given_up]

        return SimpleNamespace(now=now)

    async def _do(self, parts: Any, owed: Duty) -> None:
        self.log.append(f"{parts.name} {owed.kind}")
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        failures = self.fails.get(f"{parts.name} {owed.kind}", [])
        if failures:
            raise failures.pop(0)
        if owed.kind is DutyKind.COMMIT:
            parts.signer.parked.set()
            await asyncio.Event().wait() if owed.subject == "for ever" else await self.block.wait()
        self.owed[parts.name].remove(owed)

    @property
    def block(self) -> asyncio.Event:
        if not hasattr(self, "_block"):
            self._block = asyncio.Event()
        return self._block


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(monkeypatch)


async def test_one_node_after_the_other_does_all_it_owes(stage: Stage) -> None:
    nodes = [stage.node(name, duty(DutyKind.FETCH), duty(DutyKind.OPEN_KEYS)) for name in ("a", "b")]
    await everybody(nodes)
    assert stage.log == ["a fetch", "a open-keys", "b fetch", "b open-keys"]
    assert stage.most_at_once == 1


async def test_heavy_work_of_several_nodes_goes_on_at_once(stage: Stage) -> None:
    nodes = [stage.node(name, duty(DutyKind.FETCH), duty(DutyKind.TRAIN)) for name in ("a", "b", "c")]
    await everybody(nodes)
    assert stage.log == ["a fetch", "b fetch", "c fetch", "a train", "b train", "c train"]
    assert stage.most_at_once == 3


async def test_who_waits_for_a_block_does_nothing_else(stage: Stage) -> None:
    node = stage.node("a", duty(DutyKind.COMMIT), duty(DutyKind.FETCH))
    await everybody([node])
    assert stage.log == ["a commit"]
    assert node.waits
    stage.block.set()
    node.parts.signer.parked.clear()  # type: ignore[attr-defined]
    assert await node.go_on()
    assert not node.waits
    await everybody([node])
    assert stage.log == ["a commit", "a fetch"]


async def test_what_failed_rests_until_something_has_changed(stage: Stage) -> None:
    first = stage.node("a", duty(DutyKind.FETCH))
    stage.fails["a fetch"] = [OSError("not here yet")]
    await everybody([first])
    assert stage.log == ["a fetch"], "alone it would fail again"
    assert first.rests
    second = stage.node("b", duty(DutyKind.OPEN_KEYS))
    await everybody([first, second])
    assert stage.log == ["a fetch", "b open-keys", "a fetch"]
    assert stage.owed == {"a": [], "b": []}


async def test_what_is_hopeless_is_given_up_and_told(stage: Stage) -> None:
    node = stage.node("a", duty(DutyKind.FETCH), duty(DutyKind.OPEN_KEYS))
    stage.fails["a fetch"] = [GiveUp("no manifest")]
    await everybody([node])
    assert node.given_up == {duty(DutyKind.FETCH).key: "no manifest"}
    assert node.gave_up(JOB)
    assert stage.log == ["a fetch", "a open-keys"]
    assert Progress.GIVEN_UP in stage.reports


async def test_a_bug_is_given_up_after_some_attempts_and_the_world_is_not(stage: Stage) -> None:
    for error, given_up in ((ValueError("bug"), True), (OSError("world"), False)):
        node = stage.node("a", duty(DutyKind.FETCH))
        stage.fails["a fetch"] = [error] * MAX_ATTEMPTS
        for _ in range(MAX_ATTEMPTS):
            node.rested()
            await everybody([node])
        assert bool(node.given_up) == given_up


async def test_what_a_step_has_not_allowed_is_not_done(stage: Stage) -> None:
    node = stage.node("a", duty(DutyKind.JOIN, "forbidden"), duty(DutyKind.FETCH))
    await everybody([node])
    assert stage.log == ["a fetch"]


async def test_a_node_that_is_stopped_leaves_nothing_running(stage: Stage) -> None:
    node = stage.node("a", duty(DutyKind.COMMIT, "for ever"))
    await everybody([node])
    await node.stop()
    assert not node.waits
