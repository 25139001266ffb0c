"""The Solidity ABI, with selectors and types computed once.

Values on our side: addresses are `Address` (lower case), bytesN are bytes of exactly N, structs are dicts with snake_case
keys, arrays are tuples, enums are ints.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode as abi_encode
from eth_abi.exceptions import DecodingError, EncodingError
from eth_hash.auto import keccak

from scatter.protocol.ids import WORD_BYTES, address

SELECTOR_BYTES = 4
_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_FIXED_BYTES = re.compile(r"bytes([1-9]\d?)\Z")


def snake_case(name: str) -> str:
    """`jobKeyHash` → `job_key_hash`."""
    return _WORD_START.sub("_", name).lower()


class BadArguments(ValueError):
    """Arguments do not fit a function's types; the message says which one and why."""


class BadData(ValueError):
    """Bytes from the chain are not what the ABI promises."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument or result, or a member of a struct."""

    name: str
    type: str
    """As in signatures: structs as `(uint8,address)`, with `[]` or `[3]` behind for arrays."""
    members: tuple["Parameter", ...] = ()
    indexed: bool = False

    @classmethod
    def parse(cls, entry: Mapping[str, Any]) -> Self:
        """From an ABI's JSON."""
        members = tuple(cls.parse(member) for member in entry.get("components", ()))
        kind: str = entry["type"]
        if kind.startswith("tuple"):
            kind = f"({','.join(member.type for member in members)})" + kind.removeprefix("tuple")
        return cls(snake_case(entry["name"]), kind, members, entry.get("indexed", False))

    def element(self) -> Self | None:
        """The parameter without its last `[]`; None when it is no array."""
        if not self.type.endswith("]"):
            return None
        return type(self)(self.name, self.type[: self.type.rindex("[")], self.members)

    def is_one_word(self) -> bool:
        """Whether a topic holds the value itself; otherwise it holds its hash."""
        return not self.members and not self.type.endswith("]") and self.type not in ("string", "bytes")


def to_abi(parameter: Parameter, value: Any) -> Any:
    """Our value as eth_abi takes it. BadArguments when it does not fit."""
    element = parameter.element()
    if element is not None:
        if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
            raise BadArguments(f"{parameter.name}: expected a sequence for {parameter.type}, not {value!r}")
        return [to_abi(element, item) for item in value]
    if parameter.members:
        return _struct_to_abi(parameter, value)
    fixed = _FIXED_BYTES.match(parameter.type)
    if fixed and (not isinstance(value, bytes) or len(value) != int(fixed[1])):
        raise BadArguments(f"{parameter.name}: expected {fixed[1]} bytes, not {value!r}")
    return value


def _struct_to_abi(parameter: Parameter, value: Any) -> tuple[Any, ...]:
    names = [member.name for member in parameter.members]
    if not isinstance(value, Mapping) or set(value) != set(names):
        raise BadArguments(f"{parameter.name}: expected a mapping with exactly {', '.join(names)}, not {value!r}")
    return tuple(to_abi(member, value[member.name]) for member in parameter.members)


def from_abi(parameter: Parameter, value: Any) -> Any:
    """eth_abi's value as ours."""
    element = parameter.element()
    if element is not None:
        return tuple(from_abi(element, item) for item in value)
    if parameter.members:
        return {member.name: from_abi(member, item) for member, item in zip(parameter.members, value, strict=True)}
    return address(value) if parameter.type == "address" else value


def encode(parameters: Sequence[Parameter], values: Sequence[Any]) -> bytes:
    """Arguments as calldata without a selector. BadArguments when they do not fit."""
    if len(parameters) != len(values):
        names = ", ".join(parameter.name or parameter.type for parameter in parameters)
        raise BadArguments(f"expected {len(parameters)} arguments ({names}), not {len(values)}")
    converted = [to_abi(parameter, value) for parameter, value in zip(parameters, values, strict=True)]
    try:
        return abi_encode([parameter.type for parameter in parameters], converted)
    except (EncodingError, TypeError, ValueError) as error:
        raise BadArguments(str(error)) from error


def decode(parameters: Sequence[Parameter], data: bytes) -> tuple[Any, ...]:
    """Values of ABI-encoded data. BadData when it is malformed."""
    try:
        values = abi_decode([parameter.type for parameter in parameters], data)
    except (DecodingError, OverflowError, ValueError) as error:
        raise BadData(f"cannot decode {len(data)} bytes from the chain: {error}") from error
    return tuple(from_abi(parameter, value) for parameter, value in zip(parameters, values, strict=True))


@dataclass(frozen=True, slots=True)
class Signature:
    """A function, an error, an event or (with an empty name) a constructor."""

    name: str
    inputs: tuple[Parameter, ...]
    outputs: tuple[Parameter, ...]
    hash: bytes
    """keccak256 of the signature: 32 bytes, an event's first topic."""

    @classmethod
    def parse(cls, entry: Mapping[str, Any]) -> Self:
        """From an ABI's JSON."""
        inputs = tuple(Parameter.parse(item) for item in entry.get("inputs", ()))
        outputs = tuple(Parameter.parse(item) for item in entry.get("outputs", ()))
        name: str = entry.get("name", "")
        return cls(name, inputs, outputs, keccak(_text(name, inputs).encode()))

    @property
    def text(self) -> str:
        """`transfer(address,uint256)`."""
        return _text(self.name, self.inputs)

    @property
    def selector(self) -> bytes:
        """The first four bytes of calldata, or of a revert's data."""
        return self.hash[:SELECTOR_BYTES]

    def decode_event(self, topics: Sequence[bytes], data: bytes) -> dict[str, Any]:
        """Values of a log by argument name; for indexed arrays, strings and structs only their hash is on the chain."""
        indexed = [parameter for parameter in self.inputs if parameter.indexed]
        if len(topics) != len(indexed) + 1 or any(len(topic) != WORD_BYTES for topic in topics):
            raise BadData(f"a log of {self.name} with {len(topics)} topics, expected {len(indexed) + 1}")
        values: dict[str, Any] = {}
        for parameter, topic in zip(indexed, topics[1:], strict=True):
            values[parameter.name] = decode([parameter], topic)[0] if parameter.is_one_word() else topic
        plain = [parameter for parameter in self.inputs if not parameter.indexed]
        values |= zip((parameter.name for parameter in plain), decode(plain, data), strict=True)
        return {parameter.name: values[parameter.name] for parameter in self.inputs}


def _text(name: str, inputs: Sequence[Parameter]) -> str:
    return f"{name}({','.join(parameter.type for parameter in inputs)})"
