"""What steps do to the world, on a real chain."""

from itertools import pairwise
from pathlib import Path

import pytest
from tests.unit.simulation.runs import BEGINNING, NODES, POST, Seen, run, step

from scatter.protocol.ids import SCT
from scatter.protocol.states import State
from scatter.simulation.errors import ScenarioFailed, Stuck
from scatter.simulation.founding import empty_world
from scatter.simulation.losses import Grounds

JOIN = step("trainer-joins", job="$job")
CLAIMED = step("wait", job="$job")


async def test_a_job_from_posting_to_payout(tmp_path: Path) -> None:
    seen = Seen()
    result, gains = await run(tmp_path, NODES, BEGINNING, POST, JOIN, CLAIMED, seen=seen)
    assert [job.state for job in result.jobs] == ["settled"]
    assert seen.steps == [
        *("deploy-protocol", "transfer-initial-supply", "initialize-roles"),
        *("add-topic", "trainer-joins", "wait"),
    ]
    assert gains["requestor-1"] == -1500 * SCT
    assert all(gain > 0 for name, gain in gains.items() if name != "requestor-1")
    assert result.supply_before == result.supply_after
    assert result.losses == () or all(loss.grounds is not Grounds.UNEXPLAINED for loss in result.losses)
    assert sum(gains.values()) == -result.challenge_pool
    assert 0 < result.max_tx_gas < 1_200_000


async def test_blocks_are_so_far_apart_and_time_jumps_when_nobody_acts(tmp_path: Path) -> None:
    seen = Seen()
    await run(tmp_path, "[chain]\nblock_seconds = 7\n", NODES, BEGINNING, POST, JOIN, CLAIMED, seen=seen)
    times = [record.block.timestamp for record in seen.blocks]
    apart = [later - earlier for earlier, later in pairwise(times)]
    busy = [gap for gap, record in zip(apart, seen.blocks[1:], strict=True) if record.calls]
    assert set(busy) == {7}
    assert max(apart) > 24 * 3600, "nobody waits for the challenge window to pass"


async def test_trainers_join_by_a_step_only(tmp_path: Path) -> None:
    seen = Seen()
    one = step("trainer-joins", job="$job", trainers=["trainer-2"])
    result, gains = await run(tmp_path, NODES, BEGINNING, POST, one, step("advance-time", by="4d"), CLAIMED, seen=seen)
    assert (result.jobs[0].state, result.jobs[0].reason) == ("cancelled", "too_few_trainers")
    assert seen.functions().count("join") == 1
    assert set(gains.values()) == {0}


async def test_trainers_that_join_by_themselves_need_no_step(tmp_path: Path) -> None:
    nodes = NODES.replace("count = 2\n", 'count = 2\njoins = "by-itself"\n')
    result, _ = await run(tmp_path, nodes, BEGINNING, POST, CLAIMED)
    assert result.jobs[0].state == "settled"


async def test_training_starts_before_the_job_is_full(tmp_path: Path) -> None:
    post = POST + "trainers = { min = 1, max = 2 }\n"
    one = step("trainer-joins", job="$job", trainers=["trainer-1"])
    seen = Seen()
    result, gains = await run(
        tmp_path, NODES, BEGINNING, post, one, step("start-training", job="$job"), CLAIMED, seen=seen
    )
    assert result.jobs[0].state == "settled"
    assert seen.functions().count("start") == 1
    assert gains["trainer-2"] == 0 < gains["trainer-1"]


async def test_starting_a_full_job_changes_nothing(tmp_path: Path) -> None:
    seen = Seen()
    await run(tmp_path, NODES, BEGINNING, POST, JOIN, step("start-training", job="$job"), CLAIMED, seen=seen)
    assert "start" not in seen.functions()


async def test_a_node_that_is_stopped_does_nothing_until_it_is_started(tmp_path: Path) -> None:
    seen = Seen()
    drawn = step("wait", job="$job", state="keying")
    stop, start = (step(do, nodes=["requestor"]) for do in ("stop-node", "start-node"))
    result, gains = await run(
        tmp_path, NODES, BEGINNING, POST, JOIN, drawn, stop, step("advance-time", by="2d"), start, CLAIMED, seen=seen
    )
    assert (result.jobs[0].state, result.jobs[0].reason) == ("defaulted", "no_keys")
    assert gains["requestor-1"] == -1500 * SCT, "its bond, one round's pool"
    assert gains["trainer-1"] == gains["trainer-2"] == 750 * SCT
    assert "publishKeys" not in seen.functions()


async def test_a_behaviour_changes_between_jobs(tmp_path: Path) -> None:
    seen = Seen()
    change = step("change-behaviour", nodes=["trainer-1"], behaviour="label-flip")
    again = POST.replace('"job"', '"second"')
    rest = [step(do, job="$second") for do in ("trainer-joins", "wait")]
    result, _ = await run(
        tmp_path,
        NODES,
        BEGINNING,
        POST,
        JOIN,
        CLAIMED,
        change,
        again,
        *rest,
        seen=seen,
    )
    first, second = result.jobs
    assert first.shares["trainer-1"] > 0 == second.shares["trainer-1"]
    (bent,) = [node for node in result.nodes if not node.honest]
    assert (bent.name, bent.behaviours) == ("trainer-1", {"honest", "label-flip"})
    address = next(iter(seen.blocks[-1].behaviours))
    assert {record.behaviours[address] for record in seen.blocks} <= {"honest", "label-flip"}


async def test_a_node_may_stake_nothing(tmp_path: Path) -> None:
    nodes = NODES.replace('role = "validator"\n', 'role = "validator"\nstake = "0 SCT"\n')
    result, gains = await run(tmp_path, nodes, BEGINNING, POST, JOIN, CLAIMED)
    assert (result.jobs[0].state, result.jobs[0].reason) == ("cancelled", "no_committee")
    validator = next(node for node in result.nodes if node.role == "validator")
    assert (validator.before.stake, gains["validator-1"]) == (0, 0)


async def test_what_does_not_come_in_time_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScenarioFailed, match=r"job 'job-1' is open in round 0; it was not settled within 3600 s"):
        await run(tmp_path, NODES, BEGINNING, POST, step("wait", job="$job", state="settled", within="1h"))


async def test_what_can_never_come_is_told() -> None:
    async with empty_world(1, 12) as world:
        with pytest.raises(Stuck, match="nobody has anything to do any more, and no deadline lies ahead"):
            await world.until(lambda: False)


async def test_states_can_be_waited_for(tmp_path: Path) -> None:
    seen = Seen()
    await run(tmp_path, NODES, BEGINNING, POST, JOIN, step("wait", job="$job", state="training", round=1), seen=seen)
    (job,) = seen.blocks[-1].network.jobs.values()
    assert (job.state, job.round) == (State.TRAINING, 1)
