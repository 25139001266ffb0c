"""`scatter contracts parameters`, as a process against a real chain."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from e2e.running import SCATTER, one_object
from e2e.test_contracts_command import Deployer, deployer
from scatter.protocol.ids import SCT

__all__ = ["deployer"]
DELAY = 1_000_000
"""Seconds: more than pass on the chain while the commands run, however busy the machine is."""
BOND = 600 * SCT


class Governor:
    """The deployer of a protocol whose changes wait for `DELAY` seconds."""

    def __init__(self, who: Deployer) -> None:
        self.who = who

    def command(self, name: str, *arguments: str | Path, key: bool = True) -> Sequence[str]:
        signing = ("--keystore", "keystore.json") if key else ()
        url = ("--rpc-url", self.who.network.chain.url)
        return [*SCATTER, "contracts", "parameters", name, *url, *signing, "deployment.json", *map(str, arguments)]

    async def shown(self) -> dict[str, object]:
        code, out, err = await self.who.run(self.command("show", "--json", key=False))
        assert code == 0, err
        return one_object(out)


@pytest.fixture
async def governor(deployer: Deployer) -> Governor:
    code, _, err = await deployer.run(deployer.deploying("--yes", "--owner-delay", str(DELAY)))
    assert code == 0, err
    assert f"{deployer.deployer} proposes changes of parameters, which wait {DELAY:,} s" in err
    return Governor(deployer)


@pytest.mark.long
async def test_a_change_from_proposal_to_execution(governor: Governor) -> None:
    who, change = governor.who, ("--set", "challenge_bond=600SCT", "--set", "lock_bps=2500")
    before = await governor.shown()
    assert (before["version"], before["delay"]) == (0, DELAY)
    assert before["owner"] == json.loads(who.out.read_text())["addresses"]["ScatterTimelock"]

    code, out, err = await who.run(governor.command("propose", *change, "--json"))
    assert code == 0, err
    proposed = one_object(out)
    assert (proposed["version"], proposed["stage"]) == (1, "waiting")
    assert f"version 1 is proposed as {proposed['id']}; it can be executed from {proposed['ready_at']} on" in err
    assert await governor.shown() == before

    code, _, err = await who.run(governor.command("propose", *change))
    assert (code, err) == (
        2,
        f"error: the change was proposed before; it can be executed from {proposed['ready_at']} on\n",
    )
    code, _, err = await who.run(governor.command("execute", *change))
    assert (code, err) == (2, f"error: the change has to wait until {proposed['ready_at']}\n")
    code, _, err = await who.run(governor.command("execute", "--set", "lock_bps=1"))
    assert (code, err) == (2, "error: nobody proposed this change, or it was cancelled\n")

    await who.network.chain.advance(DELAY)
    code, out, err = await who.run(governor.command("execute", *change, "--json"))
    assert code == 0, err
    executed = one_object(out)
    assert (executed["version"], executed["stage"], executed["id"]) == (1, "done", proposed["id"])
    after = await governor.shown()
    assert after["version"] == 1
    assert after["parameters"] == {**before["parameters"], "challenge_bond": BOND, "lock_bps": 2500}  # type: ignore[dict-item]

    code, _, err = await who.run(governor.command("propose", *change))
    assert (code, err) == (2, "error: the parameters are these already\n")
    code, out, err = await who.run(governor.command("show", key=False))
    assert code == 0, err
    assert f"challenge_bond     {BOND}\n" in out
    code, _, err = await who.run(who.command("verify", who.out))
    assert code == 0, "what was deployed is still that"


async def test_somebody_else_cannot_propose(deployer: Deployer) -> None:
    somebody = "0x" + "12" * 20
    code, _, err = await deployer.run(deployer.deploying("--yes", "--proposer", somebody))
    assert code == 0, err
    assert f"{somebody} proposes changes of parameters, which wait 60 s" in err
    code, out, err = await deployer.run(Governor(deployer).command("propose", "--set", "lock_bps=2500"))
    assert (code, out) == (1, "")
    assert "AccessControlUnauthorizedAccount" in err


@pytest.mark.long
async def test_bad_input(governor: Governor) -> None:
    who, sent = governor.who, await governor.who.count()
    for arguments, said in (
        (("propose", "--set", "tax=1"), "tax is no parameter; there are validator_ticket"),
        (("propose", "--set", "lock_bps=0"), "the protocol would refuse the change"),
        (("propose", "--set", "lock_bps=x"), "expected NAME=VALUE"),
        (("propose", "--set", "lock_bps=-1"), "expected NAME=VALUE"),
        (("propose", "--set", "lock_bps=1", "--set", "lock_bps=2"), "lock_bps is given twice"),
        (("propose", "--set", "slash_base=1" + "0" * 29), "Cannot be encoded in 88 bits"),
        (("propose",), "--set"),
    ):
        code, out, err = await who.run(governor.command(*arguments))
        assert (code, out) == (2, ""), err
        assert said in err
    code, _, err = await who.run(governor.command("propose", "--set", "lock_bps=1", key=False))
    assert code == 2
    assert "--keystore" in err
    code, _, err = await who.run(who.deploying("--proposer", "0x12"))
    assert code == 2
    assert "not an address" in err
    assert await who.count() == sent
