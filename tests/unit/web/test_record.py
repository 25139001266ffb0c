"""The record of a run: the same tables that the simulation wrote, event by event; and what pages show of it."""

import json
from pathlib import Path

import pytest

from scatter.simulation.recording.recorded import Recorded
from scatter.simulation.step_kinds import STEP_KINDS
from scatter.storage.database import Database
from scatter.storage.runs import RunEvent, SqlRunEvents, SqlRuns
from scatter.storage.workspaces import SqlWorkspaces
from scatter.web.record.lines import Line
from scatter.web.record.record import DENSE, RunRecord
from scatter.web.running.events import pack, unpack
from scatter.web.settings import WebSettings
from scatter.web.views import charts, jobs, log, nodes, steps
from scatter.web.views.amounts import gas_by_function, time_in_states
from scatter.web.views.live import frame

BLOCK = {"time": [1], "transactions": [5], "events": [0], "gas": [9]}


def test_the_tables_are_those_of_the_recording(kept: WebSettings, record: RunRecord) -> None:
    folder = next(path for path in kept.runs.iterdir() if path.is_dir())
    recorded = Recorded.load(folder)
    assert set(record.tables) | set(DENSE) == set(recorded.tables)
    for name, rows in record.tables.items():
        assert list(rows) == list(recorded[name]), name
    for name, lines in (("balances", record.balances), ("stakes", record.stakes)):
        last = {row["node"]: row[DENSE[name]] for row in recorded[name]}
        assert {node: line.latest for node, line in lines.items()} == last


def test_rows_since_an_event_are_those_that_it_and_no_earlier_one_brought(record: RunRecord) -> None:
    for table in ("transactions", "states", "payouts"):
        for number in (0, 1, 20, 57, record.number):
            rows = list(record.since(table, number))
            assert all(row["event"] > number for row in rows)
            assert len(rows) == len([row for row in record.since(table, 0) if row["event"] > number])
        assert len(list(record.since(table, 0))) == len(record[table])


def test_the_log_in_parts_is_the_log(record: RunRecord) -> None:
    whole = log.entries(record)
    split = record.number // 2
    assert [e for e in whole if e.event <= split] + log.entries(record, split) == whole
    kinds = {entry.kind for entry in whole}
    assert {"job", "round", "dispute", "money", "node", "step", "call"} <= kinds <= set(log.KINDS)
    assert any("verdict on the scores of round 1: changed" in entry.text for entry in whole)


def test_frames_are_json_and_say_how_far_the_run_is(record: RunRecord) -> None:
    made = json.loads(json.dumps(frame(record, 0, with_nodes=True)))
    assert (made["number"], made["block"], made["over"]) == (record.number, record.block, True)
    assert made["steps"] == {"done": 9, "total": 9, "number": 0, "now": "", "failed": False}
    assert set(made["nodes"]) >= {"trainer-1", "colluding-3", "bystander-4"}
    assert frame(record, 0)["nodes"] == {}, "they are asked for"
    nothing = frame(record, record.number, with_nodes=True)
    assert (nothing["log"], nothing["nodes"], nothing["acts"]) == ([], {}, [])


async def test_frames_have_all_nodes_of_which_something_changed(kept: WebSettings, record: RunRecord) -> None:
    """Whoever adds up frames has what a whole frame says."""
    added: dict[str, object] = {}
    grown = RunRecord()
    async with await Database.open(kept.database) as database:
        run = (await SqlRuns(database).of((await SqlWorkspaces(database).all())[0].id))[0]
        events = await SqlRunEvents(database).after(run.id, 0, 100_000)
    for event in events:
        before = grown.number
        grown.add(event)
        added |= frame(grown, before, with_nodes=True)["nodes"]
    assert added == frame(record, 0, with_nodes=True)["nodes"]


async def test_while_a_jury_judges_all_rounds_are_shown(kept: WebSettings) -> None:
    async with await Database.open(kept.database) as database:
        run = (await SqlRuns(database).of((await SqlWorkspaces(database).all())[0].id))[0]
        events = await SqlRunEvents(database).after(run.id, 0, 100_000)
    grown = RunRecord()
    for event in events:
        grown.add(event)
        if grown["states"].column("state")[-1:] == ["Judging"]:
            break
    (head,) = jobs.job_heads(grown)
    assert (head.state, head.round) == ("Judging", head.rounds)
    assert len(jobs.job_detail(grown, 1).rounds) == head.rounds


