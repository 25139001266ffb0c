"""What is heavy is imported late."""

import subprocess
import sys

import pytest

MODULES = ("abi", "artifacts", "bindings", "deployment", "keys", "rpc", "heads", "connection", "follower", "signer")

HEAVY = {"web3", "eth_account", "coincurve", "aiohttp"}


@pytest.mark.parametrize("module", [*MODULES, "deploy", "anvil", "transaction"])
def test_importing_does_not_pull_web3_in(module: str) -> None:
    script = f"import sys, scatter.chain.{module}; print(*{HEAVY}.intersection(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
