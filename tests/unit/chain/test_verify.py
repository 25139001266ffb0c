"""Is the code on the chain ours?"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from eth_hash.auto import keccak

from scatter.chain.connection import Connection
from scatter.chain.cost import estimate
from scatter.chain.deploy import deploy
from scatter.chain.deployment import Deployment
from scatter.chain.parameters import ChainParameters
from scatter.chain.plan import Plan
from scatter.chain.signer import EvmSigner
from scatter.chain.verify import Finding, verify
from scatter.protocol.ids import address

SAME, DIFFERENT, MISSING, UNKNOWN = Finding.SAME, Finding.DIFFERENT, Finding.MISSING, Finding.UNKNOWN


@dataclass
class Deployed:
    deployment: Deployment
    connection: Connection

    async def findings(self, **changes: Any) -> dict[str, Finding]:
        """By name, under a deployment file with some changes."""
        deployment = replace(self.deployment, **changes)
        async with await Connection.open(self.connection.rpc.url, deployment) as connection:
            return {each.name: each.finding for each in await verify(connection, deployment)}

    async def code(self, name: str) -> str:
        code = await self.connection.rpc.call("eth_getCode", self.deployment.addresses[name], "latest")
        assert isinstance(code, str)
        return code

    async def set_code(self, name: str, code: str) -> None:
        await self.connection.rpc.call("anvil_setCode", self.deployment.addresses[name], code)


@pytest.fixture(params=[None, b"s" * 32], ids=["block", "seeded"])
async def deployed(network: Any, request: pytest.FixtureRequest) -> AsyncIterator[Deployed]:
    account, outbox = await network.account("root"), await network.outbox("root")
    async with await Connection.open(network.chain.url, None) as connection:
        plan = Plan(ChainParameters(), address(account.address), request.param)
        cost = await estimate(connection, plan, {})
        gas = 0

        def count(_name: str, _where: str, receipt: Any) -> None:
            nonlocal gas
            gas += receipt.gas_used

        signer = EvmSigner(connection, account, outbox)
        deployment = await deploy(signer, plan, chain_id=31337, progress=count)
        assert gas < cost.gas < 1.4 * gas, "the estimate is above what it took, and not far"
        assert cost.balance == 1000 * 10**18
        assert (await estimate(connection, plan, deployment.addresses)).gas == 0
        yield Deployed(deployment, connection)


async def test_what_was_deployed_is_ours(deployed: Deployed) -> None:
    findings = await deployed.findings()
    assert set(findings) == set(deployed.deployment.addresses)
    assert set(findings.values()) == {SAME}


async def test_tampered_code(deployed: Deployed) -> None:
    for name in deployed.deployment.addresses:
        code = await deployed.code(name)
        middle = len(code) // 4 * 2
        flipped = f"{code[:middle]}{int(code[middle], 16) ^ 1:x}{code[middle + 1 :]}"
        for wrong in (flipped, code + "00", code[:-2]):
            await deployed.set_code(name, wrong)
            # The protocol refuses a module that does not answer as it should, so then its own code is not known.
            assert (await deployed.findings())[name] in (DIFFERENT, UNKNOWN), (name, wrong[-8:])
        await deployed.set_code(name, "0x")
        assert (await deployed.findings())[name] is MISSING
        await deployed.set_code(name, code)
    assert set((await deployed.findings()).values()) == {SAME}


async def test_a_module_that_tells_nothing_leaves_the_protocol_unknown(deployed: Deployed) -> None:
    await deployed.set_code("ScatterDisputes", "0x00")
    findings = await deployed.findings()
    assert findings["ScatterDisputes"] is DIFFERENT
    assert findings["ScatterProtocol"] is UNKNOWN
    assert findings["ScatterToken"] is SAME


async def test_other_parameters_than_the_file_says(deployed: Deployed) -> None:
    findings = await deployed.findings(parameters=ChainParameters(withdrawal_delay=1))
    assert findings["ScatterClaims"] is findings["ScatterDisputes"] is DIFFERENT
    assert findings["ScatterProtocol"] is UNKNOWN
    assert findings["ScatterToken"] is findings["ScatterRecords"] is SAME
    findings = await deployed.findings(parameters=ChainParameters(withdrawal_delay=2**32))
    assert findings["ScatterClaims"] is findings["ScatterDisputes"] is findings["ScatterProtocol"] is UNKNOWN
    assert findings["ScatterToken"] is findings["ScatterRecords"] is SAME


async def test_other_parameters_of_jobs_than_the_file_says(deployed: Deployed) -> None:
    findings = await deployed.findings(parameters=ChainParameters(slash_base=1))
    assert findings.pop("ScatterProtocol") is DIFFERENT
    assert set(findings.values()) == {SAME}
    for impossible in (ChainParameters(slash_base=2**100), ChainParameters(lock_bps=0)):
        findings = await deployed.findings(parameters=impossible)
        assert findings.pop("ScatterProtocol") is UNKNOWN
        assert set(findings.values()) == {SAME}


async def test_parameters_that_cannot_be_read(deployed: Deployed) -> None:
    """The views are the module's: without it the protocol's own code is the same, and says nothing."""
    fingerprint = await deployed.code("ScatterClaims")
    await deployed.set_code("ScatterClaims", fingerprint.replace(selector("parameters(uint8)"), "00000000"))
    assert (await deployed.findings())["ScatterProtocol"] is UNKNOWN


def selector(function: str) -> str:
    return keccak(function.encode())[:4].hex()


async def test_addresses_in_each_others_place(deployed: Deployed) -> None:
    addresses = dict(deployed.deployment.addresses)
    addresses["ScatterClaims"], addresses["ScatterDisputes"] = addresses["ScatterDisputes"], addresses["ScatterClaims"]
    findings = await deployed.findings(addresses=addresses)
    assert findings["ScatterClaims"] is findings["ScatterDisputes"] is DIFFERENT
    assert findings["ScatterProtocol"] is UNKNOWN


async def test_records_of_another_protocol(deployed: Deployed) -> None:
    where = deployed.deployment.addresses["ScatterProtocol"]
    code = await deployed.code("ScatterRecords")
    assert where[2:] in code
    await deployed.set_code("ScatterRecords", code.replace(where[2:], "12" * 20))
    assert (await deployed.findings())["ScatterRecords"] is DIFFERENT
