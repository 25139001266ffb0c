// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterDisputes} from "../src/IScatterDisputes.sol";
import {IScatterErrors} from "../src/IScatterErrors.sol";
import {IScatterEvents} from "../src/IScatterEvents.sol";
import {ChallengeKind, ChallengeView, JobTerms, JobView, JudgingPhase, Outcome, Reason, Role, State} from "../src/ScatterTypes.sol";
import {DisputedJob} from "./support/DisputedJob.sol";
import {vm} from "./support/Vm.sol";

/// Challenging and Judging: who may do what when, and every way out.
contract DisputesTest is DisputedJob, IScatterEvents {
    // ── challenging ─────────────────────────────────────────────────────────────────────────────────────────────────
    function test_WhoMayChallenge() public {
        bytes32 job = liedTo();
        address[] memory all = allSeats(job);
        uint256 held = token.balanceOf(address(protocol));
        vm.expectEmit();
        emit Challenged(job, ChallengeKind.Scores, 1, all[4]);
        file(job, all[4], ChallengeKind.Scores, 1);
        file(job, all[0], ChallengeKind.Scores, 1);
        file(job, trainer(2), ChallengeKind.Aggregate, 1);
        vm.assertEq(token.balanceOf(address(protocol)) - held, 3 * BOND, "three bonds");
        ChallengeView[] memory items = protocol.challenges(job);
        vm.assertEq(items.length, 2, "two items");
        vm.assertEq(items[0].filers, (1 << 68) | (1 << 64), "seats 4 and 0");
        vm.assertEq(items[1].filers, 1 << 2, "trainer 2");
        bytes memory data = challenging(job, ChallengeKind.Scores, 1);
        refused(requestor, data, by(IScatterErrors.NotParticipant.selector, requestor));
        refused(validator(7), data, by(IScatterErrors.NotParticipant.selector, address(validator(7))));
        refused(all[4], data, item(IScatterErrors.AlreadyChallenged.selector, ChallengeKind.Scores, 1));
    }

    function test_WhatCanBeChallenged() public {
        bytes32 job = scored(alike(pack(5000, new uint256[](3)), 5));
        notThere(job, ChallengeKind.Aggregate, 1);
        notThere(job, ChallengeKind.Refusal, 1);
        notThere(job, ChallengeKind.Scores, 0);
        notThere(job, ChallengeKind.Scores, 2);
        notThere(job, ChallengeKind.Scores, 255);
        file(job, trainer(0), ChallengeKind.Scores, 1);
    }

    function test_ChallengesAreInTimeAndNeedASecondLayer() public {
        bytes32 job = scoring(1);
        refused(trainer(0), challenging(job, ChallengeKind.Scores, 1), wrongState(State.Committing));
        score(job, alike(truth(), 5));
        aggregate(job, "model");
        bytes memory late = deadlinePassed(job);
        vm.warp(uint256(protocol.job(job).deadline) + 1);
        refused(trainer(0), challenging(job, ChallengeKind.Scores, 1), late);
        job = started(terms(3, 3, 1));
        playRound(job, truth());
        refused(
            trainer(0),
            challenging(job, ChallengeKind.Scores, 1),
            abi.encodeWithSelector(IScatterErrors.NoSecondLayer.selector)
        );
    }

    /// In the order of items, whoever came first; rounds that nobody challenged are not among them.
    function test_ItemsAreShownInTheirOrder() public {
        bytes32 job = started(audited(32));
        for (uint256 r; r < 31; ++r) {
            playRound(job, truth());
        }
        publish(job, ALL);
        reveal(job);
        score(job, five(none, none, truth(), truth(), truth()));
        file(job, requestor, ChallengeKind.Refusal, 32);
        file(job, trainer(1), ChallengeKind.Aggregate, 31);
        file(job, trainer(1), ChallengeKind.Scores, 31);
        file(job, trainer(0), ChallengeKind.Aggregate, 1);
        file(job, trainer(2), ChallengeKind.Scores, 1);
        shown(job, 0, ChallengeKind.Scores, 1, 1 << 2);
        shown(job, 1, ChallengeKind.Scores, 31, 1 << 1);
        shown(job, 2, ChallengeKind.Aggregate, 1, 1);
        shown(job, 3, ChallengeKind.Aggregate, 31, 1 << 1);
        shown(job, 4, ChallengeKind.Refusal, 32, 1 << 127);
        vm.assertEq(protocol.challenges(job).length, 5, "five");
        vm.assertEq(protocol.job(job).challenges, 5, "five in the job");
    }

    function shown(bytes32 job, uint256 i, ChallengeKind kind, uint8 round, uint256 filers) private view {
        ChallengeView memory c = protocol.challenges(job)[i];
        vm.assertEq(uint256(c.kind), uint256(kind), "kind");
        vm.assertEq(c.round, round, "round");
        vm.assertEq(c.filers, filers, "filers");
    }

    /// What a juror names must be an item that was challenged, and no other that has its place by accident.
    function test_OnlyWhatWasChallengedIsJudged() public {
        bytes32 job = started(audited(32));
        for (uint256 r; r < 32; ++r) {
            playRound(job, truth());
        }
        file(job, trainer(0), ChallengeKind.Scores, 32);
        file(job, trainer(0), ChallengeKind.Aggregate, 1);
        address juror = seatJury(job)[0];
        ChallengeKind[6] memory kinds = [
            ChallengeKind.Scores,
            ChallengeKind.Scores,
            ChallengeKind.Scores,
            ChallengeKind.Aggregate,
            ChallengeKind.Aggregate,
            ChallengeKind.Refusal
        ];
        uint8[6] memory rounds = [0, 1, 33, 0, 32, 32];
        for (uint256 i; i < 6; ++i) {
            bytes memory data =
                abi.encodeCall(IScatterDisputes.commitVerdict, (job, kinds[i], rounds[i], keccak256("something")));
            refused(juror, data, item(IScatterErrors.NotChallenged.selector, kinds[i], rounds[i]));
        }
        commitTo(job, juror, ChallengeKind.Scores, 32, truth(), 0);
        commitTo(job, juror, ChallengeKind.Aggregate, 1, none, "model");
    }

    function test_NothingFiledSettles() public {
        bytes32 job = liedTo();
        expire(job);
        checkState(job, State.Settled, Reason.None);
        settleAccounts(job);
    }

    // ── the jury ────────────────────────────────────────────────────────────────────────────────────────────────────
    function test_JurorsHaveNoOtherPartAndLock() public {
        bytes32 job = disputed();
        vm.assertEq(protocol.job(job).deadline, 0, "no deadline while the jury is drawn");
        checkState(job, State.Judging, Reason.None);
        vm.assertEq(protocol.job(job).round, 0, "no round in Judging");
        protocol.poke(job);
        vm.assertEq(protocol.jurors(job).length, 0, "the block is not known");
        address[] memory jurors = drawJury(job);
        vm.assertEq(jurors.length, 7, "2V + 1");
        uint256 challengers;
        for (uint256 i; i < 7; ++i) {
            bool isValidator = uint160(jurors[i]) < 0x4000;
            if (!isValidator) ++challengers;
            vm.assertEq(protocol.node(jurors[i]).locked, (isValidator ? 5000 : 4000) * SCT, "its own lock, once");
            vm.assertEq(protocol.part(job, jurors[i]).index, i, "number");
        }
        vm.assertGe(challengers, 2, "from both pools: there are five others in one, three in the other");
        vm.assertEq(uint256(protocol.job(job).phase), uint256(JudgingPhase.Committing), "they commit next");
        vm.assertEq(protocol.job(job).deadline, vm.getBlockTimestamp() + HOUR, "the clock starts when they are drawn");
    }

    function test_TooFewJurorsIsVoid() public {
        bytes32 job = liedTo();
        file(job, trainer(1), ChallengeKind.Scores, 1);
        for (uint256 i; i < 8; ++i) {
            gone(validator(i));
            if (i < 5) gone(challenger(i));
        }
        expire(job);
        vm.roll(vm.getBlockNumber() + 2);
        vm.expectEmit();
        emit JuryVoid(job, 0);
        protocol.poke(job);
        checkState(job, State.Settled, Reason.None);
        (uint256 paid,,) = claim(job, trainer(1));
        vm.assertEq(paid, 500 * SCT + BOND, "the bond is back, nothing else");
    }

    function test_ExpiredThreeTimesIsVoid() public {
        protocol = deployProtocol(immutables(deploy("BlockRandomness", "")), parameters());
        enrol(requestor, Role.Requestor);
        enrolTrainers(3);
        enrolValidators(8);
        enrolChallengers(5);
        bytes32 job = post(audited(1));
        join(job, 3);
        vm.roll(vm.getBlockNumber() + 3);
        protocol.poke(job);
        vm.prank(requestor);
        protocol.publishKeys(job, "bundle");
        playRound(job, truth());
        file(job, trainer(0), ChallengeKind.Scores, 1);
        expire(job);
        for (uint8 attempt = 1; attempt <= 3; ++attempt) {
            vm.assertEq(protocol.job(job).drawAttempt, attempt, "attempt");
            vm.roll(protocol.job(job).drawBlock + 257);
            protocol.poke(job);
        }
        checkState(job, State.Settled, Reason.None);
        gets(job, trainer(0), 640 * SCT + BOND, 0, 0);
        settleAccounts(job);
    }

    function test_FewerThanMinJuryIsVoidAndUnlocks() public {
        JobTerms memory t = audited(1);
        t.minJury = 5;
        bytes32 job = started(t);
        playRound(job, truth());
        file(job, trainer(1), ChallengeKind.Scores, 1);
        address[] memory drawn = candidates(job);
        for (uint256 i; i < 4; ++i) {
            gone(drawn[i]);
        }
        address[] memory jurors = seatJury(job);
        vm.assertEq(jurors.length, 4, "one short");
        checkState(job, State.Settled, Reason.None);
        settleAccounts(job);
        vm.assertEq(protocol.node(jurors[0]).locked, 0, "unlocked");
        vm.assertEq(protocol.node(jurors[0]).stake, protocol.ticket(protocol.node(jurors[0]).role), "not slashed");
    }

    function test_AllThereAreWhenFewerThanWanted() public {
        bytes32 job = liedTo();
        file(job, trainer(1), ChallengeKind.Scores, 1);
        address[] memory drawn = candidates(job);
        for (uint256 i; i < 4; ++i) {
            gone(drawn[i]);
        }
        vm.assertEq(seatJury(job).length, 4, "four others are left");
        vm.assertEq(uint256(protocol.job(job).phase), uint256(JudgingPhase.Committing), "and they judge");
    }

    // ── committing and opening ──────────────────────────────────────────────────────────────────────────────────────
    function test_CommitRefusals() public {
        bytes32 job = liedTo();
        bytes memory data = committing(job, "c");
        refused(trainer(0), data, wrongState(State.Challenging));
        file(job, trainer(0), ChallengeKind.Scores, 1);
        expire(job);
        refused(trainer(0), data, phase(JudgingPhase.Drawing));
        address juror = drawJury(job)[0];
        refused(trainer(0), data, by(IScatterErrors.NotJuror.selector, trainer(0)));
        refused(member(job, 0), data, by(IScatterErrors.NotJuror.selector, member(job, 0)));
        refused(juror, committing(job, 0), missing());
        refused(
            juror,
            abi.encodeCall(IScatterDisputes.commitVerdict, (job, ChallengeKind.Aggregate, 1, bytes32("c"))),
            item(IScatterErrors.NotChallenged.selector, ChallengeKind.Aggregate, 1)
        );
        vm.prank(juror);
        protocol.commitVerdict(job, ChallengeKind.Scores, 1, "c");
        refused(juror, data, abi.encodeWithSelector(IScatterErrors.AlreadyCommitted.selector, 0));
        bytes memory late = deadlinePassed(job);
        refused(address(this), poking(job), deadlineAhead(job));
        vm.warp(uint256(protocol.job(job).deadline) + 1);
        refused(juror, data, late);
    }

    function test_OpenRefusals() public {
        bytes32 job = disputed();
        address[] memory jurors = drawJury(job);
        refused(jurors[0], openingVerdict(job, truth(), 0), phase(JudgingPhase.Committing));
        commitTo(job, jurors[0], ChallengeKind.Scores, 1, truth(), 0);
        commitTo(job, jurors[1], ChallengeKind.Scores, 1, truth(), 0);
        expire(job);
        refused(jurors[2], openingVerdict(job, truth(), 0), abi.encodeWithSelector(IScatterErrors.NotCommitted.selector, 2));
        refused(
            jurors[0], openingVerdict(job, lie(), 0), abi.encodeWithSelector(IScatterErrors.CommitmentMismatch.selector)
        );
        refused(
            jurors[0],
            openingVerdict(job, truth(), "model"),
            abi.encodeWithSelector(IScatterErrors.AggregateUnexpected.selector)
        );
        refused(
            jurors[0],
            openingVerdict(job, new uint256[](2), 0),
            abi.encodeWithSelector(IScatterErrors.WordCountMismatch.selector, 1, 2)
        );
        uint256[] memory wild = new uint256[](1);
        wild[0] = 10_001;
        refused(
            jurors[0], openingVerdict(job, wild, 0), abi.encodeWithSelector(IScatterErrors.ScoreOutOfRange.selector, 0)
        );
        openTo(job, jurors[0], ChallengeKind.Scores, 1, truth(), 0);
        refused(
            jurors[0], openingVerdict(job, truth(), 0), abi.encodeWithSelector(IScatterErrors.AlreadyOpened.selector, 0)
        );
        vm.assertEq(uint256(protocol.job(job).phase), uint256(JudgingPhase.Opening), "one commitment is not open");
        openTo(job, jurors[1], ChallengeKind.Scores, 1, truth(), 0);
        vm.assertEq(uint256(protocol.job(job).phase), uint256(JudgingPhase.Tallying), "all commitments are open");
        vm.assertEq(protocol.job(job).slashableJurors, 124, "five were silent");
    }

    function test_AggregatesHaveNoWords() public {
        bytes32 job = liedTo();
        file(job, trainer(0), ChallengeKind.Aggregate, 1);
        address juror = seatJury(job)[0];
        commitTo(job, juror, ChallengeKind.Aggregate, 1, truth(), "model");
        expire(job);
        refused(
            juror,
            abi.encodeCall(IScatterDisputes.openVerdict, (job, ChallengeKind.Aggregate, 1, truth(), bytes32("model"), SALT)),
            abi.encodeWithSelector(IScatterErrors.WordCountMismatch.selector, 0, 1)
        );
    }

    function test_VerdictsOfOthersDoNotOpen() public {
        bytes32 job = disputed();
        address[] memory jurors = drawJury(job);
        bytes32 copied = verdictCommitment(job, jurors[0], ChallengeKind.Scores, 1, truth(), 0);
        vm.prank(jurors[1]);
        protocol.commitVerdict(job, ChallengeKind.Scores, 1, copied);
        expire(job);
        refused(
            jurors[1],
            openingVerdict(job, truth(), 0),
            abi.encodeWithSelector(IScatterErrors.CommitmentMismatch.selector)
        );
    }

    function test_SilentJuryEndsByPokesAlone() public {
        bytes32 job = disputed();
        address[] memory jurors = drawJury(job);
        for (uint256 i; i < 2; ++i) {
            expire(job);
        }
        vm.assertEq(uint256(protocol.job(job).phase), uint256(JudgingPhase.Tallying), "nobody did anything");
        protocol.poke(job);
        checkOutcome(job, Outcome.NoVerdict);
        (, uint256 penalty, uint256 pooled) = claim(job, jurors[3]);
        vm.assertEq(penalty, 200 * SCT, "silence");
        vm.assertEq(pooled, 200 * SCT, "into the challenge pool");
        (uint256 paid,,) = claim(job, trainer(0));
        vm.assertGe(paid, 500 * SCT + BOND, "the bond is back");
    }

    function test_JurorWhoLeavesAnItemOutIsSilent() public {
        bytes32 job = liedTo();
        file(job, trainer(0), ChallengeKind.Scores, 1);
        file(job, trainer(0), ChallengeKind.Aggregate, 1);
        address[] memory jurors = seatJury(job);
        for (uint256 i; i < 7; ++i) {
            commitTo(job, jurors[i], ChallengeKind.Scores, 1, truth(), 0);
            if (i != 2) commitTo(job, jurors[i], ChallengeKind.Aggregate, 1, none, "model");
        }
        expire(job);
        for (uint256 i; i < 7; ++i) {
            openTo(job, jurors[i], ChallengeKind.Scores, 1, truth(), 0);
            if (i != 2) openTo(job, jurors[i], ChallengeKind.Aggregate, 1, none, "model");
        }
        vm.assertEq(protocol.job(job).slashableJurors, 4, "juror 2");
        protocol.poke(job);
        protocol.poke(job);
        checkState(job, State.Settled, Reason.None);
    }

    // ── tallying ────────────────────────────────────────────────────────────────────────────────────────────────────
    function test_TallyRefusals() public {
        bytes32 job = liedTo();
        uint256[][] memory empty;
        bytes memory data = tallying(job, ChallengeKind.Scores, empty);
        refused(address(this), data, wrongState(State.Challenging));
        file(job, trainer(0), ChallengeKind.Scores, 1);
        file(job, trainer(0), ChallengeKind.Aggregate, 1);
        seatJury(job);
        refused(address(this), data, phase(JudgingPhase.Committing));
        expire(job);
        expire(job);
        refused(
            address(this),
            tallying(job, ChallengeKind.Refusal, empty),
            item(IScatterErrors.NotChallenged.selector, ChallengeKind.Refusal, 1)
        );
        refused(
            address(this),
            tallying(job, ChallengeKind.Scores, new uint256[][](1)),
            abi.encodeWithSelector(IScatterErrors.WordCountMismatch.selector, 0, 1)
        );
        protocol.tally(job, ChallengeKind.Aggregate, 1, empty);
        refused(
            address(this),
            tallying(job, ChallengeKind.Aggregate, empty),
            item(IScatterErrors.AlreadyTallied.selector, ChallengeKind.Aggregate, 1)
        );
        checkState(job, State.Judging, Reason.None);
        protocol.tally(job, ChallengeKind.Scores, 1, empty);
        checkState(job, State.Settled, Reason.None);
        refused(address(this), data, wrongState(State.Settled));
        refused(address(this), poking(job), wrongState(State.Settled));
    }

    function test_LargeJobsTallyWithPassedWords() public {
        enrolMore(17);
        JobTerms memory t = audited(1);
        t.maxTrainers = 17;
        bytes32 job = started(t);
        uint256[] memory wrong = rising(17, 10, 1);
        uint256[] memory right = rising(17, 100, 2);
        playRound(job, wrong);
        file(job, trainer(0), ChallengeKind.Scores, 1);
        address[] memory jurors = seatJury(job);
        for (uint256 i; i < 7; ++i) {
            commitTo(job, jurors[i], ChallengeKind.Scores, 1, right, 0);
        }
        for (uint256 i; i < 7; ++i) {
            openTo(job, jurors[i], ChallengeKind.Scores, 1, i == 6 ? right : right, 0);
        }
        protocol.poke(job);
        checkState(job, State.Judging, Reason.None);
        uint256[][] memory words = alike(wrong, 12);
        refused(
            address(this),
            tallying(job, ChallengeKind.Scores, alike(wrong, 11)),
            abi.encodeWithSelector(IScatterErrors.WordCountMismatch.selector, 12, 11)
        );
        refused(
            address(this),
            tallying(job, ChallengeKind.Scores, words),
            abi.encodeWithSelector(IScatterErrors.OpenedWordsMismatch.selector, 0)
        );
        for (uint256 i = 5; i < 12; ++i) {
            words[i] = right;
        }
        protocol.tally(job, ChallengeKind.Scores, 1, words);
        checkOutcome(job, Outcome.Changed);
        vm.assertEq(protocol.round(job, 1).scores[1], right[1], "the jurors' word");
        vm.assertEq(protocol.challenges(job)[0].lost, 31, "all seats");
        (uint256 paid, uint256 penalty,) = claim(job, member(job, 0), wrong);
        vm.assertEq(paid, 0, "far off");
        vm.assertEq(penalty, 5000 * SCT, "L");
    }

    // ── steps ───────────────────────────────────────────────────────────────────────────────────────────────────────
    /// Two of three members lie.
    function liedTo() private returns (bytes32) {
        return scored(five(lie(), lie(), truth(), truth(), truth()));
    }

    /// The same, challenged, in Judging.
    function disputed() private returns (bytes32 job) {
        job = liedTo();
        file(job, trainer(0), ChallengeKind.Scores, 1);
        expire(job);
    }

    function drawJury(bytes32 job) private returns (address[] memory) {
        vm.roll(vm.getBlockNumber() + 2);
        protocol.poke(job);
        return protocol.jurors(job);
    }

    /// Who could be a juror.
    function candidates(bytes32 job) private view returns (address[] memory found) {
        found = new address[](8);
        uint256 n;
        for (uint256 i; i < 13; ++i) {
            address a = i < 8 ? validator(i) : challenger(i - 8);
            if (uint256(protocol.part(job, a).role) == 0) found[n++] = a;
        }
    }

    function gone(address account) private {
        vm.prank(account);
        protocol.requestWithdrawal();
    }

    function notThere(bytes32 job, ChallengeKind kind, uint8 round) private {
        refused(trainer(0), challenging(job, kind, round), item(IScatterErrors.NotChallengeable.selector, kind, round));
    }

    function item(bytes4 selector, ChallengeKind kind, uint8 round) private pure returns (bytes memory) {
        return abi.encodeWithSelector(selector, kind, round);
    }

    function phase(JudgingPhase current) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IScatterErrors.WrongPhase.selector, current);
    }

    function committing(bytes32 job, bytes32 c) private pure returns (bytes memory) {
        return abi.encodeCall(IScatterDisputes.commitVerdict, (job, ChallengeKind.Scores, 1, c));
    }

    function openingVerdict(bytes32 job, uint256[] memory words, bytes32 digest) private pure returns (bytes memory) {
        return abi.encodeCall(IScatterDisputes.openVerdict, (job, ChallengeKind.Scores, 1, words, digest, SALT));
    }

    function tallying(bytes32 job, ChallengeKind kind, uint256[][] memory words) private pure returns (bytes memory) {
        return abi.encodeCall(IScatterDisputes.tally, (job, kind, 1, words));
    }
}
