// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ChallengeKind, Outcome} from "../src/ScatterTypes.sol";
import {DisputedJob} from "./support/DisputedJob.sol";
import {vm} from "./support/Vm.sol";

/// Nobody can prove who was handed what: calling an update unreadable costs no seat its L, and slashes no juror.
contract UnreadableTest is DisputedJob {
    uint256 private constant STAKE = 500 * SCT;

    function test_CopiesAreCheckedByWhoeverReads() public {
        uint256[] memory struck = lanes(0x7FFE, ZERO + 200, ZERO + 200);
        bytes32 job = scored(five(struck, lanes(0x7FFF, ZERO + 200, ZERO + 200), truth(), struck, truth()));
        file(job, trainer(0), ChallengeKind.Scores, 1);
        judgeScores(job, 7, truth(), truth());
        checkOutcome(job, Outcome.Changed);
        vm.assertEq(protocol.challenges(job)[0].lost, 9, "who said that it is a copy, but not who could not read it");
        gets(job, trainer(0), STAKE + 140 * SCT + BOND + uint256(9000 * SCT) / 2, 0, 0);
    }

    function test_WhoCouldNotReadLosesByItsNumbers() public {
        // Two liars call the first update unreadable, and praise the second besides.
        uint256[] memory lied = lanes(0x7FFF, ZERO + 900, ZERO + 200);
        bytes32 job = scored(five(lied, lied, truth(), truth(), lied));
        file(job, trainer(0), ChallengeKind.Scores, 1);
        judgeScores(job, 7, truth(), truth());
        checkOutcome(job, Outcome.Changed);
        vm.assertEq(protocol.challenges(job)[0].lost, 19, "by what they said of the second");
    }

    function test_NumbersOfWhoWasLeftOutCostNothing() public {
        // Two liars; a member to whom the third update was not handed out, so that its numbers mean something else.
        uint256[] memory shut = lanes(ZERO + 130, ZERO + 230, 0x7FFF);
        bytes32 job = scored(five(lie(), lie(), shut, lie(), truth()));
        vm.assertEq(protocol.round(job, 1).leftOut, 4, "it was not counted");
        file(job, trainer(1), ChallengeKind.Scores, 1);
        judgeScores(job, 7, truth(), truth());
        checkOutcome(job, Outcome.Changed);
        vm.assertEq(protocol.challenges(job)[0].lost, 11, "the liars");
        gets(job, member(job, 2), 0, 0, 0);
    }

    function test_WhoWasLeftOutLosesByCopiesAndStrikes() public {
        // The third member strikes out another update besides; the fourth seat gives a number to what jurors cannot read.
        uint256[] memory lied = lanes(0x7FFE, ZERO + 200, ZERO + 200);
        uint256[] memory more = lanes(0x7FFE, 0x7FFE, ZERO + 200);
        bytes32 job = scored(five(lied, lied, more, truth(), lied));
        vm.assertEq(protocol.round(job, 1).leftOut, 12, "both were left out");
        file(job, trainer(0), ChallengeKind.Scores, 1);
        judgeScores(job, 7, lanes(ZERO + 100, ZERO + 200, 0x7FFF), truth());
        checkOutcome(job, Outcome.Changed);
        vm.assertEq(protocol.challenges(job)[0].lost, 31, "and lose by what can be checked");
    }

    function test_JurorsThatCouldNotReadAreNotOutside() public {
        bytes32 job = scored(alike(lie(), 5));
        file(job, trainer(1), ChallengeKind.Scores, 1);
        uint256[][] memory words = new uint256[][](JURORS);
        for (uint256 i; i < JURORS; ++i) {
            words[i] = truth();
        }
        words[5] = lanes(0x7FFF, ZERO + 300, ZERO + 300);
        words[6] = lanes(ZERO + 100, ZERO + 300, ZERO + 300);
        judge(job, ChallengeKind.Scores, 1, words, new bytes32[](JURORS));
        checkOutcome(job, Outcome.Changed);
        vm.assertEq(protocol.challenges(job)[0].agreed, 31, "five agree");
        vm.assertEq(protocol.job(job).slashableJurors, 64, "the sixth measured against other updates, the seventh lies");
        gets(job, protocol.jurors(job)[5], 0, 0, 0);
        settleAccounts(job);
    }

    function test_JurorsThatReadMoreAreNotOutside() public {
        uint256[] memory struck = lanes(0x7FFF, ZERO + 200, ZERO + 200);
        bytes32 job = scored(alike(struck, 5));
        file(job, trainer(0), ChallengeKind.Scores, 1);
        uint256[][] memory words = new uint256[][](JURORS);
        for (uint256 i; i < JURORS; ++i) {
            words[i] = i == 6 ? truth() : struck;
        }
        judge(job, ChallengeKind.Scores, 1, words, new bytes32[](JURORS));
        checkOutcome(job, Outcome.Stands);
        vm.assertEq(protocol.challenges(job)[0].agreed, 63, "six agree");
        vm.assertEq(protocol.job(job).slashableJurors, 0, "the seventh was handed what the others were not");
        gets(job, protocol.jurors(job)[6], 0, 0, 0);
    }
}
