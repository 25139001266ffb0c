"""Fields of forms, told by the schema of scenario files: what each takes, and how its text becomes a value and back."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from scatter.protocol.ids import SCT
from scatter.protocol.states import Role
from scatter.simulation.interventions import Intervention
from scatter.simulation.scenario import (
    HONEST,
    About,
    ChainSettings,
    Expectation,
    NodeGroup,
    Quality,
    Selection,
    WorkloadSettings,
)
from scatter.simulation.schema import json_schema
from scatter.simulation.step_kinds import STEP_KINDS, JobDurations, TrainerLimits
from scatter.simulation.values import DAY
from scatter.web.documents.purposes import purpose

FORMS: Mapping[str, type[Any]] = {
    "scenario": About,
    "chain": ChainSettings,
    "workload": WorkloadSettings,
    "node": NodeGroup,
    "expect": Expectation,
    "intervention": Intervention,
    **STEP_KINDS,
}
"""What has a form: tables of the top, a group of nodes, an expectation, an intervention, and every kind of steps."""
_INNER: Mapping[str, type[Any]] = {made.__name__: made for made in (TrainerLimits, JobDurations, Selection, Quality)}
_AS_JOB, _LIKE_JOB = "as the job says", ("add-topic",)
_USUALLY = {
    "node.stake": "the ticket of its role",
    **{f"node.quality.{each.name}": "as the workload says" for each in fields(Quality)},
    "add-topic.requestor": "the only one",
    "trainer-joins.trainers": "all trainers",
    "add-topic.trainers.min": "all trainers of the scenario",
    "add-topic.trainers.max": "all trainers of the scenario",
}
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
    "min": "Least trainers",
    "max": "Most trainers",
    "within": "Within",
    "count": "How many",
    "tokens": "Tokens each",
    "stake": "Stake each",
    "text": "What is expected",
    "of": "Of which nodes",
    "equals": "Exactly",
    "when": "Asked for",
    "alpha": "α (one-sidedness)",
    "joins": "Joins jobs",
    "data_share": "Share of the data",
    "expect.kind": "Challenged",
    "intervention.do": "What is done",
    "expect.of.group": "Group",
    "expect.of.name": "Node",
    "workload.kind": "Training",
    "workload.run": "Code runs",
    "trainer-joins.trainers": "Who joins",
    "lock_bps": "Lock",
    "trainers_bps": "Trainers' part",
    "members_bps": "Committee's part",
    "juror_fee_bps": "Juror's fee",
    "min_seat_pay": "Least pay of a seat",
    "slash_base": "Least slash",
    "minimum_duration": "Shortest state",
    "block_seconds": "Seconds a block",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form. `name` is dotted where a table lies in a table; `kind`: text, whole, number, numbers, amount, draw,
    duration, choice, names, list, flag, tables or job; `rule` says what it takes; `usual` is what holds when it is left empty."""

    name: str
    label: str
    kind: str
    rule: str
    required: bool = False
    choices: Sequence[str] = ()
    usual: str = ""
    of: str = ""
    """The label of the table that it lies in."""
    purpose: str = ""
    """What it is for, in one sentence without its full stop."""

    @property
    def hint(self) -> str:
        """What stands below it: what it is for, what it takes, and what holds when it is empty."""
        rule = self.rule.removeprefix("it is ").removeprefix("it ").replace('"', "")
        for long, brief in _BRIEF:
            rule = rule.replace(long, brief)
        told = "" if self.kind in ("choice", "flag") else rule[:1].upper() + rule[1:]
        said = [one for one in (self.purpose, told) if one]
        if self.usual and self.kind not in ("choice", "flag"):
            said.append(f"Empty: {self.usual}")
        return ". ".join(said) + ("." if said else "")


_BRIEF = (
    ("a list of 1 to 500 names of nodes or groups", "names of nodes or groups, with commas between"),
    (", or a draw like { between = [1000 SCT, 2000 SCT] }", ", or a draw like 1000 to 2000 SCT"),
    ("a table of tables of numbers, by behaviour", "like honest: least 0.1, most 0.2; lazy: worst 0"),
    ("one sentence of at most", "at most"),
    ("a sentence of at most", "at most"),
    (", by which later steps refer to this one", ""),
    ("must be between 0 and 10000, in 1/10000", "In 1/10,000, at most 10000"),
    ("must be between", "Between"),
)


@cache
def _schema() -> dict[str, Any]:
    return json_schema()["$defs"]  # type: ignore[no-any-return]


@cache
def fields_of(kind: str) -> tuple[Field, ...]:
    """The fields of a form of `FORMS`; without the kind of a step, options and inner steps."""
    return tuple(_fields(kind, FORMS[kind], "", ""))


