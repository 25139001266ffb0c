"""What holds for any content, any message and any text."""

from contextlib import suppress

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scatter.content.cids import Cid, InvalidCid
from scatter.content.encryption import EncryptionError, decrypt_content, encrypt_content, open_sealed
from scatter.content.messages import Request, layout_answer, layout_from, range_answer, range_from
from scatter.content.unixfs import LEAF_BYTES, Layout, cid_of, cid_of_layout, layout_of, leaves_in
from scatter.ports.messages import MalformedMessage

keys = st.binary(min_size=32, max_size=32)
sizes = st.one_of(st.integers(0, 3 * LEAF_BYTES), st.sampled_from([LEAF_BYTES - 1, LEAF_BYTES, LEAF_BYTES + 1]))


@given(sizes, st.binary(min_size=1, max_size=50))
@settings(max_examples=50, deadline=None)
def test_the_layout_determines_the_cid(size: int, seed: bytes) -> None:
    content = (seed * (size // len(seed) + 1))[:size]
    layout = layout_of(content)
    assert cid_of_layout(layout) == cid_of(content)
    assert sum(layout.length(leaf) for leaf in range(len(layout.leaves))) == size
    assert layout_from(layout_answer(layout), size) == layout


@given(st.integers(2, 400), st.integers(0, 400), st.integers(1, 255))
@settings(max_examples=50, deadline=None)
def test_no_two_layouts_have_one_cid(leaves: int, which: int, change: int) -> None:
    digests = [number.to_bytes(32, "big") for number in range(leaves)]
    size = leaves * LEAF_BYTES
    cid = cid_of_layout(Layout(size, tuple(digests)))
    assert cid_of_layout(Layout(size - change, tuple(digests))) != cid
    digests[which % leaves] = bytes([change]) * 32
    assert cid_of_layout(Layout(size, tuple(digests))) != cid


@given(st.one_of(st.text(max_size=70), st.from_regex(r"b[a-z2-7]{58}", fullmatch=True), st.binary().map(repr)))
def test_a_text_is_the_cid_it_parses_to_or_none(text: str) -> None:
    try:
        cid = Cid.parse(text)
    except InvalidCid:
        return
    assert str(cid) == text


@given(st.sampled_from([0x55, 0x70]), keys)
def test_every_cid_has_a_text(codec: int, digest: bytes) -> None:
    cid = Cid(codec, digest)
    assert Cid.parse(str(cid)) == cid


values = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9), st.binary(max_size=60))
names = st.sampled_from(["cid", "offset", "length", "status", "size", "leaves", "content", "other"])
maps = st.dictionaries(st.one_of(names, values), values, max_size=5)
messages = st.one_of(st.binary(max_size=100), maps.map(cbor2.dumps), maps.map(lambda said: cbor2.dumps([said])))


@given(st.one_of(messages, st.builds(lambda said, rest: said + rest, messages, messages)))
def test_a_request_is_what_it_is_read_as_or_malformed(message: bytes) -> None:
    try:
        request = Request.from_bytes(message)
    except MalformedMessage:
        return
    assert Request.from_bytes(request.to_bytes()) == request
    assert len(request.to_bytes()) <= len(message)


@given(keys, st.integers(0, 1 << 40), st.integers(0, 4 << 20))
def test_a_request_is_read_as_it_was_written(digest: bytes, leaf: int, length: int) -> None:
    cid = Cid(0x70, digest)
    for request in (Request.for_layout(cid), Request.for_range(cid, leaf * LEAF_BYTES, length)):
        assert Request.from_bytes(request.to_bytes()) == request


@given(messages)
def test_answers_are_read_or_malformed(message: bytes) -> None:
    try:
        layout = layout_from(message, 1 << 20)
    except MalformedMessage:
        pass
    else:
        assert len(layout.leaves) == leaves_in(layout.size)
    with suppress(MalformedMessage):
        assert isinstance(range_from(message), memoryview)


@given(keys, st.binary(max_size=500), st.binary(max_size=50), st.data())
def test_every_change_of_a_ciphertext_shows(key: bytes, plaintext: bytes, context: bytes, data: st.DataObject) -> None:
    ciphertext = encrypt_content(key, plaintext, context)
    assert decrypt_content(key, ciphertext, context) == plaintext
    bit = data.draw(st.integers(0, len(ciphertext) * 8 - 1))
    changed = bytearray(ciphertext)
    changed[bit // 8] ^= 1 << bit % 8
    try:
        decrypt_content(key, bytes(changed), context)
    except EncryptionError:
        return
    raise AssertionError("a changed ciphertext opened")


@given(keys, st.binary(max_size=200), st.binary(max_size=50))
def test_nonsense_is_not_sealed(key: bytes, sealed: bytes, context: bytes) -> None:
    try:
        open_sealed(key, sealed, context)
    except EncryptionError:
        return
    raise AssertionError("nonsense opened")


@given(sizes, st.binary(min_size=1, max_size=50), st.integers(-3, 3))
def test_a_range_is_read_as_the_library_reads_it(size: int, seed: bytes, wrong: int) -> None:
    content = (seed * (size // len(seed) + 1))[:size]
    encoded = cbor2.dumps({"status": "here", "content": content}, canonical=True)
    assert range_answer(content) == encoded
    assert range_from(encoded) == content
    other_order = cbor2.dumps({"content": content, "status": "here"})
    assert range_from(other_order) == content
    if wrong:
        with pytest.raises(MalformedMessage):
            range_from(encoded[:wrong] if wrong < 0 else encoded + bytes(wrong))
