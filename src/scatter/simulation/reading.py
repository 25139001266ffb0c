"""From a TOML file to a scenario. Whatever is wrong with the file is one sentence that names the file, the line and the key."""

import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path as FilePath
from typing import Any, NoReturn

from pydantic import TypeAdapter, ValidationError

from scatter.behaviours.registry import BehaviourError, behaviour_kind
from scatter.jobs.paths import shown
from scatter.jobs.positions import Path, key_lines, line_of
from scatter.protocol.states import Role
from scatter.simulation.coherence import CheckBehaviour, check_coherence
from scatter.simulation.errors import ScenarioError
from scatter.simulation.scenario import MAX_SEED, Scenario
from scatter.simulation.schema import child, known_keys, rule_at
from scatter.simulation.step_kinds import STEP_KINDS

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
MAX_VARIABLES = 100
VARIABLES, SHORT = "variables", "short"

Scalar = str | int | Decimal | bool
_NAME = re.compile("[a-z][a-z0-9_-]{0,30}", re.ASCII)
_USE = re.compile(r"\$([a-z][a-z0-9_-]{0,30})", re.ASCII)
_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?", re.ASCII)
_WHERE = re.compile(r" \(at line ([0-9]+), column [0-9]+\)$")
_SCENARIO = TypeAdapter(Scenario)


def registered(name: str, role: Role, options: Mapping[str, object]) -> None:
    """The `CheckBehaviour` of what is registered (`scatter.behaviours`)."""
    kind = behaviour_kind(name)
    if role not in kind.roles:
        raise BehaviourError(f"it is for {', '.join(each.name.lower() for each in sorted(kind.roles))}")
    kind.check(options)


