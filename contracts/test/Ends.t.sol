// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterClaims} from "../src/IScatterClaims.sol";
import {IScatterErrors} from "../src/IScatterErrors.sol";
import {IScatterJobs} from "../src/IScatterJobs.sol";
import {ChallengeKind, JobTerms, Reason, State} from "../src/ScatterTypes.sol";
import {DisputedJob} from "./support/DisputedJob.sol";
import {vm} from "./support/Vm.sol";

/// How states end by their last actor, what is refused when they have ended, and what every end of a job refuses.
contract EndsTest is DisputedJob {
    // ── states ──────────────────────────────────────────────────────────────────────────────────────────────────────
    function test_EveryStateEndsWithItsLastActor() public {
        bytes32 job = post(audited(1));
        join(job, 2);
        checkState(job, State.Open, Reason.None);
        vm.prank(trainer(2));
        protocol.join(job);
        checkState(job, State.Drawing, Reason.None);
        draw(job);
        checkState(job, State.Keying, Reason.None);
        vm.prank(requestor);
        protocol.publishKeys(job, "bundle");
        checkState(job, State.Training, Reason.None);
        publish(job, ALL);
        checkState(job, State.Revealing, Reason.None);
        reveal(job);
        address[] memory all = allSeats(job);
        for (uint256 i; i < 5; ++i) {
            checkState(job, State.Committing, Reason.None);
            commit(job, all[i], truth());
        }
        for (uint256 i; i < 5; ++i) {
            checkState(job, State.Opening, Reason.None);
            open(job, all[i], truth());
        }
        postAs(job, 0, "model");
        checkState(job, State.Aggregating, Reason.None);
        postAs(job, 1, "model");
        checkState(job, State.Challenging, Reason.None);
        file(job, trainer(0), ChallengeKind.Scores, 1);
        judgeScores(job, 7, truth(), truth());
        checkState(job, State.Settled, Reason.None);
    }

    function test_LateActionsAreRefused() public {
        bytes32 job = started(terms(3, 3, 1));
        publish(job, ALL);
        address m = member(job, 0);
        late(job, requestor, abi.encodeCall(IScatterJobs.revealShardKey, (job, 1, shardKey(1))));
        reveal(job);
        late(job, m, abi.encodeCall(IScatterJobs.commitScores, (job, 1, bytes32("c"))));
        for (uint256 i; i < 3; ++i) {
            commit(job, member(job, i), truth());
        }
        late(job, m, opening(job, truth()));
        for (uint256 i; i < 3; ++i) {
            open(job, member(job, i), truth());
        }
        late(job, m, posting(job, 1));
        aggregate(job, "model");
    }

    function test_ActionsOfOtherRoundsAreRefused() public {
        bytes32 job = started(terms(3, 3, 2));
        playRound(job, truth());
        bytes memory other = abi.encodeWithSelector(IScatterErrors.WrongRound.selector, 2);
        address m = member(job, 0);
        refused(trainer(0), publishing(job, 1), other);
        publish(job, ALL);
        refused(requestor, abi.encodeCall(IScatterJobs.revealShardKey, (job, 1, shardKey(1))), other);
        reveal(job);
        refused(m, abi.encodeCall(IScatterJobs.commitScores, (job, 1, bytes32("c"))), other);
        for (uint256 i; i < 3; ++i) {
            commit(job, member(job, i), truth());
        }
        refused(m, opening(job, truth()), other);
        for (uint256 i; i < 3; ++i) {
            open(job, member(job, i), truth());
        }
        refused(m, posting(job, 1), other);
    }

    function test_DrawingRefusesEverythingButPokes() public {
        bytes32 job = post(terms(3, 3, 1));
        join(job, 3);
        bytes memory drawing = wrongState(State.Drawing);
        refused(trainer(0), abi.encodeCall(IScatterJobs.join, (job)), drawing);
        refused(requestor, abi.encodeCall(IScatterJobs.start, (job)), drawing);
        refused(trainer(0), publishing(job, 1), drawing);
        draw(job);
        checkState(job, State.Keying, Reason.None);
    }

    // ── ends ────────────────────────────────────────────────────────────────────────────────────────────────────────
    function test_ClaimsBeforeTheEndAreRefused() public {
        bytes32 job = scored(alike(truth(), 5));
        refused(address(this), claiming(job, trainer(0)), wrongState(State.Challenging));
        file(job, trainer(0), ChallengeKind.Scores, 1);
        seatJury(job);
        refused(address(this), claiming(job, trainer(0)), wrongState(State.Judging));
    }

    function test_SettledPaysEachPartOnce() public {
        bytes32 job = scored(alike(truth(), 5));
        expire(job);
        onceEach(job, State.Settled, Reason.None);
    }

    function test_SettledAfterTooFewOpenedPaysEachPartOnce() public {
        bytes32 job = started(audited(2));
        playRound(job, truth());
        publish(job, ALL);
        reveal(job);
        expire(job);
        expire(job);
        expire(job);
        onceEach(job, State.Settled, Reason.TooFewOpened);
    }

    function test_SettledAfterNoShardKeyPaysEachPartOnce() public {
        bytes32 job = started(audited(2));
        playRound(job, truth());
        publish(job, ALL);
        expire(job);
        expire(job);
        onceEach(job, State.Settled, Reason.NoShardKey);
    }

    function test_SettledAfterRefusedPaysEachPartOnce() public {
        bytes32 job = scoring(1);
        score(job, alike(none, 5));
        expire(job);
        onceEach(job, State.Settled, Reason.Refused);
    }

    function test_SettledAfterOverturnedRefusalPaysEachPartOnce() public {
        bytes32 job = scoring(1);
        score(job, alike(none, 5));
        file(job, requestor, ChallengeKind.Refusal, 1);
        judge(job, ChallengeKind.Refusal, 1, alike(truth(), JURORS), new bytes32[](JURORS));
        onceEach(job, State.Settled, Reason.Refused);
    }

    function test_DefaultedWithoutShardKeyPaysEachPartOnce() public {
        bytes32 job = started(audited(2));
        publish(job, 3);
        expire(job);
        onceEach(job, State.Defaulted, Reason.NoShardKey);
    }

    function test_DefaultedWithoutKeysPaysEachPartOnce() public {
        bytes32 job = post(audited(2));
        join(job, 3);
        draw(job);
        expire(job);
        onceEach(job, State.Defaulted, Reason.NoKeys);
    }

    function test_CancelledPaysEachPartOnce() public {
        JobTerms memory t = audited(1);
        t.minTrainers = 2;
        bytes32 job = post(t);
        join(job, 1);
        expire(job);
        onceEach(job, State.Cancelled, Reason.TooFewTrainers);
    }

    // ── steps ───────────────────────────────────────────────────────────────────────────────────────────────────────
    /// A second after the deadline the call is refused, at the deadline it is not yet.
    function late(bytes32 job, address sender, bytes memory data) private {
        uint256 state = vm.snapshotState();
        bytes memory expected = deadlinePassed(job);
        vm.warp(uint256(protocol.job(job).deadline) + 1);
        refused(sender, data, expected);
        vm.revertToState(state);
    }

    /// The job has ended, for good: nothing more can be done in it, strangers get nothing, nobody gets anything twice, and all
    /// that it held is gone in the end.
    function onceEach(bytes32 job, State state, Reason reason) private {
        checkState(job, state, reason);
        refused(address(this), poking(job), wrongState(state));
        refused(trainer(0), publishing(job, 1), wrongState(state));
        refused(trainer(0), challenging(job, ChallengeKind.Scores, 1), wrongState(state));
        address stranger = address(0xA11CE);
        refused(address(this), claiming(job, stranger), by(IScatterErrors.NoPart.selector, stranger));
        settleAccounts(job);
        address[] memory all = everybody(job);
        for (uint256 i; i < all.length; ++i) {
            refused(address(this), claiming(job, all[i]), by(IScatterErrors.AlreadyClaimed.selector, all[i]));
        }
    }

    function claiming(bytes32 job, address account) private view returns (bytes memory) {
        address[] memory accounts = new address[](1);
        accounts[0] = account;
        return abi.encodeCall(IScatterClaims.claim, (job, accounts, none));
    }

    function posting(bytes32 job, uint8 round) private pure returns (bytes memory) {
        return abi.encodeCall(IScatterJobs.postAggregate, (job, round, bytes32("model")));
    }
}
