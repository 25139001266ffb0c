"""The event log: what happened, each in one sentence."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from scatter.simulation.blocks import BY_HAND
from scatter.web.record.record import RunRecord
from scatter.web.views.text import chain_time, count, sct, words

KINDS: Mapping[str, str] = {
    "job": "Jobs",
    "round": "Rounds",
    "dispute": "Disputes",
    "money": "Money",
    "node": "Nodes",
    "step": "Steps",
    "fault": "Faults",
    "call": "Transactions",
}
"""Filters of the log, and their labels."""
QUIET = "call"
"""What is not shown unless asked for: there is very much of it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log. `event` is the number of the event that brought it; `node` and `job` are whom it is about."""

    event: int
    block: int
    when: str
    kind: str
    text: str
    node: str = ""
    job: str = ""

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def entries(record: RunRecord, after: int = 0) -> list[Entry]:
    """What happened after an event, in order."""
    names = dict(zip(record["jobs"].column("job"), record["jobs"].column("name"), strict=True))
    made = [entry for table in _TABLES for entry in _of_table(record, table, after, names)]
    made += _steps(record, after)
    return sorted(made, key=lambda entry: (entry.event, _ORDER.get(entry.kind, 9)))


_ORDER = {"step": 0, "call": 1, "job": 2, "round": 3, "dispute": 4, "node": 5, "fault": 6, "money": 7}


def _of_table(record: RunRecord, table: str, after: int, names: Mapping[int, str]) -> Iterator[Entry]:
    for row in record.since(table, after):
        said = _TABLES[table](row)
        if said is not None:
            kind, text, node = said
            job = names.get(row.get("job") or 0, "")
            yield Entry(row["event"], row["block"], chain_time(row["time"]), kind, text, node, job)


_Said = tuple[str, str, str] | None


def _posted(row: Mapping[str, Any]) -> _Said:
    terms = f"{count(row['rounds'], 'round')} of {sct(row['round_pool'])} SCT, slots of {sct(row['slot_stake'])} SCT"
    return "job", f"{row['requestor']} posts {row['name']}: {terms}", row["requestor"]


def _state(row: Mapping[str, Any]) -> _Said:
    where = words(row["state"]).capitalize() + (f" ({words(row['phase'])})" if row["phase"] else "")
    round_ = f", round {row['round']}" if row["round"] else ""
    reason = f": {words(row['reason'])}" if row["reason"] else ""
    return ("fault" if row["reason"] else "job"), f"{where}{round_}{reason}", ""


def _part(row: Mapping[str, Any]) -> _Said:
    if row["part"] == "requestor":
        return None
    what = f"joins as a trainer (slot {row['seat']})" if row["part"] == "trainer" else f"is drawn as {_a(row['part'])}"
    return "node", f"{row['node']} {what}", row["node"]


def _a(part: str) -> str:
    return f"{'an' if part[0] in 'aeiou' else 'a'} {part}"


def _opening(row: Mapping[str, Any]) -> _Said:
    if row["refused"]:
        return "fault", f"{row['node']} refuses round {row['round']}: it cannot be scored", row["node"]
    if row["abstained"]:
        return "round", f"{row['node']} abstains in round {row['round']}", row["node"]
    return None


def _round(row: Mapping[str, Any]) -> _Said:
    kept = "" if row["model"] else "; the model stays as it was"
    text = (
        f"round {row['round']} closes: {row['trainers_accepted']} of {count(row['published'], 'update')} accepted{kept}"
    )
    return "round", text, ""


def _metric(row: Mapping[str, Any]) -> _Said:
    when = "in the end" if row["source"] == "final" else f"at the start of round {row['round']}"
    return "round", f"the global model scores {row['metric']:.4f} {when}", ""


def _challenge(row: Mapping[str, Any]) -> _Said:
    said = {
        "filer": "challenges",
        "offender": "deviates from what stands in",
    }.get(row["side"])
    if said is None:
        return None
    return "dispute", f"{row['node']} {said} the {row['kind']} of round {row['round']}", row["node"]


def _verdict(row: Mapping[str, Any]) -> _Said:
    jury = count(row["jurors"], "juror")
    return "dispute", f"verdict on the {row['kind']} of round {row['round']}: {row['outcome']} ({jury})", ""


def _payout(row: Mapping[str, Any]) -> _Said:
    if not row["amount"]:
        return None
    amount = f"{sct(row['amount'])} SCT"
    said = {"paid": f"earns {amount}", "returned": f"gets {amount} back", "penalty": f"loses {amount}"}[row["kind"]]
    return ("fault" if row["kind"] == "penalty" else "money"), f"{row['node']} {said}: {row['why']}", row["node"]


def _behaviour(row: Mapping[str, Any]) -> _Said:
    return "node", f"{row['node']} behaves from now on: {row['behaviour']}", row["node"]


def _switch(row: Mapping[str, Any]) -> _Said:
    who = "by hand" if row["by"] == BY_HAND else "by a step"
    return "node", f"{row['node']} is {'started again' if row['on'] else 'stopped'} {who}", row["node"]


def _call(row: Mapping[str, Any]) -> _Said:
    what = f"{words(row['function'])}, {row['gas']:,} gas"
    if row["error"]:
        return "fault", f"{row['node']}: {what}; it failed: {row['error']}", row["node"]
    return "call", f"{row['node']}: {what}", row["node"]


_TABLES = {
    "jobs": _posted,
    "states": _state,
    "parts": _part,
    "openings": _opening,
    "rounds": _round,
    "metrics": _metric,
    "challenges": _challenge,
    "verdicts": _verdict,
    "payouts": _payout,
    "behaviours": _behaviour,
    "switches": _switch,
    "transactions": _call,
}


def _steps(record: RunRecord, after: int) -> Iterator[Entry]:
    for event, number in record.step_events:
        if event <= after:
            continue
        step = record.steps[number]
        first = next(e for e, n in record.step_events if n == number)
        if event == first:
            yield Entry(event, step.first, "", "step", f"step {number} begins: {words(step.do)}")
        elif step.phase == "failed":
            yield Entry(event, step.last or 0, "", "fault", f"step {number} failed: {step.error}")
