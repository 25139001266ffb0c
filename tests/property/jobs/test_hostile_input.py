"""Bytes from strangers raise the room's own errors, and nothing else."""

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scatter.jobs.archives import pack
from scatter.jobs.definition import parse_definition
from scatter.jobs.errors import JobError, ManifestError
from scatter.jobs.examples import array_bytes, read_examples
from scatter.jobs.folder import load_job, read_code
from scatter.jobs.manifests import EvaluationJobManifest, JobKeysManifest, TrainingJobManifest, UpdateManifest
from scatter.jobs.shards import read_shard
from scatter.learning.predictions import Outputs
from scatter.protocol.ids import Address

DIGITS = Path(__file__).parents[3] / "examples/jobs/digits"
TOML = (DIGITS / "job.toml").read_text()

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=10), children, max_size=3),
    max_leaves=8,
)


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """A few places of good bytes overwritten, and perhaps the end cut off."""
    changed = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(changed) - 1))
        changed[place : place + draw(st.integers(0, 4))] = draw(st.binary(max_size=4))
        if not changed:
            break
    return bytes(changed[: draw(st.integers(0, len(changed)))]) if draw(st.booleans()) else bytes(changed)


def check_sentence(content: bytes) -> None:
    """A definition, or one sentence about the file."""
    try:
        parse_definition(content)
    except JobError as error:
        text = str(error)
    else:
        return
    assert text.startswith("job.toml")
    assert "\n" not in text
    assert len(text) < 500


@settings(max_examples=300)
@given(st.binary(max_size=300) | damaged(TOML.encode()))
def test_any_bytes_as_job_toml(content: bytes) -> None:
    check_sentence(content)


values = st.sampled_from(
    ["true", "-1", "0", "2.5", "1e999", "nan", "inf", '""', '"x"', "[]", "[[1]]", "{}", "{a = 1}", "1979-05-27", "9" * 30,
     '"1 SCT"', '"1d"', '"\\u0000"', '["a"]', "9223372036854775808"]
)  # fmt: skip


@settings(max_examples=300)
@given(st.integers(0, TOML.count("\n") - 1), values)
def test_any_value_for_any_key(line: int, value: str) -> None:
    lines = TOML.splitlines()
    key, equals, _ = lines[line].partition(" = ")
    if equals:
        lines[line] = f"{key} = {value}"
    check_sentence("\n".join(lines).encode())


@settings(max_examples=200)
@given(
    st.sampled_from([TrainingJobManifest, EvaluationJobManifest, JobKeysManifest, UpdateManifest]),
    st.one_of(
        st.binary(max_size=100),
        json_values.map(lambda value: repr(value).replace("'", '"').encode(errors="surrogatepass")),
        damaged(JobKeysManifest(job=bytes(32), sealed={Address("0x" + "ab" * 20): b"key"}).to_bytes()),
    ),
)
def test_any_bytes_as_manifest(kind: type[JobKeysManifest], block: bytes) -> None:
    try:
        manifest = kind.from_bytes(block)
    except ManifestError:
        return
    assert manifest.to_bytes() == block


DTYPES: list[np.dtype[Any]] = [np.dtype(name) for name in ("?", "u1", "<i8", "<f4", "<f8", "<c16", ">i4", "<U2")]
arrays = hnp.arrays(
    st.sampled_from(DTYPES),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
).map(array_bytes)


@settings(max_examples=200, deadline=None)
@given(st.one_of(arrays, arrays.flatmap(damaged)), st.one_of(arrays, arrays.flatmap(damaged)), st.sampled_from(Outputs))
def test_any_arrays_as_a_shard(inputs: bytes, outputs: bytes, kind: Outputs) -> None:
    with contextlib.suppress(JobError):
        examples = read_examples(inputs, outputs, kind, where="x")
        assert examples.rows == examples.truth.rows >= 1
        files = examples.to_files()
        assert read_examples(files["inputs.npy"], files["outputs.npy"], kind, where="x").to_files() == files
    with contextlib.suppress(JobError):
        read_shard(pack({"inputs.npy": inputs, "outputs.npy": outputs}), kind)


CODE = load_job(DIGITS).code.archive()


@settings(max_examples=100, deadline=None)
@given(damaged(CODE))
def test_any_bytes_as_somebody_elses_job(archive: bytes) -> None:
    with contextlib.suppress(JobError):
        assert read_code(archive).archive() == archive
