// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {ChallengeKind, Outcome, Reason, RoundView, State} from "../src/ScatterTypes.sol";
import {DisputedJob} from "./support/DisputedJob.sol";
import {vm} from "./support/Vm.sol";

/// Refusal: two thirds of the members say that a round cannot be scored.
contract RefusedTest is DisputedJob {
    uint256 private constant STAKE = 500 * SCT;
    uint256 private constant MEMBER = uint256(200 * SCT) / 3;

    function test_RefusedUpheld() public {
        bytes32 job = refusedIn(five(none, none, truth(), none, truth()), 2);
        RoundView memory r = protocol.round(job, 1);
        vm.assertEq(r.refused, 11, "members 0 and 1, auditor 0");
        vm.assertTrue(!r.settled, "the round is not settled");
        vm.assertEq(protocol.job(job).slashable, 0, "refusing is not silence");
        expire(job);
        checkState(job, State.Settled, Reason.Refused);
        gets(job, trainer(0), STAKE + uint256(700 * SCT) / 3 + uint256(1000 * SCT) / 3, 0, 0);
        gets(job, member(job, 0), 100 * SCT, 0, 0);
        gets(job, member(job, 2), 0, 0, 0);
        gets(job, protocol.auditors(job)[0], 0, 0, 0);
        // Its pool less what others got of it, and the later round; the bond's dust goes to the challenge pool.
        uint256 back = 2000 * SCT - uint256(700 * SCT) / 3 * 3 - 200 * SCT;
        gets(job, requestor, back, 0, 1);
    }

    function test_RefusedPaysOnlyWhoPublished() public {
        bytes32 job = started(audited(2));
        playRound(job, truth());
        publish(job, 3);
        reveal(job);
        score(job, alike(none, 5));
        checkState(job, State.Challenging, Reason.Refused);
        expire(job);
        uint256 first = 140 * SCT;
        gets(job, trainer(0), STAKE + first + 350 * SCT + 500 * SCT, 0, 0);
        gets(job, trainer(2), STAKE - 50 * SCT + 280 * SCT, 50 * SCT, 50 * SCT);
        gets(job, member(job, 0), 2 * MEMBER, 0, 0);
        // The second round's pool less 700 and 3 * 66.6…; the first round's dust and its seats' dust.
        gets(job, requestor, 300 * SCT - 3 * MEMBER, 0, 200 * SCT - 3 * MEMBER);
    }

    function test_RefusedOverturned() public {
        bytes32 job = refusedIn(five(none, none, truth(), none, truth()), 2);
        file(job, requestor, ChallengeKind.Refusal, 1);
        judgeRefusal(job, 5, truth(), none);
        checkOutcome(job, Outcome.Changed);
        checkState(job, State.Settled, Reason.Refused);
        vm.assertEq(protocol.challenges(job)[0].lost, 11, "all that refused");
        vm.assertEq(protocol.challenges(job)[0].agreed, 31, "jurors that can score it");
        vm.assertEq(protocol.job(job).slashableJurors, 96, "jurors that refuse too");
        gets(job, trainer(0), STAKE, 0, 0);
        gets(job, member(job, 0), 0, 5000 * SCT, 0);
        gets(job, protocol.auditors(job)[0], 0, 4000 * SCT, 0);
        uint256 share = uint256(3500 * SCT) / 5;
        gets(job, protocol.jurors(job)[0], share, 0, 0);
        gets(job, requestor, 3000 * SCT + BOND + 7000 * SCT, 0, 14_000 * SCT - 7000 * SCT - 5 * share);
    }

    function test_RefusalUpheldByVerdict() public {
        bytes32 job = refusedIn(alike(none, 5), 1);
        file(job, requestor, ChallengeKind.Refusal, 1);
        file(job, trainer(0), ChallengeKind.Refusal, 1);
        judgeRefusal(job, 6, none, truth());
        checkOutcome(job, Outcome.Stands);
        vm.assertEq(protocol.challenges(job)[0].agreed, 63, "jurors that refuse too");
        vm.assertEq(protocol.job(job).slashableJurors, 64, "the one that does not");
        gets(job, member(job, 0), MEMBER, 0, 0);
        gets(job, trainer(0), STAKE + uint256(700 * SCT) / 3 + uint256(1000 * SCT) / 3, 0, 0);
        gets(job, protocol.jurors(job)[0], uint256(500 * SCT) / 6, 0, 0);
    }

    function test_RefusalWithoutVerdictStands() public {
        bytes32 job = refusedIn(alike(none, 5), 1);
        file(job, requestor, ChallengeKind.Refusal, 1);
        judgeRefusal(job, 4, truth(), none);
        checkOutcome(job, Outcome.NoVerdict);
        gets(job, member(job, 0), MEMBER, 0, 0);
        (uint256 paid,,) = claim(job, requestor);
        vm.assertEq(paid, 1000 * SCT - uint256(700 * SCT) / 3 * 3 - 3 * MEMBER + BOND, "the bond of the challenge is back");
    }

    function test_ShortRefusalIsUnpaidAndNotSlashed() public {
        bytes32 job = scoring(1);
        score(job, five(none, truth(), truth(), truth(), truth()));
        checkState(job, State.Aggregating, Reason.None);
        vm.assertEq(protocol.round(job, 1).panel, 14, "the first auditor stands in");
        aggregate(job, "model");
        expire(job);
        gets(job, member(job, 0), 0, 0, 0);
        gets(job, protocol.auditors(job)[0], MEMBER, 0, 0);
    }

    function test_AuditorsRefusalsDoNotCount() public {
        bytes32 job = scoring(1);
        score(job, five(none, truth(), truth(), none, none));
        checkState(job, State.Aggregating, Reason.None);
    }

    function test_RefusalsShortOfTwoThirdsMayStopTheJob() public {
        bytes32 job = scoring(1);
        address[] memory all = allSeats(job);
        commit(job, all[0], none);
        commit(job, all[1], truth());
        expire(job);
        open(job, all[0], none);
        open(job, all[1], truth());
        checkState(job, State.Cancelled, Reason.TooFewOpened);
        gets(job, all[0], 0, 0, 0);
        gets(job, all[2], 0, 200 * SCT, 200 * SCT);
    }

    function test_EarlierRoundsOfARefusedJobCanBeChallenged() public {
        bytes32 job = started(audited(2));
        playRound(job, lie());
        publish(job, ALL);
        reveal(job);
        score(job, alike(none, 5));
        file(job, trainer(1), ChallengeKind.Scores, 1);
        judgeScores(job, 7, truth(), none);
        checkOutcome(job, Outcome.Changed);
        settleAccounts(job);
    }

    function test_LargeJobsRefuseWithoutWords() public {
        enrolMore(16);
        bytes32 job = started(terms(16, 3, 1));
        publish(job, ALL);
        reveal(job);
        for (uint256 i; i < 3; ++i) {
            commit(job, member(job, i), none);
        }
        for (uint256 i; i < 3; ++i) {
            open(job, member(job, i), none);
        }
        checkState(job, State.Challenging, Reason.Refused);
        expire(job);
        // Without auditors too the refusing members share the members' 20 %.
        gets(job, member(job, 0), MEMBER, 0, 0);
        settleAccounts(job);
    }

    // ── steps ───────────────────────────────────────────────────────────────────────────────────────────────────────
    function refusedIn(uint256[][] memory words, uint256 rounds) private returns (bytes32 job) {
        job = scoring(rounds);
        score(job, words);
        checkState(job, State.Challenging, Reason.Refused);
    }

    function judgeRefusal(bytes32 job, uint256 n, uint256[] memory most, uint256[] memory others) private {
        uint256[][] memory words = new uint256[][](JURORS);
        for (uint256 i; i < JURORS; ++i) {
            words[i] = i < n ? most : others;
        }
        judge(job, ChallengeKind.Refusal, 1, words, new bytes32[](JURORS));
    }
}
