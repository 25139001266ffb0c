"""Fields of forms, told by the schema of scenario files: what each takes, and how its text becomes a value and back."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from scatter.protocol.ids import SCT
from scatter.protocol.states import Role
from scatter.simulation.scenario import NodeGroup
from scatter.simulation.schema import json_schema
from scatter.simulation.step_kinds import STEP_KINDS
from scatter.simulation.values import DAY

_DRAW = re.compile(r"(.+?)\s+(?:to|–|-)\s+(.+?)(?:\s+by\s+(.+))?", re.DOTALL)
_BARE_AMOUNT = re.compile(r"([0-9][0-9,']*)(\.[0-9]+)?(?:\s*(?:SCT)?)", re.IGNORECASE)
_WHOLE = re.compile(r"[+-]?[0-9]{1,30}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?(e[+-]?[0-9]{1,3})?", re.IGNORECASE)
_LABELS = {
    "do": "Kind",
    "id": "Id",
    "group": "Name",
    "min_jury": "Smallest jury",
    "tau": "τ (tolerance)",
    "max_share": "Largest share",
    "fault": "Fault (share of slot stake)",
    "by": "Time",
    "min": "least",
    "max": "most",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form. `name` is dotted where a table lies in a table; `kind`: text, whole, number, amount, draw, duration,
    choice, names, flag or option; `rule` says what it takes; `usual` is what holds when it is left empty."""

    name: str
    label: str
    kind: str
    rule: str
    required: bool = False
    choices: Sequence[str] = ()
    usual: str = ""
    of: str = ""
    """The label of the table that it lies in."""


@cache
def _schema() -> dict[str, Any]:
    return json_schema()["$defs"]  # type: ignore[no-any-return]


@cache
def fields_of(kind: str) -> tuple[Field, ...]:
    """The fields of a kind of steps, or of a group of nodes (`node`); without `do`, options and inner steps."""
    made_by = NodeGroup if kind == "node" else STEP_KINDS[kind]
    return tuple(_fields(made_by, "", ""))


def _fields(made_by: type[Any], prefix: str, of: str) -> Iterator[Field]:
    definition = _schema()[made_by.__name__]
    usual = {each.name: each.default for each in fields(made_by)}
    for name, rule in definition["properties"].items():
        if name in ("do", "options", "steps"):
            continue
        plain = _plain(rule)
        about = str(rule.get("description") or plain.get("description") or "")
        if "$ref" in plain:
            inner = _class(plain["$ref"])
            yield from _fields(inner, f"{prefix}{name}.", _label(name))
            continue
        required = name in definition.get("required", ()) and not prefix
        yield Field(
            f"{prefix}{name}",
            _label(name),
            _kind(plain),
            about,
            required,
            tuple(plain.get("enum", ())),
            _usual(_kind(plain), usual.get(name)),
            of,
        )


def _label(name: str) -> str:
    return _LABELS.get(name, name.replace("_", " ").capitalize())


def _class(reference: str) -> type[Any]:
    from scatter.simulation import step_kinds

    made: type[Any] = getattr(step_kinds, reference.rsplit("/", 1)[1])
    return made


