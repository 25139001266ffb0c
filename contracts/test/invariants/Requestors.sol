// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ChallengeKind, Durations, JobTerms, Reason, Role, State} from "../../src/ScatterTypes.sol";
import {vm} from "../support/Vm.sol";
import {Books} from "./Books.sol";

/// @title Requestors post jobs of all sizes, start them, and hand out keys, mostly
abstract contract Requestors is Books {
    uint256 private topics;

    function requestorPosts(uint256 seed) external acts(seed) {
        if (postOne() == 0) otherwise();
    }

    /// What is due in some job; now and then nothing, and time will show.
    function requestorActs(uint256 seed) external acts(seed) {
        bytes32 job = jobIn(State.Keying);
        if (job == 0 || chance(2)) job = elseIn(job, State.Revealing);
        if (job == 0 || chance(4)) job = elseIn(job, State.Open);
        if (job == 0) job = postOne();
        if (job == 0) return otherwise();
        requestorOf(job);
    }

    function elseIn(bytes32 job, State state) private returns (bytes32 found) {
        found = jobIn(state);
        return found == 0 ? job : found;
    }

    function postOne() internal returns (bytes32 job) {
        if (live() == MOST_LIVE || jobs.length == MOST_JOBS) return 0;
        address account = requestorAt(dice(REQUESTORS));
        JobTerms memory t = randomTerms();
        uint256 escrow = uint256(t.roundPool) * (t.rounds + 1);
        if (purse[account] < escrow || protocol.node(account).role != Role.Requestor) return 0;
        bytes32 topic = bytes32(++topics);
        vm.prank(account);
        job = protocol.post(topic, t, shardKeyHashes(t.rounds), new bytes32[](t.rounds));
        jobs.push(job);
        Ghost storage g = ghosts[job];
        g.requestor = account;
        g.temper = Temper(chance(6) ? 0 : dice(uint256(type(Temper).max) + 1));
        g.escrow = int256(escrow);
        purse[account] -= escrow;
        hasPart[job][account] = true;
        noted(job);
    }

    function randomTerms() private returns (JobTerms memory t) {
        bool large = chance(8);
        t = terms(large ? 16 + dice(3) : 1 + dice(5), chance(9) ? 17 : 1 + dice(5), chance(5) ? 3 + dice(3) : 1 + dice(2));
        t.auditors = uint8(dice(4));
        t.minJury = uint8(dice(2 * t.members + 2 < 6 ? 2 * t.members + 2 : 6));
        t.minTrainers = uint8(1 + dice(t.maxTrainers));
        t.roundPool = uint96(500 * SCT + dice(2000 * SCT));
        if (chance(15)) t.roundPool = uint96(60_000 * SCT);
        t.slotStake = uint96(dice(900 * SCT));
        t.tau = uint16(1 + dice(40));
        t.faultBps = uint16(dice(10_001));
        t.maxShareBps = uint16(1 + dice(10_000));
        t.parameters = protocol.parametersVersion();
        t.durations = Durations(
            hours_(), hours_(), hours_(), hours_(), hours_(), hours_(), hours_(), hours_(), hours_()
        );
    }

    function hours_() private returns (uint24) {
        return uint24(HOUR * (1 + dice(100)));
    }

    function requestorOf(bytes32 job) internal {
        Ghost storage g = ghosts[job];
        if (clock > protocol.job(job).deadline) return;
        if (g.state == State.Open) return startOne(job);
        if (chance(8)) return;
        vm.prank(g.requestor);
        if (g.state == State.Keying) protocol.publishKeys(job, "bundle");
        else protocol.revealShardKey(job, g.round, shardKey(g.round));
        noted(job);
    }

    function startOne(bytes32 job) private {
        if (protocol.job(job).trainers < protocol.terms(job).minTrainers) return;
        vm.prank(ghosts[job].requestor);
        protocol.start(job);
        noted(job);
    }

    /// The requestor challenges a refusal.
    function requestorChallenges(uint256 seed) external acts(seed) {
        bytes32 job = jobIn(State.Challenging);
        if (job == 0 || ghosts[job].reason != Reason.Refused) return otherwise();
        file(job, ghosts[job].requestor, ChallengeKind.Refusal, ghosts[job].round);
    }

    function file(bytes32 job, address account, ChallengeKind kind, uint8 round) internal virtual;
}