def _fields(form: str, made_by: type[Any], prefix: str, of: str) -> Iterator[Field]:
    definition = _schema()[made_by.__name__]
    usual = {each.name: each.default for each in fields(made_by)}
    for name, rule in definition["properties"].items():
        if name in ("options", "steps") or (name == "do" and form in STEP_KINDS):
            continue
        plain = _plain(rule)
        about = str(rule.get("description") or plain.get("description") or "")
        if "$ref" in plain:
            yield from _fields(form, _INNER[plain["$ref"].rsplit("/", 1)[1]], f"{prefix}{name}.", _label(form, name))
            continue
        kind = _kind(plain)
        yield Field(
            f"{prefix}{name}",
            _label(form, f"{prefix}{name}"),
            kind,
            about,
            name in definition.get("required", ()) and not prefix,
            tuple(plain.get("enum", ())),
            _USUALLY.get(f"{form}.{prefix}{name}")
            or _usual(kind, usual.get(name))
            or (_AS_JOB if form in _LIKE_JOB else ""),
            of,
            purpose(form, f"{prefix}{name}"),
        )


def _label(form: str, name: str) -> str:
    last = name.rpartition(".")[2]
    return _LABELS.get(f"{form}.{name}", _LABELS.get(last, last.replace("_", " ").capitalize()))


def _plain(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    """A rule without the variable that may stand in the value's place, and without nothing."""
    choices = [one for one in rule.get("anyOf", ()) if one.get("$ref") != "#/$defs/Variable"]
    return choices[0] if len(choices) == 1 else rule


def _kind(rule: Mapping[str, Any]) -> str:
    pattern = str(rule.get("pattern", ""))
    if "enum" in rule:
        return "choice"
    if "oneOf" in rule:
        return "draw" if any("SCT" in str(one) for one in rule["oneOf"]) else "numbers"
    if pattern.startswith(r"^\$"):
        return "job"
    if "SCT" in pattern:
        return "amount"
    if "(s|m|h|d)" in pattern:
        return "duration"
    return {"integer": "whole", "number": "number", "array": "names", "boolean": "flag", "object": "tables"}.get(
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
                _label("", name),
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
    if isinstance(value, Mapping) and isinstance(bounds := value.get("between"), list) and len(bounds) == 2:
        least, most = bounds
        return f"{least} to {most}" + (f" by {value['step']}" if "step" in value else "")
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_pairs(one)}" for key, one in value.items())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(to_text, value))
    return "" if value is None else str(value)


def _pairs(value: Any) -> str:
    """`least 0.1, most 0.2`."""
    if not isinstance(value, Mapping):
        return to_text(value)
    return ", ".join(f"{key} {to_text(one)}" for key, one in value.items())


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


def to_value_of_variable(text: str) -> Any:
    """A number, `true`, `false`, or else the text."""
    text = text.strip()
    return text == "true" if text in ("true", "false") else _number(text)


def _numbers(text: str) -> Any:
    parts = [_number(part) for part in _parts(text.strip("[] "))]
    return parts[0] if len(parts) == 1 and not text.startswith("[") else parts


def _tables(text: str) -> Any:
    """`honest: least 0.1, most 0.2; lazy: worst 0`; text when it is nothing of that kind."""
    made: dict[str, Any] = {}
    for one in filter(str.strip, text.split(";")):
        name, colon, pairs = one.partition(":")
        words = [pair.split() for pair in pairs.split(",") if pair.strip()]
        if not colon or any(len(pair) != 2 for pair in words):
            return text
        made[name.strip()] = {key: _number(value) for key, value in words}
    return made


def _parts(text: str) -> list[str]:
    return [part for part in re.split(r"[\s,]+", text) if part]


_FROM_TEXT: Mapping[str, Callable[[str], Any]] = {
    "whole": _whole,
    "number": _number,
    "amount": _amount,
    "draw": _draw,
    "names": _parts,
    "list": lambda text: [_number(part) for part in _parts(text)],
    "numbers": _numbers,
    "tables": _tables,
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


def changes_of(form: Sequence[Field], posted: Mapping[str, str], block: Mapping[str, Any]) -> dict[str, Any]:
    """What a form changes of a block, as keys: what shows the same text stays the value that it is."""
    before = texts_of(form, block)
    touched = {
        field.name.partition(".")[0]
        for field in form
        if field.name in posted
        and posted[field.name].strip() not in (before[field.name].strip(), *_same(field, before))
    }
    return {name: value for name, value in values_of(form, posted).items() if name in touched}


def _same(field: Field, before: Mapping[str, str]) -> Sequence[str]:
    """What is usual is the same as nothing."""
    return () if before[field.name] else (field.usual,)


def options_of(form: Sequence[Field], posted: Mapping[str, str], block: Mapping[str, Any]) -> dict[str, Any]:
    """The same for a behaviour's options: those of another behaviour than before go."""
    if (posted.get("behaviour") or HONEST) != to_text(block.get("behaviour", HONEST)):
        return {"options": values_of(form, posted).get("options")}
    return changes_of(form, posted, block)


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
