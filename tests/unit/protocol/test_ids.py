"""Names: what is taken for an address, a topic, a job."""

import pytest
from eth_hash.auto import keccak

from scatter.protocol.ids import address, address_bytes, job_id, topic_of

MIXED = "0xDeaDbeefdEAdbeefdEadbEEFdeadbeEFdEaDbeeF"


def test_addresses_are_kept_in_lower_case() -> None:
    assert address(MIXED) == address("0X" + MIXED[2:]) == MIXED.lower()
    assert address_bytes(address(MIXED)) == bytes.fromhex("deadbeef" * 5)


@pytest.mark.parametrize(
    "text",
    ["", "0x", MIXED[:-1], MIXED + "0", MIXED[2:], "0x" + "g" * 40, "0x+" + "1" * 39, "0x" + "1_" * 20, MIXED + "\n"],
)
def test_what_is_not_an_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        address(text)


def test_a_job_is_named_by_requestor_and_topic() -> None:
    topic = topic_of("digits")
    assert topic == b"digits" + bytes(26)
    assert job_id(address(MIXED), topic) == keccak(bytes(12) + bytes.fromhex("deadbeef" * 5) + topic)
    with pytest.raises(ValueError, match="32 bytes, not 3"):
        job_id(address(MIXED), b"abc")


@pytest.mark.parametrize(("name", "problem"), [("", "takes 0"), ("ä" * 17, "takes 34"), ("a\0b", "NUL")])
def test_names_that_are_no_topics(name: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        topic_of(name)


def test_a_name_of_exactly_one_word_is_a_topic() -> None:
    assert topic_of("ä" * 16) == ("ä" * 16).encode()
