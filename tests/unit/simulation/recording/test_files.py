"""Recordings on disk: exact, the same to the byte, whole or not at all, and refused with a reason when they are damaged."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from tests.unit.simulation.recording.plays import disputed
from tests.unit.simulation.recording.watched import Told

from scatter.simulation.recording import files
from scatter.simulation.recording.files import MANIFEST, RecordingUnusable
from scatter.simulation.recording.recorded import Recorded
from scatter.simulation.recording.recorder import Recorder
from scatter.simulation.recording.schema import SUBFOLDER, TABLES


def contents(recorded: Recorded) -> dict[str, list[dict[str, Any]]]:
    return {name: list(rows) for name, rows in recorded.tables.items()}


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def written(told: Told, folder: Path) -> Path:
    made = Recorder(told.actors, folder, told.start)
    for record in told.chain.records:
        made.add(record)
    assert made.write() == folder
    return folder


@pytest.fixture(scope="module")
def pristine(told: Told, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(told, tmp_path_factory.mktemp("simulation") / SUBFOLDER)


@pytest.fixture
def folder(pristine: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(pristine, tmp_path / SUBFOLDER))


def test_what_is_read_is_what_was_recorded(recorder: Recorder, pristine: Path) -> None:
    assert contents(Recorded.load(pristine)) == contents(recorder.recorded)
    assert contents(Recorded.load(pristine.parent)) == contents(recorder.recorded), "the folder around it does too"
    assert Recorded.load(pristine).deployed == recorder.recorded.deployed


def test_csv_says_the_same(recorder: Recorder, pristine: Path) -> None:
    for name, rows in recorder.recorded.tables.items():
        with (pristine / f"{name}.csv").open(newline="") as file:
            read = list(csv.DictReader(file))
        shown = [{column: _shown(value) for column, value in row.items()} for row in rows]
        assert read == shown


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def test_equal_blocks_give_equal_bytes(pristine: Path, tmp_path: Path) -> None:
    again = written(disputed(), tmp_path / "again")
    assert bytes_of(again) == bytes_of(pristine)
    assert bytes_of(written(disputed(seed=4), tmp_path / "other")) != bytes_of(pristine)


def test_any_parquet_reader_finds_exact_amounts(pristine: Path, told: Told) -> None:
    balances = parquet.read_table(pristine / "balances.parquet")
    assert balances.schema.field("balance").type == pa.decimal128(38, 0)
    largest = max(int(value) for value in balances.column("balance").to_pylist())
    assert largest == 10**27


def test_without_a_folder_nothing_is_written(told: Told) -> None:
    assert Recorder(told.actors, None, told.start).write() is None


def test_a_recording_of_before_hashes_is_read_without_them(folder: Path) -> None:
    whole = contents(Recorded.load(folder))
    path = folder / "transactions.parquet"
    parquet.write_table(parquet.read_table(path).drop_columns(["hash"]), path, store_schema=False)
    earlier = contents(Recorded.load(folder))
    assert earlier.pop("transactions") == [{**row, "hash": None} for row in whole.pop("transactions")]
    assert earlier == whole
    parquet.write_table(parquet.read_table(path).drop_columns(["gas"]), path, store_schema=False)
    refused(folder, "its columns are not those of transactions")


# ── whole or not at all ────────────────────────────────────────────────────────────────────────────────────────────────
def disk_full(*arguments: object) -> None:
    raise OSError("disk full")


def test_what_fails_on_the_way_leaves_the_earlier_recording(
    told: Told, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, made = bytes_of(folder), Recorder(told.actors, folder, told.start)
    with monkeypatch.context() as patch:
        patch.setattr(files.pa_csv, "write_csv", disk_full)
        with pytest.raises(OSError, match="disk full"):
            made.write()
    assert bytes_of(folder) == before
    made.write()
    assert bytes_of(folder) != before
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


@pytest.mark.parametrize("where", ["itself", "around"])
def test_killed_between_the_renames_the_earlier_recording_is_found(folder: Path, where: str) -> None:
    before = contents(Recorded.load(folder))
    folder.rename(folder.with_name(f".{folder.name}.earlier"))
    assert contents(Recorded.load(folder if where == "itself" else folder.parent)) == before


def test_nothing_else_is_overwritten(told: Told, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(RecordingUnusable, match="is not empty and holds no recording"):
        Recorder(told.actors, tmp_path, told.start).write()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


# ── damaged ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def refused(folder: Path, why: str) -> None:
    with pytest.raises(RecordingUnusable, match=why):
        Recorded.load(folder)


def test_a_folder_without_a_recording(tmp_path: Path) -> None:
    refused(tmp_path, "holds no recording: there is no recording.json in it")
    refused(tmp_path / "missing", "missing holds no recording")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "recording.json cannot be used: EOF while parsing"),
        ("[" * 100_000, "recording.json cannot be used"),
        ("[]", "expected format, deployed and rows"),
        ("\udcff", "recording.json cannot be used"),
        (" " * (1 << 21), "it has more than 1048576 bytes"),
    ],
)
def test_a_manifest_that_is_none(folder: Path, text: str, why: str) -> None:
    (folder / MANIFEST).write_bytes(text.encode(errors="surrogateescape"))
    refused(folder, why)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"format": 1}, "it has format 1; this version reads format 2"),
        ({"rows": {}}, "expected the rows of nodes"),
        ({"rows": dict.fromkeys(TABLES, "1")}, "expected the rows of nodes"),
        ({"rows": dict.fromkeys(TABLES, 0)}, r"nodes.parquet cannot be used: 18 rows; recording.json says 0"),
        ({"deployed": []}, "expected protocol and rates"),
        ({"deployed": {"protocol": 7, "rates": {}}}, "expected rates with"),
    ],
)
def test_a_manifest_that_says_something_else(folder: Path, change: dict[str, Any], why: str) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(manifest | change))
    refused(folder, why)


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [("protocol", "0x12", "not an address"), ("rates", "challenge_bond", "a rate is no whole number")],
)
def test_a_deployment_that_is_none(folder: Path, key: str, value: str, why: str) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    if key == "rates":
        manifest["deployed"]["rates"][value] = -1
    else:
        manifest["deployed"][key] = value
    (folder / MANIFEST).write_text(json.dumps(manifest))
    refused(folder, why)


def test_a_table_that_is_missing_cut_or_no_table(folder: Path) -> None:
    path = folder / "jobs.parquet"
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"PAR1" + bytes(100) + b"PAR1"):
        path.write_bytes(content)
        refused(folder, "jobs.parquet cannot be used")
    path.unlink()
    refused(folder, "jobs.parquet cannot be used: .*No such file")


def test_any_byte_of_a_table_may_be_another(folder: Path) -> None:
    """It is refused, or what is read is what was written: pages have checksums."""
    path, whole = folder / "verdicts.parquet", contents(Recorded.load(folder))
    written = path.read_bytes()
    assert len(whole["verdicts"]) == 2
    refusals = 0
    for place in range(0, len(written), 7):
        path.write_bytes(written[:place] + bytes([written[place] ^ 0xFF]) + written[place + 1 :])
        try:
            assert contents(Recorded.load(folder)) == whole
        except RecordingUnusable:
            refusals += 1
    assert refusals > len(written) // 14


def test_a_table_with_other_columns(folder: Path) -> None:
    shutil.copy(folder / "balances.parquet", folder / "blocks.parquet")
    manifest = json.loads((folder / MANIFEST).read_text())
    manifest["rows"]["blocks"] = manifest["rows"]["balances"]
    (folder / MANIFEST).write_text(json.dumps(manifest))
    refused(folder, "its columns are not those of blocks")


def test_a_table_that_is_too_large(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_ROWS", 3)
    refused(folder, "at most 3 and .* are read")
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 10)
    refused(folder, "it has more than 10 bytes")


@pytest.mark.parametrize(("table", "column", "value"), [("stakes", "node", "nobody"), ("metrics", "job", 77)])
def test_a_row_about_nobody(folder: Path, table: str, column: str, value: Any) -> None:
    path = folder / f"{table}.parquet"
    content = parquet.read_table(path)
    place = content.schema.get_field_index(column)
    changed = content.set_column(
        place, content.schema.field(column), pa.array([value] * len(content), content.schema.field(column).type)
    )
    parquet.write_table(changed, path, store_schema=False)
    refused(folder, f"no {column} {value} in this recording")
