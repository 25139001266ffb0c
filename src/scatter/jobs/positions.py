"""On which line of a TOML file each key stands.

Neither `tomllib` nor `tomlkit` (python-poetry/tomlkit#55) keeps lines of what they parsed, and the one parser that does
(spanned-toml) was last released in 2022. So `tomllib` says whether a file is TOML and what is in it; here its words are
counted once more, in one pass that may take for granted that the file is TOML.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Path = tuple[str | int, ...]
"""Keys and indices (from 0) that lead from the root to a value."""

_TOKEN = re.compile(
    r"""
      (?P<comment>\#[^\n]*)
    | (?P<newline>\n)
    | (?P<space>[ \t\r]+)
    | (?P<text> \"{3} (?:\\.|[^\\])*? \"{3} \"{0,2}
              | '{3} .*? '{3} '{0,2}
              | \" (?:\\.|[^"\\\n])* \"
              | ' [^'\n]* ' )
    | (?P<mark>[\[\]{}=,.])
    | (?P<bare>[^\s\[\]{}=,.\#"']+)
    """,
    re.VERBOSE | re.DOTALL,
)
_OPENING, _CLOSING = frozenset("[{"), frozenset("]}")


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int


def key_lines(text: str) -> Mapping[Path, int]:
    """The line (from 1) of every table, key and element of a list. `text` is TOML that `tomllib` accepts; of other text the
    answer means nothing, but there is one."""
    return _Finder(text).run()


def line_of(lines: Mapping[Path, int], path: Path) -> int:
    """The line of a value, or of the innermost table around it that the file has; 1 for the file itself."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return 1


def _tokens(text: str) -> Iterator[_Token]:
    line = 1
    for match in _TOKEN.finditer(text):
        kind = str(match.lastgroup)
        if kind not in ("comment", "space"):
            yield _Token(kind, match[0], line)
        line += match[0].count("\n")
    yield _Token("end", "", line)


class _Finder:
    def __init__(self, text: str) -> None:
        self._rest = _tokens(text)
        self._now = next(self._rest)
        self._lines: dict[Path, int] = {}
        self._lengths: dict[Path, int] = {}

    def run(self) -> Mapping[Path, int]:
        table: Path = ()
        while self._now.kind != "end":
            if self._now.kind == "newline":
                self._step()
            elif self._now.text == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._lines

    def _step(self) -> _Token:
        passed, self._now = self._now, next(self._rest, self._now)
        return passed

    def _header(self) -> Path:
        """`[a.b]` or `[[a.b]]`, whose keys lead through the last elements of lists."""
        line = self._step().line
        element = self._now.text == "["
        if element:
            self._step()
        path: Path = ()
        for key in self._key():
            path = self._last((*path, key))
            self._lines.setdefault(path, line)
        if element:
            path = self._append(path, line)
        while self._now.text == "]":
            self._step()
        return path

    def _last(self, path: Path) -> Path:
        return (*path, self._lengths[path] - 1) if path in self._lengths else path

    def _append(self, path: Path, line: int) -> Path:
        array = path[:-1] if path and isinstance(path[-1], int) else path
        index = self._lengths.get(array, 0)
        self._lengths[array] = index + 1
        self._lines[(*array, index)] = line
        return (*array, index)

    def _key(self) -> list[str]:
        keys = []
        while self._now.kind in ("bare", "text") or self._now.text == ".":
            token = self._step()
            if token.kind == "bare":
                keys.append(token.text)
            elif token.kind == "text":
                keys.append(str(tomllib.loads(f"key = {token.text}")["key"]))
        return keys

    def _pair(self, table: Path) -> None:
        line, path = self._now.line, table
        for key in self._key():
            path = (*path, key)
            self._lines.setdefault(path, line)
        self._step()
        self._value(path)

    def _value(self, path: Path) -> None:
        if self._now.text == "[":
            self._list(path)
        elif self._now.text == "{":
            self._inline_table(path)
        else:
            while self._now.kind not in ("newline", "end") and self._now.text not in {",", *_CLOSING}:
                self._step()

    def _list(self, path: Path) -> None:
        self._step()
        index = 0
        while self._now.text not in ("]", ""):
            if self._now.kind == "newline" or self._now.text == ",":
                self._step()
                continue
            self._lines[(*path, index)] = self._now.line
            self._value((*path, index))
            index += 1
        self._step()

    def _inline_table(self, path: Path) -> None:
        self._step()
        while self._now.text not in ("}", ""):
            if self._now.kind == "newline" or self._now.text == ",":
                self._step()
            else:
                self._pair(path)
        self._step()
