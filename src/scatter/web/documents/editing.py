"""Changes of a scenario document: each takes the text and gives the new one, or DocumentError and nothing changes."""

from collections.abc import Mapping
from typing import Any

import tomlkit

from scatter.jobs.positions import Path
from scatter.web.documents.blocks import (
    Block,
    DocumentError,
    as_item,
    block_at,
    blocks,
    lines_of,
    new_block,
    parse,
    read_block,
    tables_at,
    with_headers,
    write_block,
)


def insert(text: str, path: Path, values: Mapping[str, Any], at: int | None = None) -> str:
    """Add a table to the list at a path, before the element `at`, or at the end."""
    return put(with_headers(text), path, new_block(path, values), at)


def put(text: str, path: Path, body: str, at: int | None = None) -> str:
    """Add lines that are a block of the list at a path, before its element `at`, or at its end."""
    if len(path) > 1 and block_at(text, path[:-1]).get(str(path[-1])) == []:
        text = change(text, path[:-1], {str(path[-1]): None})
    there = blocks(text, path)
    lines = lines_of(text)
    if at is not None and at < len(there):
        first = there[at].first
    elif there:
        first = there[-1].last
    else:
        first = _block(text, path[:-1]).last if len(path) > 1 else len(lines)
    while first > 0 and not lines[first - 1].strip():
        first -= 1
    before, after = lines[:first], lines[first:]
    if before and not before[-1].endswith("\n"):
        before[-1] += "\n"
    gap = "" if not before else "\n"
    tail = "" if not after or not after[0].strip() else "\n"
    return "".join([*before, gap, body, tail, *after])


def remove(text: str, path: Path) -> str:
    """Take a block away, with the comment above it."""
    text = with_headers(text)
    block = _block(text, path)
    lines = lines_of(text)
    before, after = lines[: block.first], lines[block.last :]
    return "".join([*(before if after else _without_gap(before)), *after])


def move(text: str, path: Path, to: int) -> str:
    """Move a block to another place in its list; the others close up. Each takes the comment above it along."""
    text = with_headers(text)
    there, lines = blocks(text, path[:-1]), lines_of(text)
    at = _index(path, len(there))
    if not 0 <= to < len(there):
        raise DocumentError("there is no such place in the list")
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    bodies = [_without_gap(lines[block.first : block.last]) for block in there]
    gaps = [lines[block.last - count : block.last] for block in there if (count := _gap(lines, block)) >= 0]
    order = list(range(len(there)))
    order.insert(to, order.pop(at))
    made, done = list[str](), 0
    for slot, block in enumerate(there):
        made += [*lines[done : block.first], *bodies[order[slot]], *gaps[slot]]
        done = block.last
    return "".join([*made, *lines[done:]])


def _gap(lines: list[str], block: Block) -> int:
    count = 0
    while block.last - count > block.first and not lines[block.last - count - 1].strip():
        count += 1
    return count


def _without_gap(lines: list[str]) -> list[str]:
    last = len(lines)
    while last and not lines[last - 1].strip():
        last -= 1
    return lines[:last]


def duplicate(text: str, path: Path) -> str:
    """Put a copy right behind a block, letter by letter but for what must be its own: a group's name."""
    text = with_headers(text)
    block = _block(text, path)
    lines = lines_of(text)
    body = "".join(_without_gap(lines[block.first : block.last]))
    before, after = "".join(lines[: block.last]).rstrip("\n"), "".join(lines[block.last :])
    copied = f"{before}\n\n{body.rstrip(chr(10))}\n" + (f"\n{after}" if after else "")
    if path[0] != "nodes":
        return copied
    group = str(tables_at(parse(text), ("nodes",))[_index(path, None)].get("group", "group"))
    taken = {str(one.get("group")) for one in tables_at(parse(text), ("nodes",))}
    return change(copied, ("nodes", _index(path, None) + 1), {"group": free_name(group, taken)})


def free_name(name: str, taken: set[str]) -> str:
    """A name like another that nobody has."""
    ends = ("-copy", *(f"-copy{number}" for number in range(2, len(taken) + 3)))
    return next(made for end in ends if (made := f"{name[: 31 - len(end)]}{end}") not in taken)


def change(text: str, path: Path, values: Mapping[str, Any]) -> str:
    """Set keys of a block; None takes one away. What has not changed keeps its letters."""
    text = with_headers(text)
    block = _block(text, path)
    document, table = read_block(text, block)
    set_keys(table, values)
    return write_block(text, block, document)


def set_keys(table: Any, values: Mapping[str, Any]) -> None:
    """Set keys of a table of `tomlkit`; None takes one away."""
    for key, value in values.items():
        if value is None:
            if key in table:
                del table[key]
        elif key not in table or tomlkit.item(table[key]).unwrap() != value:
            _put(table, key, as_item(value))


def _put(table: Any, key: str, item: Any) -> None:
    """A new key goes before tables within the table, where it would otherwise be one of theirs."""
    if key in table:
        table[key] = item
        return
    inner = {name: table[name] for name in table if isinstance(table[name], tomlkit.items.AoT | tomlkit.items.Table)}
    for name in inner:
        del table[name]
    table[key] = item
    for name, value in inner.items():
        table[name] = value


def _block(text: str, path: Path) -> Block:
    there = blocks(text, path[:-1])
    return there[_index(path, len(there))]


def _index(path: Path, count: int | None) -> int:
    index = path[-1] if path else None
    if not isinstance(index, int) or index < 0 or (count is not None and index >= count):
        raise DocumentError("there is no such element any more; somebody may have deleted it")
    return index
