"""What is wrong with a document, and where: so that a page can say it beside the field, and the step, that it is about."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter, ValidationError

from scatter.behaviours.registry import check_behaviour
from scatter.jobs.positions import Path
from scatter.simulation.errors import ScenarioError
from scatter.simulation.reading import VARIABLES, read_scenario
from scatter.simulation.scenario import Scenario
from scatter.simulation.schema import rule_at
from scatter.simulation.step_kinds import STEP_KINDS
from scatter.web.documents.blocks import DocumentError
from scatter.web.documents.fields import FORMS

FILE = "scenario.toml"
_MESSAGE = re.compile(rf"{re.escape(FILE)}:(\d+): (\S+) (.*)", re.DOTALL)
_PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_ADAPTERS: dict[str, TypeAdapter[Any]] = {}


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a document cannot be run: the whole sentence, the line (from 1), and the key with what is wrong with it."""

    sentence: str
    line: int | None = None
    path: Path = ()
    about: str = ""


def read(text: str, *, short: bool = False, seed: int | None = None) -> Scenario:
    """The scenario of a document. ScenarioError."""
    return read_scenario(text.encode(), FILE, short=short, seed=seed, check_behaviour=check_behaviour)


def problem_of(text: str) -> Problem | None:
    """The first thing that is wrong with a document; None when it can be run, in both its forms."""
    try:
        read(text)
        read(text, short=True)
    except ScenarioError as error:
        found = _MESSAGE.fullmatch(str(error))
        if found is None:
            return Problem(str(error))
        return Problem(str(error), int(found[1]), _path(found[2]), f"{found[2]} {found[3]}")
    return None


def _path(key: str) -> Path:
    return tuple(int(part[2]) if part[2] else part[1] for part in _PART.finditer(key))


def errors_in(text: str, path: Path) -> Mapping[str, str]:
    """What is wrong with the block at a path, by key ("" is the block itself): by itself, and beside the rest of the document."""
    values, variables = _values(text, path)
    name = _form_of(path, values)
    if path[0] == "steps" and name not in STEP_KINDS:
        return {"do": f"there is no step {name!r}"}
    if name in FORMS:
        errors = _own_errors(name, path, {key: _filled(value, variables) for key, value in values.items()})
        if errors:
            return errors
    found = problem_of(text)
    if found is None or found.path[: len(path)] != path:
        return {}
    inner = ".".join(str(part) for part in found.path[len(path) :])
    return {inner: found.about.split(" ", 1)[1]}


def _form_of(path: Path, values: Mapping[str, Any]) -> str:
    """The name in `FORMS` of what is at a path, if it has one."""
    names = {"nodes": "node", "steps": str(values.get("do")), "interventions": "intervention"}
    return names.get(str(path[0]), str(path[0]))


def _own_errors(name: str, path: Path, values: Mapping[str, Any]) -> dict[str, str]:
    adapter = _ADAPTERS.setdefault(name, TypeAdapter(FORMS[name]))
    top = str(path[0])
    table: dict[str, Any] = {top: values if len(path) == 1 else [values]}
    start: Path = (top,) if len(path) == 1 else (top, 0)
    try:
        adapter.validate_python(dict(values))
    except ValidationError as error:
        found = {}
        for detail in error.errors(include_url=False, include_context=False):
            inner = tuple(part for part in detail["loc"] if part != "[key]")
            key = ".".join(str(part) for part in inner)
            if detail["type"] == "unexpected_keyword_argument":
                found[key] = "this key is not known here"
            else:
                rule = rule_at(table, (*start, *inner))
                found[key] = f"is missing; {rule}" if detail["type"] == "missing" else rule
        return found
    return {}


def _values(text: str, path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    content: Any = tomllib.loads(text, parse_float=Decimal)
    variables = content.get(VARIABLES, {})
    if len(path) == 1:
        return content.get(path[0], {}), variables if isinstance(variables, dict) else {}
    for part in path:
        try:
            content = content[part]
        except (KeyError, IndexError, TypeError) as error:
            raise DocumentError("there is no such element any more; somebody may have deleted it") from error
    return content, variables if isinstance(variables, dict) else {}


def _filled(value: Any, variables: Mapping[str, Any]) -> Any:
    if isinstance(value, str) and value.startswith("$") and value[1:] in variables:
        return variables[value[1:]]
    if isinstance(value, dict):
        return {key: _filled(one, variables) for key, one in value.items()}
    return [_filled(one, variables) for one in value] if isinstance(value, list) else value
