import hashlib
import json
from pathlib import Path

import pytest

from scatter.content.cids import DAG_PB, RAW, Cid, InvalidCid, digest_of, raw_cid
from scatter.content.unixfs import LEAF_BYTES, LINKS, Layout, cid_of

VECTORS: dict[str, str] = json.loads((Path(__file__).parents[2] / "data/cid-vectors.json").read_text())
LARGE_VECTORS: dict[str, str] = json.loads((Path(__file__).parents[2] / "data/cid-vectors-large.json").read_text())
EMPTY = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"


def vector_content(size: int) -> bytes:
    """The content of the vectors: sha2-256 of 0, 1, 2 … as 8 bytes big-endian, one after the other."""
    blocks = (hashlib.sha256(number.to_bytes(8, "big")).digest() for number in range(size // 32 + 1))
    return b"".join(blocks)[:size]


@pytest.mark.parametrize("size", sorted(VECTORS, key=int))
def test_cids_are_those_of_ipfs(size: str) -> None:
    assert str(cid_of(vector_content(int(size)))) == VECTORS[size]


@pytest.mark.parametrize("size", sorted(LARGE_VECTORS, key=int))
def test_cids_of_large_files_are_those_of_ipfs(size: str) -> None:
    """At the bounds of leaves and of levels. By ipfs-unixfs-importer 17.1.1: CID version 1, raw leaves of 262,144 bytes, a balanced
    tree with 174 links; the content is SHAKE256 of "scatter"."""
    assert str(cid_of(hashlib.shake_256(b"scatter").digest(int(size)))) == LARGE_VECTORS[size]


def test_a_file_of_more_than_one_level() -> None:
    """Over 174 leaves a second level begins, with a node of its own even over a single leaf."""
    zeros, last = (Cid.of_block(RAW, leaf) for leaf in (bytes(LEAF_BYTES), b"x"))
    full = _node([(zeros, LEAF_BYTES, LEAF_BYTES)] * LINKS)
    rest = _node([(last, 1, 1)])
    root = _node(
        [
            (Cid.of_block(DAG_PB, full), len(full) + LINKS * LEAF_BYTES, LINKS * LEAF_BYTES),
            (Cid.of_block(DAG_PB, rest), len(rest) + 1, 1),
        ]
    )
    assert cid_of(bytes(LEAF_BYTES) * LINKS) == Cid.of_block(DAG_PB, full)
    assert cid_of(bytes(LEAF_BYTES) * LINKS + b"x") == Cid.of_block(DAG_PB, root)


def _varint(value: int) -> bytes:
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + _varint(value >> 7)


def _node(children: list[tuple[Cid, int, int]]) -> bytes:
    links = b""
    for cid, blocks, _ in children:
        link = b"\x0a\x24" + bytes(cid) + b"\x12\x00\x18" + _varint(blocks)
        links += b"\x12" + _varint(len(link)) + link
    sizes = b"".join(b"\x20" + _varint(size) for _, _, size in children)
    data = b"\x08\x02\x18" + _varint(sum(size for _, _, size in children)) + sizes
    return links + b"\x0a" + _varint(len(data)) + data


def test_text_and_back() -> None:
    cid = Cid.parse(EMPTY)
    assert (cid.codec, cid.digest) == (RAW, hashlib.sha256(b"").digest())
    assert str(cid) == EMPTY
    assert Cid.from_bytes(bytes(cid)) == cid
    assert digest_of(EMPTY) == cid.digest
    assert raw_cid(cid.digest) == EMPTY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "b",
        EMPTY[:-1],
        EMPTY + "a",
        EMPTY.upper(),
        EMPTY[:-1] + "v",  # the same bytes, other spare bits
        "z" + EMPTY[1:],
        EMPTY[:-1] + "1",  # not in the alphabet
        EMPTY[:-1] + "ß",
        EMPTY[:-1] + "\n",
        EMPTY[:30] + "/../" + EMPTY[34:],
        "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH",
        "bafyreih" + EMPTY[8:],  # dag-cbor
        "bafkrmi" + EMPTY[7:],
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(InvalidCid):
        Cid.parse(text)


@pytest.mark.parametrize("prefix", ["01551220", "0155", "02551220", "01711220", "01551320", "01551221"])
def test_other_bytes_are_refused(prefix: str) -> None:
    binary = bytes.fromhex(prefix) + bytes(32)
    if prefix == "01551220":
        assert Cid.from_bytes(binary).digest == bytes(32)
        binary += b"x"
    with pytest.raises(InvalidCid):
        Cid.from_bytes(binary)


def test_only_raw_blocks_have_a_digest_on_the_chain() -> None:
    with pytest.raises(InvalidCid, match="raw block"):
        digest_of(VECTORS["1000000"])
    with pytest.raises(ValueError, match="32 bytes"):
        raw_cid(b"short")


@pytest.mark.parametrize(("size", "leaves"), [(-1, 1), (0, 0), (0, 2), (1, 2), (LEAF_BYTES + 1, 1), (1 << 40, 3)])
def test_layouts_must_fit_their_size(size: int, leaves: int) -> None:
    with pytest.raises(ValueError, match="leaves"):
        Layout(size, (bytes(32),) * leaves)
