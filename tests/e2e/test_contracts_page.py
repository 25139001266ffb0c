"""docs/contracts.md does what it says: its blocks run in order against a real chain, as one shell would run them."""

import asyncio
import json
import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from scatter.chain.deployment import FORMAT, Deployment
from scatter.chain.parameters import ChainParameters
from scatter.chain.plan import Plan
from scatter.chain.verify import Finding
from scatter.protocol.ids import address

PAGE = Path(__file__).resolve().parents[2] / "docs" / "contracts.md"
BLOCK = re.compile(r"^<!-- run -->\n```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PASSWORD = "correct horse"  # noqa: S105
LONGEST_SECONDS = 120


def listed(header: str) -> list[list[str]]:
    """What the cells of a table's first column quote, row by row."""
    table = PAGE.read_text().split(f"\n| {header} |", 1)[1].split("\n\n", 1)[0]
    return [re.findall(r"`(\w+)`", row.split("|")[1]) for row in table.splitlines()[2:]]


@pytest.mark.long
async def test_every_block_runs(network: Any, tmp_path: Path) -> None:
    blocks = BLOCK.findall(PAGE.read_text())
    assert len(blocks) == PAGE.read_text().count("<!-- run -->") > 0
    account = await network.account("somebody")
    keystore = Account.encrypt(account.key, PASSWORD, kdf="scrypt", iterations=1024)
    (tmp_path / "deployer.json").write_text(json.dumps(keystore))
    scripts = Path(sys.executable).parent
    process = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", "\n".join(blocks)),
        cwd=tmp_path,
        env={
            **os.environ,
            "PATH": f"{scripts}:{os.environ['PATH']}",
            "NO_COLOR": "1",
            "RPC_URL": network.chain.url,
            "SCATTER_KEYSTORE_PASSWORD": PASSWORD,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    async with asyncio.timeout(LONGEST_SECONDS):
        out, err = (stream.decode() for stream in await process.communicate())
    assert process.returncode == 0, f"{out}\n{err}"
    assert "a validator's ticket is 25,000 SCT" in out
    assert err.count("deployment.json is written") == 2, "made, and written again"
    assert err.count("nothing to do") == 1
    assert err.count("SAME ") == 8
    assert "version 1 is proposed as" in err
    asked = network.connection.rpc.call
    assert int(await asked("eth_getTransactionCount", address(account.address), "latest"), 16) == 9, (
        "none twice, and the proposal"
    )


def test_the_tables_are_what_there_is() -> None:
    plan = Plan(ChainParameters(), address("0x" + "00" * 20))
    assert tuple(name for row in listed("contract") for name in row) == plan.contracts
    assert [name for (name,) in listed("field")] == ["format", *(field.name for field in fields(Deployment))]
    assert f"| `format` | {FORMAT} |" in PAGE.read_text()
    assert {name for (name,) in listed("finding")} == set(Finding)
