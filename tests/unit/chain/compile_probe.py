"""Compile probe.sol to probe.json with the solc that npm brought: `python tests/unit/chain/compile_probe.py`."""

import json
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
SOLC = HERE.parents[2] / "contracts" / "tools" / "solc"


def main() -> None:
    source = (HERE / "probe.sol").read_text()
    settings = {
        "optimizer": {"enabled": True, "runs": 200},
        "evmVersion": "cancun",
        "metadata": {"bytecodeHash": "none", "appendCBOR": False},
        "outputSelection": {"*": {"*": ["abi", "evm.bytecode.object"]}},
    }
    request = {"language": "Solidity", "sources": {"probe.sol": {"content": source}}, "settings": settings}
    answer = subprocess.run(
        [str(SOLC), "--standard-json"], input=json.dumps(request), capture_output=True, text=True, check=True
    )
    output = json.loads(answer.stdout)
    if errors := [error for error in output.get("errors", []) if error["severity"] == "error"]:
        raise SystemExit(errors[0]["formattedMessage"])
    probe = output["contracts"]["probe.sol"]["Probe"]
    artifact = {"abi": probe["abi"], "bytecode": "0x" + probe["evm"]["bytecode"]["object"]}
    (HERE / "probe.json").write_text(json.dumps(artifact) + "\n")


if __name__ == "__main__":
    main()
