// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterErrors} from "../src/IScatterErrors.sol";
import {IScatterJobs} from "../src/IScatterJobs.sol";
import {JobTerms, Reason, Role, RoundView, SeatKind, State} from "../src/ScatterTypes.sol";
import {DisputedJob} from "./support/DisputedJob.sol";
import {vm} from "./support/Vm.sol";

/// Auditors: drawn beside the members, compared, standing in, paid, slashed.
contract AuditorsTest is DisputedJob {
    uint256 private constant MEMBER = uint256(200 * SCT) / 3;

    // ── drawing ─────────────────────────────────────────────────────────────────────────────────────────────────────
    function test_AuditorsAreDrawnFromTheChallengers() public {
        bytes32 job = started(audited(1));
        vm.assertEq(protocol.seats(job).length, 3, "members");
        address[] memory auditors = protocol.auditors(job);
        vm.assertEq(auditors.length, 2, "auditors");
        vm.assertTrue(auditors[0] != auditors[1], "distinct");
        for (uint256 i; i < 2; ++i) {
            vm.assertEq(uint256(protocol.node(auditors[i]).role), uint256(Role.Challenger), "challengers");
            vm.assertEq(protocol.node(auditors[i]).locked, 4000 * SCT, "a fifth of their own ticket");
            vm.assertEq(uint256(protocol.part(job, auditors[i]).kind), uint256(SeatKind.Auditor), "kind");
            vm.assertEq(protocol.part(job, auditors[i]).index, i, "numbered among auditors");
        }
    }

    function test_TooFewAuditorsIsNoCommittee() public {
        JobTerms memory t = audited(1);
        t.auditors = 6;
        bytes32 job = drawn(t);
        checkState(job, State.Cancelled, Reason.NoCommittee);
        vm.assertEq(protocol.auditors(job).length, 5, "five were seated in vain");
        settleAccounts(job);
        vm.assertEq(protocol.node(challenger(0)).locked, 0, "unlocked");
    }

    function test_AuditorsNeedHalfATicket() public {
        JobTerms memory t = audited(1);
        t.auditors = 5;
        // 200 + 400 + 800 + 1600 + 3200, and L once: 10,200 of 20,000.
        for (uint256 n; n < 6; ++n) {
            bytes32 job = started(t);
            publish(job, ALL);
            reveal(job);
            expire(job);
            expire(job);
            checkState(job, State.Cancelled, Reason.TooFewOpened);
            settleAccounts(job);
        }
        vm.assertEq(protocol.node(challenger(0)).stake, 9800 * SCT, "below half a ticket");
        checkState(drawn(t), State.Cancelled, Reason.NoCommittee);
    }

    function test_OthersMustSufficeForAJury() public {
        JobTerms memory t = audited(1);
        t.members = 5;
        t.auditors = 3;
        t.minJury = 5;
        checkState(drawn(t), State.Keying, Reason.None);
        t.minJury = 6;
        checkState(drawn(t), State.Cancelled, Reason.NoCommittee);
        t.minJury = 0;
        checkState(drawn(t), State.Keying, Reason.None);
    }

    function test_OthersCountFromBothPools() public {
        JobTerms memory t = audited(1);
        t.members = 8;
        t.auditors = 1;
        t.minJury = 4;
        checkState(drawn(t), State.Keying, Reason.None);
        vm.prank(challenger(0));
        protocol.requestWithdrawal();
        checkState(drawn(t), State.Cancelled, Reason.NoCommittee);
    }

    // ── the panel ───────────────────────────────────────────────────────────────────────────────────────────────────
    function test_AllSeatsOpenBeforeTheRoundSettles() public {
        bytes32 job = scoring(1);
        address[] memory all = allSeats(job);
        for (uint256 i; i < 5; ++i) {
            checkState(job, State.Committing, Reason.None);
            commit(job, all[i], truth());
        }
        for (uint256 i; i < 5; ++i) {
            checkState(job, State.Opening, Reason.None);
            open(job, all[i], truth());
        }
        RoundView memory r = protocol.round(job, 1);
        vm.assertEq(r.panel, 7, "the members");
        vm.assertEq(r.leftOut, 0, "nobody is left out");
    }

    function test_AuditorStandsInForASilentMember() public {
        bytes32 job = scoring(1);
        address[] memory all = allSeats(job);
        uint256[] memory off = lanes(ZERO + 103, ZERO + 203, ZERO + 203);
        for (uint256 i = 1; i < 5; ++i) {
            commit(job, all[i], i == 3 ? off : truth());
        }
        expire(job);
        for (uint256 i = 1; i < 5; ++i) {
            open(job, all[i], i == 3 ? off : truth());
        }
        vm.assertEq(protocol.round(job, 1).panel, 14, "members 1 and 2, and the first auditor");
        postAs(job, 1, "model");
        bytes memory posting = abi.encodeCall(IScatterJobs.postAggregate, (job, 1, bytes32("model")));
        refused(all[0], posting, abi.encodeWithSelector(IScatterErrors.NotOnPanel.selector, 0));
        refused(all[4], posting, abi.encodeWithSelector(IScatterErrors.NotOnPanel.selector, 4));
        vm.prank(all[3]);
        protocol.postAggregate(job, 1, "model");
        checkState(job, State.Challenging, Reason.None);
        expire(job);
        gets(job, all[0], 0, 200 * SCT, 200 * SCT);
        gets(job, all[1], MEMBER, 0, 0);
        // The stand-in is paid as a member: a mean distance of 3 costs 30 %.
        gets(job, all[3], MEMBER * 21 / 30, 0, MEMBER - MEMBER * 21 / 30);
        gets(job, all[4], 50 * SCT, 0, 0);
        gets(job, requestor, 1000 * SCT, 0, 200 * SCT - 3 * MEMBER + 50 * SCT);
    }

    function test_AuditorReplacesWhoIsLeftOut() public {
        bytes32 job = scoring(1);
        uint256[] memory other = lanes(0x7FFF, ZERO + 200, ZERO + 200);
        uint256[] memory near = lanes(ZERO + 104, ZERO + 200, ZERO + 200);
        score(job, five(truth(), other, near, other, near));
        RoundView memory r = protocol.round(job, 1);
        vm.assertEq(r.leftOut, 10, "member 1 and auditor 0: their special words are not the settled ones");
        vm.assertEq(r.panel, 21, "the second auditor stands in");
        vm.assertEq(r.scores[0], near[0], "the medians are those of the new panel");
        aggregate(job, "model");
        expire(job);
        address[] memory all = allSeats(job);
        gets(job, all[1], 0, 0, 0);
        gets(job, all[3], 0, 0, 0);
        gets(job, all[4], MEMBER, 0, 0);
        gets(job, requestor, 1000 * SCT, 0, 200 * SCT - 3 * MEMBER + 100 * SCT + dust());
    }

    function test_ComparedAuditorDeviates() public {
        bytes32 job = scored(five(truth(), truth(), truth(), lie(), truth()));
        vm.assertEq(protocol.job(job).slashable, 8, "the lying auditor");
        expire(job);
        address[] memory all = allSeats(job);
        gets(job, all[3], 0, 200 * SCT, 250 * SCT);
        gets(job, all[4], 50 * SCT, 0, 0);
    }

    function test_AuditorsDoNotChangeTheMedians() public {
        bytes32 job = scored(five(lie(), lie(), truth(), truth(), truth()));
        vm.assertEq(protocol.round(job, 1).scores[0], lie()[0], "two of three members");
        vm.assertEq(protocol.job(job).slashable, 28, "by two thirds of the panel, all others deviate");
    }

    function test_SilentAuditorIsSlashed() public {
        bytes32 job = scoring(1);
        address[] memory all = allSeats(job);
        for (uint256 i; i < 4; ++i) {
            commit(job, all[i], truth());
        }
        expire(job);
        for (uint256 i; i < 3; ++i) {
            open(job, all[i], truth());
        }
        expire(job);
        vm.assertEq(protocol.job(job).slashable, 24, "one did not commit, the other did not open");
        checkState(job, State.Aggregating, Reason.None);
        vm.prank(all[3]);
        (bool done,) = address(protocol).call(abi.encodeCall(IScatterJobs.postAggregate, (job, 1, bytes32("model"))));
        vm.assertTrue(!done, "auditors off the panel owe no aggregate");
        expire(job);
        vm.assertEq(protocol.job(job).slashable, 31, "only members owed one");
    }

    function test_StandInsMakeAQuorum() public {
        bytes32 job = scoring(1);
        address[] memory all = allSeats(job);
        for (uint256 i = 2; i < 4; ++i) {
            commit(job, all[i], truth());
        }
        expire(job);
        open(job, all[2], truth());
        open(job, all[3], truth());
        checkState(job, State.Aggregating, Reason.None);
        postAs(job, 2, "model");
        vm.prank(all[3]);
        protocol.postAggregate(job, 1, "model");
        checkState(job, State.Challenging, Reason.None);
    }

    function test_PanelTooSmallForAMajorityClosesWhenAllPosted() public {
        // Four members and no auditors; two are left out, and two are no majority of four.
        JobTerms memory t = terms(3, 4, 1);
        bytes32 job = started(t);
        publish(job, ALL);
        reveal(job);
        address[] memory all = allSeats(job);
        uint256[][] memory words = alike(truth(), 4);
        words[0] = lanes(0x7FFF, ZERO + 200, ZERO + 200);
        words[1] = lanes(ZERO + 100, 0x7FFF, ZERO + 200);
        score(job, words);
        vm.assertEq(protocol.round(job, 1).panel, 12, "two of four");
        vm.prank(all[2]);
        protocol.postAggregate(job, 1, "model");
        checkState(job, State.Aggregating, Reason.None);
        vm.prank(all[3]);
        protocol.postAggregate(job, 1, "model");
        checkState(job, State.Challenging, Reason.None);
        vm.assertEq(protocol.job(job).slashable, 0, "who is left out owes no aggregate");
    }

    // ── steps ───────────────────────────────────────────────────────────────────────────────────────────────────────
    function drawn(JobTerms memory t) private returns (bytes32 job) {
        job = post(t);
        join(job, 3);
        draw(job);
    }

    /// What the cap and rounding leave of the trainers' part of `truth`, near 100 : 200 : 200 with the first at 104.
    function dust() private pure returns (uint256) {
        uint256 part = 700 * SCT;
        return part - part * 104 / 504 - 2 * (part * 200 / 504);
    }
}
