"""Where the protocol's contracts are: a small JSON file that a network shares."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from scatter.chain.artifacts import load
from scatter.chain.bindings import Bindings, Contract
from scatter.protocol.ids import Address, address

FORMAT = 1
DEVELOPMENT_CHAIN_ID = 31337
TOKEN, PROTOCOL = "ScatterToken", "ScatterProtocol"
RANDOMNESS = ("BlockRandomness", "SeededRandomness")
MAX_FILE = 1 << 20


class DeploymentUnusable(ValueError):
    """A deployment file cannot be used; the message says which one and why."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment. `block` is the first that can hold logs of it; `addresses` and `versions` (keccak256 of the creation
    code, `0x` hex) go by contract name: ScatterToken, ScatterProtocol and one of BlockRandomness or SeededRandomness."""

    chain_id: int
    block: int
    addresses: Mapping[str, Address]
    versions: Mapping[str, str]

    def bindings(self) -> Bindings:
        """The contracts' bindings at these addresses."""
        return Bindings({name: (where, Contract.of(load(name))) for name, where in self.addresses.items()})

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.write_text(json.dumps({"format": FORMAT, **asdict(self)}, indent=2, sort_keys=True) + "\n")
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a file. DeploymentUnusable when it is missing, malformed or of contracts of another version."""
        try:
            with path.open("rb") as file:
                text = file.read(MAX_FILE)
            content = json.loads(text)
            deployment = cls._parse(content)
        except (OSError, KeyError, TypeError, AttributeError, ValueError) as error:
            raise DeploymentUnusable(f"{path} is no deployment of Scatter: {error}") from error
        for name, version in deployment.versions.items():
            if version != load(name).version:
                raise DeploymentUnusable(f"{path}: {name} was deployed by another version of Scatter")
        return deployment

    @classmethod
    def _parse(cls, content: Any) -> Self:
        fields = {"format", "chain_id", "block", "addresses", "versions"}
        if not isinstance(content, dict) or set(content) != fields:
            raise ValueError(f"expected an object with {', '.join(sorted(fields))}")
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']!r}, expected {FORMAT}")
        for field in ("chain_id", "block"):
            if type(content[field]) is not int or content[field] < 0:
                raise ValueError(f"{field} is no whole number")
        names = set(content["addresses"])
        if not {TOKEN, PROTOCOL} < names or len(names & set(RANDOMNESS)) != 1 or len(names) != len({*RANDOMNESS}) + 1:
            raise ValueError(f"expected {TOKEN}, {PROTOCOL} and one of {' and '.join(RANDOMNESS)}")
        if set(content["versions"]) != names:
            raise ValueError("addresses and versions name different contracts")
        addresses = {name: address(where) for name, where in content["addresses"].items()}
        return cls(content["chain_id"], content["block"], addresses, dict(content["versions"]))
