"""The artifacts that ship are what contracts/src compiles to, byte by byte."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "contracts" / "tools" / "build.py"
ARTIFACTS = ROOT / "src" / "scatter" / "chain" / "artifacts"
CODE_LIMIT = 24_576
"""Bytes of code that a contract may have (EIP-170)."""


def build(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, BUILD, *arguments], capture_output=True, text=True, check=False, timeout=900)


@pytest.mark.parametrize("mode", ["--check", pytest.param("--rebuild-check", marks=pytest.mark.long)])
def test_artifacts_are_what_the_sources_compile_to(mode: str) -> None:
    result = build(mode)
    assert result.returncode == 0, result.stdout + result.stderr


def test_artifacts_of_the_protocol_are_there() -> None:
    shipped = {path.stem for path in ARTIFACTS.glob("*.json")}
    assert shipped >= {"ScatterToken", "ScatterProtocol", "ScatterClaims", "ScatterDisputes", "BlockRandomness"}


@pytest.mark.parametrize("name", sorted(path.stem for path in ARTIFACTS.glob("*.json")))
def test_artifacts_are_complete_and_deployable(name: str) -> None:
    artifact = json.loads((ARTIFACTS / f"{name}.json").read_text())
    assert artifact["contractName"] == name
    code = bytes.fromhex(artifact["deployedBytecode"].removeprefix("0x"))
    assert 0 < len(code) <= CODE_LIMIT
    assert bytes.fromhex(artifact["bytecode"].removeprefix("0x"))
    assert artifact["compiler"]["settings"]["metadata"] == {"appendCBOR": False, "bytecodeHash": "none"}
