"""The ABI: names, values there and back, and what does not fit."""

from typing import Any

import pytest
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from scatter.chain.abi import BadArguments, BadData, Parameter, Signature, decode, encode, snake_case

ITEM = {
    "name": "theItem",
    "type": "tuple[]",
    "components": [
        {"name": "contentDigest", "type": "bytes32"},
        {"name": "nodeList", "type": "address[2]"},
        {"name": "inner", "type": "tuple", "components": [{"name": "bigNumber", "type": "uint256"}]},
    ],
}
PARAMETER = Parameter.parse(ITEM)
ADDRESSES = st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
ITEMS = st.fixed_dictionaries(
    {
        "content_digest": st.binary(min_size=32, max_size=32),
        "node_list": st.tuples(ADDRESSES, ADDRESSES),
        "inner": st.fixed_dictionaries({"big_number": st.integers(0, 2**256 - 1)}),
    }
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("jobKeyHash", "job_key_hash"), ("job", "job"), ("", ""), ("drawBlock2", "draw_block2"), ("seed_", "seed_")],
)
def test_snake_case(name: str, expected: str) -> None:
    assert snake_case(name) == expected


def test_signatures_spell_structs_out() -> None:
    signature = Signature.parse({"name": "keep", "inputs": [ITEM, {"name": "n", "type": "uint8"}]})
    assert signature.hash == keccak(b"keep((bytes32,address[2],(uint256))[],uint8)")
    assert signature.selector == signature.hash[:4]


@given(st.lists(ITEMS, max_size=3))
def test_values_come_back_as_they_were(items: list[Any]) -> None:
    assert decode([PARAMETER], encode([PARAMETER], [items])) == (tuple(items),)


def test_addresses_of_any_case_come_back_in_lower_case() -> None:
    parameter = Parameter("a", "address")
    mixed = "0xAbCdEf" + "0A" * 17
    assert decode([parameter], encode([parameter], [mixed])) == (mixed.lower(),)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("bytes32", b"short"),
        ("bytes32", b"x" * 33),
        ("bytes32", "0x" + "00" * 32),
        ("uint8", 256),
        ("uint8", -1),
        ("uint8", 1.0),
        ("bool", 1),
        ("address", "0x12"),
        ("uint8[]", 5),
        ("uint8[]", b"bytes"),
        ("uint8[2]", [1]),
        ("string", b"bytes"),
    ],
)
def test_values_that_do_not_fit(kind: str, value: Any) -> None:
    with pytest.raises(BadArguments):
        encode([Parameter("a", kind)], [value])


def test_structs_take_exactly_their_members() -> None:
    struct = Parameter("s", "(uint8)", (Parameter("number", "uint8"),))
    for value in ({}, {"number": 1, "other": 2}, (1,), None):
        with pytest.raises(BadArguments, match="s: expected a mapping with exactly number"):
            encode([struct], [value])
    with pytest.raises(BadArguments, match=r"expected 1 arguments \(s\), not 2"):
        encode([struct], [{"number": 1}, 2])


@given(st.binary(max_size=200))
def test_hostile_data_is_refused_or_decoded_never_worse(data: bytes) -> None:
    try:
        values = decode([PARAMETER, Parameter("text", "string")], data)
    except BadData:
        return
    assert len(values) == 2


def test_events_take_indexed_values_from_topics() -> None:
    event = Signature.parse(
        {
            "name": "Noted",
            "inputs": [
                {"name": "value", "type": "uint8"},
                {"name": "byWhom", "type": "address", "indexed": True},
                {"name": "words", "type": "uint256[]", "indexed": True},
            ],
        }
    )
    who, hashed = b"\0" * 12 + b"\xaa" * 20, b"\x07" * 32
    values = event.decode_event([event.hash, who, hashed], (9).to_bytes(32, "big"))
    assert values == {"value": 9, "by_whom": "0x" + "aa" * 20, "words": hashed}
    assert list(values) == ["value", "by_whom", "words"]
    for topics in ([event.hash], [event.hash, who, hashed, hashed], [event.hash, who[:31], hashed]):
        with pytest.raises(BadData, match="a log of Noted"):
            event.decode_event(topics, (9).to_bytes(32, "big"))
    with pytest.raises(BadData):
        event.decode_event([event.hash, who, hashed], b"\xff" * 32)
