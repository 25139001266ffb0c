"""CIDs of files, as IPFS computes them: leaves of 256 KiB as raw blocks, and over them a balanced tree of dag-pb nodes with
up to 174 links (the default of ipfs-unixfs-importer and kubo with `--cid-version 1`).

The digests of a file's leaves and its size determine its CID. So a file can be fetched piece by piece from strangers: once
their list of leaves is shown to belong to the CID, every piece can be checked on its own.

Sources: https://github.com/ipfs/specs/blob/main/UNIXFS.md, https://ipld.io/specs/codecs/dag-pb/spec/
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from scatter.content.cids import DAG_PB, RAW, Cid

LEAF_BYTES = 256 << 10
LINKS = 174

_VARINT, _BYTES = 0, 2
"""Wire types of protocol buffers."""
_FILE = 2
"""UnixFS data type."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file falls into leaves: its size in bytes and the sha2-256 digests of its leaves, in order. ValueError when
    they do not fit one another."""

    size: int
    leaves: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.leaves) != leaves_in(self.size):
            raise ValueError(f"{len(self.leaves)} leaves do not make a file of {self.size} bytes")

    def length(self, leaf: int) -> int:
        """Bytes in a leaf: 262,144, or fewer in the last one."""
        return min(LEAF_BYTES, self.size - leaf * LEAF_BYTES)


@dataclass(frozen=True, slots=True)
class _Node:
    """A subtree: its CID, the bytes of all its blocks, the bytes of the file below it."""

    cid: Cid
    blocks: int
    content: int


def leaves_in(size: int) -> int:
    """How many leaves a file of so many bytes has; an empty one has one."""
    return max(1, -(-size // LEAF_BYTES))


def layout_of(content: bytes) -> Layout:
    """The layout of content."""
    return Layout(len(content), tuple(leaf_digests(content)))


def leaf_digests(piece: bytes | memoryview) -> list[bytes]:
    """The sha2-256 digests of the leaves in a piece of a file that begins at one."""
    view = memoryview(piece)
    starts = range(0, max(1, len(piece)), LEAF_BYTES)
    return [hashlib.sha256(view[start : start + LEAF_BYTES]).digest() for start in starts]


def cid_of(content: bytes) -> Cid:
    """The CID of content; of at most 256 KiB it is that of one raw block."""
    return cid_of_layout(layout_of(content))


def cid_of_layout(layout: Layout) -> Cid:
    """The CID of the file with a layout."""
    level = [
        _Node(Cid(RAW, digest), layout.length(leaf), layout.length(leaf)) for leaf, digest in enumerate(layout.leaves)
    ]
    while len(level) > 1:
        level = [_parent(children) for children in _groups(level)]
    return level[0].cid


def _groups(level: Sequence[_Node]) -> Iterator[Sequence[_Node]]:
    return (level[start : start + LINKS] for start in range(0, len(level), LINKS))


def _parent(children: Sequence[_Node]) -> _Node:
    size = sum(child.content for child in children)
    links = b"".join(_bytes_field(2, _link(child)) for child in children)
    sizes = b"".join(_number_field(4, child.content) for child in children)
    data = _number_field(1, _FILE) + _number_field(3, size) + sizes
    block = links + _bytes_field(1, data)
    return _Node(Cid.of_block(DAG_PB, block), len(block) + sum(child.blocks for child in children), size)


def _link(child: _Node) -> bytes:
    return _bytes_field(1, bytes(child.cid)) + _bytes_field(2, b"") + _number_field(3, child.blocks)


def _bytes_field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | _BYTES) + _varint(len(content)) + content


def _number_field(number: int, value: int) -> bytes:
    return _varint(number << 3 | _VARINT) + _varint(value)


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
