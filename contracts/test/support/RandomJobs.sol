// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {JobTerms, JobView, RoundView, State} from "../../src/ScatterTypes.sol";
import {ScatterTest} from "./ScatterTest.sol";
import {vm} from "./Vm.sol";

/// @title Jobs in which everybody mostly does what he should, as dice say
/// @dev `escrow` follows what the protocol holds beside stakes and challenge pool. It may be below 0 for a while: what a seat loses
/// by verdict is divided at once, and comes out of its stake when it is claimed.
abstract contract RandomJobs is ScatterTest {
    uint256 internal entropy;
    int256 internal escrow;
    /// From this step on nobody acts in a job: only time and words that everybody knows move it.
    uint256 internal abandoned;
    uint256 private steps;
    /// What each seat opened in each round, as the events tell.
    mapping(bytes32 job => mapping(uint256 round => mapping(address seat => uint256[]))) internal openings;

    function dice(uint256 sides) internal returns (uint256) {
        entropy = uint256(keccak256(abi.encode(entropy)));
        return entropy % sides;
    }

    function likely() internal returns (bool) {
        return steps < abandoned && dice(12) != 0;
    }

    function posted(uint256 trainers) internal returns (bytes32 job) {
        if (abandoned == 0) abandoned = dice(5) == 0 ? 1 + dice(40) : type(uint256).max;
        JobTerms memory t = terms(trainers, 1 + dice(5), 1 + dice(4));
        t.auditors = uint8(dice(4));
        t.minJury = uint8(dice(4));
        t.roundPool = uint96(500 * SCT + dice(2000 * SCT));
        t.slotStake = uint96(dice(900 * SCT));
        t.tau = uint16(1 + dice(40));
        t.faultBps = uint16(dice(10_001));
        t.maxShareBps = uint16(1 + dice(10_000));
        job = post(t);
        join(job, t.maxTrainers);
        escrow += int256(uint256(t.roundPool) * (t.rounds + 1) + uint256(t.slotStake) * trainers);
    }

    function step(bytes32 job) internal {
        ++steps;
        uint256 pool = protocol.challengePool();
        act(job);
        // Before claims the challenge pool changes only when jurors' fees are set aside.
        escrow += int256(pool) - int256(protocol.challengePool());
    }

    function act(bytes32 job) private {
        JobView memory j = protocol.job(job);
        if (j.state == State.Drawing) return drawPage(job);
        if (j.state == State.Judging) return judgeStep(job, j);
        if (vm.getBlockTimestamp() > j.deadline) return pass(job, j);
        if (j.state == State.Keying && likely()) {
            vm.prank(requestor);
            protocol.publishKeys(job, "bundle");
        }
        if (j.state == State.Training) train(job, j);
        if (j.state == State.Revealing && likely()) reveal(job);
        if (j.state == State.Committing) commitSome(job, j);
        if (j.state == State.Opening) openSome(job, j);
        if (j.state == State.Aggregating) postSome(job, j);
        if (j.state == State.Challenging && j.challenges == 0) challengeSome(job);
        JobView memory k = protocol.job(job);
        if (k.state == j.state && k.round == j.round) pass(job, j);
    }

    function drawPage(bytes32 job) internal {
        vm.roll(vm.getBlockNumber() + 2);
        protocol.poke(job);
    }

    function challengeSome(bytes32 job) internal virtual;

    function judgeStep(bytes32 job, JobView memory j) internal virtual;

    function pass(bytes32 job, JobView memory j) internal {
        if (vm.getBlockTimestamp() <= j.deadline) vm.warp(uint256(j.deadline) + 1);
        protocol.poke(job);
        JobView memory k = protocol.job(job);
        if (k.state == State.Opening && j.state == State.Opening) {
            protocol.settleRound(job, j.round, numbersOf(job, j.round, 0));
        }
    }

    function train(bytes32 job, JobView memory j) private {
        uint256 active = j.round == 1 ? type(uint256).max : protocol.round(job, 1).published;
        bool strike = dice(15) == 0;
        for (uint256 i; i < j.trainers && inState(job, State.Training); ++i) {
            if (strike || (active >> i) & 1 == 0 || !likely()) continue;
            vm.prank(trainer(i));
            protocol.publishUpdate(job, j.round, keccak256(abi.encode(i)));
        }
    }

    function commitSome(bytes32 job, JobView memory j) private {
        address[] memory all = allSeats(job);
        // Now and then seats agree on something else than jurors will find, or to refuse.
        uint256 lied = dice(4) == 0 ? dice(1 << 200) : truthOf(job, j.round);
        bool strike = dice(10) == 0;
        for (uint256 i; i < all.length; ++i) {
            if (!likely()) continue;
            uint256[] memory words = randomScores(dice(4) == 0 ? truthOf(job, j.round) : lied, j.trainers);
            if (strike ? dice(5) != 0 : dice(20) == 0) words = new uint256[](0);
            if (dice(15) == 0) words = abstention();
            openings[job][j.round][all[i]] = words;
            commit(job, all[i], words);
        }
    }

    function openSome(bytes32 job, JobView memory j) private {
        address[] memory all = allSeats(job);
        uint256 committed = protocol.round(job, j.round).committed;
        for (uint256 i; i < all.length; ++i) {
            if ((committed >> i) & 1 == 0 || !likely() || !inState(job, State.Opening)) continue;
            open(job, all[i], openings[job][j.round][all[i]]);
        }
    }

    function postSome(bytes32 job, JobView memory j) private {
        address[] memory all = allSeats(job);
        uint256 panel = protocol.round(job, j.round).panel;
        bytes32 usual = dice(4) == 0 ? bytes32("wrong model") : bytes32("model");
        for (uint256 i; i < all.length && inState(job, State.Aggregating); ++i) {
            if ((panel >> i) & 1 == 0 || !likely()) continue;
            bytes32 digest = likely() ? usual : bytes32(i + 1);
            vm.prank(all[i]);
            protocol.postAggregate(job, j.round, digest);
        }
    }

    function inState(bytes32 job, State state) internal view returns (bool) {
        return protocol.job(job).state == state;
    }

    /// The words of the seats that opened numbers, with room for `more`.
    function numbersOf(bytes32 job, uint8 round, uint256 more) internal view returns (uint256[][] memory words) {
        address[] memory all = allSeats(job);
        RoundView memory r = protocol.round(job, round);
        words = new uint256[][](all.length + more);
        uint256 n;
        for (uint256 i; i < all.length; ++i) {
            if (((r.opened & ~r.refused & ~r.abstained) >> i) & 1 == 1) words[n++] = openings[job][round][all[i]];
        }
        assembly ("memory-safe") {
            mstore(words, add(n, more))
        }
    }

    function truthOf(bytes32 job, uint256 round) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(job, round, "truth")));
    }

    /// Near a common truth, now and then far off or special.
    function randomScores(uint256 truth, uint256 trainers) internal returns (uint256[] memory) {
        uint256[] memory lanes = new uint256[](trainers);
        for (uint256 t; t < trainers; ++t) {
            uint256 about = 16_384 - 200 + uint256(keccak256(abi.encode(truth, t))) % 500;
            lanes[t] = about + dice(6);
            if (dice(40) == 0) lanes[t] = dice(0x8000);
            if (about % 9 == 0 && dice(20) != 0) lanes[t] = 0x7FFE + dice(2);
        }
        return pack(dice(10_001), lanes);
    }
}
