"""Where the protocol's contracts are: a small JSON file that a network shares."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from pydantic_core import from_json

from scatter.chain.artifacts import load
from scatter.chain.bindings import Bindings, Contract
from scatter.chain.parameters import ChainParameters
from scatter.errors import BadInput
from scatter.files import replace_file
from scatter.protocol.ids import Address, address

FORMAT = 3
DEVELOPMENT_CHAIN_ID = 31337
TOKEN, PROTOCOL = "ScatterToken", "ScatterProtocol"
RECORDS, REPUTATION = "ScatterRecords", "ScatterReputation"
"""They only read the protocol."""
CLAIMS, DISPUTES = "ScatterClaims", "ScatterDisputes"
"""The protocol's modules: code of its own at other addresses."""
TIMELOCK = "ScatterTimelock"
"""The protocol's owner."""
BLOCK_RANDOMNESS, SEEDED_RANDOMNESS = "BlockRandomness", "SeededRandomness"
ALWAYS = frozenset((TOKEN, TIMELOCK, PROTOCOL, RECORDS, REPUTATION, CLAIMS, DISPUTES))
RANDOMNESS = frozenset((BLOCK_RANDOMNESS, SEEDED_RANDOMNESS))
MAX_FILE = 1 << 20


class DeploymentUnusable(BadInput):
    """A deployment file cannot be used; the message says which one and why."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment. `block` is the first that can hold logs of it; `addresses` and `versions` (keccak256 of the creation
    code, `0x` hex) go by contract name: those that are ALWAYS there and one source of RANDOMNESS."""

    chain_id: int
    block: int
    addresses: Mapping[str, Address]
    versions: Mapping[str, str]
    parameters: ChainParameters

    def bindings(self) -> Bindings:
        """The contracts' bindings at these addresses."""
        return Bindings({name: (where, Contract.of(load(name))) for name, where in self.addresses.items()})

    def to_json(self) -> dict[str, Any]:
        """The content of the file."""
        return {"format": FORMAT, **asdict(self)}

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, json.dumps(self.to_json(), indent=2, sort_keys=True) + "\n")

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file. DeploymentUnusable when it is missing, malformed or of contracts of another version."""
        try:
            with path.open("rb") as file:
                text = file.read(MAX_FILE)
            content = from_json(text)
            deployment = cls._parse(content)
        except (OSError, KeyError, TypeError, AttributeError, ValueError) as error:
            raise DeploymentUnusable(f"{path} is no deployment of Scatter: {error}") from error
        for name, version in deployment.versions.items():
            if version != load(name).version:
                raise DeploymentUnusable(f"{path}: {name} was deployed by another version of Scatter")
        return deployment

    @classmethod
    def _parse(cls, content: Any) -> Self:
        fields = {"format", "chain_id", "block", "addresses", "versions", "parameters"}
        if not isinstance(content, dict) or set(content) != fields:
            raise ValueError(f"expected an object with {', '.join(sorted(fields))}")
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']!r}, expected {FORMAT}")
        for field in ("chain_id", "block"):
            if type(content[field]) is not int or content[field] < 0:
                raise ValueError(f"{field} is no whole number")
        names = set(content["addresses"])
        if not names >= ALWAYS or len(names - ALWAYS) != 1 or not names - ALWAYS <= RANDOMNESS:
            raise ValueError(f"expected {', '.join(sorted(ALWAYS))} and one of {' and '.join(sorted(RANDOMNESS))}")
        if set(content["versions"]) != names:
            raise ValueError("addresses and versions name different contracts")
        addresses = {name: address(where) for name, where in content["addresses"].items()}
        parameters = ChainParameters.parse(content["parameters"])
        return cls(content["chain_id"], content["block"], addresses, dict(content["versions"]), parameters)
