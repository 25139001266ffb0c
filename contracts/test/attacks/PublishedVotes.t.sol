// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterDisputes} from "../../src/IScatterDisputes.sol";
import {IScatterErrors} from "../../src/IScatterErrors.sol";
import {IScatterJobs} from "../../src/IScatterJobs.sol";
import {ChallengeKind, JobTerms, Outcome, Reason, Role, SeatKind, State} from "../../src/ScatterTypes.sol";
import {DisputedJob} from "../support/DisputedJob.sol";
import {vm} from "../support/Vm.sol";

/// Attacks on voting that worked on the contracts published with the paper, replayed on these. docs/threat-model.md lists them.
contract PublishedVotesTest is DisputedJob {
    uint256 private constant STAKE = 500 * SCT;
    uint256 private constant MEMBER = uint256(200 * SCT) / 3;

    /// "Two thirds" by integer division was one of two: a single validator decided alone. Here two thirds round up, of all
    /// members, and an aggregate takes more than half of them.
    function test_LoneValidatorQuorum() public {
        loneOpener(2);
        loneOpener(3);
        bytes32 job = started(terms(3, 2, 1));
        publish(job, ALL);
        reveal(job);
        score(job, alike(truth(), 2));
        postAs(job, 0, "mine alone");
        checkState(job, State.Aggregating, Reason.None);
    }

    /// Validators gave everybody nothing, and the division by the sum of scores kept the job from ever paying. Here nobody is
    /// accepted, the trainers' part goes back, and the job ends; zeros of one seat are outvoted.
    function test_AllZeroScores() public {
        uint256[] memory zeros = new uint256[](1);
        bytes32 job = scored(alike(zeros, 5));
        checkState(job, State.Challenging, Reason.None);
        expire(job);
        checkState(job, State.Settled, Reason.None);
        gets(job, trainer(0), STAKE, 0, 0);
        gets(job, requestor, 1000 * SCT + 700 * SCT, 0, 200 * SCT - 3 * MEMBER);
        settleAccounts(job);
        job = scored(five(zeros, truth(), truth(), truth(), truth()));
        vm.assertEq(protocol.round(job, 1).scores[0], truth()[0], "what the others found");
    }

    /// Scores were plain transactions, so a validator that did no work sent those of the first. Here it sees none before it has
    /// committed to its own, a commitment opens for its sender only, and afterwards it is too late.
    function test_CopiedScores() public {
        bytes32 job = inCommitting(1);
        bytes32 first = commitment(job, 1, member(job, 0), truth());
        address copier = member(job, 1);
        vm.prank(member(job, 0));
        protocol.commitScores(job, 1, first);
        vm.prank(copier);
        protocol.commitScores(job, 1, first);
        commit(job, member(job, 2), truth());
        open(job, member(job, 0), truth());
        refused(copier, opening(job, truth()), abi.encodeWithSelector(IScatterErrors.CommitmentMismatch.selector));
        bytes32 own = commitment(job, 1, copier, truth());
        refused(copier, abi.encodeCall(IScatterJobs.commitScores, (job, 1, own)), wrongState(State.Opening));
        open(job, member(job, 2), truth());
        expire(job);
        checkState(job, State.Aggregating, Reason.None);
        vm.assertEq(protocol.job(job).slashable, 2, "who opened nothing is slashed");
    }

    /// Every validator got the same, whatever it had said. Here pay falls with the distance from what was settled, to nothing,
    /// and who is far off while two thirds agree pays.
    function test_LiarsPaidInFull() public {
        uint256[] memory off = lanes(ZERO + 103, ZERO + 203, ZERO + 203);
        uint256[] memory wild = lanes(ZERO - 100, ZERO - 100, ZERO - 100);
        bytes32 job = scored(five(wild, off, truth(), truth(), truth()));
        expire(job);
        gets(job, member(job, 0), 0, 200 * SCT, 200 * SCT + MEMBER);
        uint256 most = uint256(10) * 3;
        gets(job, member(job, 1), MEMBER * (most - 9) / most, 0, MEMBER - MEMBER * (most - 9) / most);
        gets(job, member(job, 2), MEMBER, 0, 0);
    }

    /// A job was taken without anything to evaluate by, trained, and could never be scored. Here it names its evaluation before
    /// anybody joins, and when a round's key does not come trainers have the bond and their part of the round.
    function test_MissingEvaluation() public {
        JobTerms memory t = audited(1);
        t.evaluationJob = 0;
        bytes memory data = abi.encodeCall(IScatterJobs.post, ("x", t, shardKeyHashes(1), new bytes32[](1)));
        refused(requestor, data, missing());
        bytes32 job = started(audited(1));
        publish(job, ALL);
        expire(job);
        checkState(job, State.Defaulted, Reason.NoShardKey);
        gets(job, trainer(0), STAKE + uint256(700 * SCT) / 3 + uint256(1000 * SCT) / 3, 0, 0);
        settleAccounts(job);
    }

    /// A job waited for the scores of all, so validators that kept silent held everybody's money. Here time ends the state, the
    /// silent pay, and auditors stand in for them where there are any.
    function test_SilentMajority() public {
        bytes32 job = scoring(1);
        address[] memory all = allSeats(job);
        for (uint256 i; i < 5; ++i) {
            if (i != 1 && i != 2) commit(job, all[i], truth());
        }
        expire(job);
        for (uint256 i; i < 5; ++i) {
            if (i != 1 && i != 2) open(job, all[i], truth());
        }
        vm.assertEq(protocol.round(job, 1).panel, 25, "a member and two auditors");
        aggregate(job, "model");
        expire(job);
        gets(job, all[1], 0, 200 * SCT, 200 * SCT);
        gets(job, all[3], MEMBER, 0, 0);
        gets(job, trainer(0), STAKE + 140 * SCT, 0, 0);
        settleAccounts(job);
        // Where nobody stands in for them.
        job = inCommitting(1);
        expire(job);
        expire(job);
        checkState(job, State.Cancelled, Reason.TooFewOpened);
        vm.assertEq(protocol.job(job).slashable, 7, "all three");
        gets(job, trainer(0), STAKE, 0, 0);
        settleAccounts(job);
    }

    /// With two challengers one was "half", and its word overturned a job. Here one auditor changes no median, and what it
    /// disputes is decided by two thirds of a jury. It loses its bond, and pays for deviating.
    function test_OneLyingChallengerOfTwo() public {
        bytes32 job = scored(five(truth(), truth(), truth(), truth(), lie()));
        address liar = allSeats(job)[4];
        file(job, liar, ChallengeKind.Scores, 1);
        judgeScores(job, 5, truth(), lie());
        checkOutcome(job, Outcome.Stands);
        vm.assertEq(protocol.round(job, 1).scores[0], truth()[0], "nothing changed");
        gets(job, liar, 0, 200 * SCT, 250 * SCT);
        gets(job, trainer(0), STAKE + 140 * SCT, 0, 0);
        settleAccounts(job);
    }

    /// Nothing kept count of who had voted, so one voter voted until it won. Here each word of each seat is heard once.
    function test_RepeatedVotes() public {
        bytes32 job = scoring(1);
        address[] memory all = allSeats(job);
        for (uint256 i; i < 4; ++i) {
            commit(job, all[i], truth());
        }
        bytes memory again = abi.encodeCall(IScatterJobs.commitScores, (job, 1, bytes32("again")));
        refused(all[0], again, abi.encodeWithSelector(IScatterErrors.AlreadyCommitted.selector, 0));
        commit(job, all[4], truth());
        open(job, all[0], truth());
        refused(all[0], opening(job, truth()), abi.encodeWithSelector(IScatterErrors.AlreadyOpened.selector, 0));
        for (uint256 i = 1; i < 5; ++i) {
            open(job, all[i], truth());
        }
        postAs(job, 0, "model");
        again = abi.encodeCall(IScatterJobs.postAggregate, (job, 1, bytes32("model")));
        refused(all[0], again, abi.encodeWithSelector(IScatterErrors.AlreadyPosted.selector, 0));
        postAs(job, 1, "model");
        file(job, all[0], ChallengeKind.Scores, 1);
        again = abi.encodeWithSelector(IScatterErrors.AlreadyChallenged.selector, ChallengeKind.Scores, 1);
        refused(all[0], challenging(job, ChallengeKind.Scores, 1), again);
        address juror = seatJury(job)[0];
        commitTo(job, juror, ChallengeKind.Scores, 1, truth(), 0);
        again = abi.encodeCall(IScatterDisputes.commitVerdict, (job, ChallengeKind.Scores, 1, bytes32("again")));
        refused(juror, again, abi.encodeWithSelector(IScatterErrors.AlreadyCommitted.selector, 0));
    }

    /// Any registered validator voted on any job, and any challenger on any dispute. Here only seats that were drawn are heard.
    function test_VotesByTheUnassigned() public {
        bytes32 job = scoring(1);
        address outsider = unassigned(job);
        bytes memory unseated = by(IScatterErrors.NotSeated.selector, outsider);
        refused(outsider, abi.encodeCall(IScatterJobs.commitScores, (job, 1, bytes32("c"))), unseated);
        address[] memory all = allSeats(job);
        for (uint256 i; i < 5; ++i) {
            commit(job, all[i], truth());
        }
        refused(outsider, opening(job, truth()), unseated);
        for (uint256 i; i < 5; ++i) {
            open(job, all[i], truth());
        }
        refused(outsider, abi.encodeCall(IScatterJobs.postAggregate, (job, 1, bytes32("m"))), unseated);
        aggregate(job, "model");
        refused(
            outsider,
            challenging(job, ChallengeKind.Scores, 1),
            by(IScatterErrors.NotParticipant.selector, outsider)
        );
        file(job, trainer(0), ChallengeKind.Scores, 1);
        seatJury(job);
        bytes memory vote = abi.encodeCall(IScatterDisputes.commitVerdict, (job, ChallengeKind.Scores, 1, bytes32("c")));
        refused(all[0], vote, by(IScatterErrors.NotJuror.selector, all[0]));
        address stranger = address(0xBAD);
        refused(stranger, vote, by(IScatterErrors.NotJuror.selector, stranger));
    }

    /// Scores named an address, of whoever it was, and that was paid. Here a lane belongs to a slot that a trainer took, and those
    /// of nobody, or of who published nothing, are ignored.
    function test_ScoresForStrangers() public {
        bytes32 job = post(audited(1));
        join(job, 2);
        vm.prank(requestor);
        protocol.start(job);
        draw(job);
        vm.prank(requestor);
        protocol.publishKeys(job, "bundle");
        publish(job, ALL);
        reveal(job);
        score(job, alike(lanes(ZERO + 200, ZERO + 200, ZERO + 9000), 5));
        vm.assertEq(protocol.round(job, 1).positiveSum, 400, "of two trainers");
        aggregate(job, "model");
        expire(job);
        gets(job, trainer(0), STAKE + 350 * SCT, 0, 0);
        address[] memory friends = new address[](1);
        friends[0] = trainer(2);
        refused(
            trainer(2),
            abi.encodeWithSelector(protocol.claim.selector, job, friends, none),
            by(IScatterErrors.NoPart.selector, trainer(2))
        );
        settleAccounts(job);
    }

    // ── steps ───────────────────────────────────────────────────────────────────────────────────────────────────────
    /// One of so many members scores, as it likes; nobody else does.
    function loneOpener(uint256 members) private {
        bytes32 job = started(terms(3, members, 1));
        publish(job, ALL);
        reveal(job);
        commit(job, member(job, 0), lie());
        expire(job);
        open(job, member(job, 0), lie());
        checkState(job, State.Cancelled, Reason.TooFewOpened);
        gets(job, trainer(0), STAKE, 0, 0);
        gets(job, member(job, 1), 0, 200 * SCT, 200 * SCT);
        settleAccounts(job);
    }

    /// A validator with a whole ticket and no seat.
    function unassigned(bytes32 job) private view returns (address) {
        for (uint256 i; i < 8; ++i) {
            if (protocol.part(job, validator(i)).role == Role.None) return validator(i);
        }
        revert("all are seated");
    }
}
