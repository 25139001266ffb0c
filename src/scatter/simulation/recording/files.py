"""Recordings as files: a folder with each table as Parquet (and CSV), and what no table holds as JSON.

Written whole or not at all: into a draft beside the folder, which then takes its place. Equal tables give equal bytes with
the same version of pyarrow: nothing in the files says when or where they were made.
"""

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv as pa_csv
from pyarrow import parquet
from pydantic_core import from_json

from scatter.simulation.errors import RecordingUnusable
from scatter.simulation.recording.beginning import Deployed
from scatter.simulation.recording.rows import Rows, with_later
from scatter.simulation.recording.schema import SUBFOLDER, TABLES, Column, Kind, Table

MANIFEST = "recording.json"
FORMAT = 2
MAX_MANIFEST_BYTES = 1 << 20
MAX_FILE_BYTES = 1 << 30
MAX_BYTES = 4 << 30
"""Of one table, uncompressed, as its file says."""
MAX_ROWS = 20_000_000

_TYPES = {
    Kind.TEXT: pa.string(),
    Kind.NODE: pa.string(),
    Kind.JOB: pa.int64(),
    Kind.WHOLE: pa.int64(),
    Kind.AMOUNT: pa.decimal128(38, 0),
    Kind.FRACTION: pa.float64(),
    Kind.FLAG: pa.bool_(),
}
_WRITTEN = {"compression": "zstd", "store_schema": False, "write_page_checksum": True}


def write_folder(folder: Path, tables: Mapping[str, Rows], deployed: Deployed) -> None:
    """Write a recording in the place of an earlier one. RecordingUnusable, and nothing changes, when the folder holds
    something else."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        raise RecordingUnusable(f"{folder} is not empty and holds no recording; it would be overwritten")
    draft = folder.with_name(f".{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for name, rows in tables.items():
        made = _arrow(rows)
        parquet.write_table(made, draft / f"{name}.parquet", **_WRITTEN)
        pa_csv.write_csv(made, draft / f"{name}.csv")
    manifest = {
        "format": FORMAT,
        "deployed": deployed.to_json(),
        "rows": {name: len(rows) for name, rows in tables.items()},
    }
    (draft / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
    _take_place(draft, folder)


def _take_place(draft: Path, folder: Path) -> None:
    """Between the two renames the earlier recording is found by `_earlier`."""
    earlier = _earlier(folder)
    if folder.exists():
        shutil.rmtree(earlier, ignore_errors=True)
        folder.rename(earlier)
    draft.rename(folder)
    shutil.rmtree(earlier, ignore_errors=True)


def _earlier(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.earlier")


def _arrow_schema(columns: Iterable[Column]) -> Any:
    return pa.schema([pa.field(c.name, _TYPES[c.kind], nullable=c.optional) for c in columns])


def _arrow(rows: Rows) -> Any:
    schema = _arrow_schema(rows.table.columns)
    return pa.table([pa.array(rows.column(field.name), field.type) for field in schema], schema=schema)


def read_folder(folder: Path) -> tuple[dict[str, Rows], Deployed]:
    """The tables of a recording that lies in the folder, or in its subfolder `recording`. RecordingUnusable says what is wrong
    with it: missing, damaged, too large, of another version, or not as `schema` says."""
    places = (folder, folder / SUBFOLDER, _earlier(folder), _earlier(folder / SUBFOLDER))
    found = next((place for place in places if (place / MANIFEST).is_file()), None)
    if found is None:
        raise RecordingUnusable(f"{folder} holds no recording: there is no {MANIFEST} in it")
    counts, deployed = _read_manifest(found / MANIFEST)
    tables = {name: _read_table(found / f"{name}.parquet", table, counts[name]) for name, table in TABLES.items()}
    _check_references(found, tables)
    return tables, deployed


def _read_manifest(path: Path) -> tuple[dict[str, int], Deployed]:
    try:
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise ValueError(f"it has more than {MAX_MANIFEST_BYTES} bytes")
        content = from_json(path.read_text())
        if not isinstance(content, dict) or set(content) != {"format", "deployed", "rows"}:
            raise ValueError("expected format, deployed and rows")
        if content["format"] != FORMAT:
            raise ValueError(f"it has format {content['format']!r}; this version reads format {FORMAT}")
        rows = content["rows"]
        if not isinstance(rows, dict) or set(rows) != set(TABLES) or not all(type(n) is int for n in rows.values()):
            raise ValueError(f"expected the rows of {', '.join(TABLES)}")
        return rows, Deployed.from_json(content["deployed"])
    except (OSError, ValueError, RecursionError) as error:
        raise RecordingUnusable(f"{path} cannot be used: {error}") from error


def _read_table(path: Path, table: Table, count: int) -> Rows:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise ValueError(f"it has more than {MAX_FILE_BYTES} bytes")
        with parquet.ParquetFile(path, page_checksum_verification=True) as file:
            meta = file.metadata
            size = sum(meta.row_group(group).total_byte_size for group in range(meta.num_row_groups))
            if meta.num_rows > MAX_ROWS or size > MAX_BYTES:
                raise ValueError(f"{meta.num_rows} rows of {size} bytes; at most {MAX_ROWS} and {MAX_BYTES} are read")
            if meta.num_rows != count:
                raise ValueError(f"{meta.num_rows} rows; {MANIFEST} says {count}")
            there = set(file.schema_arrow.names)
            known = [column for column in table.columns if column.name in there or not column.later]
            if not file.schema_arrow.equals(_arrow_schema(known)):
                raise ValueError(f"its columns are not those of {table.name}")
            content = file.read()
        columns = {c.name: _values(content.column(c.name).to_pylist(), c.kind) for c in known}
    except (OSError, ValueError, pa.ArrowException) as error:
        raise RecordingUnusable(f"{path} cannot be used: {error}") from error
    return Rows.of(table, with_later(table, columns))


def _values(values: list[Any], kind: Kind) -> list[Any]:
    return [int(value) for value in values] if kind is Kind.AMOUNT else values


def _check_references(folder: Path, tables: Mapping[str, Rows]) -> None:
    """Every node and every job that a table names is there."""
    known: dict[Kind, set[Any]] = {
        Kind.NODE: set(tables["nodes"].column("node")),
        Kind.JOB: {None, *tables["jobs"].column("job")},
    }
    for name, rows in tables.items():
        for column in rows.table.columns:
            if column.kind in known and (strange := set(rows.column(column.name)) - known[column.kind]):
                raise RecordingUnusable(
                    f"{folder / name}.parquet: no {column.name} {min(strange, key=str)} in this recording"
                )
