"""The blocks of a scenario file: each `[[nodes]]` or `[[steps]]` with the comment above it, as a range of lines.

Moving, copying and deleting a block moves whole lines, so the rest of the file keeps every letter; `tomlkit` would hang a
comment that stands above a header on to the table before it.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from scatter.jobs.positions import Path, key_lines
from scatter.simulation.reading import MAX_BYTES

_COMMENT = re.compile(r"[ \t]*#")
_HEADER = re.compile(r"[ \t]*\[\[")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
LISTS = ("nodes", "steps", "expect", "interventions")
"""The lists of tables that are edited block by block."""


class DocumentError(ValueError):
    """A document, or a change of it, cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Block:
    """Lines `first` to `last` (from 0, `last` excluded), which hold the table at `path`."""

    path: Path
    first: int
    last: int


def parse(text: str) -> dict[str, Any]:
    """What is in a document. DocumentError when it is no TOML, or too long."""
    if len(text.encode()) > MAX_BYTES:
        raise DocumentError(f"this has more than {MAX_BYTES} bytes, which is all that a scenario may have")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DocumentError(f"this is not TOML: {error}") from error
    except (ValueError, RecursionError) as error:
        raise DocumentError("there is a number that is too long, or lists that are nested too deeply") from error


def lines_of(text: str) -> list[str]:
    """The lines with their ends. TOML's only: other characters that `str.splitlines` splits at may stand in a text."""
    return _LINE.findall(text)


