// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ChallengeKind, JobTerms, JudgingPhase, NodeView, Reason, Role, State} from "../src/ScatterTypes.sol";
import {DisputedJob} from "./support/DisputedJob.sol";
import {vm} from "./support/Vm.sol";

/// Draws of juries, and counts of those who could be jurors, that are more than one page.
contract PagesTest is DisputedJob {
    function enrolUpTo(uint256 n) private {
        for (uint256 i = 8; i < n; ++i) {
            enrol(validator(i), Role.Validator);
            vm.prank(validator(i));
            protocol.depositTicket();
        }
    }

    function test_AJuryOfNineteenIsTwoPages() public {
        enrolUpTo(36);
        JobTerms memory t = audited(1);
        (t.members, t.auditors) = (9, 0);
        bytes32 job = started(t);
        publish(job, ALL);
        reveal(job);
        score(job, alike(truth(), 9));
        aggregate(job, "model");
        file(job, trainer(0), ChallengeKind.Scores, 1);
        expire(job);
        vm.roll(vm.getBlockNumber() + 2);
        protocol.poke(job);
        vm.assertEq(protocol.job(job).jurors, 16, "a page");
        vm.assertTrue(protocol.job(job).phase == JudgingPhase.Drawing, "not complete");
        protocol.poke(job);
        vm.assertTrue(protocol.job(job).phase == JudgingPhase.Committing, "complete");
        address[] memory jurors = protocol.jurors(job);
        vm.assertEq(jurors.length, 19, "2V + 1");
        for (uint256 i; i < 19; ++i) {
            NodeView memory n = protocol.node(jurors[i]);
            vm.assertEq(n.locked, n.role == Role.Validator ? 5000 * SCT : 4000 * SCT, "each once");
        }
    }

    function test_OthersAreCountedOnInTheNextPage() public {
        enrolUpTo(100);
        for (uint256 i; i < 100; ++i) {
            if (i % 5 == 0) continue;
            vm.prank(validator(i));
            protocol.requestWithdrawal();
        }
        JobTerms memory t = audited(1);
        t.auditors = 0;
        t.minJury = 7;
        bytes32 job = post(t);
        join(job, 3);
        vm.roll(vm.getBlockNumber() + 2);
        uint256 counting;
        while (protocol.job(job).state == State.Drawing) {
            protocol.poke(job);
            if (protocol.job(job).members == 3 && protocol.job(job).state == State.Drawing) ++counting;
        }
        checkState(job, State.Keying, Reason.None);
        vm.assertGe(counting, 1, "all are seated, and the others are not yet enough");
    }
}
