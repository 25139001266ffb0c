// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterActions} from "./IScatterActions.sol";
import {ScatterStorage} from "./ScatterStorage.sol";
import {Reason, Role, State} from "./ScatterTypes.sol";

/// @title Who may act now, and the transitions that more than one action makes
abstract contract JobStates is ScatterStorage, IScatterActions {
    /// @dev The job, in this state and in time.
    function _jobIn(bytes32 jobId, State needed) internal view returns (Job storage j) {
        j = _jobs[jobId];
        if (j.state != needed) revert WrongState(j.state);
        if (block.timestamp > j.deadline) revert DeadlinePassed(j.deadline);
    }

    /// @dev The same, and in this round.
    function _roundIn(bytes32 jobId, State needed, uint8 number)
        internal
        view
        returns (Job storage j, Round storage r)
    {
        j = _jobIn(jobId, needed);
        if (j.round != number) revert WrongRound(j.round);
        r = j.rounds[number];
    }

    function _onlyRequestor(Job storage j) internal view {
        if (j.parts[msg.sender].role != Role.Requestor) revert NotRequestor(msg.sender);
    }

    /// @dev The sender's seat.
    function _memberSeat(Job storage j) internal view returns (uint8) {
        Part storage p = j.parts[msg.sender];
        if (p.role != Role.Validator) revert NotMember(msg.sender);
        return p.index;
    }

    /// @dev Every transition. No duration: no deadline.
    function _enter(Job storage j, bytes32 jobId, State state, uint8 number, uint256 duration, Reason reason) internal {
        uint40 deadline = duration == 0 ? 0 : uint40(block.timestamp + duration);
        j.state = state;
        j.reason = reason;
        j.round = number;
        j.deadline = deadline;
        emit StateEntered(jobId, state, number, deadline, reason);
    }

    function _enterTraining(Job storage j, bytes32 jobId, uint8 number) internal {
        _enter(j, jobId, State.Training, number, j.terms.durations.train, Reason.None);
    }

    function _end(Job storage j, bytes32 jobId, State state, Reason reason) internal {
        _enter(j, jobId, state, j.round, 0, reason);
    }

    /// @dev The job goes no further. What was settled may still be challenged; in round 1 nothing was, and it ends at once
    /// in `early`. (A later round begins only after round 1 was settled: without an update there the job has stopped.)
    function _stop(Job storage j, bytes32 jobId, State early, Reason reason) internal {
        if (j.round == 1) _end(j, jobId, early, reason);
        else _enter(j, jobId, State.Challenging, j.round, j.terms.durations.challenge, reason);
    }

    /// @dev The round is over; `globalModel` 0 keeps the model it started from.
    function _closeRound(Job storage j, bytes32 jobId, bytes32 globalModel) internal {
        uint8 number = j.round;
        emit RoundClosed(jobId, number, globalModel);
        if (number < j.terms.rounds) _enterTraining(j, jobId, number + 1);
        else _enter(j, jobId, State.Challenging, number, j.terms.durations.challenge, Reason.None);
    }
}
