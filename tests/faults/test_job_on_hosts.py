"""A job from posting to payout on four hosts with addresses of their own. Nodes are started with `scatter node run`, and know the
chain's address and that of one other node. One trainer's host is cut off when its first model is trained, and comes back; the other
trainer is 100 ms away, behind a wire that loses 1 % of all frames."""

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.faults.hosts import MIDDLE, Network, NoNamespaces, hosts
from tests.faults.operated import OperatedNode, Village, passed_on

from scatter.client.errors import ApiRefused
from scatter.jobs.folder import load_job
from scatter.jobs.paths import check_path
from scatter.localnet.cast import Cast
from scatter.localnet.example import example_job
from scatter.localnet.ground import Ground, accounts_of, on_ground
from scatter.localnet.homes import DATASETS
from scatter.localnet.partition import deal
from scatter.localnet.settings import STARTING_TOKENS
from scatter.protocol.states import Role, State
from scatter.protocol.view import NetworkView

SEED = 11
PATIENCE = 600
A_MOMENT, A_MINUTE = 5, 60
FAR_SECONDS = 0.05
"""Each way."""
LOSS = 0.01
HOSTS = REQUESTOR, CUT, FAR, SEAT = 1, 2, 3, 4
PLAYERS = dict(zip(HOSTS, Cast(trainers=2, validators=1, challengers=0).players(), strict=True))
SMALL = {
    "rounds = 3": "rounds = 2",
    "trainers = { min = 6, max = 6 }": "trainers = { min = 2, max = 2 }",
    "committee = 3 ": "committee = 1 ",
    "auditors = 2 ": "auditors = 0 ",
}


@dataclass
class Time:
    """Passes on the chain when every node is idle, unless it is held."""

    ground: Ground
    nodes: list[OperatedNode]
    held: bool = False

    async def may_pass(self) -> bool:
        head = self.ground.miner.head.number
        return not self.held and all(node.idle and node.block >= head for node in self.nodes)


@pytest.fixture
def network() -> Iterator[Network]:
    with ExitStack() as stack:
        try:
            made = stack.enter_context(hosts(len(HOSTS)))
            for host in HOSTS:
                if host != FAR:
                    made.wire(host)
            made.seat(HOSTS)
        except NoNamespaces as reason:
            pytest.skip(str(reason))
        yield made


@pytest.mark.parametrize("seconds", [A_MOMENT, pytest.param(A_MINUTE, marks=pytest.mark.long)])
async def test_a_job_settles_although_a_host_is_cut_off_and_another_is_far(
    network: Network, tmp_path: Path, seconds: int
) -> None:
    job, folder = digits(tmp_path), tmp_path / "village"
    deal_out(job, folder)
    with network.entered():
        async with (
            asyncio.timeout(PATIENCE),
            on_ground(folder, SEED) as ground,
            passed_on(network.address(MIDDLE), ground.miner.url),
            network.slow_wire(FAR, FAR_SECONDS, LOSS) as wire,
        ):
            await ground.hand_out(accounts_of([one.name for one in PLAYERS.values()], SEED), STARTING_TOKENS)
            supply = await ground.supply()
            async with Village(network, folder, SEED).nodes(PLAYERS) as nodes:
                for node in nodes:
                    await node.until_connected(len(nodes) - 1)
                requestor, cut, far, _ = nodes
                time = Time(ground, nodes)
                ground.clock.watch(ground.view, time.may_pass)
                async with requestor.api() as client:
                    await client.ask("POST", "/jobs", body=job)
                await cut.until(lambda node: ("train", 1) in node.did)
                time.held = True
                network.cut(CUT)
                getting = await shown_to_be_cut_off(ground, tmp_path, nodes, seconds)
                network.mend(CUT)
                time.held = False
                await getting
                await ground.view.until(paid_out)
                assert (await wire.frames())["lost"] > 0
            check(ground, supply_before=supply, supply_after=await ground.supply())
            assert not [node.name for node in nodes if "Traceback" in node.said()]
            assert ("train", 2) in cut.did
            assert ("train", 2) in far.did


def digits(folder: Path) -> Path:
    """The digits, for four nodes, as a tar."""
    job = Path(shutil.copytree(example_job(), folder / "job"))
    text = (job / "job.toml").read_text()
    for old, new in SMALL.items():
        assert old in text
        text = text.replace(old, new)
    (job / "job.toml").write_text(text)
    return Path(shutil.make_archive(str(folder / "job"), "tar", job))


def deal_out(job: Path, folder: Path) -> None:
    """Give each trainer its data."""
    package = load_job(job)
    assert package.data is not None
    trainers = [player.name for player in PLAYERS.values() if player.role is Role.TRAINER]
    for name, share in zip(trainers, deal(package.data, len(trainers), 10.0, SEED), strict=True):
        place = folder / "nodes" / name / DATASETS / check_path(package.definition.dataset)
        place.mkdir(parents=True)
        for file, content in share.to_files().items():
            (place / file).write_bytes(content)


async def shown_to_be_cut_off(
    ground: Ground, folder: Path, nodes: list[OperatedNode], seconds: float
) -> asyncio.Task[None]:
    """For so many seconds a node hears nothing of the chain and gets no content; the others do. Its attempt to get some goes on."""
    requestor, cut, far, seat = nodes
    until = asyncio.get_running_loop().time() + seconds
    (folder / "news").write_bytes(b"news" * 100_000)
    async with requestor.api() as client:
        cid = (await client.ask("POST", "/content", body=folder / "news"))["cid"]
    news = (await ground.miner.mine()).number
    for other in (requestor, far, seat):
        await other.until(lambda node: node.block >= news)
    getting = asyncio.create_task(fetched_in_the_end(cut, cid))
    await fetched_in_the_end(far, cid)
    await asyncio.sleep(until - asyncio.get_running_loop().time())
    assert cut.block < news
    assert not getting.done()
    return getting


async def fetched_in_the_end(node: OperatedNode, cid: str) -> None:
    """Let a node fetch content from others, however often that takes."""
    async with node.api() as client:
        while True:
            try:
                await client.ask("PUT", f"/content/{cid}")
            except ApiRefused:
                await asyncio.sleep(1)
            else:
                return


def paid_out(view: NetworkView) -> bool:
    return any(job.ended and job.claimed >= set(job.participants) for job in view.jobs.values())


def check(ground: Ground, supply_before: int, supply_after: int) -> None:
    """Everything of both trainers was taken, and no money was lost or made."""
    (job,) = ground.view.network.jobs.values()
    assert job.state is State.SETTLED
    assert [set(made.settled.accepted) for made in job.rounds.values() if made.settled] == [{0, 1}, {0, 1}]
    assert supply_before == supply_after
