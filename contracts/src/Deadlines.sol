// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Aggregating} from "./Aggregating.sol";
import {Drawing} from "./Drawing.sol";
import {IScatterActions} from "./IScatterActions.sol";
import {Masks} from "./Masks.sol";
import {Scoring} from "./Scoring.sol";
import {Training} from "./Training.sol";
import {Reason, State} from "./ScatterTypes.sol";

/// @title The one exit by time that every state has
abstract contract Deadlines is Drawing, Training, Scoring, Aggregating {
    /// @inheritdoc IScatterActions
    function poke(bytes32 jobId) external {
        Job storage j = _jobs[jobId];
        State state = j.state;
        if (state == State.Drawing) {
            _draw(j, jobId);
            return;
        }
        if (state == State.None || state > State.Challenging) revert WrongState(state);
        if (block.timestamp <= j.deadline) revert DeadlineAhead(j.deadline);
        if (state == State.Open) {
            if (j.trainers < j.terms.minTrainers) _end(j, jobId, State.Cancelled, Reason.TooFewTrainers);
            else _leaveOpen(j, jobId);
        } else if (state == State.Keying) {
            _end(j, jobId, State.Defaulted, Reason.NoKeys);
        } else if (state == State.Training) {
            _endTraining(j, jobId);
        } else if (state == State.Revealing) {
            _stop(j, jobId, State.Defaulted, Reason.NoShardKey);
        } else if (state == State.Committing) {
            j.slashable |= uint40(Masks.all(j.seated) & ~uint256(j.rounds[j.round].committed));
            _enterOpening(j, jobId);
        } else if (state == State.Opening) {
            _endOpening(j, jobId);
        } else if (state == State.Aggregating) {
            _endAggregating(j, jobId);
        } else {
            _end(j, jobId, State.Settled, j.reason);
        }
    }
}
