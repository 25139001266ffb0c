"""Rows of a table in memory: columns that grow."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scatter.simulation.recording.schema import TABLES, Table


class Rows:
    """A table that is being written or was read."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self._columns: dict[str, list[Any]] = {column.name: [] for column in table.columns}

    @classmethod
    def of(cls, table: Table, columns: Mapping[str, Any]) -> "Rows":
        """Over columns that were read; they are kept, not copied. ValueError when they are not the table's, or not equally
        long."""
        rows = cls(table)
        if set(columns) != set(rows._columns) or len({len(values) for values in columns.values()}) != 1:
            raise ValueError(f"these are not the columns of {table.name}")
        rows._columns = {column.name: columns[column.name] for column in table.columns}
        return rows

    def add(self, **values: Any) -> None:
        """One row: a value for every column, None where it is empty. ValueError for other columns than the table's."""
        if values.keys() != self._columns.keys():
            raise ValueError(f"a row of {self.table.name} has {', '.join(self._columns)}; not {', '.join(values)}")
        for name, column in self._columns.items():
            column.append(values[name])

    def extend(self, columns: Mapping[str, Sequence[Any]]) -> None:
        """Several rows, by column. ValueError for other columns than the table's, or unequally long ones."""
        if columns.keys() != self._columns.keys() or len({len(values) for values in columns.values()}) != 1:
            raise ValueError(f"these are not the columns of {self.table.name}")
        for name, column in self._columns.items():
            column.extend(columns[name])

    def row(self, index: int) -> dict[str, Any]:
        """A row by its place."""
        return {name: column[index] for name, column in self._columns.items()}

    def column(self, name: str) -> list[Any]:
        """All values of a column."""
        return self._columns[name]

    def __len__(self) -> int:
        return len(next(iter(self._columns.values())))

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Rows in order, by column name."""
        names = tuple(self._columns)
        for values in zip(*self._columns.values(), strict=True):
            yield dict(zip(names, values, strict=True))


def with_later(table: Table, columns: Mapping[str, Sequence[Any]]) -> Mapping[str, Sequence[Any]]:
    """The columns of an earlier recording with those that came later, empty in every row."""
    missing = [column.name for column in table.columns if column.later and column.name not in columns]
    if not missing:
        return columns
    count = len(next(iter(columns.values()), ()))
    return {**columns, **{name: [None] * count for name in missing}}


def empty_tables() -> dict[str, Rows]:
    """Every table, without a row."""
    return {name: Rows(table) for name, table in TABLES.items()}
