"""From `node.toml`, the environment and options to settings. Options count before the environment, that before the file, that
before defaults. Whatever is wrong is one sentence that says where it stands."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any, NoReturn, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from scatter.daemon.errors import SettingsError
from scatter.daemon.settings import FILE, NodeFile
from scatter.jobs.paths import shown
from scatter.jobs.positions import Path, key_lines, line_of

MAX_BYTES = 64 * 1024
VARIABLE = "SCATTER_"
"""What environment variables begin with: `api.port` is SCATTER_API_PORT."""

_NUMBER = re.compile(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?", re.ASCII)
_WHERE = re.compile(r" \(at line ([0-9]+), column [0-9]+\)$")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a node runs with. `folder` is absolute; `fixed`: keys that an option or the environment set, by where they did."""

    folder: FilePath
    node: NodeFile
    fixed: Mapping[str, str]

    def place(self, path: FilePath) -> FilePath:
        """A path of the settings: those that are relative are so to the node's folder."""
        return self.folder / path


def setting_keys() -> Sequence[str]:
    """All keys, as options name them: `role`, `chain.rpc_url`."""
    return tuple(_keys(NodeFile, ""))


def _keys(table: type[BaseModel], before: str) -> Iterator[str]:
    for name, field in table.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _keys(field.annotation, f"{before}{name}.")
        else:
            yield f"{before}{name}"


def read_settings(folder: FilePath, options: Mapping[str, str], environment: Mapping[str, str]) -> Settings:
    """The settings of the node in a folder. `options`: texts by key, as `chain.rpc_url`. Raises SettingsError."""
    file = folder / FILE
    text = _text(file)
    reader = _Reader(str(file), _parsed(text, str(file)), key_lines(text))
    for key in options:
        if key not in setting_keys():
            raise SettingsError(f"--set: {shown(key)} is not a known key; there are {', '.join(setting_keys())}")
    for key in setting_keys():
        variable = VARIABLE + key.upper().replace(".", "_")
        if key in options:
            reader.put(key, options[key], f"--set {key}")
        elif variable in environment:
            reader.put(key, environment[variable], variable)
    return Settings(folder.resolve(), reader.validated(), reader.fixed)


def _text(file: FilePath) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise SettingsError(f"{file} is not there: run scatter node init {file.parent}") from None
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}") from error
    if len(content) > MAX_BYTES:
        raise SettingsError(f"{file} has more than {MAX_BYTES} bytes, which is all that it may have")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise SettingsError(f"{file}:{line}: the file is not UTF-8 text") from error


def _parsed(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where = _WHERE.search(str(error))
        line = int(where[1]) if where else text.count("\n") + 1
        problem = _WHERE.sub("", str(error)).removesuffix(" (at end of document)")
        raise SettingsError(f"{file}:{line}: not TOML: {problem[:1].lower()}{problem[1:]}") from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(
            f"{file}:1: there is a number that is too long, or lists that are nested too deeply"
        ) from error


class _Reader:
    """One file being read, and what was put in its place."""

    def __init__(self, file: str, table: dict[str, Any], lines: Mapping[Path, int]) -> None:
        self._file, self._table, self._lines = file, table, lines
        self.fixed: dict[str, str] = {}

    def put(self, key: str, text: str, source: str) -> None:
        """Let a text from elsewhere count instead of what the file says."""
        *outer, last = key.split(".")
        table = self._table
        for name in outer:
            inner = table.setdefault(name, {})
            if not isinstance(inner, dict):
                return  # the file is wrong there, and will be refused for it
            table = inner
        table[last] = _value(_field(key), text)
        self.fixed[key] = source

    def validated(self) -> NodeFile:
        try:
            return NodeFile.model_validate(self._table)
        except ValidationError as error:
            self._refuse(error)

    def _refuse(self, error: ValidationError) -> NoReturn:
        """Complain of the most telling of all errors: unknown keys first, they explain missing ones."""
        errors = error.errors(include_url=False, include_context=False)
        unknown = [detail for detail in errors if detail["type"] == "extra_forbidden"]
        detail = (unknown or errors)[0]
        table, rule, path = _rule(detail)
        if unknown:
            self._complain(
                (*path, detail["loc"][len(path)]), f"is not a known key; there are {', '.join(table.model_fields)}"
            )
        found = "missing" if detail["type"] == "missing" else _found(detail["input"])
        self._complain(path, f"is {found}; {rule}")

    def _complain(self, path: Path, problem: str) -> NoReturn:
        key = ".".join(part if isinstance(part, str) and part.isidentifier() else shown(str(part)) for part in path)
        where = self.fixed.get(key) or f"{self._file}:{line_of(self._lines, path)}: {key}"
        raise SettingsError(f"{where} {problem}")


def _field(key: str) -> FieldInfo:
    table: type[BaseModel] = NodeFile
    *outer, last = key.split(".")
    for name in outer:
        annotation = table.model_fields[name].annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            table = annotation
    return table.model_fields[last]


def _value(field: FieldInfo, text: str) -> Any:
    """A text from an option or the environment as the file would have it: lists are parted by commas."""
    kinds = {field.annotation, type(field.default), *get_args(field.annotation)}
    if tuple in kinds:
        return [part.strip() for part in text.split(",") if part.strip()]
    if bool in kinds and text in ("true", "false"):
        return text == "true"
    if kinds & {int, float} and _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    return text


def _rule(detail: ErrorDetails) -> tuple[type[BaseModel], str, Path]:
    """The innermost table that an error lies in, what the last key takes that it knows, and the path to that key."""
    table: type[BaseModel] = NodeFile
    rule, path = "it is a table", tuple[str | int, ...]()
    for part in detail["loc"]:
        field = table.model_fields.get(str(part))
        if field is None:
            break
        path = (*path, str(part))
        rule = field.description or rule
        if not (isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)):
            break
        table = field.annotation
    return table, rule, path


def _found(value: Any) -> str:
    """A value as a sentence shows it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, dict):
        return "a table with something else in it" if value else "an empty table"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    return shown(str(value))[1:-1]