def read_scenario_file(
    file: FilePath,
    *,
    short: bool = False,
    overrides: Mapping[str, str] | None = None,
    seed: int | None = None,
    check_behaviour: CheckBehaviour = registered,
) -> Scenario:
    """`read_scenario` of a file. ScenarioError too when it cannot be read."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise ScenarioError(f"{file} cannot be read: {error.strerror}") from error
    return read_scenario(
        content, file.name, short=short, overrides=overrides, seed=seed, check_behaviour=check_behaviour
    )


def read_scenario(
    content: bytes,
    file: str,
    *,
    short: bool = False,
    overrides: Mapping[str, str] | None = None,
    seed: int | None = None,
    check_behaviour: CheckBehaviour = registered,
) -> Scenario:
    """Check the bytes of a scenario file that is called `file` in messages.

    `short`: with the numbers of `[short]`; `overrides`: variables by name, as text, stronger than both; `seed`: instead of the
    file's. `check_behaviour` raises ValueError for a behaviour, or options of one, that a role cannot have. Raises ScenarioError.
    """
    text = _decoded(content, file)
    table = _parsed(text, file)
    reader = _Reader(file, table, key_lines(text))
    variables = reader.variables(short, overrides or {})
    scenario = reader.validated(variables, seed)
    check_coherence(scenario, reader.complain, check_behaviour)
    return scenario.in_form(short)


def _decoded(content: bytes, file: str) -> str:
    if len(content) > MAX_BYTES:
        raise ScenarioError(f"{file} has more than {MAX_BYTES} bytes, which is all that a scenario may have")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise ScenarioError(f"{file}:{line}: the file is not UTF-8 text") from error


def _parsed(text: str, file: str) -> dict[str, Any]:
    try:
        table = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        where = _WHERE.search(str(error))
        line = int(where[1]) if where else text.count("\n") + 1
        problem = _WHERE.sub("", str(error)).removesuffix(" (at end of document)")
        raise ScenarioError(f"{file}:{line}: not TOML: {problem[:1].lower()}{problem[1:]}") from error
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise ScenarioError(
            f"{file}:1: there is a number that is too long, or lists that are nested too deeply"
        ) from error
    return table


class _Reader:
    """One file being read: its tables, where its keys stand, and which values came from variables."""

    def __init__(self, file: str, table: dict[str, Any], lines: Mapping[Path, int]) -> None:
        self._file, self._table, self._lines = file, table, lines
        self._source: dict[Path, str] = {}

    def complain(self, path: Path, problem: str) -> NoReturn:
        """Raise ScenarioError: the key at `path` has a problem."""
        raise ScenarioError(f"{self._file}:{line_of(self._lines, path)}: {_key(path)} {problem}")

    def variables(self, short: bool, overrides: Mapping[str, str]) -> dict[str, Scalar]:
        """The variables with their values, taken out of the tables."""
        variables, shorter = self._scalars(VARIABLES), self._scalars(SHORT)
        for name in shorter:
            if name not in variables:
                self.complain((SHORT, name), f"is not a variable; {_offered(variables)}")
        if short:
            variables |= shorter
        for name, text in overrides.items():
            if name not in variables:
                raise ScenarioError(f"{self._file}: {shown(name)} is not a variable of it; {_offered(variables)}")
            variables[name] = _scalar(text)
        return variables

    def _scalars(self, name: str) -> dict[str, Scalar]:
        table = self._table.pop(name, {})
        if not isinstance(table, dict) or len(table) > MAX_VARIABLES:
            self.complain((name,), f"is {_found(table)}; it is a table of at most {MAX_VARIABLES} variables")
        for key, value in table.items():
            if not _NAME.fullmatch(key):
                self.complain((name, key), "is not a name of lower-case letters, digits, _ and -, at most 31 of them")
            if not isinstance(value, Scalar) or (isinstance(value, str) and "$" in value):
                self.complain((name, key), f"is {_found(value)}; it is a number, a boolean or a text without $")
        return table

    def validated(self, variables: Mapping[str, Scalar], seed: int | None) -> Scenario:
        table = self._filled(self._table, variables, ())
        if seed is not None:
            if not 0 <= seed <= MAX_SEED:
                raise ScenarioError(f"the seed is {seed}; it must be between 0 and {MAX_SEED}")
            if isinstance(table.get("scenario"), dict):
                table["scenario"]["seed"] = seed
        try:
            return _SCENARIO.validate_python(table)
        except ValidationError as error:
            self._refuse(table, error)

    def _filled(self, value: Any, variables: Mapping[str, Scalar], path: Path) -> Any:
        """The value with variables in their places."""
        if len(path) > MAX_DEPTH:
            self.complain(path, "is nested too deeply")
        if isinstance(value, dict):
            if isinstance(value.get("id"), str) and value["id"] in variables:
                self.complain((*path, "id"), f"is {_found(value['id'])}, which is a variable: $ would mean both")
            return {key: self._filled(inner, variables, (*path, key)) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._filled(inner, variables, (*path, index)) for index, inner in enumerate(value)]
        use = _USE.fullmatch(value) if isinstance(value, str) else None
        if use is None or use[1] not in variables:
            return value
        self._source[path] = use[1]
        return variables[use[1]]

    def _refuse(self, table: dict[str, Any], error: ValidationError) -> NoReturn:
        """Complain of the most telling of all errors: unknown keys first, they explain missing ones."""
        errors = error.errors(include_url=False, include_context=False)
        unknown = [detail for detail in errors if detail["type"] == "unexpected_keyword_argument"]
        detail = (unknown or errors)[0]
        path = _path(table, detail["loc"])
        if unknown:
            self.complain(path, f"is not a known key; there are {known_keys(table, path[:-1])}")
        if detail["type"] in ("union_tag_invalid", "union_tag_not_found"):
            kind = detail["input"].get("do") if isinstance(detail["input"], dict) else None
            found = "missing" if kind is None else _found(kind)
            self.complain((*path, "do"), f"is {found}; it is one of {', '.join(STEP_KINDS)}")
        if detail["type"] == "missing":
            self.complain(path, f"is missing; {rule_at(table, path)}")
        found = _found(detail["input"])
        if path in self._source:
            found += f" (the variable {self._source[path]})"
        elif isinstance(detail["input"], str) and _USE.fullmatch(detail["input"]):
            found += ", and no variable has that name"
        self.complain(path, f"is {found}; {rule_at(table, path)}")


def _path(table: dict[str, Any], location: tuple[int | str, ...]) -> Path:
    """A location as keys and indices of the file: without the names of kinds that pydantic puts between them."""
    path: Path = ()
    value: Any = table
    for part in location:
        if child(value, part) is not None:
            value = child(value, part)
            path = (*path, part)
        elif isinstance(value, dict) and isinstance(part, str) and part not in (value.get("do"), "[key]"):
            return (*path, part)
    return path


def _key(path: Path) -> str:
    """`nodes[2].count`."""
    written = ""
    for part in path:
        if isinstance(part, int):
            written += f"[{part}]"
        else:
            name = part if _NAME.fullmatch(part) else shown(part)
            written += f".{name}" if written else name
    return written or "the file"


def _offered(variables: Mapping[str, Scalar]) -> str:
    return f"there are {', '.join(variables)}" if variables else "there is none"


def _scalar(text: str) -> Scalar:
    """What `--set name=text` stands for: a number, a boolean, otherwise the text."""
    if text in ("true", "false"):
        return text == "true"
    if _NUMBER.fullmatch(text):
        return Decimal(text) if "." in text else int(text)
    return text


def _found(value: Any) -> str:
    """A value as a sentence shows it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, dict):
        return "a table with something else in it" if value else "an empty table"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    return shown(str(value))[1:-1]
