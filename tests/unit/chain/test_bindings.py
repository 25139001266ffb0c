"""Calls, events and reverts of the shipped contracts."""

from dataclasses import replace

import pytest

from scatter.chain.abi import BadArguments, Signature, encode
from scatter.chain.artifacts import Artifact, load, parse
from scatter.chain.bindings import Bindings, Contract
from scatter.ports import Call, CallReverted, ChainError, LogEntry
from scatter.protocol.ids import Address

TOKEN, PROTOCOL = Address("0x" + "aa" * 20), Address("0x" + "bb" * 20)
JOB = bytes(range(32))


@pytest.fixture(scope="module")
def bindings() -> Bindings:
    return Bindings(
        {
            "ScatterToken": (TOKEN, Contract.of(load("ScatterToken"))),
            "ScatterProtocol": (PROTOCOL, Contract.of(load("ScatterProtocol"))),
        }
    )


def test_a_call_goes_to_its_contract(bindings: Bindings) -> None:
    to, data = bindings.encode(Call("ScatterToken", "transfer", (PROTOCOL, 5)))
    assert to == TOKEN
    assert data == bytes.fromhex("a9059cbb") + bytes(12) + b"\xbb" * 20 + (5).to_bytes(32, "big")


def test_reverts_are_sentences() -> None:
    words = {"job": "bytes32", "deadline": "uint64", "byWhom": "address"}
    inputs = [{"name": name, "type": kind} for name, kind in words.items()]
    bindings = Bindings(
        {"X": (TOKEN, Contract.of(Artifact("X", ({"type": "error", "name": "TooEarly", "inputs": inputs},), b"")))}
    )
    signature = Signature.parse({"name": "TooEarly", "inputs": inputs})

    def told(job: bytes) -> CallReverted:
        return bindings.revert(signature.selector + encode(signature.inputs, [job, 1_700_000_000, PROTOCOL]))

    reverted = told(JOB)
    assert str(reverted) == f"TooEarly(job=0x0001020304050607…, deadline=1700000000, by_whom={PROTOCOL})"
    assert reverted.error == "TooEarly"
    assert reverted.values == {"job": JOB, "deadline": 1_700_000_000, "by_whom": PROTOCOL}
    assert "job=round-3," in str(told(b"round-3".ljust(32, b"\0"))), "names are shown as text"
    assert "job=0x0000000000000000…," in str(told(bytes(32)))


def test_reverts_of_a_shipped_contract(bindings: Bindings) -> None:
    signature = next(
        e for e in Contract.of(load("ScatterToken")).errors.values() if e.name == "ERC20InsufficientBalance"
    )
    reverted = bindings.revert(signature.selector + encode(signature.inputs, [TOKEN, 1, 2]))
    assert str(reverted) == f"ERC20InsufficientBalance(sender={TOKEN}, balance=1, needed=2)"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "reverted without a reason"),
        (b"\x01\x02\x03\x04rest", "reverted with an unknown error 0x01020304"),
        (b"\x01", "reverted with an unknown error 0x01"),
        (bytes.fromhex("4e487b71") + (17).to_bytes(32, "big"), "Panic(code=17)"),
        (bytes.fromhex("08c379a0") + b"garbage", "reverted with a malformed Error"),
    ],
)
def test_reverts_of_others(bindings: Bindings, data: bytes, message: str) -> None:
    assert str(bindings.revert(data)) == message


def test_logs_of_strangers_and_unknown_events(bindings: Bindings) -> None:
    entry = LogEntry(1, 0, PROTOCOL, (b"\x01" * 32,), b"", b"\x02" * 32)
    assert bindings.decode_log(entry) is None
    assert bindings.decode_log(replace(entry, topics=())) is None
    with pytest.raises(ChainError, match="no contract of this deployment"):
        bindings.decode_log(replace(entry, address=Address("0x" + "cc" * 20)))


def test_every_event_of_the_protocol_can_be_told_apart() -> None:
    contract = Contract.of(load("ScatterProtocol"))
    names = [event.name for event in contract.events.values()]
    assert {"JobPosted", "StateEntered", "RoundSettled", "Claimed"} <= set(names)
    assert len(set(names)) == len(names)


def test_several_calls_in_one(bindings: Bindings) -> None:
    calls = [Call("ScatterProtocol", "poke", (JOB,)), Call("ScatterProtocol", "join", (JOB,))]
    call = bindings.multicall("ScatterProtocol", calls)
    assert call.arguments == ([bindings.encode(each)[1] for each in calls],)
    assert bindings.encode(call)[0] == PROTOCOL
    with pytest.raises(BadArguments, match="cannot call ScatterToken"):
        bindings.multicall("ScatterProtocol", [*calls, Call("ScatterToken", "totalSupply", ())])


def test_a_contract_that_is_not_there(bindings: Bindings) -> None:
    with pytest.raises(ChainError, match="there is no such contract on the chain"):
        bindings.decode_result(Call("ScatterToken", "totalSupply", ()), b"")


def test_overloaded_functions_go_by_their_signatures() -> None:
    entry = {"type": "function", "name": "f", "inputs": [], "outputs": []}
    other = {**entry, "inputs": [{"name": "a", "type": "uint8"}]}
    alone = {**entry, "name": "g"}
    assert set(Contract.of(Artifact("Twice", (entry, other, alone), b"")).functions) == {"f()", "f(uint8)", "g"}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"abi": {}, "bytecode": "0x"}', '{"abi": [], "bytecode": "0xzz"}'])
def test_artifacts_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="the artifact of X cannot be read"):
        parse("X", text)


def test_a_contract_that_does_not_ship() -> None:
    with pytest.raises(LookupError, match="no compiled contract Missing"):
        load("Missing")
