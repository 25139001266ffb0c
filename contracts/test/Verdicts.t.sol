// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterEvents} from "../src/IScatterEvents.sol";
import {ChallengeKind, JobTerms, Outcome, State} from "../src/ScatterTypes.sol";
import {DisputedJob} from "./support/DisputedJob.sol";
import {vm} from "./support/Vm.sol";

/// What verdicts change, cost and bring. Seven jurors: five are two thirds.
contract VerdictsTest is DisputedJob, IScatterEvents {
    uint256 private constant MEMBER = uint256(200 * SCT) / 3;
    uint256 private constant STAKE = 500 * SCT;

    // ── scores ──────────────────────────────────────────────────────────────────────────────────────────────────────
    function test_LiarsLoseAndHonestTrainersArePaid() public {
        bytes32 job = scored(five(lie(), lie(), truth(), truth(), truth()));
        address[] memory all = allSeats(job);
        file(job, all[3], ChallengeKind.Scores, 1);
        file(job, all[4], ChallengeKind.Scores, 1);
        judgeScores(job, 6, truth(), lie());
        checkOutcome(job, Outcome.Changed);
        vm.assertEq(protocol.challenges(job)[0].lost, 3, "the liars");
        vm.assertEq(protocol.challenges(job)[0].agreed, 63, "six jurors");
        vm.assertEq(protocol.job(job).slashableJurors, 64, "and the seventh is outside");
        vm.assertEq(protocol.round(job, 1).scores[0], truth()[0], "the verdict stands in for the medians");
        vm.assertEq(protocol.round(job, 1).positiveSum, 500, "and so does its sum");
        gets(job, trainer(0), STAKE + 140 * SCT, 0, 0);
        gets(job, trainer(1), STAKE + 280 * SCT, 0, 0);
        // Each liar loses L = 5000: half of both to two filers, a quarter to six jurors.
        gets(job, all[0], 0, 5000 * SCT, MEMBER);
        gets(job, all[2], MEMBER, 0, 0);
        gets(job, all[3], 50 * SCT + BOND + 2500 * SCT, 0, 0);
        address[] memory jurors = protocol.jurors(job);
        vm.assertEq(protocol.job(job).jurorFee, 0, "the challenge pool was empty");
        gets(job, jurors[0], uint256(2500 * SCT) / 6, 0, 0);
        gets(job, jurors[6], 0, 200 * SCT, 200 * SCT);
        uint256 rest = 10_000 * SCT - 5000 * SCT - uint256(2500 * SCT) / 6 * 6;
        gets(job, requestor, 1000 * SCT, 0, rest + 200 * SCT - 3 * MEMBER);
        vm.assertEq(protocol.node(all[0]).stake, 20_000 * SCT, "L is gone");
        vm.assertEq(protocol.node(all[0]).slashes, 1, "once");
    }

    function test_EveryUnitOfADisputeGoesSomewhere() public {
        bytes32 job = scored(five(lie(), lie(), truth(), truth(), lie()));
        file(job, allSeats(job)[3], ChallengeKind.Scores, 1);
        file(job, trainer(1), ChallengeKind.Scores, 1);
        file(job, trainer(2), ChallengeKind.Scores, 1);
        judgeScores(job, 5, truth(), lie());
        checkOutcome(job, Outcome.Changed);
        vm.assertEq(protocol.challenges(job)[0].lost, 19, "two members and an auditor");
        settleAccounts(job);
    }

    function test_NothingChangesAndTheBondIsShared() public {
        bytes32 job = scored(alike(truth(), 5));
        file(job, trainer(0), ChallengeKind.Scores, 1);
        judgeScores(job, 6, lanes(ZERO + 110, ZERO + 200, ZERO + 200), lie());
        checkOutcome(job, Outcome.Stands);
        vm.assertEq(protocol.round(job, 1).scores[0], truth()[0], "within tau: the settled scores stand");
        vm.assertEq(protocol.challenges(job)[0].lost, 0, "nobody loses");
        gets(job, trainer(0), STAKE + 140 * SCT, 0, 0);
        address[] memory jurors = protocol.jurors(job);
        gets(job, jurors[0], uint256(250 * SCT) / 6, 0, 0);
        gets(job, jurors[6], 0, 200 * SCT, 200 * SCT);
        gets(job, requestor, 1000 * SCT, 0, 500 * SCT - uint256(250 * SCT) / 6 * 6 + 200 * SCT - 3 * MEMBER);
    }

    function test_NoVerdictReturnsBonds() public {
        bytes32 job = scored(alike(truth(), 5));
        file(job, trainer(0), ChallengeKind.Scores, 1);
        uint256[][] memory words = new uint256[][](JURORS);
        for (uint256 i; i < JURORS; ++i) {
            // Four agree, which is not two thirds of seven, in any lane.
            words[i] = i < 4 ? lie() : lanes(ZERO + 1000 * i, ZERO + 1000 * i, ZERO + 1000 * i);
        }
        judge(job, ChallengeKind.Scores, 1, words, new bytes32[](JURORS));
        checkOutcome(job, Outcome.NoVerdict);
        vm.assertEq(protocol.job(job).slashableJurors, 0, "nobody is outside of nothing");
        gets(job, trainer(0), STAKE + 140 * SCT + BOND, 0, 0);
        gets(job, protocol.jurors(job)[0], 0, 0, 0);
    }

    function test_LaneByLane() public {
        bytes32 job = scored(alike(lie(), 5));
        file(job, trainer(2), ChallengeKind.Scores, 1);
        uint256[][] memory words = new uint256[][](JURORS);
        for (uint256 i; i < JURORS; ++i) {
            // A verdict on the second trainer only; its settled -100 becomes 50.
            words[i] = lanes(ZERO + 1000 * i, ZERO + 50 + i, i == 6 ? ZERO + 9000 : ZERO + 1000 * i);
        }
        words[5] = lanes(ZERO, ZERO + 5000, ZERO);
        judge(job, ChallengeKind.Scores, 1, words, new bytes32[](JURORS));
        checkOutcome(job, Outcome.Changed);
        uint256[] memory expected = lanes(ZERO + 400, ZERO + 53, ZERO - 100);
        vm.assertEq(protocol.round(job, 1).scores[0], expected[0], "lanes without a verdict stand");
        vm.assertEq(protocol.job(job).slashableJurors, 32, "outside the one that counts");
        vm.assertEq(protocol.challenges(job)[0].lost, 31, "all seats");
    }

    function test_UnreadableByVerdict() public {
        bytes32 job = scored(alike(truth(), 5));
        file(job, trainer(1), ChallengeKind.Scores, 1);
        uint256[] memory struck = lanes(0x7FFF, ZERO + 200, ZERO + 200);
        uint256[][] memory words = new uint256[][](JURORS);
        for (uint256 i; i < JURORS; ++i) {
            words[i] = i < 2 ? lanes(0x7FFE, ZERO + 200, ZERO + 200) : struck;
        }
        judge(job, ChallengeKind.Scores, 1, words, new bytes32[](JURORS));
        checkOutcome(job, Outcome.Changed);
        vm.assertEq(protocol.challenges(job)[0].agreed, 127, "both special words say the same");
        vm.assertEq(protocol.challenges(job)[0].lost, 31, "who gave numbers deviates");
        gets(job, trainer(0), 0, STAKE, STAKE);
        gets(job, trainer(1), STAKE + 350 * SCT + BOND + uint256(23_000 * SCT) / 2, 0, 0);
        // It is left out now, and not paid.
        gets(job, member(job, 0), 0, 5000 * SCT, 0);
    }

    function test_ReadableByVerdict() public {
        uint256[] memory struck = lanes(0x7FFF, ZERO + 200, ZERO + 200);
        bytes32 job = scored(five(struck, struck, truth(), struck, truth()));
        vm.assertEq(protocol.round(job, 1).leftOut, 20, "who gave a number was left out");
        file(job, trainer(0), ChallengeKind.Scores, 1);
        judgeScores(job, 7, truth(), truth());
        checkOutcome(job, Outcome.Changed);
        vm.assertEq(protocol.challenges(job)[0].lost, 0, "nobody can prove that they could read it");
        vm.assertEq(protocol.challenges(job)[0].agreed, 127, "the verdict counts all the same");
        gets(job, trainer(0), STAKE + 140 * SCT + BOND, 0, 0);
        // Who was left out is paid in the place of who is left out now.
        gets(job, member(job, 0), 0, 0, 0);
        gets(job, member(job, 2), MEMBER, 0, 0);
        settleAccounts(job);
    }

    function test_EmptyVerdictsAreNoNumbers() public {
        bytes32 job = scored(alike(lie(), 5));
        file(job, trainer(1), ChallengeKind.Scores, 1);
        judgeScores(job, 5, truth(), none);
        checkOutcome(job, Outcome.Changed);
        vm.assertEq(protocol.challenges(job)[0].agreed, 31, "five gave numbers");
        vm.assertEq(protocol.job(job).slashableJurors, 0, "who cannot score is not outside");
        address[] memory jurors = protocol.jurors(job);
        gets(job, jurors[5], 0, 0, 0);
    }

    function test_FaultFollowsTheVerdict() public {
        bytes32 job = started(audited(3));
        for (uint256 r; r < 3; ++r) {
            playRound(job, lanes(ZERO + 100, ZERO - 5, ZERO + 100));
        }
        file(job, trainer(1), ChallengeKind.Scores, 1);
        judgeScores(job, 7, lanes(ZERO + 100, ZERO + 300, ZERO + 100), none);
        checkOutcome(job, Outcome.Changed);
        gets(job, trainer(1), STAKE + 350 * SCT + BOND + uint256(23_000 * SCT) / 2, 0, 0);
    }

    function test_JurorFeesComeFromThePool() public {
        fillChallengePool();
        uint256 pool = protocol.challengePool();
        bytes32 job = scored(alike(lie(), 5));
        file(job, trainer(1), ChallengeKind.Scores, 1);
        file(job, trainer(1), ChallengeKind.Aggregate, 1);
        address[] memory jurors = seatJury(job);
        for (uint256 i; i < 7; ++i) {
            commitTo(job, jurors[i], ChallengeKind.Scores, 1, truth(), 0);
            commitTo(job, jurors[i], ChallengeKind.Aggregate, 1, none, i < 6 ? bytes32("right") : bytes32("wrong"));
        }
        for (uint256 i; i < 7; ++i) {
            openTo(job, jurors[i], ChallengeKind.Scores, 1, truth(), 0);
            openTo(job, jurors[i], ChallengeKind.Aggregate, 1, none, i < 6 ? bytes32("right") : bytes32("wrong"));
        }
        protocol.poke(job);
        uint256 fee = pool / 100;
        vm.expectEmit();
        emit JurorFeesReserved(job, fee, 127);
        protocol.tally(job, ChallengeKind.Aggregate, 1, new uint256[][](0));
        vm.assertEq(protocol.challengePool(), pool - 7 * fee, "reserved once for each juror");
        uint256 share = uint256(23_000 * SCT) / 4 / 7;
        // Seats lose L by the scores, so nothing is lost by the aggregate.
        gets(job, jurors[0], share + fee, 0, 0);
        gets(job, jurors[6], share + fee, 200 * SCT, 200 * SCT);
        settleAccounts(job);
    }

    function test_JurorFeesAreAtMostAMembersPay() public {
        fillChallengePool();
        fillChallengePool();
        JobTerms memory t = audited(1);
        t.roundPool = uint96(100 * SCT);
        bytes32 job = started(t);
        playRound(job, lie());
        file(job, trainer(1), ChallengeKind.Scores, 1);
        judgeScores(job, 7, truth(), none);
        vm.assertEq(protocol.job(job).jurorFee, uint256(20 * SCT) / 3, "one round as a member");
    }

    function test_RoundsInWhichNobodyPublishedDoNotRaiseFees() public {
        for (uint256 i; i < 4; ++i) {
            fillChallengePool();
        }
        JobTerms memory t = audited(3);
        t.roundPool = uint96(100 * SCT);
        bytes32 job = started(t);
        playRound(job, lie());
        expire(job); // the second round: nobody publishes
        playRound(job, lie());
        file(job, trainer(1), ChallengeKind.Scores, 1);
        judgeScores(job, 7, truth(), none);
        vm.assertEq(protocol.job(job).jurorFee, 2 * (uint256(20 * SCT) / 3), "two rounds as a member");
    }

    // ── aggregates ──────────────────────────────────────────────────────────────────────────────────────────────────
    function test_WrongAggregateIsOverturned() public {
        bytes32 job = scoring(1);
        score(job, alike(truth(), 5));
        postAs(job, 2, "right");
        postAs(job, 0, "wrong");
        postAs(job, 1, "wrong");
        file(job, member(job, 2), ChallengeKind.Aggregate, 1);
        judgeAggregates(job, "right", 5, "wrong");
        checkOutcome(job, Outcome.Changed);
        vm.assertEq(protocol.challenges(job)[0].lost, 3, "who posted another one");
        vm.assertEq(protocol.challenges(job)[0].agreed, 31, "jurors");
        vm.assertEq(protocol.job(job).slashableJurors, 96, "outside");
        gets(job, member(job, 0), MEMBER, 5000 * SCT, 0);
        gets(job, member(job, 2), MEMBER + BOND + 5000 * SCT, 0, 0);
        gets(job, trainer(0), STAKE + 140 * SCT, 0, 0);
    }

    function test_RightAggregateStands() public {
        bytes32 job = scoring(1);
        score(job, alike(truth(), 5));
        postAs(job, 2, "wrong");
        postAs(job, 0, "right");
        postAs(job, 1, "right");
        file(job, member(job, 2), ChallengeKind.Aggregate, 1);
        judgeAggregates(job, "right", 6, "wrong");
        checkOutcome(job, Outcome.Stands);
        vm.assertEq(protocol.challenges(job)[0].lost, 0, "a losing aggregate costs nothing while the round had the right one");
        gets(job, member(job, 2), MEMBER, 0, 0);
    }

    function test_KeptModelIsOverturned() public {
        bytes32 job = scoring(1);
        score(job, alike(truth(), 5));
        postAs(job, 0, "a");
        postAs(job, 1, "b");
        postAs(job, 2, "right");
        file(job, trainer(0), ChallengeKind.Aggregate, 1);
        judgeAggregates(job, "right", 7, 0);
        checkOutcome(job, Outcome.Changed);
        vm.assertEq(protocol.challenges(job)[0].lost, 3, "who posted another one");
    }

    function test_SilentPostersAreNotAlsoLiars() public {
        bytes32 job = scoring(1);
        score(job, alike(truth(), 5));
        postAs(job, 0, "a");
        expire(job);
        file(job, trainer(0), ChallengeKind.Aggregate, 1);
        judgeAggregates(job, "right", 7, 0);
        vm.assertEq(protocol.challenges(job)[0].lost, 1, "only who posted");
        gets(job, member(job, 1), MEMBER, 200 * SCT, 200 * SCT);
    }

    function test_NoVerdictOnAnAggregate() public {
        bytes32 job = scored(alike(truth(), 5));
        file(job, trainer(0), ChallengeKind.Aggregate, 1);
        judgeAggregates(job, "other", 4, 0);
        checkOutcome(job, Outcome.NoVerdict);
        gets(job, trainer(0), STAKE + 140 * SCT + BOND, 0, 0);
        vm.assertEq(protocol.job(job).slashableJurors, 0, "nobody is outside");
    }

    // ── several items ───────────────────────────────────────────────────────────────────────────────────────────────
    function test_LIsLostOnceInTheFixedOrder() public {
        uint256 fresh = vm.snapshotState();
        bytes32 first = twoItems(false);
        vm.revertToState(fresh);
        bytes32 second = twoItems(true);
        vm.assertEq(first, second, "the order of tallies does not matter");
    }

    /// Both rounds lied about by members 0 and 1; the aggregate of the first wrong too. Returns everybody's amounts.
    function twoItems(bool backwards) private returns (bytes32) {
        bytes32 job = started(audited(2));
        playRound(job, lie());
        publish(job, ALL);
        reveal(job);
        score(job, five(lie(), lie(), truth(), truth(), truth()));
        aggregate(job, "model");
        file(job, trainer(0), ChallengeKind.Aggregate, 1);
        file(job, trainer(1), ChallengeKind.Scores, 2);
        file(job, trainer(2), ChallengeKind.Scores, 1);
        address[] memory jurors = seatJury(job);
        for (uint256 step; step < 2; ++step) {
            for (uint256 i; i < 7; ++i) {
                commitOrOpen(step, job, jurors[i], ChallengeKind.Aggregate, 1, none, "right");
                commitOrOpen(step, job, jurors[i], ChallengeKind.Scores, 2, truth(), 0);
                commitOrOpen(step, job, jurors[i], ChallengeKind.Scores, 1, truth(), 0);
            }
        }
        uint256[][] memory empty;
        if (backwards) {
            protocol.tally(job, ChallengeKind.Aggregate, 1, empty);
            protocol.tally(job, ChallengeKind.Scores, 2, empty);
            vm.assertEq(protocol.challenges(job)[1].lost, 3, "what the verdict takes");
            protocol.tally(job, ChallengeKind.Scores, 1, empty);
        } else {
            for (uint256 i; i < 3; ++i) {
                protocol.poke(job);
            }
        }
        vm.assertEq(protocol.challenges(job)[0].lost, 31, "scores of round 1 take all");
        vm.assertEq(protocol.challenges(job)[1].lost, 0, "scores of round 2: all have lost by those of round 1");
        vm.assertEq(protocol.challenges(job)[2].lost, 0, "aggregate of round 1: likewise");
        gets(job, trainer(1), STAKE + 2 * 280 * SCT + BOND, 0, 0);
        (uint256 paid,,) = claim(job, trainer(2));
        vm.assertEq(paid, STAKE + 2 * 280 * SCT + BOND + uint256(23_000 * SCT) / 2, "the filer of the item that took it");
        settleAccounts(job);
        return keccak256(abi.encode(protocol.challengePool(), token.balanceOf(jurors[0]), token.balanceOf(requestor)));
    }

    // ── steps ───────────────────────────────────────────────────────────────────────────────────────────────────────
    function judgeAggregates(bytes32 job, bytes32 most, uint256 n, bytes32 others) private {
        uint256[][] memory words = new uint256[][](JURORS);
        bytes32[] memory digests = new bytes32[](JURORS);
        for (uint256 i; i < JURORS; ++i) {
            digests[i] = i < n ? most : others;
        }
        judge(job, ChallengeKind.Aggregate, 1, words, digests);
    }
}
