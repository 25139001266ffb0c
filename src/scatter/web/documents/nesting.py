"""Steps that move from one list to another: into a step that repeats them, and out of it."""

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from scatter.jobs.positions import Path
from scatter.web.documents.blocks import (
    DocumentError,
    block_at,
    blocks,
    lines_of,
    new_block,
    parse,
    tables_at,
    with_headers,
)
from scatter.web.documents.editing import move, put, remove

_HEADER = re.compile(r"([ \t]*\[\[?[ \t]*)steps\b")
_INDENT = "  "


def relocate(text: str, path: Path, into: Path, to: int) -> str:
    """Move a step to another list of steps, before its element `to` or, when it has so many, behind the last. The comment above it
    and the steps in it come along. DocumentError, and nothing changes, when there is no such step, list or place."""
    if path[:-1] == into:
        return move(text, path, to)
    _check(text, path, into, to)
    text = with_headers(text)
    content = parse(text)
    place = place_after(path, into, to)
    expected = _moved(content, path, place)
    block = blocks(text, path[:-1])[int(path[-1])]
    body = lines_of(text)[block.first : block.last]
    left = remove(text, path)
    for lines in _written(body, _depth(path), _depth(place)):
        made = put(left, place[:-1], lines, to)
        if _same(made, expected):
            return made
    return put(left, place[:-1], new_block(place[:-1], block_at(text, path)), to)


def place_after(path: Path, into: Path, to: int) -> Path:
    """Where a step is once it was moved: lists behind the place that it left move up by one."""
    if path[:-1] == into:
        return (*into, to)
    depth, index = len(path) - 1, int(path[-1])
    at = into[depth] if len(into) > depth and into[:depth] == path[:-1] else None
    if isinstance(at, int) and at > index:
        into = (*into[:depth], at - 1, *into[depth + 1 :])
    return (*into, to)


def _check(text: str, path: Path, into: Path, to: int) -> None:
    if into[: len(path)] == path:
        raise DocumentError("a step cannot be moved into itself")
    content = parse(text)
    block_at(text, path)
    if len(into) > 1 and block_at(text, into[:-1]).get("do") != "repeat":
        raise DocumentError("only a step that repeats others has steps in it")
    if not 0 <= to <= len(tables_at(content, into)):
        raise DocumentError("there is no such place in the list")


def _moved(content: dict[str, Any], path: Path, place: Path) -> dict[str, Any]:
    """What the document then has."""
    made = deepcopy(content)
    *around, name = path[:-1]
    source = _at(made, (*around, name))
    values = source.pop(int(path[-1]))
    if not source:
        del _at(made, tuple(around))[name]
    holder = _at(made, place[:-2])
    holder.setdefault("steps", []).insert(int(place[-1]), values)
    return made


def _at(content: Any, path: Path) -> Any:
    for part in path:
        content = content[part]
    return content


def _same(text: str, expected: dict[str, Any]) -> bool:
    try:
        return parse(text) == expected
    except DocumentError:
        return False


def _depth(path: Path) -> int:
    return sum(part == "steps" for part in path)


def _written(body: list[str], before: int, after: int) -> Iterator[str]:
    """The lines of a block at another depth, as somebody would write them, then as they stand; a text of several lines in them can
    look like a header, so whoever takes them has to look at what they mean."""
    while body and not body[-1].strip():
        body = body[:-1]
    body = [*body[:-1], body[-1].rstrip("\r\n") + "\n"]
    deeper = "steps." * (after - before)
    for shift in (True, False):
        yield "".join(_line(line, before - after, deeper, shift) for line in body)


def _line(line: str, out: int, deeper: str, shift: bool) -> str:
    if _HEADER.match(line):
        for _ in range(out):
            line = re.sub(r"^([ \t]*\[\[?[ \t]*)steps[ \t]*\.[ \t]*", r"\1", line)
        line = _HEADER.sub(lambda found: f"{found[1]}{deeper}steps", line, count=1)
    if not shift or not line.strip():
        return line
    for _ in range(out):
        line = line.removeprefix(_INDENT)
    return _INDENT * -out + line
