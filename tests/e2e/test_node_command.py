"""`scatter node`, as a process on a real chain: what it says to bad settings, how it ends, and that kill -9 costs nothing."""

import asyncio
import os
import signal
import subprocess
from dataclasses import dataclass
from typing import Any

import pytest

from e2e.chain import PASSWORD, Home
from e2e.running import SCATTER, alive
from scatter.client.node_client import NodeClient
from scatter.daemon.lock import running_api
from scatter.daemon.token import read_token

LONGEST = 90.0


@dataclass
class Operator:
    """Somebody who types commands."""

    home: Home

    async def start(self, *arguments: str, **environment: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *SCATTER,
            *arguments,
            cwd=self.home.folder,
            env={
                **os.environ,
                "NO_COLOR": "1",
                "SCATTER_KEYSTORE_PASSWORD": PASSWORD,
                "SCATTER_API_PORT": "0",
                "SCATTER_PEERS_LISTEN": "/ip4/127.0.0.1/tcp/0",
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    async def run(self, *arguments: str, **environment: str) -> tuple[int | None, str]:
        """Exit code and stderr."""
        process = await self.start(*arguments, **environment)
        async with asyncio.timeout(LONGEST):
            _, err = await process.communicate()
        assert b"Traceback" not in err, err.decode()
        return process.returncode, err.decode()

    async def init(self, *arguments: str) -> tuple[int | None, str]:
        common = ("--rpc-url", self.home.url, "--deployment", "deployment.json", "--keystore", "account.json")
        return await self.run("node", "init", "node", "--role", "requestor", *common, *arguments)

    async def client(self, process: asyncio.subprocess.Process) -> NodeClient:
        """Of the node, once it is there."""
        folder = self.home.folder / "node"
        async with asyncio.timeout(LONGEST):
            while True:
                assert process.returncode is None, (await process.communicate())[1].decode()
                try:
                    url = running_api(folder)
                except RuntimeError:
                    url = None
                if url is not None:
                    return NodeClient(url, read_token(folder / "api.token"))
                await asyncio.sleep(0.2)


@pytest.fixture
def operator(home: Home) -> Operator:
    return Operator(home)


async def registered(client: NodeClient) -> dict[str, Any]:
    async with asyncio.timeout(LONGEST):
        while not (said := await client.ask("GET", "/identity"))["registered"]:  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    return dict(said)


async def test_killed_it_goes_on_where_it_was_and_ctrl_c_ends_it(operator: Operator, network: Any) -> None:
    assert (await operator.init())[0] == 0
    first = await operator.start("node", "run", "node")
    async with await operator.client(first) as client:
        before = await registered(client)
        assert before["account"] == operator.home.account
        assert (await client.ask("POST", "/content", body=operator.home.folder / "deployment.json"))["pinned"]
        assert (await operator.run("node", "run", "node")) == (1, "error: another node or command is at work in "
                                                                  f"{operator.home.folder / 'node'}\n")  # fmt: skip
        first.send_signal(signal.SIGKILL)
        await first.communicate()
    assert not alive({first.pid})

    again = await operator.start("node", "run", "node")
    async with await operator.client(again) as client:
        said = await registered(client)
        changing = ("peer",)
        assert {k: v for k, v in said.items() if k not in changing} == {
            k: v for k, v in before.items() if k not in changing
        }
        assert said["peer"]["id"] == before["peer"]["id"]
        assert len(await client.everything("/content")) == 1
        assert (await client.ask("PUT", "/role", wish={"role": "trainer"}))["role"] == "trainer"
        while (await client.ask("GET", "/role"))["on_chain"] != "trainer":  # noqa: ASYNC110
            await asyncio.sleep(0.2)
    again.send_signal(signal.SIGINT)
    async with asyncio.timeout(LONGEST):
        _, err = await again.communicate()
    assert again.returncode == 130, err.decode()
    assert b"Traceback" not in err, err.decode()
    assert 'role = "trainer"' in (operator.home.folder / "node" / "node.toml").read_text(), "also after a restart"
    count = await network.connection.rpc.call("eth_getTransactionCount", operator.home.account, "latest")
    assert int(count, 16) == 2, "it registered once, and once more in its other role"


@pytest.mark.long
async def test_bad_settings_get_one_sentence(operator: Operator) -> None:
    code, err = await operator.run("node", "run", "node")
    assert (code, err) == (2, "error: node/node.toml is not there: run scatter node init node\n")
    assert (await operator.init())[0] == 0
    code, err = await operator.init()
    assert (code, err) == (2, "error: node/node.toml is there already: choose another folder, or edit that file\n")
    for arguments, environment, said in (
        (("--set", "api.port=70000"), {}, "--set api.port is 70000; it is a port"),
        ((), {"SCATTER_KEYSTORE_PASSWORD": "wrong"}, "wrong password"),
        (("--set", "peers.listen=/ip4/127.0.0.1/udp/1"), {}, "is no multiaddr"),
    ):
        code, err = await operator.run("node", "run", "node", *arguments, **environment)
        assert (code, err.count("error: ")) == (2, 1), err
        assert said in err
