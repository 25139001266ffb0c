// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterDisputes} from "../src/IScatterDisputes.sol";
import {IScatterErrors} from "../src/IScatterErrors.sol";
import {ChallengeKind, Outcome, Reason, RoundView, State} from "../src/ScatterTypes.sol";
import {DisputedJob} from "./support/DisputedJob.sol";
import {vm} from "./support/Vm.sol";

/// Abstention: a seat or juror that lacks what it needs says neither numbers nor that the round cannot be scored.
contract AbstainedTest is DisputedJob {
    uint256 private constant MEMBER = uint256(200 * SCT) / 3;

    // ── seats ───────────────────────────────────────────────────────────────────────────────────────────────────────
    function test_AnAbstentionIsUnpaidAndNotSlashed() public {
        bytes32 job = scoring(1);
        score(job, five(abstention(), truth(), truth(), truth(), truth()));
        checkState(job, State.Aggregating, Reason.None);
        RoundView memory r = protocol.round(job, 1);
        vm.assertEq(r.opened, 31, "it is an opening");
        vm.assertEq(r.abstained, 1, "the first member's");
        vm.assertEq(r.refused, 0, "no refusal");
        vm.assertEq(r.panel, 14, "the first auditor stands in");
        vm.assertEq(r.leftOut, 0, "and nobody is left out");
        vm.assertEq(protocol.job(job).slashable, 0, "nobody was silent");
        aggregate(job, "model");
        expire(job);
        gets(job, member(job, 0), 0, 0, 0);
        gets(job, protocol.auditors(job)[0], MEMBER, 0, 0);
        settleAccounts(job);
    }

    function test_TooManyAbstentionsStopTheJobAndCostNobodyAnything() public {
        bytes32 job = scoring(1);
        score(job, five(abstention(), abstention(), truth(), abstention(), abstention()));
        checkState(job, State.Cancelled, Reason.TooFewOpened);
        for (uint256 i; i < 5; ++i) {
            gets(job, allSeats(job)[i], 0, 0, 0);
        }
        gets(job, requestor, 2000 * SCT, 0, 0);
    }

    function test_LaterTheyStopTheJobWithWhatIsSettled() public {
        bytes32 job = started(audited(2));
        playRound(job, truth());
        publish(job, ALL);
        reveal(job);
        score(job, alike(abstention(), 5));
        checkState(job, State.Challenging, Reason.TooFewOpened);
        expire(job);
        gets(job, member(job, 0), MEMBER, 0, 0);
        (uint256 paid,,) = claim(job, requestor);
        vm.assertEq(paid, 2000 * SCT, "the bond, and the round that was not settled");
    }

    function test_AbstentionsAreNoRefusals() public {
        bytes32 job = scoring(1);
        score(job, five(none, abstention(), truth(), truth(), truth()));
        checkState(job, State.Aggregating, Reason.None);
        job = scoring(1);
        score(job, five(none, abstention(), truth(), none, none));
        checkState(job, State.Cancelled, Reason.TooFewOpened);
    }

    function test_RefusersLoseTheirLockAndThoseThatAbstainedNot() public {
        bytes32 job = scoring(1);
        score(job, five(none, none, abstention(), abstention(), none));
        checkState(job, State.Challenging, Reason.Refused);
        file(job, requestor, ChallengeKind.Refusal, 1);
        judgeRefusal(job, 5, truth(), abstention());
        checkOutcome(job, Outcome.Changed);
        vm.assertEq(protocol.challenges(job)[0].lost, 19, "two members and an auditor");
        vm.assertEq(protocol.challenges(job)[0].agreed, 31, "five jurors");
        vm.assertEq(protocol.job(job).slashableJurors, 0, "and two that could not tell");
        gets(job, member(job, 2), 0, 0, 0);
        gets(job, protocol.jurors(job)[5], 0, 0, 0);
        settleAccounts(job);
    }

    function test_WhoAbstainedHasNoPartInARefusalThatStands() public {
        bytes32 job = scoring(1);
        score(job, five(none, none, abstention(), abstention(), none));
        expire(job);
        checkState(job, State.Settled, Reason.Refused);
        gets(job, member(job, 0), 100 * SCT, 0, 0);
        gets(job, member(job, 2), 0, 0, 0);
        settleAccounts(job);
    }

    function test_AbstentionsOfLargeJobsNeedNoWords() public {
        enrolMore(16);
        bytes32 job = started(terms(16, 3, 1));
        publish(job, ALL);
        reveal(job);
        uint256[] memory words = rising(16, 10, 10);
        commit(job, member(job, 0), abstention());
        commit(job, member(job, 1), words);
        commit(job, member(job, 2), words);
        open(job, member(job, 0), abstention());
        open(job, member(job, 1), words);
        open(job, member(job, 2), words);
        protocol.settleRound(job, 1, alike(words, 2));
        checkState(job, State.Aggregating, Reason.None);
        vm.assertEq(protocol.round(job, 1).panel, 6, "the other two");
    }

    function test_OnlyOneWordOfOnesAbstains() public {
        bytes32 job = inOpening(1, abstention());
        uint256[] memory words = new uint256[](2);
        (words[0], words[1]) = (type(uint256).max, type(uint256).max);
        address m = member(job, 0);
        refused(m, opening(job, words), abi.encodeWithSelector(IScatterErrors.WordCountMismatch.selector, 1, 2));
        words = abstention();
        words[0] -= 1 << 16;
        refused(m, opening(job, words), abi.encodeWithSelector(IScatterErrors.ScoreOutOfRange.selector, 0));
        refused(m, opening(job, none), abi.encodeWithSelector(IScatterErrors.CommitmentMismatch.selector));
        open(job, m, abstention());
        refused(m, opening(job, abstention()), abi.encodeWithSelector(IScatterErrors.AlreadyOpened.selector, 0));
    }

    // ── jurors ──────────────────────────────────────────────────────────────────────────────────────────────────────
    function test_JurorsThatAbstainOnScoresAreNeitherPaidNorSlashed() public {
        bytes32 job = scored(alike(lie(), 5));
        file(job, trainer(1), ChallengeKind.Scores, 1);
        judgeScores(job, 5, truth(), abstention());
        checkOutcome(job, Outcome.Changed);
        vm.assertEq(protocol.challenges(job)[0].agreed, 31, "five gave numbers");
        vm.assertEq(protocol.job(job).slashableJurors, 0, "two are neither silent nor outside");
        gets(job, protocol.jurors(job)[5], 0, 0, 0);
        settleAccounts(job);
    }

    function test_AbstentionsDoNotDecideARefusal() public {
        bytes32 job = scoring(1);
        score(job, alike(none, 5));
        file(job, requestor, ChallengeKind.Refusal, 1);
        judgeRefusal(job, 4, none, abstention());
        checkOutcome(job, Outcome.NoVerdict);
        job = scoring(1);
        score(job, alike(none, 5));
        file(job, requestor, ChallengeKind.Refusal, 1);
        judgeRefusal(job, 5, none, abstention());
        checkOutcome(job, Outcome.Stands);
        vm.assertEq(protocol.challenges(job)[0].agreed, 31, "five refused too");
        vm.assertEq(protocol.job(job).slashableJurors, 0, "two did not know");
    }

    function test_OnAggregatesDigestZeroAbstains() public {
        bytes32 job = scored(alike(truth(), 5));
        file(job, trainer(1), ChallengeKind.Aggregate, 1);
        address juror = seatJury(job)[0];
        for (uint256 i; i < JURORS; ++i) {
            commitTo(job, protocol.jurors(job)[i], ChallengeKind.Aggregate, 1, abstention(), 0);
        }
        bytes memory data = abi.encodeCall(
            IScatterDisputes.openVerdict, (job, ChallengeKind.Aggregate, 1, abstention(), bytes32(0), SALT)
        );
        refused(juror, data, abi.encodeWithSelector(IScatterErrors.WordCountMismatch.selector, 0, 1));
    }

    // ── steps ───────────────────────────────────────────────────────────────────────────────────────────────────────
    function judgeRefusal(bytes32 job, uint256 n, uint256[] memory most, uint256[] memory others) private {
        uint256[][] memory words = new uint256[][](JURORS);
        for (uint256 i; i < JURORS; ++i) {
            words[i] = i < n ? most : others;
        }
        judge(job, ChallengeKind.Refusal, 1, words, new bytes32[](JURORS));
    }
}
