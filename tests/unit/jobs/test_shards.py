import numpy as np
import pytest

from scatter.jobs.archives import pack
from scatter.jobs.errors import ArchiveError, JobError
from scatter.jobs.examples import Examples, array_bytes
from scatter.jobs.shards import cut_shards, pack_shard, read_shard
from scatter.learning.predictions import Outputs, Truth


def labelled(labels: list[int]) -> Examples:
    rows = len(labels)
    return Examples(np.arange(rows), Truth(Outputs.PROBABILITIES, np.array(labels, np.int64)))


def test_shards_share_out_all_rows() -> None:
    shards = cut_shards(labelled([0, 1, 2] * 11), 4, seed=3)
    assert sorted(np.concatenate([shard.inputs for shard in shards])) == list(range(33))
    assert [shard.rows for shard in shards] == [9, 8, 8, 8]


def test_outputs_stay_with_their_inputs() -> None:
    labels = [(7 * row) % 5 for row in range(60)]
    for shard in cut_shards(labelled(labels), 3, seed=1):
        assert [labels[row] for row in shard.inputs] == shard.truth.array.tolist()


def test_every_shard_has_its_part_of_every_class() -> None:
    labels = [0] * 10 + [1] * 31 + [2] * 4
    counts = np.array([np.bincount(s.truth.array, minlength=3) for s in cut_shards(labelled(labels), 3, seed=9)])
    assert (counts.max(axis=0) - counts.min(axis=0) <= 1).all()


def test_every_shard_spans_the_values() -> None:
    values = np.linspace(0, 1, 90)[:, None]
    examples = Examples(np.arange(90), Truth(Outputs.VALUES, values))
    for shard in cut_shards(examples, 3, seed=2):
        assert shard.truth.array.min() < 0.05
        assert shard.truth.array.max() > 0.95


def test_places_within_a_shard_say_nothing_about_labels() -> None:
    shard = cut_shards(labelled([0] * 50 + [1] * 50), 1, seed=4)[0]
    assert 15 < shard.truth.array[:50].sum() < 35


def test_the_cut_depends_on_the_seed_alone() -> None:
    """The numbers are those of SHA-256: other machines and versions cut the same."""
    first = [shard.inputs.tolist() for shard in cut_shards(labelled([0, 1] * 4), 2, seed=7)]
    assert first == [shard.inputs.tolist() for shard in cut_shards(labelled([0, 1] * 4), 2, seed=7)]
    assert first != [shard.inputs.tolist() for shard in cut_shards(labelled([0, 1] * 4), 2, seed=8)]
    assert first == [[3, 2, 4, 7], [1, 6, 5, 0]]


def test_fewer_rows_than_rounds_are_refused() -> None:
    with pytest.raises(JobError, match="evaluation has 2 rows; 3 rounds need at least one each"):
        cut_shards(labelled([0, 1]), 3, seed=0)


def test_a_shard_travels_as_an_archive() -> None:
    shard = cut_shards(labelled([0, 1] * 10), 2, seed=0)[1]
    again = read_shard(pack_shard(shard), Outputs.PROBABILITIES)
    assert np.array_equal(again.inputs, shard.inputs)
    assert np.array_equal(again.truth.array, shard.truth.array)
    assert pack_shard(again) == pack_shard(shard)


def test_other_archives_are_no_shards() -> None:
    files = labelled([0, 1]).to_files()
    with pytest.raises(ArchiveError):
        read_shard(pack(files)[:-512], Outputs.PROBABILITIES)
    with pytest.raises(JobError, match=r"a shard holds inputs.npy and outputs.npy, this one nothing"):
        read_shard(pack({}), Outputs.PROBABILITIES)
    with pytest.raises(JobError, match=r"this one inputs.npy, x.npy"):
        read_shard(pack({"inputs.npy": b"", "x.npy": b""}), Outputs.PROBABILITIES)
    with pytest.raises(JobError, match=r"shard/inputs.npy has 3 rows, outputs.npy has 2"):
        read_shard(pack({**files, "inputs.npy": array_bytes(np.zeros(3))}), Outputs.PROBABILITIES)
    with pytest.raises(JobError, match=r"shard/outputs.npy cannot be used"):
        read_shard(pack(files), Outputs.VALUES)
