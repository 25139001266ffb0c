"""A recording as lines over blocks."""

from typing import Any

import numpy as np
import pytest

from scatter.protocol.ids import SCT
from scatter.simulation.figures.series import Node, Steps, Story
from scatter.simulation.recording.recorded import Recorded
from scatter.simulation.recording.rows import empty_tables


@pytest.fixture(scope="module")
def story(recorded: Recorded) -> Story:
    return Story(recorded)


def made(recorded: Recorded, **rows: list[dict[str, Any]]) -> Story:
    """A story of a few rows; columns that are not given are nothing."""
    tables = empty_tables()
    for name, some in rows.items():
        for row in some:
            tables[name].add(**{column.name: row.get(column.name, 0) for column in tables[name].table.columns})
    return Story(Recorded(tables, recorded.deployed))


def test_nodes_and_what_they_did(story: Story) -> None:
    nodes = {node.name: node for node in story.nodes}
    assert "operator" not in nodes
    assert "protocol" not in nodes
    assert nodes["trainer-1"] == Node("trainer-1", "trainer", ())
    assert nodes["trainer-3"] == Node("trainer-3", "trainer", ("lazy",))
    assert sum(node.conduct == ("colluding",) for node in story.nodes) == 2
    assert story.roles == ["requestor", "trainer", "validator", "challenger"]


def test_steps_hold_until_the_next() -> None:
    line = Steps((10, 20), (3 * SCT, 5 * SCT // 2))
    assert line.at(np.asarray([0.0, 9.9, 10.0, 19.0, 20.0, 99.0])).tolist() == [0, 0, 3, 3, 2.5, 2.5]


def test_what_is_put_up_is_not_lost(story: Story) -> None:
    """Posting, joining and challenging change nobody's worth: only claims do."""
    claims = {row["block"] for row in story.recorded["payouts"]}
    for node in story.nodes:
        line = story.worth[node.name]
        changed = {
            block
            for block, before, after in zip(line.blocks[1:], line.values, line.values[1:], strict=False)
            if before != after and block > story.start
        }
        assert changed <= claims


def test_what_some_gained_others_lost(story: Story) -> None:
    """Once all is claimed, changes of all nodes and of the challenge pool are nothing together, to the base unit."""
    gained = sum(_total(story.worth[node.name], story.start) for node in story.nodes)
    assert gained + _total(story.pool("challenge_pool"), story.start) == 0
    assert gained != 0


def _total(line: Steps, start: int) -> int:
    before = [value for block, value in zip(line.blocks, line.values, strict=True) if block <= start]
    return line.values[-1] - (before[-1] if before else 0)


def test_worth_is_what_claims_brought(story: Story) -> None:
    """Paid, less what was put up and did not come back, less what seats lost of their tickets."""
    terms = {row["job"]: row for row in story.recorded["jobs"]}
    for node in story.nodes:
        rows = [row for row in story.recorded["payouts"] if row["node"] == node.name]
        claimed = sum(row["amount"] for row in rows if row["kind"] != "penalty")
        tickets = sum(row["amount"] for row in rows if row["kind"] == "penalty" and row["part"] != "trainer")
        jobs = [row for row in rows if row["kind"] == "paid"]
        put_up = sum(terms[row["job"]]["slot_stake"] for row in jobs if row["part"] == "trainer")
        put_up += sum(
            terms[row["job"]]["round_pool"] * (terms[row["job"]]["rounds"] + 1)
            for row in jobs
            if row["part"] == "requestor"
        )
        bonds = [r for r in story.recorded["challenges"] if r["side"] == "filer" and r["node"] == node.name]
        put_up += len(bonds) * story.recorded.deployed.rates.challenge_bond
        assert _total(story.worth[node.name], story.start) == claimed - tickets - put_up


def test_very_long_lines_are_thinned_out(recorded: Recorded) -> None:
    story = made(recorded, blocks=[{"block": 0}, {"block": 1_000_000}])
    blocks = story.grid([Steps(tuple(range(1_000_000)), ())])
    assert 1_900 < len(blocks) <= 2_000
    assert (blocks[0], blocks[-1]) == (0, 1_020_000)
    assert np.all(np.diff(blocks) > 0)


def test_without_a_block_there_is_a_story_still(recorded: Recorded) -> None:
    story = made(recorded)
    assert (story.start, story.end, story.nodes) == (0, 0, [])