def tables_at(content: Mapping[str, Any], path: Path) -> list[dict[str, Any]]:
    """The list of tables under a path, such as ("nodes",) or ("steps", 3, "steps"); empty when there is none."""
    found: Any = content
    for part in path:
        if isinstance(found, dict):
            found = found.get(str(part))
        elif isinstance(found, list) and isinstance(part, int) and 0 <= part < len(found):
            found = found[part]
        else:
            return []
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def table_of(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A table of the top; empty when there is none, or something else by that name."""
    table = content.get(name)
    return table if isinstance(table, Mapping) else {}


def block_at(text: str, path: Path) -> dict[str, Any]:
    """The table of a list at a path. DocumentError when it is gone."""
    there, index = tables_at(parse(text), path[:-1]), path[-1]
    if not isinstance(index, int) or not 0 <= index < len(there):
        raise DocumentError("there is no such element any more; somebody may have deleted it")
    return there[index]


def blocks(text: str, path: Path) -> list[Block]:
    """The blocks of the list of tables at a path, in order. DocumentError when they are not written under headers of their own."""
    count = len(tables_at(parse(text), path))
    lines, at = lines_of(text), key_lines(text)
    found = []
    for index in range(count):
        own = (*path, index)
        header = at[own] - 1
        if not _HEADER.match(lines[header]):
            raise DocumentError("the elements are not written under headers")
        after = [line - 1 for other, line in at.items() if line - 1 > header and other[: len(own)] != own]
        # A list's own key has the line of its first element: it is no end of that.
        last = min(after, default=len(lines))
        found.append(Block(own, _with_comments(lines, header, 0), last))
    return [
        Block(
            one.path, one.first, _with_comments(lines, one.last, one.first + 1) if one.last < len(lines) else one.last
        )
        for one in found
    ]


def _with_comments(lines: Sequence[str], header: int, least: int) -> int:
    """The first of the comment lines right above a line."""
    first = header
    while first > least and _COMMENT.match(lines[first - 1]):
        first -= 1
    return first


def with_headers(text: str) -> str:
    """The document with its `LISTS`, and the lists of steps in steps, written under headers of their own, where they are not."""
    content, lines, at = parse(text), lines_of(text), key_lines(text)
    within = [path for path in _in_one_line(content, lines, at) if len(path) > 1]
    for path in reversed(within):
        text = _unfolded(text, path)
    names = [path[0] for path in _in_one_line(content, lines, at) if len(path) == 1]
    if not names:
        return text
    document = tomlkit.parse(text)
    for name in names:
        document[str(name)] = _under_headers(_only_tables(content[str(name)]))
    return tomlkit.dumps(document)


def _in_one_line(content: dict[str, Any], lines: Sequence[str], at: Mapping[Path, int]) -> Iterator[Path]:
    """The outermost lists that have elements, and no headers for them."""
    left: list[Path] = [(name,) for name in LISTS]
    while left:
        path = left.pop(0)
        there = tables_at(content, path)
        if there and not _HEADER.match(lines[at[(*path, 0)] - 1]):
            yield path
        else:
            left += [(*path, index, "steps") for index, one in enumerate(there) if tables_at(one, ("steps",))]


def _only_tables(elements: Sequence[Any]) -> Sequence[dict[str, Any]]:
    if not all(isinstance(one, dict) for one in elements):
        raise DocumentError("there is something in a list of this document that is no table; correct it in the file")
    return elements


def _unfolded(text: str, path: Path) -> str:
    """The text with the list of steps at a path, which is in a block's own line, written under headers behind that block."""
    block = blocks(text, path[:-2])[int(path[-2])]
    document, table = read_block(text, block)
    inner = _only_tables(table["steps"].unwrap())
    del table["steps"]
    text = write_block(text, block, document)
    lines = lines_of(text)
    last = blocks(text, path[:-2])[int(path[-2])].last
    gap = last
    while not lines[gap - 1].strip():
        gap -= 1
    made = "".join("\n" + new_block(path, one) for one in inner)
    return "".join([*lines[:gap], made, *lines[gap:]])


def _under_headers(tables: Sequence[dict[str, Any]]) -> Any:
    made = tomlkit.aot()
    for values in tables:
        table = tomlkit.table()
        for key, value in values.items():
            nested = key == "steps" and isinstance(value, list)
            table[key] = _under_headers(value) if nested else as_item(value)
        made.append(table)
    return made


def read_block(text: str, block: Block) -> Any:
    """The table of a block, which `write_block` puts back: comments are in it."""
    document = tomlkit.parse(_opening(block.path) + "".join(lines_of(text)[block.first : block.last]))
    table: Any = document
    for part in block.path:
        table = table[0] if isinstance(part, int) else table[part]
    return document, table


def write_block(text: str, block: Block, document: Any) -> str:
    """The text with a block written anew, from what `read_block` gave."""
    lines = lines_of(text)
    written = tomlkit.dumps(document).removeprefix(_opening(block.path))
    if not written.endswith("\n"):
        written += "\n"
    return "".join([*lines[: block.first], written, *lines[block.last :]])


def _opening(path: Path) -> str:
    """Headers of the tables around a block, without which it would mean something else."""
    around = [str(part) for part in path if isinstance(part, str)]
    return "".join(f"[[{'.'.join(around[:depth])}]]\n" for depth in range(1, len(around)))


def new_block(path: Path, values: Mapping[str, Any]) -> str:
    """The text of a block with these values, those in `steps` as blocks within it; `path` is that of its list."""
    names = [str(part) for part in path if isinstance(part, str)]
    table = tomlkit.document()
    inner: Sequence[Mapping[str, Any]] = ()
    for key, value in values.items():
        if key == "steps":
            inner = value
        else:
            table[key] = as_item(value)
    indent = "  " * (len(names) - 1)
    lines = [f"[[{'.'.join(names)}]]\n", *lines_of(tomlkit.dumps(table))]
    own = "".join(f"{indent}{line}" if line.strip() else line for line in lines)
    return own + "".join("\n" + new_block((*path, "steps"), one) for one in inner)


def as_item(value: Any) -> Any:
    """A value as TOML: tables within one line. DocumentError for what TOML does not know."""
    try:
        if isinstance(value, Mapping):
            table = tomlkit.inline_table()
            for key, one in value.items():
                table[key] = as_item(one)
            return table
        return tomlkit.item(value)
    except (TOMLKitError, TypeError, ValueError) as error:
        raise DocumentError(f"this cannot be written as TOML: {error}") from error
