"""Drawing seats from frozen pools, as the contracts do it: a lazy partial Fisher–Yates shuffle."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

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


def walk(seed: bytes, kind: SeatKind, pool: Sequence[Address]) -> Iterator[Address]:
    """The nodes of a frozen pool in the order in which they are tried."""
    return (pool[index] for index in candidates(seed, kind, len(pool)))


@dataclass(frozen=True, slots=True)
class Pools:
    """The nodes that ever put up a ticket in each role, in order, as they were when a job's pools froze."""

    validators: Sequence[Address]
    challengers: Sequence[Address]


Able = Callable[[Address], bool]


def draw_committee(
    seed: bytes, pools: Pools, *, members: int, auditors: int, min_jury: int, may_sit: Able, may_judge: Able
) -> tuple[list[Address], list[Address]] | None:
    """Members and auditors of a job, in the order of their seats. None when there are too few of either, or fewer than
    `min_jury` others that may judge: those are counted where both walks go on, validators first."""
    validators = walk(seed, SeatKind.MEMBER, pools.validators)
    challengers = walk(seed, SeatKind.AUDITOR, pools.challengers)
    sitting = list(islice(filter(may_sit, validators), members))
    auditing = list(islice(filter(may_sit, challengers), auditors))
    others = list(islice(filter(may_judge, chain(validators, challengers)), min_jury))
    complete = (len(sitting), len(auditing), len(others)) == (members, auditors, min_jury)
    return (sitting, auditing) if complete else None


def draw_jury(seed: bytes, pools: Pools, jurors: int, may_judge: Able) -> list[Address]:
    """So many jurors, or all there are, from validators and challengers as one pool. Who has a part in the job may not."""
    everybody = [*pools.validators, *pools.challengers]
    return list(islice(filter(may_judge, walk(seed, SeatKind.JUROR, everybody)), jurors))
