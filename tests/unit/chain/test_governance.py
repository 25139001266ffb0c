"""Changes of parameters through the timelock, on a real chain."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from scatter.chain.connection import Connection
from scatter.chain.deploy import deploy
from scatter.chain.deployment import Deployment
from scatter.chain.governance import BadChange, Change, Present, Stage, change_to, execute, present, propose
from scatter.chain.parameters import ChainParameters
from scatter.chain.plan import Plan
from scatter.chain.signer import EvmSigner
from scatter.ports import Call, CallReverted
from scatter.protocol.ids import SCT
from scatter.protocol.rates import Rates

DELAY = 1_000


@dataclass
class Owned:
    """A deployment whose first account proposes."""

    network: Any
    connection: Connection
    deployment: Deployment

    async def signer(self, name: str) -> EvmSigner:
        return EvmSigner(self.connection, await self.network.account(name), await self.network.outbox(name))

    async def look(self, **values: int) -> tuple[Present, Change]:
        now = await present(self.connection)
        return now, await change_to(self.connection, now, values)

    async def propose(self, who: str = "proposer", **values: int) -> Change:
        now, change = await self.look(**values)
        await propose(await self.signer(who), self.connection, now, change)
        return (await self.look(**values))[1]

    async def wait(self, seconds: int) -> None:
        await self.network.chain.advance(seconds)


@pytest.fixture
async def owned(network: Any) -> AsyncIterator[Owned]:
    account, outbox = await network.account("proposer"), await network.outbox("proposer")
    async with await Connection.open(network.chain.url, None) as connection:
        signer = EvmSigner(connection, account, outbox)
        plan = Plan(replace(ChainParameters.development(), owner_delay=DELAY), signer.address)
        deployment = await deploy(signer, plan, chain_id=31337)
    async with await Connection.open(network.chain.url, deployment) as connection:
        yield Owned(network, connection, deployment)


async def test_what_was_deployed_is_present(owned: Owned) -> None:
    now = await present(owned.connection)
    assert now == Present(0, Rates(), owned.deployment.addresses["ScatterTimelock"], DELAY)


async def test_a_change_is_proposed_waits_and_is_executed_by_anybody(owned: Owned) -> None:
    change = await owned.propose(lock_bps=2_500, challenge_bond=600 * SCT)
    assert (change.version, change.stage) == (1, Stage.WAITING)
    assert change.rates == replace(Rates(), lock_bps=2_500, challenge_bond=600 * SCT)
    with pytest.raises(BadChange, match=f"has to wait until {change.ready_at}"):
        await execute(await owned.signer("anybody"), owned.connection, change)
    await owned.wait(DELAY)
    _, change = await owned.look(lock_bps=2_500, challenge_bond=600 * SCT)
    assert change.stage is Stage.READY
    await execute(await owned.signer("anybody"), owned.connection, change)
    now = await present(owned.connection)
    assert (now.version, now.rates) == (1, change.rates)
    assert Rates(**await owned.connection.read(Call("ScatterProtocol", "parameters", (0,)))) == Rates()


async def test_of_two_changes_that_wait_one_is_made(owned: Owned) -> None:
    await owned.propose(lock_bps=2_500)
    await owned.propose(slash_base=100 * SCT)
    await owned.wait(DELAY)
    _, change = await owned.look(lock_bps=2_500)
    _, other = await owned.look(slash_base=100 * SCT)
    signer = await owned.signer("proposer")
    await execute(signer, owned.connection, change)
    with pytest.raises(CallReverted, match="StaleParameters"):
        await execute(signer, owned.connection, other)
    assert (await present(owned.connection)).rates == replace(Rates(), lock_bps=2_500)


async def test_only_proposers_propose(owned: Owned) -> None:
    with pytest.raises(CallReverted, match="AccessControlUnauthorizedAccount"):
        await owned.propose("somebody", lock_bps=2_500)
    assert (await owned.look(lock_bps=2_500))[1].stage is Stage.UNKNOWN


async def test_what_was_cancelled_can_be_proposed_again(owned: Owned) -> None:
    change = await owned.propose(lock_bps=2_500)
    with pytest.raises(BadChange, match=f"was proposed before; it can be executed from {change.ready_at} on"):
        await owned.propose(lock_bps=2_500)
    await (await owned.signer("proposer")).send("cancel", Call("ScatterTimelock", "cancel", (change.id,)))
    _, cancelled = await owned.look(lock_bps=2_500)
    assert (cancelled.stage, cancelled.ready_at) == (Stage.UNKNOWN, 0)
    with pytest.raises(BadChange, match="nobody proposed this change, or it was cancelled"):
        await execute(await owned.signer("proposer"), owned.connection, cancelled)
    assert (await owned.propose(lock_bps=2_500)).stage is Stage.WAITING


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"tax": 1}, "tax is no parameter; there are validator_ticket, challenger_ticket"),
        ({"lock_bps": 2_000}, "the parameters are these already"),
        ({"lock_bps": 0}, r"the protocol would refuse the change: .*ParameterOutOfRange\(parameter=lockBps\)"),
        ({"members_bps": 4_000}, r"ParameterOutOfRange\(parameter=membersBps\)"),
        ({"challenge_bond": 30_000 * SCT}, r"ParameterOutOfRange\(parameter=challengeBond\)"),
        ({"slash_base": 2**90}, "changeParameters"),
        ({"withdrawal_delay": 1}, "withdrawal_delay is no parameter"),
    ],
)
async def test_changes_that_nobody_can_make(owned: Owned, values: dict[str, int], message: str) -> None:
    with pytest.raises(BadChange, match=message):
        await owned.look(**values)
