"""The compiled contracts that ship with the package: ABI and creation code, as the contracts' build wrote them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from eth_hash.auto import keccak


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled contract: `abi` as solc gives it, `bytecode` the creation code without constructor arguments."""

    name: str
    abi: Sequence[Mapping[str, Any]]
    bytecode: bytes

    @property
    def version(self) -> str:
        """keccak256 of the creation code, `0x` hex: what a deployment remembers of the code it was made with."""
        return "0x" + keccak(self.bytecode).hex()


def parse(name: str, text: str) -> Artifact:
    """An artifact from its JSON: `{"abi": [...], "bytecode": "0x…", ...}`. ValueError when it is something else."""
    try:
        content = json.loads(text)
        abi, bytecode = content["abi"], content["bytecode"]
        if not isinstance(abi, list):
            raise TypeError("abi is not a list")
        return Artifact(name, tuple(abi), bytes.fromhex(bytecode.removeprefix("0x")))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"the artifact of {name} cannot be read: {error}") from error


@cache
def load(name: str) -> Artifact:
    """The artifact of a contract of ours, `ScatterProtocol` for example. LookupError when there is none."""
    resource = files("scatter.chain") / "artifacts" / f"{name}.json"
    if not resource.is_file():
        raise LookupError(f"no compiled contract {name} in this installation")
    return parse(name, resource.read_text(encoding="utf-8"))
