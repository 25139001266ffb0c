"""Cutting the evaluation into one shard a round, so that no score is ever computed on data that was seen before.

Rows are ordered by what is expected of them, ties by a hash of seed and row, and dealt out one by one: two shards differ by one
row at most, and by one row of each class at most (of values: each shard spans their whole range). Within a shard rows
are in the order of the hash, so that their place says nothing about them. The hash is SHA-256, which unlike a generator
of random numbers is the same in every version of everything.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

from scatter.jobs.archives import MIB, ArchiveLimits, pack, unpack
from scatter.jobs.errors import JobError
from scatter.jobs.examples import INPUTS, OUTPUTS, Examples, read_examples
from scatter.learning.predictions import Outputs

SHARD_LIMITS = ArchiveLimits(entries=2, file=256 * MIB, total=256 * MIB)


def cut_shards(evaluation: Examples, rounds: int, seed: int) -> tuple[Examples, ...]:
    """One shard for each round, together all rows, none twice; the same for the same arguments.

    Raises JobError when there are fewer rows than rounds.
    """
    if evaluation.rows < rounds:
        raise JobError(f"evaluation has {evaluation.rows} rows; {rounds} rounds need at least one each")
    rank = _shuffled_ranks(evaluation.rows, seed)
    expected = evaluation.truth.array
    first = expected if expected.ndim == 1 else expected[:, 0]
    order = np.lexsort((rank, first))
    dealt = (order[start::rounds] for start in range(rounds))
    return tuple(evaluation.take(rows[np.argsort(rank[rows])]) for rows in dealt)


def pack_shard(shard: Examples) -> bytes:
    """A shard as a canonical archive of `inputs.npy` and `outputs.npy`."""
    return pack(shard.to_files())


def read_shard(archive: bytes, outputs: Outputs) -> Examples:
    """A shard from the requestor, who is a stranger like everybody.

    Raises JobError (ArchiveError when the archive is not canonical) for anything but what `pack_shard` makes.
    """
    files = unpack(archive, SHARD_LIMITS)
    if files.keys() != {INPUTS, OUTPUTS}:
        raise JobError(f"a shard holds {INPUTS} and {OUTPUTS}, this one {', '.join(sorted(files)) or 'nothing'}")
    return read_examples(files[INPUTS], files[OUTPUTS], outputs, where="shard")


def _shuffled_ranks(rows: int, seed: int) -> NDArray[np.intp]:
    """For each row its place in an order that only the seed decides."""
    prefix = hashlib.sha256(f"scatter evaluation shards {seed} ".encode())
    hashes = []
    for row in range(rows):
        one = prefix.copy()
        one.update(row.to_bytes(8, "big"))
        hashes.append(one.digest())
    ranks = np.empty(rows, np.intp)
    ranks[sorted(range(rows), key=hashes.__getitem__)] = np.arange(rows)
    return ranks
