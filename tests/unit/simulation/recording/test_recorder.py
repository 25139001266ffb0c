"""The recorder on blocks made by hand."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest
from tests.property.protocol.model_chain import account
from tests.unit.protocol.jobs import SETTLED, UPDATES, job

from scatter.ports import BlockRef, ChainEvent
from scatter.protocol.ids import Address, Round, Timestamp
from scatter.protocol.scores import COPY, UNREADABLE, ZERO, pack
from scatter.protocol.states import Reason, Role, State
from scatter.protocol.view import NetworkView, NodeView, RoundView
from scatter.simulation.blocks import Actor, BlockRecord, SentCall
from scatter.simulation.recording.beginning import Beginning
from scatter.simulation.recording.book import ZERO_ADDRESS, RecordingError
from scatter.simulation.recording.recorder import Recorder

ANN, BOB, STRANGER, PROTOCOL = account(10), account(20), account(99), account(0xC0)
ACTORS = [Actor("ann", "a", Role.TRAINER, "honest", ANN), Actor("bob", "b", Role.VALIDATOR, "liar", BOB)]
FIRST = BlockRef(7, bytes(32), Timestamp(1_000))
Transfer = tuple[Address, Address, int]


def recorder(**balances: int) -> Recorder:
    mine = {ANN: balances.get("ann", 100), BOB: balances.get("bob", 0)}
    return Recorder(ACTORS, None, Beginning(FIRST, PROTOCOL, mine))


def transfers(*moves: Transfer) -> list[tuple[str, dict[str, Any]]]:
    return [("Transfer", {"from": source, "to": target, "value": value}) for source, target, value in moves]


def block(number: int, *events: tuple[str, dict[str, Any]], **changes: Any) -> BlockRecord:
    told = tuple(ChainEvent(name, values, number, index, b"") for index, (name, values) in enumerate(events))
    where = BlockRef(number, number.to_bytes(32, "big"), Timestamp(1_000 + 12 * number))
    return replace(BlockRecord(where, told, (), NetworkView(), {ANN: "honest", BOB: "liar"}), **changes)


def rows(made: Recorder, table: str, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in made.recorded[table]]


def test_balances_have_a_row_for_each_change_and_block() -> None:
    made = recorder()
    made.add(block(8, *transfers((ANN, BOB, 30), (BOB, ANN, 10), (ANN, BOB, 1))))
    made.add(block(9))
    made.add(block(11, *transfers((BOB, STRANGER, 21), (ANN, ANN, 5))))
    assert rows(made, "balances", "block", "node", "balance") == [
        (7, "ann", 100),
        (7, "bob", 0),
        (7, "protocol", 0),
        (8, "ann", 79),
        (8, "bob", 21),
        (11, "bob", 0),
        (11, STRANGER, 21),
    ]
    assert rows(made, "nodes", "node", "role", "behaviour")[-1] == (STRANGER, "none", "")
    assert rows(made, "blocks", "block", "time") == [(7, 1_000), (8, 1_096), (9, 1_108), (11, 1_132)]


def test_a_balance_that_comes_back_to_itself_has_not_changed() -> None:
    made = recorder()
    made.add(block(8, *transfers((ANN, BOB, 5), (BOB, ANN, 5))))
    assert {row[0] for row in rows(made, "balances", "block")} == {7}


def test_minting_and_burning_change_the_supply() -> None:
    made = recorder()
    made.add(block(8, *transfers((ZERO_ADDRESS, BOB, 50), (ANN, ZERO_ADDRESS, 20))))
    assert rows(made, "pools", "block", "supply") == [(7, 100), (8, 130)]
    assert "0x" + 40 * "0" not in made.recorded["nodes"].column("address")


def test_tokens_of_records_are_no_money() -> None:
    made = recorder()
    made.add(block(8, ("Transfer", {"from": ZERO_ADDRESS, "to": ANN, "token_id": 2**255})))
    assert not [row for row in rows(made, "balances", "block") if row[0] == 8]


def test_the_challenge_pool_follows_claims_and_fees() -> None:
    made, view = recorder(), replace(job(State.SETTLED), trainers=(ANN,), requestor=ANN)
    network = NetworkView(jobs={view.id: view})
    posted = ("JobPosted", {"job": view.id})
    entered = ("StateEntered", {"job": view.id, "state": State.SETTLED, "round": 1, "deadline": 0, "reason": 0})
    claimed = ("Claimed", {"job": view.id, "account": ANN, "paid": 0, "penalty": 0, "to_challenge_pool": 70})
    fees = ("JurorFeesReserved", {"job": view.id, "fee": 4, "jurors": 0b1011})
    made.add(block(8, posted, entered, claimed, network=network))
    made.add(block(9, fees, network=network))
    assert rows(made, "pools", "block", "challenge_pool") == [(7, 0), (8, 70), (9, 58)]


def test_stakes_are_those_of_the_view() -> None:
    made = recorder()
    node = NodeView(BOB, Role.VALIDATOR, b"", b"")
    for number, changes in enumerate(({}, {"stake": 9}, {"stake": 9}, {"stake": 9, "locked": 4}, {"stake": 0})):
        made.add(block(8 + number, network=NetworkView(nodes={BOB: replace(node, **changes)})))
    assert rows(made, "stakes", "block", "node", "stake", "locked") == [
        (9, "bob", 9, 0),
        (11, "bob", 9, 4),
        (12, "bob", 0, 0),
    ]
    assert rows(made, "pools", "block", "stakes")[1:] == [(9, 9), (12, 0)]


def test_calls_and_behaviours() -> None:
    made, view = recorder(), job(State.TRAINING, 1)
    calls = (
        SentCall(ANN, "ScatterToken", "approve", None, 46_000, None, b"\xab" * 32),
        SentCall(BOB, "ScatterProtocol", "post", view.id, 9_000, "JobExists"),
    )
    made.add(block(8, calls=calls, behaviours={ANN: "lazy", BOB: "liar"}))
    made.add(block(9, calls=calls[:1], behaviours={ANN: "honest", BOB: "liar"}))
    made.add(block(10, behaviours={ANN: "honest", BOB: "liar"}))
    columns = ("block", "index", "node", "behaviour", "job", "function", "gas", "error")
    assert rows(made, "transactions", *columns) == [
        (8, 0, "ann", "lazy", None, "approve", 46_000, None),
        (8, 1, "bob", "liar", None, "post", 9_000, "JobExists"),
        (9, 0, "ann", "honest", None, "approve", 46_000, None),
    ]
    assert rows(made, "transactions", "hash") == [(f"0x{'ab' * 32}",), (None,), (f"0x{'ab' * 32}",)]
    assert rows(made, "behaviours", "block", "node", "behaviour") == [(8, "ann", "lazy"), (9, "ann", "honest")]
    assert rows(made, "blocks", "transactions", "gas")[1:] == [(2, 55_000), (1, 46_000), (0, 0)]


def test_special_words_and_refusals_are_told_as_such() -> None:
    made = recorder()
    words = tuple(pack([9_000, ZERO - 3, COPY, UNREADABLE]))
    round_ = RoundView(Round(1), updates={slot: UPDATES[slot] for slot in (0, 1, 2)}, openings={0: words, 3: ()})
    view = job(State.OPENING, 1, round_)
    opened = {"job": view.id, "round": 1}
    made.add(
        block(
            8,
            ("JobPosted", {"job": view.id}),
            ("ScoresOpened", {**opened, "kind": 0, "seat": 0, "words": words}),
            ("ScoresOpened", {**opened, "kind": 1, "seat": 0, "words": ()}),
            network=NetworkView(jobs={view.id: view}),
        )
    )
    assert rows(made, "openings", "seat", "part", "refused", "metric") == [
        (0, "member", False, 0.9),
        (3, "auditor", True, None),
    ]
    assert rows(made, "opened_scores", "seat", "contribution", "special") == [
        (0, -3, None),
        (0, None, "copy"),
        (0, None, "unreadable"),
    ]


def test_the_last_metric_comes_after_the_last_round() -> None:
    made = recorder()
    view = job(State.AGGREGATING, 1, RoundView(Round(1), updates=UPDATES, settled=SETTLED))
    network = NetworkView(jobs={view.id: view})
    made.add(block(8, ("JobPosted", {"job": view.id}), ("RoundSettled", {"job": view.id, "round": 1}), network=network))
    made.final_metric(view.id, 0.97)
    assert rows(made, "metrics", "round", "source", "metric") == [(1, "settled", 0.9), (2, "final", 0.97)]
    with pytest.raises(RecordingError, match="was posted before the recording began"):
        made.final_metric(type(view.id)(bytes(32)), 0.5)


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (block(7), "block 7 comes after block 7"),
        (block(8, *transfers((BOB, ANN, 1))), f"{BOB} spends tokens in block 8 that it never had"),
        (block(8, *transfers((ANN, BOB, 50), (STRANGER, BOB, 1))), f"{STRANGER} spends tokens in block 8"),
        (block(8, ("TrainerDropped", {"job": b"\7" * 32, "slot": 0})), "was posted before the recording began"),
    ],
)
def test_a_block_that_does_not_follow_changes_nothing(record: BlockRecord, why: str) -> None:
    made = recorder()
    before = {name: list(table) for name, table in deepcopy(made.recorded.tables).items()}
    with pytest.raises(RecordingError, match=why):
        made.add(record)
    assert {name: list(table) for name, table in made.recorded.tables.items()} == before
    made.add(block(8, *transfers((ANN, BOB, 1))))


def test_names_are_one_for_each_account() -> None:
    with pytest.raises(RecordingError, match=r"ann .* is there twice"):
        Recorder([ACTORS[0], replace(ACTORS[1], name="ann")], None, Beginning(FIRST, PROTOCOL))
    with pytest.raises(RecordingError, match=r"operator .* is there twice"):
        Recorder(ACTORS, None, Beginning(FIRST, PROTOCOL, {}, {BOB: "operator"}))


def test_reasons_are_named_as_in_the_documents() -> None:
    made, view = recorder(), job(State.CHALLENGING, 2)
    values = {"job": view.id, "state": State.CHALLENGING, "round": 2, "deadline": 5_000, "reason": Reason.NO_SHARD_KEY}
    made.add(
        block(8, ("JobPosted", {"job": view.id}), ("StateEntered", values), network=NetworkView(jobs={view.id: view}))
    )
    assert rows(made, "states", "state", "reason", "deadline") == [("Challenging", "NoShardKey", 5_000)]
