"""What of a scenario is neither nodes nor steps: variables, expectations and interventions, as rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scatter.simulation.interventions import START, STOP
from scatter.web.documents.blocks import table_of, tables_at
from scatter.web.documents.fields import to_text, to_value_of_variable
from scatter.web.views.text import words


@dataclass(frozen=True, slots=True)
class VariableRow:
    """A variable, with its value and what it is in the short form, as texts."""

    name: str
    value: str
    shorter: str


@dataclass(frozen=True, slots=True)
class ExpectationRow:
    """An expectation. `asks`: what is looked at, of whom, and the bounds."""

    index: int
    text: str
    asks: str
    when: str


@dataclass(frozen=True, slots=True)
class InterventionRow:
    """An intervention: what is done to whom, and before which block."""

    index: int
    text: str
    when: str


def variables(content: Mapping[str, Any]) -> Sequence[VariableRow]:
    """The variables of a document, in its order."""
    table, shorter = table_of(content, "variables"), table_of(content, "short")
    return [VariableRow(str(name), to_text(value), to_text(shorter.get(name))) for name, value in table.items()]


def changed_variables(
    content: Mapping[str, Any], rows: Sequence[VariableRow]
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What rows change of the variables and of their values in the short form; None for what is not in them. A text that has not
    changed keeps the value that it showed."""
    made = []
    for name in ("variables", "short"):
        before = table_of(content, name)
        now = {row.name: row.value if name == "variables" else row.shorter for row in rows if row.name}
        values: dict[str, Any] = {key: None for key in before if not now.get(str(key))}
        for key, text in now.items():
            if text:
                values[key] = before[key] if to_text(before.get(key)) == text else to_value_of_variable(text)
        made.append(values)
    return made[0], made[1]


def expectations(content: Mapping[str, Any]) -> Sequence[ExpectationRow]:
    """The expectations of a document."""
    return [
        ExpectationRow(
            index,
            to_text(one.get("text")),
            _asks(one),
            {"full": "long form only", "short": "short form only"}.get(str(one.get("when")), ""),
        )
        for index, one in enumerate(tables_at(dict(content), ("expect",)))
    ]


def interventions(content: Mapping[str, Any]) -> Sequence[InterventionRow]:
    """The interventions of a document."""
    return [
        InterventionRow(
            index,
            f"{_DONE.get(to_text(one.get('do')), to_text(one.get('do')))} {to_text(one.get('nodes'))}",
            f"before block {to_text(one.get('before_block'))}",
        )
        for index, one in enumerate(tables_at(content, ("interventions",)))
    ]


_DONE = {STOP: "Stop", START: "Start"}


def _asks(one: Mapping[str, Any]) -> str:
    parts = [words(to_text(one.get("measure")))]
    if isinstance(of := one.get("of"), Mapping) and of:
        parts.append("of " + ", ".join(_selected(str(key), value) for key, value in of.items()))
    if one.get("aggregate"):
        parts[0] = f"{to_text(one['aggregate'])} {parts[0]}"
    parts += [f"{key} {to_text(one[key])}" for key in ("state", "outcome", "kind") if key in one]
    parts += [f"{words(key)} {to_text(one[key])}" for key in ("at_least", "at_most", "equals") if key in one]
    return " · ".join(parts)


def _selected(key: str, value: Any) -> str:
    if key == "honest":
        return "honest" if value is True else "not honest"
    return to_text(value) if key in ("role", "name") else f"{key} {to_text(value)}"
