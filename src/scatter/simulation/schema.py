"""What a scenario file may hold, told by the classes of `scenario` themselves: as a JSON schema, and for messages."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path as FilePath
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from scatter.jobs.positions import Path
from scatter.simulation.scenario import Scenario
from scatter.simulation.step_kinds import STEP_KINDS

SCHEMA_FILE = FilePath(__file__).with_name("scenario.schema.json")
"""The schema as it is handed out; a test says when it is out of date: `python -m scatter.simulation.schema` writes it."""

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_VARIABLE = {"$ref": "#/$defs/Variable"}
_SCALAR = {"type": ["number", "string", "boolean"]}
_VARIABLES = {
    "type": "object",
    "propertyNames": {"pattern": "^[a-z][a-z0-9_-]{0,30}$"},
    "additionalProperties": _SCALAR,
    "maxProperties": 100,
}


def json_schema() -> dict[str, Any]:
    """The JSON schema (2020-12) of scenario files, as JSON values.

    It takes `$name` wherever a value may stand, since it cannot know which variables there are; and it knows nothing of
    what must hold between values (`coherence` does).
    """
    schema = TypeAdapter(Scenario).json_schema()
    definitions = schema.pop("$defs")
    for kind in STEP_KINDS.values():
        definitions[kind.__name__].setdefault("required", []).insert(0, "do")
    tables = {name: _with_variables(_plain(definition)) for name, definition in sorted(definitions.items())}
    tables["Variable"] = {
        "type": "string",
        "pattern": r"^\$[a-z][a-z0-9_-]{0,30}$",
        "description": "a variable, like $jobs",
    }
    top = _plain(schema)
    top["properties"] |= {
        "variables": {**_VARIABLES, "description": "numbers and texts that stand for $name"},
        "short": {**_VARIABLES, "description": "values that variables have in the short form"},
    }
    return {"$schema": DIALECT, **top, "title": "A Scatter scenario", "$defs": tables}


def _plain(rule: Any, *, names: bool = False) -> Any:
    """A schema without what TOML has not (null) and JSON schema does not ask for: generated titles, discriminators and
    defaults. `names`: the keys are names of properties."""
    if isinstance(rule, list):
        return [_plain(one) for one in rule]
    if not isinstance(rule, dict):
        return rule
    kept = {
        key: _plain(value, names=key == "properties")
        for key, value in rule.items()
        if names or key not in ("title", "discriminator", "default")
    }
    choices = [one for one in kept.get("anyOf", ()) if one != {"type": "null"}] if not names else []
    if len(choices) == 1:
        del kept["anyOf"]
        kept = {**choices[0], **kept}
    return kept


def _with_variables(table: Mapping[str, Any]) -> dict[str, Any]:
    """A table's schema in which a variable may stand for each value that is no table and no list."""
    properties = {name: _or_variable(rule) for name, rule in table.get("properties", {}).items()}
    return {**table, "properties": properties}


def _or_variable(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    """Names and sentences are texts without a pattern of amounts: they take a variable as they are."""
    if not (rule.keys() & {"pattern", "enum", "oneOf"} or rule.get("type") in ("integer", "number", "boolean")):
        return rule
    about = {key: rule[key] for key in ("description",) if key in rule}
    return {**about, "anyOf": [{key: value for key, value in rule.items() if key not in about}, _VARIABLE]}


def known_keys(table: Mapping[str, Any], path: Path) -> str:
    """The keys that the table at `path` takes, in a list for a message; `table` is the file's content."""
    found, _ = _walk(table, path)
    names = [field.name for field in fields(found)]
    return ", ".join([*names, "variables", "short"] if found is Scenario else names)


def rule_at(table: Mapping[str, Any], path: Path) -> str:
    """What the key at `path` takes, as the end of a sentence."""
    return _walk(table, path)[1]


def _walk(value: Any, path: Path) -> tuple[type, str]:
    """The innermost class that a path leads into, and the description of the last key that one of them describes."""
    inside: type = Scenario
    rule = "it is a table"
    candidates: list[type] = []
    for part in path:
        if isinstance(part, str):
            inside = _chosen(candidates, value) or inside
            annotation = get_type_hints(inside, include_extras=True).get(part)
            candidates = list(_tables(annotation))
            rule = next(_descriptions(annotation), rule)
        value = child(value, part)
    return _chosen(candidates, value) or inside, rule


def child(value: Any, part: int | str) -> Any:
    """What a table or a list has under a key or an index; None when it has nothing there."""
    if isinstance(value, dict):
        return value.get(part)
    return value[part] if isinstance(value, list) and isinstance(part, int) and part < len(value) else None


def _chosen(candidates: list[type], value: Any) -> type | None:
    """The class of a table: of kinds of steps the one that it names."""
    if len(candidates) <= 1:
        return candidates[0] if candidates else None
    kind = value.get("do") if isinstance(value, dict) else None
    return STEP_KINDS.get(kind) if isinstance(kind, str) else None


def _tables(annotation: Any) -> Iterator[type]:
    if isinstance(annotation, type) and is_dataclass(annotation):
        yield annotation
    for argument in get_args(annotation):
        yield from _tables(argument)


def _descriptions(annotation: Any) -> Iterator[str]:
    """Descriptions in an annotation, the outermost first."""
    if get_origin(annotation) is Annotated:
        described = (part.description for part in annotation.__metadata__ if isinstance(part, FieldInfo))
        yield from (text for text in described if text)
    for argument in get_args(annotation):
        yield from _descriptions(argument)


if __name__ == "__main__":
    SCHEMA_FILE.write_text(json.dumps(json_schema(), indent=2) + "\n")
