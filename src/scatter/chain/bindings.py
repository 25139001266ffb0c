"""Between `ports` and calldata: calls, results, events and reverts of the contracts of one deployment."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scatter.chain.abi import SELECTOR_BYTES, BadArguments, Parameter, Signature, decode, encode
from scatter.chain.artifacts import Artifact
from scatter.ports import Call, CallReverted, ChainError, ChainEvent, LogEntry
from scatter.protocol.ids import Address

_SHOWN_BYTES = 8

# Solidity's own: https://docs.soliditylang.org/en/latest/control-structures.html#panic-via-assert-and-error-via-require
_BUILT_IN = (
    {"name": "Error", "inputs": [{"name": "message", "type": "string"}]},
    {"name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
)


@dataclass(frozen=True, slots=True)
class Contract:
    """One contract's ABI, looked up by name, topic and selector."""

    name: str
    functions: Mapping[str, Signature]
    events: Mapping[bytes, Signature]
    errors: Mapping[bytes, Signature]
    constructor: Signature
    bytecode: bytes = field(repr=False)

    @classmethod
    def of(cls, artifact: Artifact) -> "Contract":
        """From an artifact. Functions go by their names, overloaded ones by their signatures: `mint(address,uint256)`."""
        entries: dict[str, list[Signature]] = {"function": [], "event": [], "error": [], "constructor": []}
        for entry in artifact.abi:
            if entry["type"] in entries:
                entries[entry["type"]].append(Signature.parse(entry))
        times = Counter(function.name for function in entries["function"])
        return cls(
            artifact.name,
            {(each.name if times[each.name] == 1 else each.text): each for each in entries["function"]},
            {event.hash: event for event in entries["event"]},
            {error.selector: error for error in entries["error"]},
            next(iter(entries["constructor"]), Signature.parse({})),
            artifact.bytecode,
        )

    def creation(self, *arguments: Any) -> bytes:
        """What a transaction without a recipient carries to deploy the contract."""
        return self.bytecode + encode(self.constructor.inputs, arguments)


class Bindings:
    """The contracts at their addresses."""

    def __init__(self, contracts: Mapping[str, tuple[Address, Contract]]) -> None:
        self._contracts = dict(contracts)
        self._by_address = dict(contracts.values())
        self._errors = {signature.selector: signature for signature in map(Signature.parse, _BUILT_IN)}
        for _, contract in contracts.values():
            self._errors |= contract.errors

    @property
    def addresses(self) -> Sequence[Address]:
        """All contracts' addresses."""
        return tuple(self._by_address)

    def address(self, contract: str) -> Address:
        """Where a contract is. BadArguments when it is not deployed."""
        return self._find(contract)[0]

    def encode(self, call: Call) -> tuple[Address, bytes]:
        """Where a call goes, and its calldata. BadArguments names what does not fit."""
        address, _ = self._find(call.contract)
        function = self._function(call)
        try:
            return address, function.selector + encode(function.inputs, call.arguments)
        except BadArguments as error:
            raise BadArguments(f"{call.contract}.{call.function}: {error}") from error

    def decode_result(self, call: Call, data: bytes) -> Any:
        """What a view function returned: nothing as None, one result as itself, several as a dict by name (a tuple when
        they have none)."""
        outputs = self._function(call).outputs
        if outputs and not data:
            raise ChainError(
                f"{call.contract}.{call.function} returned nothing: there is no such contract on the chain"
            )
        values = decode(outputs, data)
        if len(values) <= 1:
            return values[0] if values else None
        if all(output.name for output in outputs):
            return {output.name: value for output, value in zip(outputs, values, strict=True)}
        return values

    def decode_log(self, log: LogEntry) -> ChainEvent | None:
        """A log as an event; None for an event that the ABI does not have. ChainError for a log of another contract."""
        contract = self._by_address.get(log.address)
        if contract is None:
            raise ChainError(f"a log of {log.address}, which is no contract of this deployment")
        event = contract.events.get(log.topics[0]) if log.topics else None
        if event is None:
            return None
        values = event.decode_event(log.topics, log.data)
        return ChainEvent(event.name, values, log.block, log.log_index, log.transaction)

    def multicall(self, contract: str, calls: Sequence[Call]) -> Call:
        """One call that makes several of the same contract, all or none of them (OpenZeppelin's `multicall(bytes[])`)."""
        if strangers := [call for call in calls if call.contract != contract]:
            raise BadArguments(f"a multicall of {contract} cannot call {strangers[0].contract}")
        return Call(contract, "multicall", ([self.encode(call)[1] for call in calls],))

    def revert(self, data: bytes) -> CallReverted:
        """Why a call reverted, in words: `TooEarly(job=0x1234…, deadline=1700000000)`."""
        if not data:
            return CallReverted("reverted without a reason")
        signature = self._errors.get(data[:SELECTOR_BYTES])
        if signature is None:
            return CallReverted(f"reverted with an unknown error 0x{data[:SELECTOR_BYTES].hex()}")
        try:
            values = decode(signature.inputs, data[SELECTOR_BYTES:])
        except ValueError:
            return CallReverted(f"reverted with a malformed {signature.name}", signature.name)
        named = {parameter.name: value for parameter, value in zip(signature.inputs, values, strict=True)}
        if signature.name == "Error" and isinstance(named.get("message"), str):
            return CallReverted(named["message"], signature.name, named)
        return CallReverted(f"{signature.name}({_listed(signature.inputs, values)})", signature.name, named)

    def _find(self, contract: str) -> tuple[Address, Contract]:
        try:
            return self._contracts[contract]
        except KeyError:
            raise BadArguments(f"no contract {contract} in this deployment") from None

    def _function(self, call: Call) -> Signature:
        try:
            return self._find(call.contract)[1].functions[call.function]
        except KeyError:
            raise BadArguments(f"{call.contract} has no function {call.function}") from None


def _listed(parameters: Sequence[Parameter], values: Sequence[Any]) -> str:
    return ", ".join(f"{parameter.name}={_shown(value)}" for parameter, value in zip(parameters, values, strict=True))


def _shown(value: Any) -> str:
    if not isinstance(value, bytes):
        return str(value)
    text = value.rstrip(b"\0")
    if text and text.isascii() and text.decode("ascii").isprintable():
        return text.decode("ascii")
    return f"0x{value[:_SHOWN_BYTES].hex()}" + ("…" if len(value) > _SHOWN_BYTES else "")
