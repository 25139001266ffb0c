// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {State} from "../../src/ScatterTypes.sol";
import {Filers} from "./Filers.sol";
import {Intruders} from "./Intruders.sol";
import {Jurors} from "./Jurors.sol";
import {Liveness} from "./Liveness.sol";
import {Recorders} from "./Recorders.sol";
import {Trainers} from "./Trainers.sol";

/// @title All handlers
contract Campaign is Filers, Trainers, Jurors, Intruders, Liveness, Recorders {
    uint256 private constant FIRST_JOBS = 4;
    uint256 private constant MOST_STEPS = 12;

    /// A run begins with some jobs.
    function begin() external acts(0) {
        for (uint256 i; i < FIRST_JOBS; ++i) {
            workOn(postOne(), i * MOST_STEPS);
        }
        counting = true;
    }

    /// What the fuzzer calls.
    function handlers() external pure returns (bytes4[] memory all) {
        all = new bytes4[](17);
        all[0] = this.requestorPosts.selector;
        all[1] = this.requestorActs.selector;
        all[2] = this.trainersAct.selector;
        all[3] = this.seatsAct.selector;
        all[4] = this.challengersAct.selector;
        all[5] = this.requestorChallenges.selector;
        all[6] = this.jurorsAct.selector;
        all[7] = this.anybodyMovesOn.selector;
        all[8] = this.timePasses.selector;
        all[9] = this.anybodyClaims.selector;
        all[10] = this.nodesAct.selector;
        all[11] = this.holdersAct.selector;
        all[12] = this.ownerActs.selector;
        all[13] = this.intrude.selector;
        all[14] = this.bankRun.selector;
        all[15] = this.everybodyActs.selector;
        all[16] = this.anybodyRecords.selector;
    }

    /// Whoever is due in a job acts, several times.
    function everybodyActs(uint256 seed) external acts(seed) {
        otherwise();
    }

    function otherwise() internal override {
        bytes32 job = jobIn(State.Open, State.Judging);
        if (job == 0 || live() < FIRST_JOBS) job = postOne();
        if (job == 0) job = jobIn(State.Open, State.Judging);
        if (job != 0) workOn(job, 2 + dice(MOST_STEPS));
    }

    function workOn(bytes32 job, uint256 steps) private {
        for (; steps != 0 && ghosts[job].state < State.Settled; --steps) {
            State state = ghosts[job].state;
            bytes32 before = ghosts[job].digest;
            if (state == State.Keying || state == State.Revealing) requestorOf(job);
            else if (state == State.Open || state == State.Training) trainersDo(job);
            else if (state == State.Challenging) challengeOne(job);
            else if (state == State.Judging) jurorsOf(job);
            else if (state != State.Drawing) seatsOf(job);
            if (ghosts[job].digest == before) moveOn(job);
            if (ghosts[job].digest == before && chance(3)) pass(job);
        }
    }

    function finish() external acts(0) {
        everythingEnds();
    }
}
