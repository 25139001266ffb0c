// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterEvents} from "../src/IScatterEvents.sol";
import {ChallengeKind, Outcome, RoundView} from "../src/ScatterTypes.sol";
import {DisputedJob} from "./support/DisputedJob.sol";
import {Vm, vm} from "./support/Vm.sol";

/// Who deviates, who is left out and who is paid is judged by what stands in the end.
contract OverturnedTest is DisputedJob, IScatterEvents {
    uint256 private constant MEMBER = uint256(200 * SCT) / 3;
    uint256 private constant AUDITOR = 50 * SCT;
    uint256 private constant LIARS = 3;
    uint256 private constant HONEST = 28;

    /// Two of three members lie; the third and two auditors contradict them, file, and a jury agrees.
    function test_WhoContradictedALyingMajorityLosesNothing() public {
        bytes32 job = scored(five(lie(), lie(), truth(), truth(), truth()));
        address[] memory all = allSeats(job);
        vm.assertEq(protocol.job(job).slashable, HONEST, "as settled, the honest ones deviate");
        for (uint256 i = 2; i < 5; ++i) {
            file(job, all[i], ChallengeKind.Scores, 1);
        }
        overturned(job);
        vm.assertEq(reached(0).lanes[0], truth()[0], "the truth stands");
        vm.assertEq(reached(0).lost, LIARS, "the liars lose L");
        vm.assertEq(reached(0).deviating, 0, "nobody deviates from it");
        vm.assertEq(protocol.job(job).slashable, 0, "as it stands, nobody does");
        uint256 reward = BOND + uint256(5000 * SCT) / 3;
        gets(job, all[0], 0, 5000 * SCT, MEMBER);
        gets(job, all[1], 0, 5000 * SCT, MEMBER);
        gets(job, all[2], MEMBER + reward, 0, 0);
        gets(job, all[3], AUDITOR + reward, 0, 0);
        gets(job, all[4], AUDITOR + reward, 0, 0);
        for (uint256 i; i < 5; ++i) {
            vm.assertEq(protocol.node(all[i]).slashes, i < 2 ? 1 : 0, "only the liars");
        }
    }

    function test_WithoutAVerdictTheyDeviate() public {
        bytes32 job = scored(five(lie(), lie(), truth(), truth(), truth()));
        file(job, allSeats(job)[3], ChallengeKind.Scores, 1);
        judgeScores(job, 4, truth(), none);
        checkOutcome(job, Outcome.NoVerdict);
        vm.assertEq(protocol.job(job).slashable, HONEST, "what stands is the lie");
        gets(job, allSeats(job)[3], BOND, 200 * SCT, 200 * SCT + AUDITOR);
    }

    /// The verdict is about the first trainer; an auditor is off about the third, and still is.
    function test_WhoDeviatesElsewhereStillDoes() public {
        uint256[] memory off = lanes(ZERO + 100, ZERO + 200, ZERO + 290);
        uint256[] memory half = lanes(ZERO + 400, ZERO + 200, ZERO + 200);
        bytes32 job = scored(five(half, half, truth(), off, truth()));
        file(job, trainer(1), ChallengeKind.Scores, 1);
        overturned(job);
        vm.assertEq(reached(0).deviating, 8, "three members agree on the third trainer");
        vm.assertEq(protocol.job(job).slashable, 8, "so it is slashed");
        gets(job, allSeats(job)[3], 0, 200 * SCT, 200 * SCT + AUDITOR);
    }

    /// Silence is no deviation: a verdict does not take it back.
    function test_SilenceStays() public {
        bytes32 job = scoring(1);
        address[] memory all = allSeats(job);
        for (uint256 i; i < 4; ++i) {
            commit(job, all[i], i < 2 ? lie() : truth());
        }
        expire(job);
        for (uint256 i; i < 4; ++i) {
            open(job, all[i], i < 2 ? lie() : truth());
        }
        aggregate(job, "model");
        vm.assertEq(protocol.job(job).slashable, 28, "two deviate, one was silent");
        file(job, all[2], ChallengeKind.Scores, 1);
        overturned(job);
        vm.assertEq(protocol.job(job).slashable, 16, "the silent one");
    }

    /// The panel struck out a good update; those that it left out are paid in its place.
    function test_WhoIsLeftOutFollowsTheVerdict() public {
        bytes32 job = restruck();
        RoundView memory r = protocol.round(job, 1);
        vm.assertEq(r.panel, HONEST, "paid as the panel");
        vm.assertEq(r.leftOut, LIARS, "who struck it out");
        vm.assertEq(protocol.challenges(job)[0].lost, LIARS, "and loses L");
        vm.assertEq(protocol.job(job).slashable, 0, "nobody deviates");
        address[] memory all = allSeats(job);
        gets(job, all[0], 0, 5000 * SCT, 0);
        for (uint256 i = 2; i < 5; ++i) {
            gets(job, all[i], MEMBER, 0, 0);
        }
    }

    /// The aggregate is still that of the panel that posted it.
    function test_WhoPostedStaysWhoPosted() public {
        bytes32 job = restruck();
        vm.assertEq(uint256(protocol.challenges(job)[1].outcome), uint256(Outcome.Changed), "another is right");
        vm.assertEq(reached(1).lost, LIARS, "they posted the wrong one");
        vm.assertEq(protocol.challenges(job)[1].lost, 0, "but lost L for the scores");
        settleAccounts(job);
    }

    // ── support ─────────────────────────────────────────────────────────────────────────────────────────────────────
    struct Reached {
        uint256[] lanes;
        uint256 lost;
        uint256 deviating;
    }

    Vm.Log[] private verdicts;

    /// Two of three members call the first update unreadable. Scores and aggregate are challenged, and found wrong.
    function restruck() private returns (bytes32 job) {
        uint256[] memory struck = lanes(0x7FFE, ZERO + 200, ZERO + 200);
        job = scored(five(struck, struck, truth(), truth(), truth()));
        vm.assertEq(protocol.round(job, 1).panel, LIARS, "a panel of two");
        file(job, trainer(0), ChallengeKind.Scores, 1);
        file(job, trainer(0), ChallengeKind.Aggregate, 1);
        address[] memory jurors = seatJury(job);
        for (uint256 i; i < jurors.length; ++i) {
            commitTo(job, jurors[i], ChallengeKind.Scores, 1, truth(), 0);
            commitTo(job, jurors[i], ChallengeKind.Aggregate, 1, none, "right");
        }
        vm.recordLogs();
        for (uint256 i; i < jurors.length; ++i) {
            openTo(job, jurors[i], ChallengeKind.Scores, 1, truth(), 0);
            openTo(job, jurors[i], ChallengeKind.Aggregate, 1, none, "right");
        }
        protocol.poke(job);
        protocol.poke(job);
        keepVerdicts();
    }

    /// All jurors find the truth about the scores of round 1.
    function overturned(bytes32 job) private {
        vm.recordLogs();
        judgeScores(job, JURORS, truth(), none);
        keepVerdicts();
        checkOutcome(job, Outcome.Changed);
    }

    function keepVerdicts() private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == VerdictReached.selector) verdicts.push(logs[i]);
        }
    }

    /// What the n-th VerdictReached said.
    function reached(uint256 n) private view returns (Reached memory r) {
        (,,,, r.lanes,, r.lost,,, r.deviating) = abi.decode(
            verdicts[n].data, (ChallengeKind, uint8, bool, bool, uint256[], bytes32, uint256, uint256, uint256, uint256)
        );
    }
}
