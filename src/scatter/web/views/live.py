"""What changes on a page while a run goes on: one frame says what happened since an earlier event."""

from collections.abc import Mapping
from typing import Any

from scatter.web.record.record import RunRecord
from scatter.web.views.jobs import job_heads
from scatter.web.views.log import entries
from scatter.web.views.nodes import nodes
from scatter.web.views.text import chain_time, words

MOST_LINES, MOST_ACTS = 300, 150


def frame(record: RunRecord, after: int, *, with_nodes: bool = False) -> dict[str, Any]:
    """Everything that a page needs to go from the event `after` to the last one, as JSON values. Of the log it has the last
    lines; `skipped` says how many more there are, which the log itself has. `with_nodes`: what changed of nodes, all of it."""
    lines = entries(record, after)
    return {
        "number": record.number,
        "at": record.at,
        "block": record.block,
        "when": chain_time(record.time) if record.block else "",
        "steps": steps_seen(record),
        "jobs": [head.to_json() for head in job_heads(record)[-8:]],
        "nodes": {node.name: node.to_json() for node in nodes(record, after)} if with_nodes else {},
        "off": sorted(record.off),
        "acts": _acts(record, after),
        "log": [line.to_json() for line in lines[-MOST_LINES:]],
        "skipped": max(0, len(lines) - MOST_LINES),
        "over": record.over,
    }


def steps_seen(record: RunRecord) -> Mapping[str, Any]:
    """How far the steps are."""
    done = sum(step.phase == "done" for step in record.steps.values())
    now = next((step for step in reversed(record.steps.values()) if step.phase != "done"), None)
    return {
        "done": done,
        "total": record.total_steps,
        "number": 0 if now is None else now.number,
        "now": "" if now is None else words(now.do),
        "failed": now is not None and now.phase == "failed",
    }


def _acts(record: RunRecord, after: int) -> list[list[Any]]:
    """The latest transactions: [node, what, whether it went well]."""
    calls = [[row["node"], words(row["function"]), row["error"] is None] for row in record.since("transactions", after)]
    return calls[-MOST_ACTS:]
