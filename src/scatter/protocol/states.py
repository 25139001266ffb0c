"""The states of a federated job, as one table.

Every state has at most one exit by time (`after_deadline`), which `poke` takes for anybody, and exits by action, which
the last of those who act takes on the way. The contracts enforce this table; `docs/protocol.md` draws it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType


class State(IntEnum):
    """Where a job is. The numbers are those of the contracts."""

    NONE = 0
    OPEN = 1
    DRAWING = 2
    KEYING = 3
    TRAINING = 4
    REVEALING = 5
    COMMITTING = 6
    OPENING = 7
    AGGREGATING = 8
    CHALLENGING = 9
    JUDGING = 10
    SETTLED = 11
    DEFAULTED = 12
    CANCELLED = 13


class Reason(IntEnum):
    """Why a job left its usual way; kept with the job, decides its money. The numbers are those of the contracts."""

    NONE = 0
    TOO_FEW_TRAINERS = 1
    NO_COMMITTEE = 2
    DRAW_EXPIRED = 3
    NO_KEYS = 4
    NO_SHARD_KEY = 5
    NO_TRAINER_LEFT = 6
    TOO_FEW_OPENED = 7
    REFUSED = 8


class Role(IntEnum):
    """What a registered node declares to do. The numbers are those of the contracts."""

    NONE = 0
    REQUESTOR = 1
    TRAINER = 2
    VALIDATOR = 3
    CHALLENGER = 4


class SeatKind(IntEnum):
    """What a drawn seat does. The numbers are those of the contracts."""

    MEMBER = 0
    AUDITOR = 1
    JUROR = 2


class ChallengeKind(IntEnum):
    """What of a round is disputed. The numbers are those of the contracts, and the order in which verdicts take stakes."""

    SCORES = 0
    AGGREGATE = 1
    REFUSAL = 2


class JudgingPhase(IntEnum):
    """How far a jury is. The numbers are those of the contracts."""

    DRAWING = 0
    COMMITTING = 1
    OPENING = 2
    TALLYING = 3


@dataclass(frozen=True, slots=True)
class StateRule:
    """One row: who acts, which states follow by action, and which follow by time alone."""

    actors: str
    by_action: frozenset[State]
    after_deadline: frozenset[State]


def _row(actors: str, by_action: set[State], after_deadline: set[State]) -> StateRule:
    return StateRule(actors, frozenset(by_action), frozenset(after_deadline))


_S = State
_ROUND_ENDS = {_S.TRAINING, _S.CHALLENGING}
"""A round ends in the next one, or in Challenging after the last."""
_STOPPED = {_S.CHALLENGING, _S.CANCELLED}
"""A job that stops goes to Challenging; without a closed round it is Cancelled."""

TABLE: Mapping[State, StateRule] = MappingProxyType(
    {
        _S.NONE: _row("requestor", {_S.OPEN}, set()),
        _S.OPEN: _row("trainers, requestor", {_S.DRAWING}, {_S.DRAWING, _S.CANCELLED}),
        _S.DRAWING: _row("anybody", {_S.KEYING, _S.CANCELLED}, set()),
        _S.KEYING: _row("requestor", {_S.TRAINING}, {_S.DEFAULTED}),
        _S.TRAINING: _row("trainers", {_S.REVEALING}, {_S.REVEALING, *_ROUND_ENDS, *_STOPPED}),
        _S.REVEALING: _row("requestor", {_S.COMMITTING}, {_S.DEFAULTED, _S.CHALLENGING}),
        _S.COMMITTING: _row("members, auditors", {_S.OPENING}, {_S.OPENING}),
        _S.OPENING: _row(
            "members, auditors", {_S.AGGREGATING, *_ROUND_ENDS, *_STOPPED}, {_S.AGGREGATING, *_ROUND_ENDS, *_STOPPED}
        ),
        _S.AGGREGATING: _row("members, stand-ins", _ROUND_ENDS, _ROUND_ENDS),
        _S.CHALLENGING: _row("members, auditors, trainers, requestor", set(), {_S.SETTLED, _S.JUDGING}),
        _S.JUDGING: _row("jurors", {_S.SETTLED}, {_S.SETTLED}),
        _S.SETTLED: _row("everybody", set(), set()),
        _S.DEFAULTED: _row("everybody", set(), set()),
        _S.CANCELLED: _row("everybody", set(), set()),
    }
)
"""The state table. Judging has phases of its own (`JudgingPhase`), which end by time one after the other."""

TERMINAL = frozenset({State.SETTLED, State.DEFAULTED, State.CANCELLED})


def may_follow(before: State, after: State) -> bool:
    """Whether the table allows the step."""
    row = TABLE.get(before)
    return row is not None and (after in row.by_action or after in row.after_deadline)


def two_thirds(count: int) -> int:
    """⌈2·count/3⌉: how many of all have to agree."""
    return -(-2 * count // 3)


def majority(count: int) -> int:
    """⌊count/2⌋ + 1: how many members have to post the same aggregate."""
    return count // 2 + 1
