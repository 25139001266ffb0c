"""What each step of a document does, in one line.

A document may be half written: what a summary cannot read it leaves out, and whatever is wrong is told by the check of the document.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scatter.jobs.quantities import parse_duration
from scatter.simulation.scenario import HONEST
from scatter.simulation.step_kinds import CLAIMED, ENDED
from scatter.web.documents.fields import to_text
from scatter.web.views.nodes import ROLES, groups
from scatter.web.views.text import count, duration, words

_STATES: Mapping[str, str] = {
    "open": "is open to trainers",
    "drawing": "has its committee drawn",
    "keying": "hands out its keys",
    "training": "trains",
    "revealing": "reveals its updates",
    "committing": "has its scores committed",
    "opening": "has its scores opened",
    "aggregating": "is put together",
    "challenging": "can be challenged",
    "judging": "is judged",
    "settled": "is settled",
    "defaulted": "has defaulted",
    "cancelled": "is cancelled",
    ENDED: "has ended",
    CLAIMED: "has ended and everybody is paid",
}
_AMOUNT = re.compile(r"(?<![\d.])\d{4,30}(?=(\.\d+)? SCT)")
_FIRST = ("reward", "slot_stake", "rounds", "trainers", "committee", "auditors")
"""What is said first of a job's terms."""
_NAMED = 4
"""So many names are listed."""


def summary(step: Mapping[str, Any], content: Mapping[str, Any]) -> str:
    """What a step does, to be read behind its title; `content` is the document that it is in. Empty for a kind that is not known."""
    made_by = _SUMMARIES.get(str(step.get("do")))
    said = made_by(_Step(step, content)) if made_by is not None else ""
    return _AMOUNT.sub(lambda found: f"{int(found[0]):,}", said)


class _Step:
    def __init__(self, values: Mapping[str, Any], content: Mapping[str, Any]) -> None:
        self.values, self.content = values, content

    def said(self, name: str, usually: str = "") -> str:
        """A value as text, with what its variable stands for."""
        return self._shown(self.values.get(name)) or usually

    def names(self, name: str) -> str:
        """Names, the first of them."""
        value = self.values.get(name)
        if not isinstance(value, Sequence) or isinstance(value, str):
            return to_text(value)
        shown = ", ".join(map(to_text, value[:_NAMED]))
        return shown + (f" and {len(value) - _NAMED} more" if len(value) > _NAMED else "")

    def span(self, name: str) -> str:
        """A duration in words."""
        text = self.said(name)
        try:
            return duration(parse_duration(text))
        except ValueError:
            return text

    def pairs(self, name: str) -> str:
        """A table's values."""
        table = self.values.get(name)
        items = table.items() if isinstance(table, Mapping) else ()
        return ", ".join(f"{words(key)} {self._shown(value)}" for key, value in items)

    def _shown(self, value: Any) -> str:
        if not isinstance(value, str) or not value.startswith("$"):
            return to_text(value)
        stands_for, in_short = (self._variable(table, value[1:]) for table in ("variables", "short"))
        if stands_for is None:
            return value
        short = "" if in_short is None else f", in the short form {to_text(in_short)}"
        return f"{to_text(stands_for)} ({value}{short})"

    def _variable(self, table: str, name: str) -> Any:
        there = self.content.get(table)
        return there.get(name) if isinstance(there, Mapping) else None


def _deploy(step: _Step) -> str:
    chain = step.content.get("chain")
    told = {key: value for key, value in chain.items() if key != "block_seconds"} if isinstance(chain, Mapping) else {}
    if not told:
        return "with the usual parameters"
    return "with " + ", ".join(f"{words(key)} {to_text(value)}" for key, value in told.items())


def _supply(step: _Step) -> str:
    given: dict[str, list[str]] = {}
    for group in groups(step.content):
        given.setdefault(group.tokens, []).append(f"{group.size} × {group.name}")
    return "; ".join(f"{tokens} each to {', '.join(names)}" for tokens, names in given.items())


def _roles(step: _Step) -> str:
    made = groups(step.content)
    sizes = {role: sum(group.size for group in made if group.role == role) for role in ROLES}
    return ", ".join(count(size, role) for role, size in sizes.items() if size)


def _topic(step: _Step) -> str:
    table = {name: value for name, value in step.values.items() if name not in ("do", "id", "requestor")}
    order = sorted(table, key=lambda name: _FIRST.index(name) if name in _FIRST else len(_FIRST))
    terms = [
        f"{words(name)} {step.pairs(name)}" if _is_table(table[name]) else f"{words(name)} {step.said(name)}"
        for name in order
    ]
    who = step.said("requestor", "the requestor")
    called = f" ${step.values['id']}" if step.values.get("id") else " a job"
    return f"{who} posts{called}" + (": " + ", ".join(terms) if terms else "")


def _is_table(value: Any) -> bool:
    return isinstance(value, Mapping) and "between" not in value


def _joins(step: _Step) -> str:
    return f"{step.names('trainers') or 'all trainers'} join {step.said('job', 'a job')}"


def _starts(step: _Step) -> str:
    return f"the requestor of {step.said('job', 'a job')} has its committee drawn"


def _waits(step: _Step) -> str:
    state, job = step.said("state", CLAIMED), step.said("job", "a job")
    of = f"round {step.said('round')} of {job}" if step.values.get("round") is not None else job
    least = f", at most {step.span('within')}" if step.values.get("within") is not None else ""
    return f"until {of} {_STATES.get(state, f'is {state}')}{least}"


def _advances(step: _Step) -> str:
    return f"by {step.span('by')}, while nodes work"


def _changes(step: _Step) -> str:
    options = step.pairs("options")
    return f"{step.names('nodes')}: {step.said('behaviour', HONEST)} from now on" + (f" ({options})" if options else "")


def _stops(step: _Step) -> str:
    return f"{step.names('nodes')}: off until started again"


def _goes_on(step: _Step) -> str:
    return f"{step.names('nodes')}: at work again"


def _repeats(step: _Step) -> str:
    inner = step.values.get("steps")
    many = count(len(inner), "step") if isinstance(inner, list) else "no steps"
    times = step.said("times", "?")
    return f"{many}, {'once' if times == '1' else f'{times} times'}"


_SUMMARIES: Mapping[str, Callable[[_Step], str]] = {
    "deploy-protocol": _deploy,
    "transfer-initial-supply": _supply,
    "initialize-roles": _roles,
    "add-topic": _topic,
    "trainer-joins": _joins,
    "start-training": _starts,
    "wait": _waits,
    "advance-time": _advances,
    "change-behaviour": _changes,
    "stop-node": _stops,
    "start-node": _goes_on,
    "repeat": _repeats,
}
