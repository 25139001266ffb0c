// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterErrors} from "../../src/IScatterErrors.sol";
import {IScatterJobs} from "../../src/IScatterJobs.sol";
import {ChallengeKind, ChallengeView, JobTerms, Outcome, Reason, State} from "../../src/ScatterTypes.sol";
import {DisputedJob} from "../support/DisputedJob.sol";
import {vm} from "../support/Vm.sol";

/// Attacks that were found when these contracts were reviewed. What nodes have to do with them, Python's tests show.
contract ReviewedTest is DisputedJob {
    uint256 private constant STAKE = 500 * SCT;
    uint256 private constant LOCK = 5000 * SCT;

    /// A requestor gives seats a second to commit, or to open, and has them all slashed for silence.
    function test_ImpossibleCommitWindow() public {
        JobTerms memory t = audited(1);
        t.durations.commit = 1;
        tooShort(t, 1);
        t = audited(1);
        t.durations.openScores = HOUR - 1;
        tooShort(t, HOUR - 1);
        t = audited(1);
        t.durations.aggregate = 0;
        tooShort(t, 0);
        bytes32 job = scoring(1);
        vm.assertEq(protocol.job(job).deadline, vm.getBlockTimestamp() + HOUR, "the least that there is");
    }

    /// Somebody seals a key that is none to one member, which then contradicts the others by its special word. It is left out,
    /// an auditor stands in for it, and it loses the pay of the round and nothing else. (Nodes see it and all say the same.)
    function test_BadKeyToOneMember() public {
        uint256[] memory shut = lanes(0x7FFF, ZERO + 230, ZERO + 230);
        bytes32 job = scored(five(shut, truth(), truth(), truth(), truth()));
        vm.assertEq(protocol.round(job, 1).panel, 14, "an auditor stands in");
        vm.assertEq(protocol.round(job, 1).scores[0], truth()[0], "and the scores are what they were");
        expire(job);
        vm.assertEq(protocol.job(job).slashable, 0, "nobody is slashed");
        gets(job, member(job, 0), 0, 0, 0);
        gets(job, trainer(0), STAKE + 140 * SCT, 0, 0);
    }

    /// A job that pays next to nothing, lied about by friends and challenged by friends, so that the jury's fees drain the
    /// challenge pool. A fee is at most what a member could earn in that job, the liars lose their locks, and much of those
    /// goes into the pool.
    function test_DustJobsDrainTheChallengePool() public {
        fillChallengePool();
        fillChallengePool();
        JobTerms memory t = audited(1);
        t.roundPool = uint96(100 * SCT);
        bytes32 job = started(t);
        playRound(job, lie());
        file(job, trainer(1), ChallengeKind.Scores, 1);
        uint256 pool = protocol.challengePool();
        uint256 earned = uint256(20 * SCT) / 3;
        vm.assertTrue(pool / 100 > earned, "one per cent would be more");
        judgeScores(job, 7, truth(), none);
        vm.assertEq(protocol.job(job).jurorFee, earned, "what a member could earn");
        settleAccounts(job);
        vm.assertTrue(protocol.challengePool() > pool, "the pool has more than before");
    }

    /// A friend of the liars files the challenge first, so that the right one cannot be made, or in the hope to lose it. Filing
    /// decides nothing: others can file the same, and the jury finds what it finds.
    function test_SpendingARoundsChallenge() public {
        bytes32 job = scored(five(lie(), lie(), truth(), truth(), truth()));
        file(job, trainer(0), ChallengeKind.Scores, 1);
        file(job, allSeats(job)[3], ChallengeKind.Scores, 1);
        judgeScores(job, 7, truth(), none);
        checkOutcome(job, Outcome.Changed);
        vm.assertEq(protocol.challenges(job)[0].lost, 3, "both liars");
        // Half of what they lose goes to two filers, of whom the friend is one: less than it cost them.
        gets(job, trainer(0), STAKE + 140 * SCT + BOND + LOCK / 2, 0, 0);
        gets(job, allSeats(job)[3], 50 * SCT + BOND + LOCK / 2, 0, 0);
        gets(job, trainer(1), STAKE + 280 * SCT, 0, 0);
    }

    /// A liar's friend is first, and challenges all that is right in a job of as many rounds as there can be, so that no room is left
    /// for the lie in the last one. Each item has a place of its own: the lie can be challenged, and is overturned.
    function test_CrowdingOutAChallenge() public {
        bytes32 job = started(audited(32));
        for (uint8 r = 1; r <= 32; ++r) {
            playRound(job, r == 32 ? lie() : truth());
        }
        uint256 balance = token.balanceOf(trainer(0));
        for (uint8 r = 1; r <= 32; ++r) {
            if (r != 32) file(job, trainer(0), ChallengeKind.Scores, r);
            file(job, trainer(0), ChallengeKind.Aggregate, r);
        }
        vm.assertEq(balance - token.balanceOf(trainer(0)), 63 * BOND, "that is its price");
        file(job, trainer(1), ChallengeKind.Scores, 32);
        vm.assertEq(protocol.challenges(job).length, 64, "all that there are");
        judgeAll(job, 32);
        checkState(job, State.Settled, Reason.None);
        ChallengeView[] memory items = protocol.challenges(job);
        for (uint256 i; i < 64; ++i) {
            vm.assertEq(uint256(items[i].outcome), uint256(i == 31 ? Outcome.Changed : Outcome.Stands), "outcome");
        }
        vm.assertEq(items[31].lost, 31, "all that lied");
        vm.assertEq(protocol.round(job, 32).scores[0], truth()[0], "the lie is gone");
        gets(job, trainer(1), STAKE + 32 * 280 * SCT + BOND + 5 * 11_200 * SCT / 2, 0, 0);
        settleAccounts(job);
    }

    /// What is not answered: a requestor whose only trainer is its own has seats drawn and withholds the job key as long as its terms
    /// allow. Seats are locked for a month, and it costs gas, and what the money would have earned elsewhere.
    function test_NotAnswered_LockingSeatsForNothing() public {
        uint256 before = token.balanceOf(requestor) + token.balanceOf(trainer(0));
        JobTerms memory t = audited(1);
        t.maxTrainers = 1;
        t.durations.keys = 30 days;
        bytes32 job = post(t);
        join(job, 1);
        draw(job);
        vm.assertEq(protocol.job(job).deadline, vm.getBlockTimestamp() + 30 days, "for a month");
        vm.assertEq(protocol.node(member(job, 0)).locked, LOCK, "locked");
        expire(job);
        checkState(job, State.Defaulted, Reason.NoKeys);
        settleAccounts(job);
        vm.assertEq(token.balanceOf(requestor) + token.balanceOf(trainer(0)), before, "the bond is its trainer's");
    }

    /// What is not answered: one person takes all slots of another's job, under many names, and publishes nothing. Silence in the first
    /// round is free, since honest trainers that cannot read their key are silent too. So the job is cancelled, for nothing.
    function test_NotAnswered_TakingAllSlotsForNothing() public {
        uint256 requestorsBefore = token.balanceOf(requestor);
        uint256 before = token.balanceOf(trainer(0)) + token.balanceOf(trainer(1)) + token.balanceOf(trainer(2));
        bytes32 job = started(audited(1));
        expire(job);
        checkState(job, State.Cancelled, Reason.NoTrainerLeft);
        settleAccounts(job);
        uint256 afterwards = token.balanceOf(trainer(0)) + token.balanceOf(trainer(1)) + token.balanceOf(trainer(2));
        vm.assertEq(afterwards, before, "slot stakes are back");
        vm.assertEq(token.balanceOf(requestor), requestorsBefore, "it lost time");
    }

    /// A liar that a verdict found out never claims, so that its stake stays, and nobody can be paid of it. Others are paid all the
    /// same, its lock keeps it, and anybody claims for it.
    function test_OffenderThatNeverClaims() public {
        bytes32 job = scored(five(lie(), lie(), truth(), truth(), truth()));
        address liar = member(job, 0);
        file(job, allSeats(job)[3], ChallengeKind.Scores, 1);
        judgeScores(job, 7, truth(), none);
        gets(job, allSeats(job)[3], 50 * SCT + BOND + LOCK, 0, 0);
        gets(job, protocol.jurors(job)[0], uint256(LOCK / 2) / 7, 0, 0);
        vm.prank(liar);
        protocol.requestWithdrawal();
        vm.warp(vm.getBlockTimestamp() + 365 days);
        refused(
            liar,
            abi.encodeWithSelector(protocol.withdraw.selector),
            abi.encodeWithSelector(IScatterErrors.StakeLocked.selector, LOCK)
        );
        address[] memory accounts = new address[](1);
        accounts[0] = liar;
        vm.prank(address(0xBAD));
        protocol.claim(job, accounts, none);
        vm.assertEq(protocol.node(liar).stake, TICKET - LOCK, "L is gone");
        settleAccounts(job);
    }

    /// Members refuse a round that they could score, for the fifth of it that refusing pays without any work. Whoever scored, or
    /// the requestor, challenges that, and each refuser loses L: here fifty times what refusing would have paid it.
    function test_RefusingForProfit() public {
        bytes32 job = scoring(1);
        score(job, five(none, none, truth(), truth(), truth()));
        checkState(job, State.Challenging, Reason.Refused);
        file(job, member(job, 2), ChallengeKind.Refusal, 1);
        uint256[][] memory words = new uint256[][](JURORS);
        for (uint256 i; i < JURORS; ++i) {
            words[i] = i < 5 ? truth() : none;
        }
        judge(job, ChallengeKind.Refusal, 1, words, new bytes32[](JURORS));
        checkOutcome(job, Outcome.Changed);
        gets(job, member(job, 0), 0, LOCK, 0);
        gets(job, member(job, 2), BOND + LOCK, 0, 0);
        uint256 share = uint256(LOCK / 2) / 5;
        gets(job, requestor, 2000 * SCT, 0, LOCK - 5 * share);
        settleAccounts(job);
    }

    /// A requestor withholds the last key once it has what it wants. That is dearer than finishing: it pays trainers' part of the
    /// round, and the bond, for which it gets no scores and no model.
    function test_DefaultingInsteadOfFinishing() public {
        bytes32 finished = started(audited(2));
        playRound(finished, truth());
        playRound(finished, truth());
        expire(finished);
        (uint256 back,,) = claim(finished, requestor);
        bytes32 job = started(audited(2));
        playRound(job, truth());
        publish(job, ALL);
        expire(job);
        checkState(job, State.Challenging, Reason.NoShardKey);
        expire(job);
        (uint256 less,,) = claim(job, requestor);
        vm.assertEq(back - less, uint256(700 * SCT) / 3 * 3, "the trainers' part of what it did not finish");
        gets(job, trainer(0), STAKE + 140 * SCT + uint256(700 * SCT) / 3 + uint256(1000 * SCT) / 3, 0, 0);
    }

    /// It does so because a settled round is about to be overturned. That round can still be challenged.
    function test_DefaultingToEscapeAChallenge() public {
        bytes32 job = started(audited(2));
        playRound(job, lie());
        publish(job, ALL);
        expire(job);
        checkState(job, State.Challenging, Reason.NoShardKey);
        file(job, trainer(1), ChallengeKind.Scores, 1);
        judgeScores(job, 7, truth(), none);
        checkOutcome(job, Outcome.Changed);
        vm.assertEq(protocol.round(job, 1).scores[0], truth()[0], "trainers are paid by the verdict");
        settleAccounts(job);
    }

    /// A trainer hands its ciphertext out only after scores are open: to a jury, that finds a number where all seats found nothing.
    /// The verdict counts, and costs no seat more than the pay of the round.
    function test_CiphertextAfterOpening() public {
        uint256[] memory unread = lanes(0x7FFF, ZERO + 200, ZERO + 200);
        bytes32 job = scored(alike(unread, 5));
        file(job, trainer(0), ChallengeKind.Scores, 1);
        judgeScores(job, 7, truth(), none);
        checkOutcome(job, Outcome.Changed);
        vm.assertEq(protocol.challenges(job)[0].lost, 0, "nobody loses L");
        gets(job, trainer(0), STAKE + 140 * SCT + BOND, 0, 0);
        gets(job, member(job, 0), 0, 0, 0);
        settleAccounts(job);
    }

    /// A requestor hands the evaluation out only to a jury. Seats that lack it abstain, which costs nobody anything, and there is
    /// no refusal that could be overturned.
    function test_EvaluationAfterOpening() public {
        bytes32 job = scoring(1);
        score(job, alike(abstention(), 5));
        checkState(job, State.Cancelled, Reason.TooFewOpened);
        vm.assertEq(protocol.job(job).slashable, 0, "nobody was silent");
        gets(job, member(job, 0), 0, 0, 0);
        gets(job, requestor, 2000 * SCT, 0, 0);
        settleAccounts(job);
    }

    // ── steps ───────────────────────────────────────────────────────────────────────────────────────────────────────
    /// All scores and aggregates of so many rounds: jurors find what is true.
    function judgeAll(bytes32 job, uint8 rounds) private {
        address[] memory jurors = seatJury(job);
        for (uint256 step; step < 2; ++step) {
            for (uint256 i; i < jurors.length; ++i) {
                for (uint8 r = 1; r <= rounds; ++r) {
                    commitOrOpen(step, job, jurors[i], ChallengeKind.Scores, r, truth(), 0);
                    commitOrOpen(step, job, jurors[i], ChallengeKind.Aggregate, r, none, "model");
                }
            }
        }
        for (uint256 i; i < 2 * uint256(rounds); ++i) {
            protocol.poke(job);
        }
    }

    function tooShort(JobTerms memory t, uint256 given) private {
        bytes memory data = abi.encodeCall(IScatterJobs.post, ("x", t, shardKeyHashes(1), new bytes32[](1)));
        bytes memory expected = abi.encodeWithSelector(
            IScatterErrors.TermOutOfRange.selector, bytes32("durations"), given, uint256(HOUR), uint256(30 days)
        );
        refused(requestor, data, expected);
    }
}