def _plain(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    """A rule without the variable that may stand in the value's place, and without nothing."""
    choices = [one for one in rule.get("anyOf", ()) if one.get("$ref") != "#/$defs/Variable"]
    return choices[0] if len(choices) == 1 else rule


def _kind(rule: Mapping[str, Any]) -> str:
    pattern = str(rule.get("pattern", ""))
    if "enum" in rule:
        return "choice"
    if "oneOf" in rule:
        return "draw"
    if "SCT" in pattern:
        return "amount"
    if "(s|m|h|d)" in pattern:
        return "duration"
    return {"integer": "whole", "number": "number", "array": "names", "boolean": "flag"}.get(
        str(rule.get("type")), "text"
    )


def _usual(kind: str, value: Any) -> str:
    if isinstance(value, Role) or value is None or not isinstance(value, str | int | float):
        return ""
    if kind == "amount":
        return f"{value // SCT} SCT" if isinstance(value, int) else ""
    if kind == "duration":
        return f"{value // DAY}d" if isinstance(value, int) and value % DAY == 0 else f"{value}s"
    return str(value)


def option_fields(schema: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields of a behaviour's options, from its JSON schema."""
    made = []
    for name, rule in schema.get("properties", {}).items():
        plain = next((one for one in rule.get("anyOf", ()) if one.get("type") != "null"), rule)
        bounds = [f"{word} {plain[key]}" for key, word in _BOUNDS if key in plain]
        about = "; ".join(filter(None, [str(rule.get("description", "")), " and ".join(bounds)]))
        default = rule.get("default")
        kind = {"integer": "whole", "number": "number", "boolean": "flag", "array": "list"}.get(
            str(plain.get("type")), "text"
        )
        choices = tuple(map(str, plain.get("enum", ())))
        made.append(
            Field(
                f"options.{name}",
                _label(name),
                "choice" if choices else kind,
                about,
                choices=choices,
                usual="" if default is None else to_text(default),
                of="Options",
            )
        )
    return tuple(made)


_BOUNDS = (
    ("minimum", "at least"),
    ("exclusiveMinimum", "above"),
    ("maximum", "at most"),
    ("exclusiveMaximum", "below"),
)


def to_text(value: Any) -> str:
    """A value of a document as it stands in a field."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping) and "between" in value:
        least, most = value["between"]
        return f"{least} to {most}" + (f" by {value['step']}" if "step" in value else "")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(to_text, value))
    return "" if value is None else str(value)


def to_value(field: Field, text: str) -> Any:
    """What stands in a field as a value of a document: None when it is empty. What cannot be what the field takes stays text, so
    that the check of the document says what is wrong with it."""
    text = text.strip()
    if not text:
        return None
    made_by = _FROM_TEXT.get(field.kind)
    return text if made_by is None or text.startswith("$") else made_by(text)


def _whole(text: str) -> Any:
    return int(text) if _WHOLE.fullmatch(text) else text


def _number(text: str) -> Any:
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def _amount(text: str) -> str:
    """`1,000` is 1000 SCT."""
    found = _BARE_AMOUNT.fullmatch(text.strip())
    return f"{re.sub('[^0-9]', '', found[1])}{found[2] or ''} SCT" if found else text


def _draw(text: str) -> Any:
    found = _DRAW.fullmatch(text)
    if found is None:
        return _amount(text)
    made: dict[str, Any] = {"between": [_amount(found[1]), _amount(found[2])]}
    return made | ({"step": _amount(found[3])} if found[3] else {})


def _parts(text: str) -> list[str]:
    return [part for part in re.split(r"[\s,]+", text) if part]


_FROM_TEXT: Mapping[str, Callable[[str], Any]] = {
    "whole": _whole,
    "number": _number,
    "amount": _amount,
    "draw": _draw,
    "names": _parts,
    "list": lambda text: [_number(part) for part in _parts(text)],
    "flag": lambda text: text == "true" if text in ("true", "false") else text,
}


def values_of(form: Sequence[Field], posted: Mapping[str, str]) -> dict[str, Any]:
    """What a form says, as keys of a block: tables in tables are put together, what is empty is None."""
    values: dict[str, Any] = {}
    for field in form:
        if field.name not in posted:
            continue
        value, (name, dot, inner) = to_value(field, posted[field.name]), field.name.partition(".")
        if not dot:
            values[name] = value
        else:
            table = values.get(name) or {}
            if value is not None:
                table[inner] = value
            values[name] = table or None
    return values


def texts_of(form: Sequence[Field], block: Mapping[str, Any]) -> dict[str, str]:
    """What stands in the fields of a form for a block."""
    texts = {}
    for field in form:
        name, dot, inner = field.name.partition(".")
        value = block.get(name)
        if dot:
            value = value.get(inner) if isinstance(value, Mapping) else None
        texts[field.name] = to_text(value)
    return texts
