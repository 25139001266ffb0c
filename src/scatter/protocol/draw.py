"""Drawing seats from a frozen pool, as the contracts do it: a lazy partial Fisher–Yates shuffle."""

from collections.abc import Callable, Iterator, Sequence

from eth_hash.auto import keccak

from scatter.protocol.ids import Address
from scatter.protocol.states import SeatKind

MAX_CANDIDATES = 1024
"""The contracts try no more; when so many leave a seat empty there is no committee."""


def candidates(seed: bytes, kind: SeatKind, length: int) -> Iterator[int]:
    """Indices of a pool of `length` nodes in the order in which they are tried: the start of a uniform permutation.

    `seed` has 32 bytes.
    """
    moved: dict[int, int] = {}
    for i in range(min(length, MAX_CANDIDATES)):
        word = keccak(seed + int(kind).to_bytes(32, "big") + i.to_bytes(32, "big"))
        j = i + int.from_bytes(word, "big") % (length - i)
        yield moved.get(j, j)
        moved[j] = moved.get(i, i)


def draw(
    seed: bytes, kind: SeatKind, pool: Sequence[Address], seats: int, eligible: Callable[[Address], bool]
) -> list[Address] | None:
    """The nodes that get the seats, in order, or None when fewer are eligible than there are seats."""
    drawn: list[Address] = []
    for index in candidates(seed, kind, len(pool)):
        if len(drawn) == seats:
            break
        if eligible(pool[index]):
            drawn.append(pool[index])
    return drawn if len(drawn) == seats else None
