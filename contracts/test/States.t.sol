// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterErrors} from "../src/IScatterErrors.sol";
import {IScatterEvents} from "../src/IScatterEvents.sol";
import {IScatterJobs} from "../src/IScatterJobs.sol";
import {JobTerms, Reason, RoundView, State} from "../src/ScatterTypes.sol";
import {JobInState} from "./support/JobInState.sol";
import {vm} from "./support/Vm.sol";

/// Every row of the state table: its early end and its exit by time.
contract StatesTest is JobInState, IScatterEvents {
    // ── exits by time ───────────────────────────────────────────────────────────────────────────────────────────────
    function test_OpenExpires() public {
        JobTerms memory t = terms(3, 3, 1);
        t.minTrainers = 2;
        bytes32 job = post(t);
        join(job, 1);
        refused(address(this), poking(job), deadlineAhead(job));
        expire(job);
        checkState(job, State.Cancelled, Reason.TooFewTrainers);
        job = post(t);
        join(job, 2);
        expire(job);
        checkState(job, State.Drawing, Reason.None);
    }

    function test_KeyingExpires() public {
        bytes32 job = post(terms(3, 3, 1));
        join(job, 3);
        draw(job);
        expire(job);
        checkState(job, State.Defaulted, Reason.NoKeys);
        refused(address(this), poking(job), wrongState(State.Defaulted));
    }

    function test_TrainingExpires() public {
        bytes32 job = started(terms(3, 3, 2));
        publish(job, 5);
        checkState(job, State.Revealing, Reason.None);
        reveal(job);
        score(job, alike(rising(3, 10, 10), 3));
        aggregate(job, "model");
        vm.assertEq(protocol.job(job).round, 2, "second round");
        refused(
            trainer(1), publishing(job, 2), abi.encodeWithSelector(IScatterErrors.TrainerWasDropped.selector, 1)
        );
        publish(job, 5);
        checkState(job, State.Revealing, Reason.None);
    }

    function test_NobodyTrainsInRoundOne() public {
        bytes32 job = started(terms(3, 3, 2));
        expire(job);
        checkState(job, State.Cancelled, Reason.NoTrainerLeft);
    }

    function test_NobodyTrainsLater() public {
        bytes32 job = started(terms(3, 3, 3));
        playRound(job, rising(3, 10, 10));
        expire(job);
        checkState(job, State.Training, Reason.None);
        vm.assertEq(protocol.job(job).round, 3, "the empty round is closed");
        expire(job);
        checkState(job, State.Challenging, Reason.None);
        expire(job);
        checkState(job, State.Settled, Reason.None);
    }

    function test_RevealingExpires() public {
        bytes32 job = started(terms(3, 3, 2));
        publish(job, ALL);
        expire(job);
        checkState(job, State.Defaulted, Reason.NoShardKey);
        job = started(terms(3, 3, 2));
        playRound(job, rising(3, 10, 10));
        publish(job, ALL);
        expire(job);
        checkState(job, State.Challenging, Reason.NoShardKey);
        expire(job);
        checkState(job, State.Settled, Reason.NoShardKey);
    }

    function test_CommittingExpires() public {
        bytes32 job = inCommitting(1);
        uint256[] memory words = rising(3, 10, 10);
        commit(job, member(job, 0), words);
        commit(job, member(job, 2), words);
        expire(job);
        checkState(job, State.Opening, Reason.None);
        vm.assertEq(protocol.job(job).slashable, 2, "seat 1 was silent");
        open(job, member(job, 0), words);
        open(job, member(job, 2), words);
        checkState(job, State.Aggregating, Reason.None);
    }

    function test_OpeningExpiresWithEnough() public {
        bytes32 job = inOpening(1, rising(3, 10, 10));
        open(job, member(job, 0), rising(3, 10, 10));
        open(job, member(job, 1), rising(3, 10, 10));
        expire(job);
        checkState(job, State.Aggregating, Reason.None);
        vm.assertEq(protocol.job(job).slashable, 4, "seat 2 was silent");
        vm.assertTrue(protocol.round(job, 1).settled, "settled by the two");
    }

    function test_OpeningExpiresShort() public {
        bytes32 job = inOpening(2, rising(3, 10, 10));
        open(job, member(job, 0), rising(3, 10, 10));
        expire(job);
        checkState(job, State.Cancelled, Reason.TooFewOpened);
        vm.assertEq(protocol.job(job).slashable, 6, "seats 1 and 2 were silent");
    }

    function test_OpeningShortLaterIsChallengeable() public {
        bytes32 job = started(terms(3, 3, 2));
        playRound(job, rising(3, 10, 10));
        publish(job, ALL);
        reveal(job);
        expire(job);
        expire(job);
        checkState(job, State.Challenging, Reason.TooFewOpened);
        vm.assertEq(protocol.job(job).slashable, 7, "all were silent");
        expire(job);
        checkState(job, State.Settled, Reason.TooFewOpened);
    }

    function test_LastCommitterToOpenStopsAShortRound() public {
        bytes32 job = inCommitting(1);
        commit(job, member(job, 0), rising(3, 10, 10));
        expire(job);
        open(job, member(job, 0), rising(3, 10, 10));
        checkState(job, State.Cancelled, Reason.TooFewOpened);
    }

    function test_AggregatingExpires() public {
        bytes32 job = inAggregating(2);
        postAs(job, 0, "model");
        expire(job);
        vm.assertEq(protocol.job(job).round, 2, "next round");
        vm.assertEq(protocol.job(job).slashable, 6, "who posted nothing was silent");
    }

    function test_AggregatingClosesWithAMajority() public {
        bytes32 job = inAggregating(1);
        postAs(job, 2, "other");
        postAs(job, 0, "model");
        checkState(job, State.Aggregating, Reason.None);
        vm.expectEmit();
        emit AggregatePosted(job, 1, 1, "model");
        vm.expectEmit();
        emit RoundClosed(job, 1, "model");
        postAs(job, 1, "model");
        checkState(job, State.Challenging, Reason.None);
        vm.assertEq(protocol.job(job).slashable, 0, "nobody was silent");
    }

    function test_AggregatingClosesWhenAllDiffer() public {
        bytes32 job = inAggregating(1);
        postAs(job, 0, "a");
        postAs(job, 1, "b");
        vm.expectEmit();
        emit AggregatePosted(job, 1, 2, "c");
        vm.expectEmit();
        emit RoundClosed(job, 1, 0);
        postAs(job, 2, "c");
        vm.assertEq(protocol.job(job).slashable, 0, "a losing aggregate is not silence");
    }

    function test_AggregatingIsSkippedWithoutAcceptedUpdates() public {
        bytes32 job = started(terms(3, 3, 2));
        playRound(job, pack(5000, new uint256[](3)));
        checkState(job, State.Training, Reason.None);
        vm.assertEq(protocol.job(job).round, 2, "the next round starts at once");
    }

    function test_ChallengingExpires() public {
        bytes32 job = started(terms(3, 3, 1));
        playRound(job, rising(3, 10, 10));
        checkState(job, State.Challenging, Reason.None);
        refused(address(this), poking(job), deadlineAhead(job));
        expire(job);
        checkState(job, State.Settled, Reason.None);
        vm.assertEq(protocol.job(job).deadline, 0, "no deadline any more");
        refused(address(this), poking(job), wrongState(State.Settled));
        refused(address(this), poking("no job"), wrongState(State.None));
    }

    // ── above one word of scores ────────────────────────────────────────────────────────────────────────────────────
    function test_LargeJobsStopBySettleRoundToo() public {
        enrolMore(17);
        bytes32 job = started(terms(17, 3, 1));
        publish(job, ALL);
        reveal(job);
        uint256[] memory words = rising(17, 10, 1);
        for (uint256 i; i < 3; ++i) {
            commit(job, member(job, i), words);
        }
        open(job, member(job, 0), words);
        bytes memory another = abi.encodeCall(IScatterJobs.settleRound, (job, 2, alike(words, 1)));
        refused(address(this), another, abi.encodeWithSelector(IScatterErrors.WrongRound.selector, 1));
        vm.warp(uint256(protocol.job(job).deadline) + 1);
        protocol.settleRound(job, 1, alike(words, 1));
        checkState(job, State.Cancelled, Reason.TooFewOpened);
    }

    function test_LargeJobsSettleWithPassedWords() public {
        enrolMore(17);
        bytes32 job = started(terms(17, 3, 1));
        publish(job, ALL);
        reveal(job);
        uint256[][] memory words = alike(rising(17, 10, 1), 3);
        for (uint256 i; i < 3; ++i) {
            commit(job, member(job, i), words[i]);
        }
        open(job, member(job, 0), words[0]);
        bytes memory early = abi.encodeWithSelector(
            IScatterErrors.ScoresStillOpening.selector, uint256(protocol.job(job).deadline)
        );
        refused(address(this), settling(job, words), early);
        open(job, member(job, 2), words[2]);
        vm.warp(uint256(protocol.job(job).deadline) + 1);
        protocol.poke(job);
        checkState(job, State.Opening, Reason.None);
        refused(
            address(this),
            settling(job, words),
            abi.encodeWithSelector(IScatterErrors.WordCountMismatch.selector, 2, 3)
        );
        words = alike(rising(17, 10, 1), 2);
        words[1] = rising(17, 11, 1);
        refused(
            address(this), settling(job, words), abi.encodeWithSelector(IScatterErrors.OpenedWordsMismatch.selector, 2)
        );
        words[1] = words[0];
        protocol.settleRound(job, 1, words);
        checkState(job, State.Aggregating, Reason.None);
        RoundView memory r = protocol.round(job, 1);
        vm.assertEq(r.scores.length, 2, "two words");
        vm.assertEq(r.scores[1], words[0][1], "the medians");
        vm.assertEq(protocol.job(job).slashable, 2, "seat 1 was silent");
        refused(address(this), settling(job, words), wrongState(State.Aggregating));
    }

    function test_LargeJobsStopByPoke() public {
        enrolMore(16);
        bytes32 job = started(terms(16, 3, 1));
        publish(job, ALL);
        reveal(job);
        expire(job);
        expire(job);
        checkState(job, State.Cancelled, Reason.TooFewOpened);
    }
}
