"""docs/nodes.md does what it says: its blocks run in order against a real chain, as one shell would run them."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from e2e.chain import PASSWORD, Home
from scatter.api.problems import KINDS
from scatter.daemon.reading import setting_keys

PAGE = Path(__file__).resolve().parents[2] / "docs" / "nodes.md"
BLOCK = re.compile(r"^<!-- run -->\n```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LONGEST_SECONDS = 150


def listed(header: str) -> list[list[str]]:
    """What the cells of a table's first column quote, row by row."""
    table = PAGE.read_text().split(f"\n| {header} |", 1)[1].split("\n\n", 1)[0]
    return [re.findall(r"`([^`]+)`", row.split("|")[1]) for row in table.splitlines()[2:]]


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.mark.long
async def test_every_block_runs(home: Home) -> None:
    blocks = BLOCK.findall(PAGE.read_text())
    assert len(blocks) == PAGE.read_text().count("\n<!-- run -->\n") > 0
    port = free_port()
    script = "\n".join(blocks).replace("4080", port)
    process = await asyncio.create_subprocess_exec(
        *("bash", "-euo", "pipefail", "-c", script),
        cwd=home.folder,
        env={
            **os.environ,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "NO_COLOR": "1",
            "RPC_URL": home.url,
            "SCATTER_KEYSTORE_PASSWORD": PASSWORD,
            "SCATTER_API_PORT": port,
            "SCATTER_PEERS_LISTEN": "/ip4/127.0.0.1/tcp/0",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            out, err = (stream.decode() for stream in await process.communicate())
    except TimeoutError:
        os.killpg(process.pid, 9)
        raise
    assert process.returncode == 0, f"{out}\n{err}"
    assert f'"account":"{home.account}"' in out
    assert '"type":"urn:scatter:problem:content-missing"' in out
    assert "0 peers are connected" in err
    assert '"pinned": true' in out.splitlines()[-1], "what was pinned outlived the node"
    assert len(json.loads(out.splitlines()[-1])["content"]) == 1
    assert "Traceback" not in err


def test_the_tables_are_what_there_is() -> None:
    assert [key for (key,) in listed("key")] == list(setting_keys())
    assert [name for (name,) in listed("problem")] == [kind.name for kind in KINDS]