def test_events_must_follow(record: RunRecord) -> None:
    grown = RunRecord()
    grown.add(RunEvent(1, "begin", pack({"at": 1.0, "kind": "begin", "steps": 3})))
    with pytest.raises(ValueError, match="event 3 comes after event 1"):
        grown.add(RunEvent(3, "x", pack({"at": 1.0, "kind": "begin", "steps": 3})))
    with pytest.raises(ValueError, match="no table"):
        grown.add(RunEvent(2, "x", pack({"at": 1.0, "kind": "block", "rows": {"nodes": {"x": [1]}}})))


def test_runs_of_before_hashes_were_recorded_are_shown_without(record: RunRecord) -> None:
    rows = record["transactions"]
    columns = {column.name: rows.column(column.name)[:5] for column in rows.table.columns if column.name != "hash"}
    grown = RunRecord()
    for number, body in enumerate(
        (
            {"kind": "step", "number": 1, "do": "wait", "phase": "begin", "block": 0},
            {"kind": "block", "rows": {"transactions": columns, "blocks": {**BLOCK, "block": [columns["block"][-1]]}}},
        ),
        start=1,
    ):
        grown.add(RunEvent(number, "x", pack({"at": 1.0, **body})))
    calls = steps.transactions_of(grown, [1], 99)
    assert [call.node for call in calls] == columns["node"]
    assert {call.hash for call in calls} == {""}
    for name in ("gas", "error"):
        broken = {"transactions": {other: values for other, values in columns.items() if other != name}}
        with pytest.raises(ValueError, match="no table"):
            grown.add(RunEvent(3, "x", pack({"at": 1.0, "kind": "block", "rows": broken})))
        grown.number = 2


def test_events_keep_whole_numbers_exact_and_other_bytes_are_refused() -> None:
    assert unpack(pack({"amount": 10**30 + 1})) == {"amount": 10**30 + 1}
    for data in (b"", b"x", pack({"a": 1})[:-5]):
        with pytest.raises(ValueError):
            unpack(data)


def test_a_line_holds_its_value_until_the_next() -> None:
    import numpy as np

    line = Line()
    for block, amount in ((3, 10**18), (5, 2 * 10**18), (5, 4 * 10**18)):
        line.add(block, amount)
    assert list(line.at(np.asarray([0.0, 3.0, 4.0, 5.0, 9.0]))) == [0, 1, 1, 4, 4]
    assert line.latest == 4 * 10**18


def test_nodes_have_what_they_earned(record: RunRecord) -> None:
    seen = {node.name: node for node in nodes.nodes(record)}
    assert len(seen) == 16
    assert seen["malicious-1"].bent
    assert seen["malicious-1"].earned < 0 < seen["trainer-1"].earned
    assert seen["trainer-1"].standing == "accepted 6 of 6"
    assert seen["colluding-1"].to_json()["stake"] == "15,000.00"
    assert seen["colluding-1"].standing == "agreed in 0 of 6"


def test_jobs_tell_scores_before_and_after_disputes_and_who_was_paid_why(record: RunRecord) -> None:
    heads = jobs.job_heads(record)
    assert [(head.name, head.state, head.claimed) for head in heads] == [
        ("job-1", "Settled", True),
        ("job-2", "Settled", True),
    ]
    assert heads[0].been[0] == "Open"
    assert "Judging" in heads[0].been
    detail = jobs.job_detail(record, 1)
    lying = {score.trainer: score for score in detail.rounds[0].scores}["malicious-1"]
    assert {seat.node: seat.deviating for seat in detail.rounds[0].seats if seat.part == "member"} == dict.fromkeys(
        detail.parts["member"], True
    )
    assert (lying.settled[0], lying.judged[0], lying.accepted) == ("+", "−", False)
    assert {payment.node for payment in detail.payments} >= {"requestor-1", "trainer-1", "colluding-1", "bystander-1"}
    assert all(payment.text.endswith(".") for payment in detail.payments)
    assert any("lost its lock" in payment.text for payment in detail.payments)
    with pytest.raises(LookupError):
        jobs.job_detail(record, 3)


@pytest.mark.parametrize("name", charts.KINDS)
@pytest.mark.parametrize("by", ["auto", "node", "role"])
def test_charts_have_values_for_every_x(record: RunRecord, name: str, by: str) -> None:
    made = charts.chart(name, [charts.Run(1, record)], by)
    assert made.series
    assert all(len(one.values) == len(made.x) for one in made.series)
    assert made.bands == (by == "role" and charts.KINDS[name].by_node)
    assert len(made.rows()) == len(made.x) + 1
    json.dumps(made.to_json(), allow_nan=False)


