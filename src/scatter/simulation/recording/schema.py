"""The tables of a recording: what is in each column.

Long form: one thing that happened per row, in the order in which it happened. `block` and `time` (seconds since 1970, the
chain's clock) say when. Amounts are base units of the token. Contributions are units of 1e-5, as on the chain. Nodes go by
their names in the scenario, jobs by numbers from 1 in the order of posting, rounds from 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

SUBFOLDER = "recording"
"""Where a recording lies in the output folder of a simulation."""


class Kind(Enum):
    """What a column holds. Amounts are decimals of 38 digits without a fraction: exact, and any reader can add them up."""

    TEXT = "text"
    NODE = "name of a node in the table `nodes`"
    JOB = "number of a job in the table `jobs`"
    WHOLE = "whole number"
    AMOUNT = "base units"
    FRACTION = "floating-point number"
    FLAG = "true or false"


@dataclass(frozen=True, slots=True)
class Column:
    """A column by name. `optional`: it may be empty, and the table's text says when. `later`: earlier recordings of the same format
    do not have it; it is empty in all their rows."""

    name: str
    kind: Kind
    optional: bool = False
    later: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table by name, and what one row of it says."""

    name: str
    row: str
    columns: tuple[Column, ...]


_KINDS = MappingProxyType(
    {
        **dict.fromkeys(("node", "requestor", "trainer"), Kind.NODE),
        "job": Kind.JOB,
        "metric": Kind.FRACTION,
        **dict.fromkeys(("on", "withdrawing", "refused", "abstained", "accepted", "deviating"), Kind.FLAG),
        **dict.fromkeys(
            (
                *("balance", "stake", "locked", "challenge_pool", "stakes", "held", "supply"),
                *("amount", "round_pool", "slot_stake"),
            ),
            Kind.AMOUNT,
        ),
        **dict.fromkeys(
            (
                *("block", "time", "round", "deadline", "entered", "left", "seconds", "seat", "contribution"),
                *("transactions", "events", "gas", "index", "jurors", "published", "trainers_accepted"),
                *("silences", "slashes", "won", "lost"),
                *("rounds", "members", "auditors", "min_jury", "min_trainers", "max_trainers", "tau", "rule"),
                *("fault_bps", "max_share_bps"),
            ),
            Kind.WHOLE,
        ),
    }
)


def _table(name: str, row: str, columns: str) -> Table:
    """`columns` are names with a `?` behind those that may be empty, and `??` behind those that came later. A name means the same,
    and so has one kind, everywhere; names without a kind are text."""
    made = (
        Column(
            column.rstrip("?"), _KINDS.get(column.rstrip("?"), Kind.TEXT), column.endswith("?"), column.endswith("??")
        )
        for column in columns.split()
    )
    return Table(name, row, tuple(made))


_ALL = (
    _table(
        "nodes",
        "An account. Those that are no nodes of the scenario have the role `none`, no group and no behaviour. `behaviour` is that"
        " at the beginning.",
        "node group role behaviour address",
    ),
    _table("behaviours", "A node behaves like this from a block on.", "block time node behaviour"),
    _table(
        "switches",
        "A node was switched off, or on again, before a block: `by` a `step` of the scenario, or by `hand` while the run went on."
        " What it had begun before still ends.",
        "block time node on by",
    ),
    _table("blocks", "A block, and the gas of the nodes' transactions in it.", "block time transactions events gas"),
    _table(
        "transactions",
        "A mined transaction. `job` is empty when it is about none; `state` and `round` are where that job was when the block"
        " began. `error` is empty when it succeeded. `hash`: 0x and 64 hexadecimal digits; empty in recordings from before it was"
        " recorded.",
        "block time index node role behaviour job? state round contract function gas error? hash??",
    ),
    _table(
        "balances",
        "What an account has in its wallet, at the beginning and where it changes.",
        "block time node balance",
    ),
    _table("stakes", "A node's ticket, where it changes.", "block time node stake locked withdrawing"),
    _table(
        "pools",
        "The challenge pool, all stakes, all that the contracts hold (both, and what jobs escrow) and the supply, at the"
        " beginning and where one changes.",
        "block time challenge_pool stakes held supply",
    ),
    _table(
        "jobs",
        "A job that was posted, and its terms as in docs/protocol.md.",
        "job id name requestor block time rounds members auditors min_jury min_trainers max_trainers round_pool slot_stake"
        " fault_bps max_share_bps tau rule",
    ),
    _table(
        "parts",
        "A part of a node in a job: requestor, trainer, member, auditor or juror.",
        "block time job node part seat",
    ),
    _table(
        "states",
        "A job enters a state, or Judging a phase of it. `deadline` is empty where none is set, `reason` where nothing is wrong.",
        "block time job state phase? round deadline? reason?",
    ),
    _table(
        "durations",
        "How long a job was in a state (or a phase of it) that it has left: chain time.",
        "job state phase? round entered left seconds",
    ),
    _table(
        "openings",
        "A seat opened scores, refused or abstained. `metric`: what it found for the model that the round started from, 0 to 1.",
        "block time job round seat part node refused abstained metric?",
    ),
    _table(
        "opened_scores",
        "What a seat opened for a published update: a contribution, or a special word (`unreadable`, `copy`).",
        "block time job round seat node trainer contribution? special?",
    ),
    _table(
        "settled_scores",
        "What a published update is worth: `stage` is `settled`, and again `judged` where a verdict changed the round.",
        "block time job round stage trainer contribution? special? accepted",
    ),
    _table(
        "settled_seats",
        "Where a seat that opened numbers stands: `panel`, `compared` or `left out`; stages as for settled scores.",
        "block time job round stage seat node standing deviating",
    ),
    _table("aggregates", "A seat posted the digest of a round's aggregate.", "block time job round seat node digest"),
    _table(
        "rounds",
        "A round closed. `model` is empty when it kept the model that it started from.",
        "block time job round published trainers_accepted model?",
    ),
    _table(
        "metrics",
        "How the global model scores, 0 to 1: `settled` at the start of a round, on its shard; `final` after the last round.",
        "block time job round source metric",
    ),
    _table(
        "payouts",
        "What a claim did for a node: `paid` on top of what it had put up (always there), `returned` of that, `penalty` out of its"
        " slot stake or its ticket (both only where they are more than 0). The claim transferred paid + returned.",
        "block time job node part kind amount why",
    ),
    _table(
        "reputation",
        "What a job that ended adds to the reputation of an account with a part in it: what `deeds` of the contract ScatterReputation"
        " says, recorded there or not.",
        "block time job node rounds contribution silences slashes won lost",
    ),
    _table(
        "challenges",
        "What a node has to do with a challenged item: `filer`, `offender` (a seat that deviates from what the verdict changed),"
        " and jurors that `agreed`, were `outside`, found `nothing` or were `silent`.",
        "block time job kind round node side",
    ),
    _table(
        "verdicts",
        "What became of a challenged item: `changed`, `stands`, `no verdict` or `void`.",
        "block time job kind round outcome jurors",
    ),
)
TABLES: Mapping[str, Table] = MappingProxyType({table.name: table for table in _ALL})
"""Every table by its name."""
