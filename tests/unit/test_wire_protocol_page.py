"""docs/wire-protocol.md says what the code does."""

import re
from pathlib import Path

import cbor2
import pytest
from libp2p.kad_dht.common import PROTOCOL_ID as KAD
from libp2p.security.noise.transport import PROTOCOL_ID as NOISE
from libp2p.stream_muxer.yamux.yamux import PROTOCOL_ID as YAMUX

from scatter.content import messages
from scatter.content.cids import DAG_PB, RAW, Cid
from scatter.content.unixfs import LEAF_BYTES, LINKS
from scatter.node import key_exchange
from scatter.p2p.exchange import SLOWEST_BYTES_PER_SECOND
from scatter.p2p.settings import PeerLimits
from scatter.ports.peers import MAX_ANSWER_BYTES, MAX_REQUEST_BYTES

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "wire-protocol.md").read_text()
LIMITS = PeerLimits()
MEBIBYTE = 1 << 20

SAID = [
    *(f"`{name}`" for name in (messages.PROTOCOL, key_exchange.PROTOCOL, YAMUX, NOISE, KAD)),
    f"at most {MAX_REQUEST_BYTES:,} bytes",
    f"at most {MAX_ANSWER_BYTES:,}, not counting",
    f"leaves of\n{LEAF_BYTES:,} bytes",
    f"a multiple of {LEAF_BYTES:,} ",
    f"at most {messages.MAX_RANGE_BYTES:,} ",
    f"up to {LINKS} links",
    f"| streams that one peer has open * | {LIMITS.streams_per_peer} |",
    f"| {LIMITS.unread_bytes_per_connection // MEBIBYTE} MiB, {LIMITS.unread_bytes // MEBIBYTE} MiB |",
    f"takes no byte of what it is sent * | {LIMITS.stall_seconds:g} s |",
    f"for a request to arrive | {LIMITS.request_seconds:g} s",
    f"to take an answer | {LIMITS.request_seconds:g} s, and 1 s more for each {SLOWEST_BYTES_PER_SECOND >> 10} KiB |",
    f"| {LIMITS.requests_per_second:g} a second, {LIMITS.requests_at_once} at once |",
    f"| {LIMITS.answers}, of them {LIMITS.answers_per_peer} for one peer;",
    f"| {LIMITS.connections}, of them {LIMITS.connections_per_host} from one IP address |",
]


@pytest.mark.parametrize("words", SAID)
def test_it_says(words: str) -> None:
    assert words in PAGE


def fields(of: str) -> list[str]:
    """The first column of the table whose header begins with a word."""
    tables = re.findall(rf"\| {of} \| type \| \|\n\|[-|]+\|\n((?:\|.*\n)+)", PAGE)
    return [name for table in tables for name in re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)]


def test_it_lists_every_field_and_no_other() -> None:
    asked = [*messages.Request.model_fields, *key_exchange._Request.model_fields]
    assert sorted(fields("request")) == sorted(asked)
    assert sorted(fields("answer")) == sorted(messages._Answer.model_fields)
    for status in messages.Status:
        assert f"`{status}`" in PAGE


def test_its_examples_are_messages() -> None:
    digest = bytes(32)
    shown = [
        messages.Request.for_layout(Cid(RAW, digest)).to_bytes(),
        messages.Request.for_range(Cid(DAG_PB, digest), LEAF_BYTES, 5).to_bytes(),
        messages.range_answer(b"hello"),
    ]
    written = re.findall(r"^(a[123] [0-9a-f …]+)$", PAGE, re.MULTILINE)
    whole = [bytes.fromhex(text.replace("00…", "00" * 32)) for text in written]
    assert whole == shown
    assert [cbor2.loads(message) for message in whole][2] == {"status": "here", "content": b"hello"}
