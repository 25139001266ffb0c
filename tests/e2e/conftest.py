"""Fixtures of the end-to-end tests."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from e2e.chain import PASSWORD, Home
from e2e.running import SCATTER, Command, Start, run_demo
from scatter.chain.deploy import deploy
from scatter.chain.parameters import ChainParameters
from scatter.chain.plan import Plan
from scatter.protocol.ids import address


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start `scatter` with arguments, in a folder of the test's own."""
    started: list[Command] = []

    def run(*arguments: str | Path) -> Command:
        log = tmp_path / f"stderr-{len(started)}.log"
        with log.open("w") as stderr:
            process = subprocess.Popen(
                [*SCATTER, *map(str, arguments)],
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                cwd=tmp_path,
                env={**os.environ, "NO_COLOR": "1"},
                start_new_session=True,
            )
        started.append(Command(process, log))
        return started[-1]

    yield run
    for command in started:
        if command.process.poll() is None:
            command.kill()


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The demonstration with the default seed, once for all tests: its folder and what it printed."""
    folder = tmp_path_factory.mktemp("demo") / "played"
    return folder, run_demo(folder)


@pytest.fixture
async def home(network: Any, tmp_path: Path) -> Home:
    """A development chain that mines by itself, with the contracts, and somebody who wants to run a node."""
    deployer = await network.signer("deployer")
    plan = Plan(ChainParameters.development(), deployer.address)
    deployment = await deploy(deployer, plan, chain_id=network.connection.chain_id)
    folder = tmp_path / "home"
    folder.mkdir()
    deployment.save(folder / "deployment.json")
    account = await network.account("somebody")
    keystore = Account.encrypt(account.key, PASSWORD, kdf="scrypt", iterations=1024)
    (folder / "account.json").write_text(json.dumps(keystore))
    return Home(folder, network.chain.url, address(account.address))
