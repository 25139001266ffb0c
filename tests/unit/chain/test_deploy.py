"""Deploying the protocol, and finding it again."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from scatter.chain.anvil import DevelopmentChain
from scatter.chain.connection import Connection, WrongChain
from scatter.chain.deploy import already_created, deploy, ensure_deployed
from scatter.chain.deployment import Deployment, DeploymentUnusable
from scatter.chain.follower import EvmChain
from scatter.chain.parameters import DAY, ChainParameters
from scatter.chain.plan import Plan
from scatter.chain.signer import EvmSigner
from scatter.ports import Call, CallReverted
from scatter.protocol.ids import SCT
from scatter.storage.events import SqlEventLog

SEED = b"s" * 32
NAMES = (
    *("ScatterToken", "SeededRandomness", "ScatterTimelock", "ScatterClaims", "ScatterDisputes"),
    *("ScatterProtocol", "ScatterRecords", "ScatterReputation"),
)


@pytest.fixture
async def signer(network: Any) -> Callable[[Connection], EvmSigner]:
    account, outbox = await network.account("root"), await network.outbox("root")
    return lambda connection: EvmSigner(connection, account, outbox)


async def deployed(network: Any, path: Path, signer: Any, seed: bytes | None = SEED) -> Deployment:
    return await ensure_deployed(path, network.chain.url, signer, ChainParameters.development(), seed=seed)


async def test_a_deployment_works_and_is_used_again(network: Any, tmp_path: Path, signer: Any) -> None:
    path = tmp_path / "shared" / "deployment.json"
    deployment = await deployed(network, path, signer)
    assert await deployed(network, path, signer) == deployment == Deployment.load(path)
    connection = await Connection.open(network.chain.url, deployment)
    async with connection, EvmChain(connection, SqlEventLog(await network.database("log"))) as chain:
        assert chain.chain_id == 31337
        holder = signer(connection).address
        assert await chain.read(Call("ScatterToken", "balanceOf", (holder,))) == 1_000_000_000 * SCT
        update = await anext(chain.updates())
        assert update.events[0].name == "Transfer"
        assert update.events[0].block == deployment.block
        with pytest.raises(CallReverted, match=r"ScatterProtocol\.poke reverted: WrongState\(current=0\)"):
            await signer(connection).send("poke", Call("ScatterProtocol", "poke", (b"\1" * 32,)))


async def test_it_goes_on_where_it_stopped(network: Any, signer: Any) -> None:
    outbox = await network.outbox("root")
    async with await Connection.open(network.chain.url, None) as connection:
        deployer = signer(connection)
        plan = Plan(ChainParameters(), deployer.address, SEED)
        assert await already_created(outbox, deployer.address, plan) == {}
        told: list[str] = []

        def stop_after_two(name: str, *_: Any) -> None:
            told.append(name)
            if len(told) == 2:
                raise InterruptedError

        with pytest.raises(InterruptedError):
            await deploy(deployer, plan, chain_id=31337, progress=stop_after_two)
        halfway = await already_created(outbox, deployer.address, plan)
        assert list(halfway) == told == ["ScatterToken", "SeededRandomness"]
        first = await deploy(signer(connection), plan, chain_id=31337)
        assert halfway.items() < first.addresses.items()
        assert await already_created(outbox, deployer.address, plan) == first.addresses
        assert await deploy(signer(connection), plan, chain_id=31337) == first
        count = await connection.rpc.call("eth_getTransactionCount", deployer.address, "latest")
        assert int(count, 16) == len(first.addresses) == 8


async def test_other_arguments_are_another_contract(network: Any, signer: Any) -> None:
    async with await Connection.open(network.chain.url, None) as connection:
        deployer = signer(connection)
        first = await deploy(deployer, Plan(ChainParameters(), deployer.address, SEED), chain_id=31337)
        plan = Plan(ChainParameters(withdrawal_delay=1), deployer.address, SEED)
        other = await deploy(deployer, plan, chain_id=31337)
        dearer = await deploy(deployer, Plan(ChainParameters(slash_base=SCT), deployer.address, SEED), chain_id=31337)
    assert same(first, other) == {"ScatterToken", "SeededRandomness", "ScatterTimelock"}
    assert same(first, dearer) == {*NAMES} - {"ScatterProtocol", "ScatterRecords", "ScatterReputation"}, (
        "modules keep no parameters of jobs"
    )
    assert dearer.parameters.slash_base == SCT


def same(one: Deployment, other: Deployment) -> set[str]:
    return {name for name in one.addresses if one.addresses[name] == other.addresses[name]}


@pytest.mark.parametrize("chain_id", [1, 4242])
async def test_changes_cannot_be_quick_where_money_is(network: Any, signer: Any, chain_id: int) -> None:
    deployer = signer(network.connection)
    plan = Plan(ChainParameters(owner_delay=2 * DAY - 1), deployer.address)
    with pytest.raises(ValueError, match=f"wait 172,799 s; on chain {chain_id} the least is 172,800 s"):
        await deploy(deployer, plan, chain_id=chain_id)
    replace(plan, parameters=ChainParameters(owner_delay=2 * DAY)).check(chain_id)
    plan.check(31337)


async def test_a_deployment_that_the_chain_has_lost_is_made_again(network: Any, tmp_path: Path, signer: Any) -> None:
    await network.chain.save()
    first = await deployed(network, tmp_path / "deployment.json", signer)
    await network.kill()
    await network.come_back()
    network.resume()
    again = await deployed(network, tmp_path / "deployment.json", signer)
    assert again.addresses == first.addresses
    assert Deployment.load(tmp_path / "deployment.json") == again


async def test_block_randomness_without_a_seed(network: Any, tmp_path: Path, signer: Any) -> None:
    deployment = await deployed(network, tmp_path / "deployment.json", signer, seed=None)
    assert set(deployment.addresses) == {*NAMES, "BlockRandomness"} - {"SeededRandomness"}


@pytest.mark.parametrize(("seed", "chain_id"), [(SEED, 1), (b"short", 31337)])
async def test_seeds_are_for_development_chains(network: Any, signer: Any, seed: bytes, chain_id: int) -> None:
    deployer = signer(network.connection)
    with pytest.raises(ValueError, match="belongs on chain 31337"):
        await deploy(deployer, Plan(ChainParameters(), deployer.address, seed), chain_id=chain_id)


async def test_parameters_that_the_contract_refuses(network: Any, signer: Any) -> None:
    deployer = signer(network.connection)
    plan = Plan(ChainParameters(trainers_bps=20_000), deployer.address, SEED)
    with pytest.raises(CallReverted, match=r"creating ScatterProtocol reverted: .*"):
        await deploy(deployer, plan, chain_id=31337)


async def test_a_deployment_on_another_chain_is_not_used(network: Any, tmp_path: Path, signer: Any) -> None:
    path = tmp_path / "deployment.json"
    deployment = await deployed(network, path, signer)
    replace(deployment, chain_id=1).save(path)
    with pytest.raises(WrongChain, match="is on chain 31337, the deployment on chain 1"):
        await deployed(network, path, signer)


WHOLE: dict[str, Any] = {
    "format": 3,
    "chain_id": 31337,
    "block": 2,
    "addresses": dict.fromkeys(NAMES, "0x" + "12" * 20),
    "versions": dict.fromkeys(NAMES, "0x" + "34" * 32),
    "parameters": asdict(ChainParameters()),
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, "was deployed by another version"),
        ({"format": 1}, "format 1"),
        ({"chain_id": "31337"}, "chain_id is no whole number"),
        ({"block": True}, "block is no whole number"),
        ({"block": -1}, "block is no whole number"),
        ({"extra": 1}, "expected an object with"),
        ({"addresses": {}}, "expected ScatterClaims, ScatterDisputes, .* and one of"),
        ({"addresses": []}, "is no deployment"),
        ({"addresses": {**WHOLE["addresses"], "ScatterToken": "0x12"}}, "not an address"),
        ({"addresses": {**WHOLE["addresses"], "BlockRandomness": "0x" + "12" * 20}}, "and one of"),
        ({"addresses": {**WHOLE["addresses"], "Other": "0x" + "12" * 20}}, "and one of"),
        ({"addresses": dict.fromkeys(NAMES[:-1], "0x" + "12" * 20)}, "and one of"),
        ({"versions": {}}, "different contracts"),
        ({"parameters": {}}, "expected parameters with validator_ticket"),
        ({"parameters": None}, "expected parameters with"),
        ({"parameters": {**WHOLE["parameters"], "supply": "1"}}, "supply is no whole number"),
        ({"parameters": {**WHOLE["parameters"], "lock_bps": -1}}, "lock_bps is no whole number"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    path = tmp_path / "deployment.json"
    path.write_text(json.dumps({**WHOLE, **change}))
    with pytest.raises(DeploymentUnusable, match=message):
        Deployment.load(path)


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"format": 1'])
def test_files_that_are_no_deployment(tmp_path: Path, text: str) -> None:
    (tmp_path / "deployment.json").write_text(text)
    with pytest.raises(DeploymentUnusable, match=r"deployment\.json is no deployment of Scatter"):
        Deployment.load(tmp_path / "deployment.json")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DeploymentUnusable, match="No such file"):
        Deployment.load(tmp_path / "deployment.json")


async def test_development_parameters_on_an_empty_chain(tmp_path: Path) -> None:
    assert ChainParameters.development().minimum_duration == 1
    assert ChainParameters().minimum_duration == 3600
    async with await DevelopmentChain.start() as chain, await Connection.open(chain.url, None) as connection:
        assert connection.chain_id == 31337
