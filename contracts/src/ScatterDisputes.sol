// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Module} from "./Modules.sol";
import {JudgingPhase, Immutables, State} from "./ScatterTypes.sol";
import {Verdicts} from "./Verdicts.sol";

/// @title The module of draws and disputes: it seats committees and juries, and takes challenges to their verdicts
contract ScatterDisputes is Module, Verdicts {
    constructor(Immutables memory immutables_) Module("ScatterDisputes", immutables_) {}

    /// @notice `IScatterJobs.poke` in the states whose exit is the module's.
    function poke(bytes32 jobId) external {
        Job storage j = _jobs[jobId];
        State state = j.state;
        if (state == State.Drawing) return _drawSeats(j, jobId);
        if (state != State.Challenging && state != State.Judging) revert WrongState(state);
        if (block.timestamp <= j.deadline) revert DeadlineAhead(j.deadline);
        if (state == State.Challenging) {
            if (j.jury.challenged == 0) _end(j, jobId, State.Settled, j.reason);
            else _enterJudging(j, jobId);
        } else if (j.phase == JudgingPhase.Drawing) {
            _drawJury(j, jobId);
        } else if (j.phase == JudgingPhase.Committing) {
            _beginOpening(j, jobId);
        } else if (j.phase == JudgingPhase.Opening) {
            _beginTallying(j, jobId);
        } else {
            _tallyNext(j, jobId);
        }
    }
}
