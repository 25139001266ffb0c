#!/usr/bin/env python3
"""Look for known kinds of mistakes in the contracts with Slither: `make slither`, or `python contracts/tools/slither.py [SLITHER]`.

Slither has an environment of its own (requirements/slither.txt), since it wants an older web3 than the package. It reads the compiler's
syntax trees and no bytecode, so those are all that is compiled here, in seconds. It fails on any finding of any severity.
A finding that is none is suppressed at its line, with the reason beside it; detectors that are wrong about these contracts as a whole
are in EXCLUDED.
"""

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import forge

CONTRACTS = forge.CONTRACTS
SLITHER = CONTRACTS.parent / ".venv-slither" / "bin" / "slither"
EXCLUDED = {
    "assembly": "it says where assembly is, not what is wrong with it. Each block is marked memory-safe",
    "naming-convention": "it wants immutables in mixedCase; Solidity's style guide has them in capitals, like constants",
    "timestamp": "deadlines are the protocol. They are an hour away at least, and a block's time can be wrong by seconds",
    "uninitialized-local": "locals start as zero, and counters, sums and masks are meant to. (Storage pointers are another detector's.)",
    "unused-state": "the modules share one layout and its constants, and none of them uses all",
}
# What Slither reads beside the trees, of a compilation that made no code.
NO_CODE = {"object": "", "sourceMap": ""}


def syntax_trees() -> dict[str, Any]:
    """What forge would note of a build (its build-info) of contracts/src, with trees and interfaces alone; SystemExit if it fails."""
    sources = {
        p.relative_to(CONTRACTS).as_posix(): {"content": p.read_text()}
        for p in sorted((CONTRACTS / "src").rglob("*.sol"))
    }
    profile = tomllib.loads((CONTRACTS / "foundry.toml").read_text())["profile"]["default"]
    settings = {
        "remappings": profile["remappings"],
        "evmVersion": profile["evm_version"],
        "viaIR": profile["via_ir"],
        "outputSelection": {"*": {"": ["ast"], "*": ["abi"]}},
    }
    request = {"language": "Solidity", "sources": sources, "settings": settings}
    solc = [str(CONTRACTS / "tools" / "solc"), "--standard-json", "--base-path", str(CONTRACTS)]
    answer = subprocess.run(
        solc, input=json.dumps(request), env=forge.environment(), capture_output=True, text=True, check=True
    )
    output = json.loads(answer.stdout)
    errors = [e["formattedMessage"] for e in output.get("errors", []) if e["severity"] == "error"]
    if errors:
        raise SystemExit("\n".join(errors))
    for contracts in output["contracts"].values():
        for contract in contracts.values():
            contract["evm"] = {"bytecode": NO_CODE, "deployedBytecode": NO_CODE}
    packages = json.loads((CONTRACTS / "package-lock.json").read_text())["packages"]
    return {"solcVersion": packages["node_modules/solc"]["version"], "input": request, "output": output}


def main() -> int:
    """0 when Slither finds nothing, else its exit code."""
    slither = Path(sys.argv[1]).absolute() if len(sys.argv) > 1 else SLITHER
    environment = forge.environment()
    # It asks forge for its configuration.
    environment["PATH"] = f"{forge.binary().parent}{os.pathsep}{environment['PATH']}"
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "contracts.json").write_text(json.dumps(syntax_trees()))
        command = [
            *(slither, ".", "--ignore-compile", "--foundry-build-info-directory", folder),
            *("--filter-paths", "node_modules", "--exclude", ",".join(EXCLUDED)),
        ]
        return subprocess.run(command, cwd=CONTRACTS, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
