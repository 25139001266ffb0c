"""The state table: every job can be brought to its end by time alone."""

import pytest

from scatter.protocol.states import TABLE, TERMINAL, State, majority, may_follow, two_thirds


def reachable(*, by_time: bool) -> dict[State, set[State]]:
    """For each state all that can follow; by time alone from where there is an exit by time, by poking in Drawing."""
    steps = {
        state: set(row.after_deadline or row.by_action if by_time else row.by_action | row.after_deadline)
        for state, row in TABLE.items()
    }
    while True:
        grown = {state: after.union(*(steps[s] for s in after)) for state, after in steps.items()}
        if grown == steps:
            return steps
        steps = grown


def test_time_alone_ends_every_job() -> None:
    ends = reachable(by_time=True)
    for state in TABLE.keys() - TERMINAL:
        assert ends[state] & TERMINAL, f"{state.name} cannot end"


def test_every_state_of_the_table_is_reached_from_posting() -> None:
    assert reachable(by_time=False)[State.NONE] == TABLE.keys() - {State.NONE}


def test_terminal_states_are_final() -> None:
    assert not any(may_follow(end, state) for end in TERMINAL for state in State)


@pytest.mark.parametrize("state", sorted(TABLE.keys() - TERMINAL - {State.NONE, State.DRAWING}))
def test_every_state_has_an_exit_by_time(state: State) -> None:
    assert TABLE[state].after_deadline


def test_steps_that_the_table_does_not_have() -> None:
    assert may_follow(State.KEYING, State.TRAINING)
    assert not may_follow(State.TRAINING, State.KEYING)
    assert not may_follow(State.COMMITTING, State.AGGREGATING)
    assert may_follow(State.CHALLENGING, State.JUDGING)
    assert not may_follow(State.TRAINING, State.JUDGING)


def test_quorums() -> None:
    assert [two_thirds(n) for n in range(8)] == [0, 1, 2, 2, 3, 4, 4, 5]
    assert [majority(n) for n in range(1, 8)] == [1, 2, 2, 3, 3, 4, 4]
