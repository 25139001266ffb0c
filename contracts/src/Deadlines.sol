// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Aggregating} from "./Aggregating.sol";
import {IScatterJobs} from "./IScatterJobs.sol";
import {Modules} from "./Modules.sol";
import {Posting} from "./Posting.sol";
import {Scoring} from "./Scoring.sol";
import {Training} from "./Training.sol";
import {Reason, State} from "./ScatterTypes.sol";

/// @title The one exit by time that every state has
abstract contract Deadlines is Posting, Training, Scoring, Aggregating, Modules {
    /// @inheritdoc IScatterJobs
    /// @dev Draws, challenges and juries are the module's.
    // slither-disable-next-line incorrect-return (the module's answer is the whole call's: `_delegate` is meant not to come back)
    function poke(bytes32 jobId) external {
        Job storage j = _jobs[jobId];
        State state = j.state;
        if (state == State.Drawing || state == State.Challenging || state == State.Judging) _delegate(DISPUTES);
        if (state == State.None || state > State.Judging) revert WrongState(state);
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
            _endCommitting(j, jobId);
        } else if (state == State.Opening) {
            _endOpening(j, jobId);
        } else {
            _endAggregating(j, jobId);
        }
    }
}
