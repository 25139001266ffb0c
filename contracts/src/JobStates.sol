// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ScatterStorage} from "./ScatterStorage.sol";
import {Reason, Role, State} from "./ScatterTypes.sol";
import {Span} from "./Spans.sol";

/// @title Who may act now, and the transitions that more than one action makes
abstract contract JobStates is ScatterStorage {
    /// @dev The job, in this state and in time.
    function _jobIn(bytes32 jobId, State needed) internal view returns (Job storage j) {
        j = _jobs[jobId];
        if (j.state != needed) revert WrongState(j.state);
        if (block.timestamp > j.deadline) revert DeadlinePassed(j.deadline);
    }

    /// @dev The same, and in this round.
    function _roundIn(bytes32 jobId, State needed, uint8 number) internal view returns (Job storage j, Round storage r) {
        j = _jobIn(jobId, needed);
        if (j.round != number) revert WrongRound(j.round);
        r = j.rounds[number];
    }

    function _onlyRequestor(Job storage j) internal view {
        if (j.parts[msg.sender].role != Role.Requestor) revert NotRequestor(msg.sender);
    }

    /// @dev The sender's part, which must be a seat. (There are no jurors before Judging.)
    function _senderSeat(Job storage j) internal view returns (Part storage p) {
        p = j.parts[msg.sender];
        if (p.role < Role.Validator) revert NotSeated(msg.sender);
    }

    /// @dev Seats that owed something in this round and did not do it in time.
    function _keepSilent(Job storage j, Round storage r, uint256 seats) internal {
        if (seats == 0) return;
        r.silent |= uint40(seats);
        j.slashable |= uint40(seats);
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

    /// @dev Nodes that enter a pool later are not drawn: nobody can stake on a known hash.
    function _freezePools(Job storage j, bytes32 jobId) internal {
        j.validators = uint32(_pools[Role.Validator].length);
        j.challengers = uint32(_pools[Role.Challenger].length);
        _nameBlock(j, jobId, 1);
    }

    function _nameBlock(Job storage j, bytes32 jobId, uint8 attempt) internal {
        uint40 drawBlock = uint40(block.number + 1);
        j.drawBlock = drawBlock;
        j.drawAttempt = attempt;
        emit DrawScheduled(jobId, drawBlock, attempt);
    }

    function _enterTraining(Job storage j, bytes32 jobId, uint8 number) internal {
        _enter(j, jobId, State.Training, number, _duration(j, Span.Train), Reason.None);
    }

    function _end(Job storage j, bytes32 jobId, State state, Reason reason) internal {
        _enter(j, jobId, state, j.round, 0, reason);
    }

    /// @dev The job goes no further. What was settled may still be challenged; in round 1 nothing was, and it ends at once
    /// in `early`. (A later round begins only after round 1 was settled: without an update there the job has stopped.)
    function _stop(Job storage j, bytes32 jobId, State early, Reason reason) internal {
        if (j.round == 1) _end(j, jobId, early, reason);
        else _enter(j, jobId, State.Challenging, j.round, _duration(j, Span.Challenge), reason);
    }

    /// @dev The round is over; `globalModel` 0 keeps the model it started from.
    function _closeRound(Job storage j, bytes32 jobId, bytes32 globalModel) internal {
        uint8 number = j.round;
        emit RoundClosed(jobId, number, globalModel);
        if (number < j.terms.rounds) _enterTraining(j, jobId, number + 1);
        else _enter(j, jobId, State.Challenging, number, _duration(j, Span.Challenge), Reason.None);
    }
}
