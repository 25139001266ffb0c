#!/usr/bin/env python3
"""Compile the contracts into the artifacts that the Python package ships.

    python contracts/tools/build.py                   compile and write src/scatter/chain/artifacts/*.json
    python contracts/tools/build.py --check           are the artifacts made from these sources and settings? (no compiler needed)
    python contracts/tools/build.py --rebuild-check   compile again and compare every byte

An artifact holds: contractName, abi, bytecode, deployedBytecode (hex; immutables are zero), compiler (version and settings), and
sourceHash, a sha2-256 over all sources, the settings and the pinned compiler and libraries.
"""

import argparse
import hashlib
import json
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import forge

CONTRACTS = forge.CONTRACTS
ARTIFACTS = CONTRACTS.parent / "src" / "scatter" / "chain" / "artifacts"
NAMES = (
    *("ScatterToken", "ScatterTimelock", "ScatterProtocol", "ScatterClaims", "ScatterDisputes", "ScatterRecords"),
    "ScatterReputation",
    *("BlockRandomness", "SeededRandomness"),
)
PINNED = ("node_modules/solc", "node_modules/@openzeppelin/contracts")


def source_hash() -> str:
    """sha2-256 (hex) over everything that decides the bytes: paths and contents of the sources, the default profile of
    foundry.toml, tools/solc, and the integrity hashes of the packages that are compiled with and against."""
    profile = tomllib.loads((CONTRACTS / "foundry.toml").read_text())["profile"]["default"]
    digest = hashlib.sha256(json.dumps(profile, sort_keys=True).encode())
    for file in (*sorted((CONTRACTS / "src").rglob("*.sol")), CONTRACTS / "tools" / "solc"):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(CONTRACTS).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    packages = json.loads((CONTRACTS / "package-lock.json").read_text())["packages"]
    for name in PINNED:
        digest.update(f"{name} {packages[name]['integrity']}\n".encode())
    return digest.hexdigest()


def compiled() -> dict[str, dict[str, Any]]:
    """Compile with forge into a fresh folder and return the artifacts by contract name; SystemExit when it fails."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["build", "src", "--force", "--out", folder, "--cache-path", f"{folder}/cache"]
        if forge.run(command, quiet=True) != 0:
            forge.run(command)
            raise SystemExit("the contracts do not compile")
        return {name: _artifact(Path(folder), name) for name in NAMES}


def _artifact(folder: Path, name: str) -> dict[str, Any]:
    output = json.loads((folder / f"{name}.sol" / f"{name}.json").read_text())
    settings = output["metadata"]["settings"]
    del settings["compilationTarget"]
    return {
        "contractName": name,
        "abi": output["abi"],
        "bytecode": output["bytecode"]["object"],
        "deployedBytecode": output["deployedBytecode"]["object"],
        "compiler": {"version": output["metadata"]["compiler"]["version"], "settings": settings},
        "sourceHash": source_hash(),
    }


def _text(artifact: dict[str, Any]) -> str:
    return json.dumps(artifact, indent=1, sort_keys=True) + "\n"


def _shipped(name: str) -> str:
    path = ARTIFACTS / f"{name}.json"
    return path.read_text() if path.exists() else "{}"


def write() -> None:
    """Compile and write the artifacts."""
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    for name, artifact in compiled().items():
        (ARTIFACTS / f"{name}.json").write_text(_text(artifact))
        print(f"{name}: {len(artifact['deployedBytecode']) // 2 - 1} bytes")


def stale() -> list[str]:
    """Artifacts that were made from other sources or settings."""
    current = source_hash()
    return [name for name in NAMES if json.loads(_shipped(name)).get("sourceHash") != current]


def different() -> list[str]:
    """Artifacts that are not what the sources compile to."""
    return [name for name, artifact in compiled().items() if _shipped(name) != _text(artifact)]


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description="Compile the contracts into the shipped artifacts, or check them.")
    modes = parser.add_mutually_exclusive_group()
    modes.add_argument("--check", action="store_true", help="compare source hashes only")
    modes.add_argument("--rebuild-check", action="store_true", help="compile and compare bytes")
    options = parser.parse_args()
    if not (options.check or options.rebuild_check):
        write()
        return 0
    wrong = stale() if options.check else different()
    if wrong:
        print(
            f"not what contracts/src compiles to: {', '.join(wrong)}; run python contracts/tools/build.py",
            file=sys.stderr,
        )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