def test_bands_lie_in_order_and_bent_nodes_have_their_own(record: RunRecord) -> None:
    made = charts.chart("tokens", [charts.Run(1, record)], "role")
    low, middle, high = (one for one in made.series if one.label.startswith("trainers"))
    assert [one.band for one in (low, middle, high)] == [10, 50, 90]
    for a, b, c in zip(low.values, middle.values, high.values, strict=True):
        assert None not in (a, b, c)
        assert a <= b <= c
    assert any(one.label.startswith("misbehaving trainers") and one.bent for one in made.series)


def test_runs_are_compared_over_the_same_x(record: RunRecord) -> None:
    made = charts.chart("stake", [charts.Run(1, record), charts.Run(4, record)])
    assert {one.run for one in made.series} == {1, 4}
    assert any(one.label.startswith("run 4 · ") for one in made.series)


def test_charts_can_be_narrowed_and_many_points_are_thinned(record: RunRecord) -> None:
    made = charts.chart("tokens", [charts.Run(1, record)], first=20, last=40)
    assert (made.x[0], made.x[-1]) == (20, 40)
    long = RunRecord(tables=record.tables, stakes=record.stakes)
    for block in range(20_000):
        charts_line = long.balances.setdefault("trainer-1", Line())
        charts_line.add(block, block * 10**18)
    thinned = charts.chart("tokens", [charts.Run(1, long)], first=0, last=19_999)
    assert len(thinned.x) == charts.MOST_POINTS
    assert (thinned.x[0], thinned.x[-1]) == (0, 19_999)


def test_bars_are_shares_of_the_longest(record: RunRecord) -> None:
    for bars in (gas_by_function(record), time_in_states(record)):
        assert bars[0].share == 1
        assert all(0 <= bar.share <= 1 for bar in bars)


def test_steps_of_a_run_know_their_places_and_how_far_they_are(record: RunRecord) -> None:
    import tomllib

    from tests.unit.web.conftest import example

    from scatter.web.documents.checking import read

    numbers = steps.numbered(read(example(), short=True).steps)
    assert numbers["3"] == [4, 5, 6, 7, 8, 9]
    assert numbers["3.2"] == [6, 9]
    rows = steps.rows(tomllib.loads(example()), numbers, record)
    assert [row.status for row in rows] == ["done"] * 4
    assert [row.progress for row in rows[3].inner] == ["2 of 2"] * 3
    assert sum(row.transactions for row in rows) == len(record["transactions"]) + rows[0].transactions
    made = steps.transactions_of(record, [1], 99)
    assert len(made) == rows[0].transactions
    assert {"create ScatterToken", "create ScatterProtocol"} <= {call.call for call in made}
    assert len({call.hash for call in made} | {call.created for call in made}) == 2 * len(made)
    assert all(call.block <= record["blocks"].column("block")[0] and call.gas > 0 for call in made)


def test_steps_know_where_they_can_go() -> None:
    content = {"steps": [{"do": "wait"}, {"do": "repeat", "steps": [{"do": "wait"}, {"do": "wait"}]}, {"do": "wait"}]}
    first, repeat, last = steps.rows(content, {"1.0": [2, 4], "1.1": [3, 5], "1": [2, 3, 4, 5]}, None)
    said = {
        row.key: [(move.arrow, move.parent, move.to) for move in row.moves]
        for row in (first, repeat, *repeat.inner, last)
    }
    assert said == {
        "0": [("ArrowDown", "", 1), ("ArrowRight", "1", 0)],
        "1": [("ArrowUp", "", 0), ("ArrowDown", "", 2)],
        "1.0": [("ArrowDown", "1", 1), ("ArrowLeft", "", 1)],
        "1.1": [("ArrowUp", "1", 0), ("ArrowLeft", "", 2)],
        "2": [("ArrowUp", "", 1), ("ArrowRight", "1", 2)],
    }
    assert [repeat.inner[0].until(number) for number in (1, 3, 5)] == [2, 4, None], "once more each time"
    assert [repeat.until(number) for number in (1, 4)] == [5, 5]


def test_what_a_kind_does_is_told_in_whole_sentences() -> None:
    for kind in STEP_KINDS:
        assert steps.about(kind).endswith("."), kind


@pytest.mark.parametrize("key", ["", "x", "1.", "-1", "1.x", "9" * 9])
def test_keys_that_are_none_are_refused(key: str) -> None:
    with pytest.raises(LookupError):
        steps.path_of(key)


def test_the_models_of_jobs_are_kept(kept: WebSettings) -> None:
    folder = next(path for path in kept.runs.iterdir() if path.is_dir())
    assert sorted(path.name for path in Path(folder, "models").iterdir()) == ["job-1.safetensors", "job-2.safetensors"]
