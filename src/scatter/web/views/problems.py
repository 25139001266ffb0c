"""What is wrong with a document, by the names that pages have for things, and where it is corrected."""

from collections.abc import Mapping
from typing import Any

from scatter.jobs.positions import Path
from scatter.web.documents.blocks import tables_at
from scatter.web.documents.checking import Problem
from scatter.web.views.steps import TITLES, key_of

_ELEMENTS: Mapping[str, str] = {"nodes": "Nodes", "steps": "Step", "expect": "Expectation"}
_PAGES: Mapping[str, str] = {"nodes": "nodes", "steps": "steps"}
"""Where a list is; everything else is on the page of the setup."""
_NO_FIELDS = ("", "do", "steps")
"""Keys of steps that no form has."""


def told(problem: Problem, content: Mapping[str, Any]) -> str:
    """What is wrong, without a full stop."""
    if not problem.path or not problem.about:
        return problem.sentence
    element, key = _split(problem.path)
    if not element:
        return problem.about
    wrong = problem.about.split(" ", 1)[1]
    there, index = tables_at(content, element[:-1]), int(element[-1])
    table = there[index] if index < len(there) else {}
    return f"{_name(element, table)}{':' if key else ''} {key} {wrong}".replace("  ", " ")


def correction(problem: Problem) -> str:
    """The page on which it is corrected, behind the address of the workspace."""
    if not problem.path:
        return "file"
    top = str(problem.path[0])
    element, key = _split(problem.path)
    if not element or (top == "steps" and key in _NO_FIELDS):
        return _PAGES.get(top, "setup")
    return f"{top}/{key_of(element)}"


def _split(path: Path) -> tuple[Path, str]:
    """The element of a list that a path leads into, the innermost of steps in steps, and the key in it; no element for what is in
    no list."""
    last = 0
    if path[0] in _ELEMENTS:
        while last + 1 < len(path) and path[last] in (path[0], "steps") and isinstance(path[last + 1], int):
            last += 2
    return path[:last], ".".join(map(str, path[last:]))


def _name(element: Path, table: Mapping[str, Any]) -> str:
    number = ".".join(str(part + 1) for part in element if isinstance(part, int))
    if element[0] == "steps":
        kind = str(table.get("do", ""))
        called = TITLES.get(kind, kind)
        return f"Step {number}" + (f", {called}" if called else "")
    called = str(table.get("group" if element[0] == "nodes" else "text") or "")
    return f"{_ELEMENTS[str(element[0])]} {f'“{called}”' if called else number}"
