"""Nodes that are stopped and started by hand: when it counts, what is written of it, and that it comes out the same again."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.unit.simulation.runs import BEGINNING, NODES, POST, Seen, prepared, run, step
from tests.unit.simulation.test_keeping import Interrupted, recordings

from scatter.simulation.errors import ScenarioError, ScenarioFailed
from scatter.simulation.interventions import Intervention
from scatter.simulation.losses import Grounds
from scatter.simulation.recording.recorded import Recorded

WHOLE = (NODES, BEGINNING, POST, step("trainer-joins", job="$job"), step("wait", job="$job"))


class Fingers:
    """A hand that does given things, and remembers for which blocks it was asked."""

    def __init__(self, *does: Intervention) -> None:
        self.does, self.asked = does, list[int]()

    async def due(self, block: int) -> Sequence[Intervention]:
        self.asked.append(block)
        return [each for each in self.does if each.before_block == block]


def does(block: int, do: str, *nodes: str) -> Intervention:
    return Intervention(before_block=block, do=do, nodes=nodes)  # type: ignore[arg-type]


def written(*interventions: Intervention) -> str:
    return "".join(
        f'\n[[interventions]]\nbefore_block = {each.before_block}\ndo = "{each.do}"\nnodes = {list(each.nodes)}\n'
        for each in interventions
    )


async def first_block(tmp_path: Path) -> int:
    """The first that somebody can do something before: the second one after roles are taken here."""
    hand = Fingers()
    made = prepared(tmp_path / "asked", *WHOLE)
    made.hand = hand
    await made.run()
    assert hand.asked == list(range(hand.asked[0], hand.asked[0] + len(hand.asked))), "once for each block, in order"
    return hand.asked[1]


async def by_hand(out: Path, *interventions: Intervention, seen: Seen | None = None, keep_every: float = 1e9) -> None:
    made = prepared(out, *WHOLE, seen=seen, keep_every=keep_every)
    made.hand = Fingers(*interventions)
    await made.run()


async def test_a_node_that_is_stopped_does_nothing_until_it_is_started(tmp_path: Path) -> None:
    first = await first_block(tmp_path)
    await by_hand(tmp_path / "out", does(first, "stop-node", "trainer-2"), does(first + 2, "start-node", "trainer"))
    recorded = Recorded.load(tmp_path / "out")
    assert [{key: row[key] for key in ("block", "node", "on", "by")} for row in recorded["switches"]] == [
        {"block": first, "node": "trainer-2", "on": False, "by": "hand"},
        {"block": first + 2, "node": "trainer-2", "on": True, "by": "hand"},
    ], "who is at work already is not started"
    sent = [row["block"] for row in recorded["transactions"] if row["node"] == "trainer-2"]
    assert not [block for block in sent if first < block <= first + 2], "it ended what it had begun, and rested"


async def test_an_interrupted_run_does_the_same_again_at_the_same_place(tmp_path: Path) -> None:
    first = await first_block(tmp_path)
    hand = does(first + 1, "stop-node", "trainer-2"), does(first + 6, "start-node", "trainer-2")
    await by_hand(tmp_path / "whole", *hand)
    for after in (first, first + 3, first + 9):

        class Killed(Seen):
            def block(self, record: object, last: int = after) -> None:
                if record.block.number == last:  # type: ignore[attr-defined]
                    raise Interrupted

        with pytest.raises(Interrupted):
            await by_hand(tmp_path / "out", *hand, seen=Killed(), keep_every=0.0)
        await by_hand(tmp_path / "out", *hand)
        assert recordings(tmp_path / "out") == recordings(tmp_path / "whole")


async def test_a_scenario_that_has_it_written_down_comes_out_the_same(tmp_path: Path) -> None:
    first = await first_block(tmp_path)
    hand = does(first + 1, "stop-node", "validator"), does(first + 4, "start-node", "validator-1")
    await by_hand(tmp_path / "live", *hand)
    await run(tmp_path / "again", *WHOLE, written(*hand))
    assert recordings(tmp_path / "again") == recordings(tmp_path / "live")


async def test_an_honest_node_that_somebody_stopped_lost_by_a_rule(tmp_path: Path) -> None:
    first = await first_block(tmp_path)
    result, _ = await run(tmp_path, *WHOLE, written(does(first + 2, "stop-node", "validator")))
    assert {(loss.node, loss.grounds) for loss in result.losses} == {("validator-1", Grounds.RULE)}


async def test_it_must_be_a_node_of_the_scenario_at_a_time_when_there_are_roles(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r'interventions\[0\].nodes\[0\] is "nobody"; no node and no group'):
        prepared(tmp_path, *WHOLE, written(does(30, "stop-node", "nobody")))
    with pytest.raises(ScenarioError, match=r'interventions\[0\].do is "wait"; it is "stop-node" or "start-node"'):
        prepared(tmp_path, *WHOLE, written(does(30, "wait", "trainer")))
    with pytest.raises(ScenarioFailed, match="cannot be stopped before block 8: roles are not taken yet"):
        await run(tmp_path, *WHOLE, written(does(8, "stop-node", "trainer")))
