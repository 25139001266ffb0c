"""What trainers have of a workload: the same for all, or what their group says."""

from collections.abc import Sequence
from pathlib import Path
from statistics import mean

import numpy as np
import pytest
from tests.unit.simulation.runs import BEGINNING, NODES, POST, Seen, prepared, step

from scatter.jobs.examples import Examples
from scatter.localnet.partition import deal
from scatter.simulation.blocks import BlockRecord
from scatter.simulation.errors import ScenarioError, WorkloadError
from scatter.simulation.keeping import FOLDER
from scatter.simulation.recording.recorded import Recorded
from scatter.simulation.scenario import Quality, WorkloadSettings
from scatter.simulation.workloads import Owner, Workload

DIGITS = WorkloadSettings(kind="real", job="digits", alpha=10.0)
REAL = '[workload]\nkind = "real"\njob = "digits"\nalpha = 10.0\n'
GROUP = 'group = "trainer"\nrole = "trainer"\ncount = 2\n'


def nodes(own: str, group: str = GROUP) -> str:
    """The nodes, of which one group has something of its own."""
    assert group in NODES
    return NODES.replace(group, group + own, 1)


def another(own: str) -> str:
    """One more trainer, in a group of its own."""
    return f'[[nodes]]\ngroup = "other"\nrole = "trainer"\n{own}'


def as_bytes(dealt: Sequence[Examples]) -> list[dict[str, bytes]]:
    return [each.to_files() for each in dealt]


def test_whoever_says_nothing_gets_what_everybody_got_before(tmp_path: Path) -> None:
    workload = Workload.load(DIGITS, tmp_path, 7)
    assert workload.package.data is not None
    dealt = workload.data([Owner(name) for name in ("a", "b", "c")])
    before = deal(workload.package.data, 3, 10.0, 7)
    assert as_bytes(list(dealt.values())) == as_bytes(before)
    alike = workload.data([Owner(name, share=2.0) for name in ("a", "b", "c")])
    assert as_bytes(list(alike.values())) == as_bytes(before), "shares are beside one another"


class Rows(Seen):
    """Remembers how many rows each trainer has while the run goes on: its folder goes when the run is over."""

    def __init__(self, out: Path) -> None:
        super().__init__()
        self.out, self.rows = out, dict[str, int]()

    def block(self, record: BlockRecord) -> None:
        self.rows = {place.parent.name: len(np.load(place)) for place in self.out.glob(f"{FOLDER}/data/*/inputs.npy")}


async def test_a_run_deals_real_data_by_shares(tmp_path: Path) -> None:
    async def rows(out: Path, own: str) -> list[int]:
        seen = Rows(out)
        await prepared(out, REAL, nodes(""), another(own), BEGINNING, seen=seen).run()
        return [seen.rows[name] for name in ("trainer-1", "trainer-2", "other-1")]

    alike = await rows(tmp_path / "alike", "")
    unlike = await rows(tmp_path / "unlike", "data_share = 4\n")
    assert sum(alike) == sum(unlike), "every row is dealt to somebody"
    assert max(alike) < 0.5 * sum(alike)
    assert 0.55 * sum(unlike) < unlike[2] < 0.78 * sum(unlike), "two thirds are expected: 4 of 6 parts"


async def test_a_run_draws_synthetic_updates_by_the_quality_of_a_group(tmp_path: Path) -> None:
    """All that trainers are told apart by is `quality`: without it both would draw between 20 and 400."""
    good = "quality = { least = 300, most = 300, bad_days = 0 }\n"
    poor = "quality = { least = 30, most = 30, bad_days = 0 }\n"
    made = prepared(
        tmp_path,
        nodes(good),
        another(poor),
        BEGINNING,
        POST,
        step("trainer-joins", job="$job"),
        step("wait", job="$job"),
    )
    result, _ = await made.run()
    found = Recorded.load(tmp_path)["settled_scores"]
    by_trainer = {row["trainer"]: row["contribution"] for row in found}
    assert set(by_trainer) == {"trainer-1", "trainer-2", "other-1"}
    assert mean((by_trainer["trainer-1"], by_trainer["trainer-2"])) > 5 * by_trainer["other-1"] > 0
    gains = {node.name: node.gain for node in result.nodes}
    assert gains["trainer-1"] > 2 * gains["other-1"] > 0, "and it is paid so"


def test_quality_of_a_node_is_stronger_than_that_of_its_behaviour(tmp_path: Path) -> None:
    settings = WorkloadSettings(quality={"honest": {"least": 50, "most": 60}, "lazy": {"most": 70}})
    workload = Workload.load(settings, tmp_path, 1)
    owners = [Owner("a"), Owner("b", "lazy"), Owner("c", "lazy", quality=Quality(most=90, bad_days=0.5))]
    read = {name: examples.inputs[0].tolist() for name, examples in workload.data(owners).items()}
    assert [row[1:] for row in read.values()] == [
        [50, 60, -900, -30, 0.05],
        [50, 70, -900, -30, 0.05],
        [50, 90, -900, -30, 0.5],
    ]
    with pytest.raises(WorkloadError, match="quality of d has least = 50, and most = 40"):
        workload.data([Owner("d", quality=Quality(most=40))])


@pytest.mark.parametrize(
    ("head", "own", "said"),
    [
        (REAL, "data_share = 0\n", r"nodes\[1\]\.data_share is 0; it is a number between 0.01 and 100"),
        (REAL, 'data_share = "much"\n', r"data_share is .much.; it is a number between"),
        (REAL, "data_share = inf\n", r"data_share is .*; it is a number between"),
        ("", "data_share = 2\n", r'data_share is for a workload of the kind "real"; this one is "synthetic"'),
        (REAL, "quality = { least = 5 }\n", r'quality\.least is for a workload of the kind "synthetic"'),
        ("", "quality = { least = 5, most = 4 }\n", r"quality\.least is 5; it is at most most, 4"),
        ("", "quality = { bad_days = 2 }\n", r"quality\.bad_days is 2; it must be between 0 and 1"),
        ("", "quality = { most = 10001 }\n", r"quality\.most is 10001; it is a whole number of units"),
        ("", "quality = { mood = 1 }\n", r"quality\.mood is not a known key; there are least, most, worst"),
    ],
)
def test_what_cannot_be_is_refused_with_its_key(tmp_path: Path, head: str, own: str, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        prepared(tmp_path, head, nodes(own), BEGINNING)


@pytest.mark.parametrize("own", ["data_share = 2\n", "quality = { least = 1 }\n"])
def test_only_trainers_have_data(tmp_path: Path, own: str) -> None:
    with pytest.raises(ScenarioError, match=r"nodes\[0\]\.\S+ is for trainers only"):
        prepared(tmp_path, nodes(own, 'group = "requestor"\nrole = "requestor"\n'), BEGINNING)
