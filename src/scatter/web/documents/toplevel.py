"""Tables of the top of a document, such as `[chain]`: changed in their own lines, and put where readers look for them."""

import re
from collections.abc import Mapping
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from scatter.jobs.positions import key_lines
from scatter.web.documents.blocks import DocumentError, lines_of, parse, with_headers
from scatter.web.documents.editing import set_keys

TABLES = ("scenario", "variables", "short", "chain", "workload")
"""In the order in which they stand in a file."""
_HEADER = re.compile(r"[ \t]*\[")
_REMARK = re.compile(r"[ \t]*(#|\r?\n?$)")


def change_table(text: str, name: str, values: Mapping[str, Any]) -> str:
    """Set keys of a table; None takes one away. What has not changed keeps its letters. A table that is not there comes behind
    those that stand before it in `TABLES`; one that is empty then goes. DocumentError when it is no table."""
    before = parse(text)
    there = before.get(name)
    if there is not None and not isinstance(there, dict):
        raise DocumentError(f"{name} is not a table; correct it in the file")
    wanted = {key: value for key, value in {**(there or {}), **values}.items() if value is not None}
    if wanted == (there or {}):
        return text
    changed = _changed(with_headers(text), name, values, wanted)
    if parse(changed) != {**{key: value for key, value in before.items() if key != name}, **_entry(name, wanted)}:
        raise DocumentError(f"the table {name} is written in several places; change it in the file")
    return changed


def _entry(name: str, wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: wanted} if wanted else {}


def _changed(text: str, name: str, values: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    lines = lines_of(text)
    place = _lines_of_table(text, lines, name)
    if place is None and name in parse(text):
        document: Any = tomlkit.parse(text)
        set_keys(document[name], values)
        if not wanted:
            del document[name]
        return tomlkit.dumps(document)
    if place is None:
        return _with_table(text, lines, name, wanted)
    first, last = place
    if not wanted:
        return "".join([*lines[:first], *lines[_behind_gap(lines, last) :]])
    try:
        document = tomlkit.parse("".join(lines[first:last]))
        set_keys(document[name], values)
    except TOMLKitError as error:
        raise DocumentError(f"the table {name} cannot be changed here: {error}; change it in the file") from error
    written = tomlkit.dumps(document)
    return "".join([*lines[:first], written if written.endswith("\n") else written + "\n", *lines[last:]])


def _lines_of_table(text: str, lines: list[str], name: str) -> tuple[int, int] | None:
    """The lines of `[name]` and of tables in it, without remarks that belong to what follows; None when it has no header."""
    at = key_lines(text)
    own = sorted(line - 1 for path, line in at.items() if path[0] == name)
    if not own or not _HEADER.match(lines[own[0]]):
        return None
    others = [line - 1 for path, line in at.items() if path[0] != name and line - 1 > own[0]]
    last = min(others, default=len(lines))
    while last > own[0] + 1 and _REMARK.match(lines[last - 1]) and last - 1 not in own:
        last -= 1
    return own[0], last


def _behind_gap(lines: list[str], last: int) -> int:
    while last < len(lines) and not lines[last].strip():
        last += 1
    return last


def _with_table(text: str, lines: list[str], name: str, wanted: Mapping[str, Any]) -> str:
    """The text with a new table, behind the last of those that come before it, or before everything under a header."""
    made = tomlkit.document()
    table = tomlkit.table()
    set_keys(table, wanted)
    made[name] = table
    written = tomlkit.dumps(made)
    places = [_lines_of_table(text, lines, other) for other in TABLES[: TABLES.index(name)]]
    at = max((place[1] for place in places if place is not None), default=None)
    if at is None:
        first = next((index for index, line in enumerate(lines) if _HEADER.match(line)), len(lines))
        at = first if len(lines) > first else len(lines)
        while at > 0 and lines[at - 1].lstrip().startswith("#"):
            at -= 1
        return "".join([*_ended(lines[:at]), written, "\n" if at < len(lines) else "", *lines[at:]])
    return "".join([*_ended(lines[:at]), "\n", written, *lines[at:]])


def _ended(lines: list[str]) -> list[str]:
    return [*lines[:-1], lines[-1] if lines[-1].endswith("\n") else lines[-1] + "\n"] if lines else []
