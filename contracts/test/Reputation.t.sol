// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Reputation, ScatterReputation} from "../src/ScatterReputation.sol";
import {IScatterViews} from "../src/IScatterViews.sol";
import {ChallengeKind, JobTerms, Reason, State} from "../src/ScatterTypes.sol";
import {DisputedJob} from "./support/DisputedJob.sol";
import {vm} from "./support/Vm.sol";

/// What accounts did is recorded once, by anybody, as the protocol shows it when the job has ended.
contract ReputationTest is DisputedJob {
    ScatterReputation private book;

    function setUp() public override {
        super.setUp();
        book = ScatterReputation(deploy("ScatterReputation", abi.encode(protocol)));
    }

    // ── recording ───────────────────────────────────────────────────────────────────────────────────────────────────
    function test_AnybodyRecordsAnybodyOnce() public {
        bytes32 job = honest();
        address[] memory all = everybody(job);
        vm.assertTrue(!book.isRecorded(job, trainer(0)), "not yet");
        vm.expectEmit();
        emit ScatterReputation.DeedsRecorded(job, trainer(0), Reputation(1, 2, 200, 0, 0, 0, 0));
        book.record(job, one(trainer(0)));
        vm.assertTrue(book.isRecorded(job, trainer(0)) && !book.isRecorded(job, trainer(1)), "one");
        bytes memory again = abi.encodeWithSelector(ScatterReputation.AlreadyRecorded.selector, job, trainer(0));
        refusedHere(job, one(trainer(0)), again);
        refusedHere(job, all, again);
        refusedHere(job, two(trainer(1), trainer(1)), abi.encodeWithSelector(ScatterReputation.AlreadyRecorded.selector, job, trainer(1)));
        vm.assertTrue(!book.isRecorded(job, trainer(1)), "all or nothing");
        for (uint256 i; i < all.length; ++i) {
            if (all[i] != trainer(0)) book.record(job, one(all[i]));
        }
        same(book.reputation(trainer(1)), Reputation(1, 2, 400, 0, 0, 0, 0));
        same(book.reputation(requestor), Reputation(1, 2, 0, 0, 0, 0, 0));
        same(book.reputation(member(job, 0)), Reputation(1, 2, 0, 0, 0, 0, 0));
        same(book.reputation(protocol.auditors(job)[1]), Reputation(1, 2, 0, 0, 0, 0, 0));
    }

    function test_ItAddsUp() public {
        bytes32 job = honest();
        book.record(job, everybody(job));
        settleAccounts(job);
        bytes32 other = honest();
        same(book.deeds(other, trainer(2)), Reputation(1, 2, 400, 0, 0, 0, 0));
        book.record(other, everybody(other));
        same(book.reputation(trainer(2)), Reputation(2, 4, 800, 0, 0, 0, 0));
        same(book.reputation(requestor), Reputation(2, 4, 0, 0, 0, 0, 0));
    }

    function test_OnlyWhatIsOver() public {
        bytes32 job = scored(alike(truth(), 5));
        bytes memory early = abi.encodeWithSelector(ScatterReputation.JobNotEnded.selector, State.Challenging);
        refusedHere(job, one(trainer(0)), early);
        vm.expectRevert(early);
        book.deeds(job, trainer(0));
        refusedHere("nothing", one(trainer(0)), abi.encodeWithSelector(ScatterReputation.JobNotEnded.selector, State.None));
    }

    function test_OnlyParts() public {
        bytes32 job = honest();
        bytes memory none_ = abi.encodeWithSelector(ScatterReputation.NoPartIn.selector, job, address(0xA11CE));
        refusedHere(job, two(trainer(0), address(0xA11CE)), none_);
        vm.expectRevert(none_);
        book.deeds(job, address(0xA11CE));
        vm.expectRevert(none_);
        book.isRecorded(job, address(0xA11CE));
    }

    function test_ThereMustBeAProtocol() public {
        vm.expectRevert(abi.encodeWithSelector(ScatterReputation.ProtocolMissing.selector, address(0xdead)));
        new ScatterReputation(IScatterViews(address(0xdead)));
    }

    // ── deeds ───────────────────────────────────────────────────────────────────────────────────────────────────────
    function test_SilentTrainers() public {
        bytes32 job = started(terms(3, 3, 2));
        publish(job, 3);
        reveal(job);
        score(job, alike(lanes(ZERO + 100, ZERO - 30, ZERO), 3));
        aggregate(job, "model");
        publish(job, 1);
        reveal(job);
        score(job, alike(lanes(0x7FFF, 0, 0), 3));
        expire(job);
        checkState(job, State.Settled, Reason.None);
        same(book.deeds(job, trainer(0)), Reputation(1, 2, 100, 0, 0, 0, 0)); // struck out in the second round
        same(book.deeds(job, trainer(1)), Reputation(1, 1, -30, 1, 0, 0, 0)); // silent in the second
        same(book.deeds(job, trainer(2)), Reputation(1, 0, 0, 1, 0, 0, 0)); // dropped
    }

    function test_SilentSeats() public {
        bytes32 job = inCommitting(1);
        commit(job, member(job, 0), rising(3, 10, 10));
        commit(job, member(job, 1), rising(3, 10, 10));
        expire(job);
        open(job, member(job, 0), rising(3, 10, 10));
        open(job, member(job, 1), rising(3, 10, 10));
        postAs(job, 0, "model");
        expire(job);
        expire(job);
        checkState(job, State.Settled, Reason.None);
        same(book.deeds(job, member(job, 0)), Reputation(1, 1, 0, 0, 0, 0, 0));
        same(book.deeds(job, member(job, 1)), Reputation(1, 1, 0, 1, 1, 0, 0)); // posted no aggregate
        same(book.deeds(job, member(job, 2)), Reputation(1, 0, 0, 1, 1, 0, 0)); // committed to nothing
    }

    function test_ARequestorThatWithholdsKeys() public {
        bytes32 job = post(terms(3, 3, 1));
        join(job, 3);
        draw(job);
        expire(job);
        checkState(job, State.Defaulted, Reason.NoKeys);
        same(book.deeds(job, requestor), Reputation(1, 0, 0, 1, 0, 0, 0));
        same(book.deeds(job, trainer(0)), Reputation(1, 0, 0, 0, 0, 0, 0));
        same(book.deeds(job, member(job, 0)), Reputation(1, 0, 0, 0, 0, 0, 0));
        job = started(terms(3, 3, 1));
        publish(job, ALL);
        expire(job);
        checkState(job, State.Defaulted, Reason.NoShardKey);
        same(book.deeds(job, requestor), Reputation(1, 0, 0, 1, 0, 0, 0));
        same(book.deeds(job, trainer(0)), Reputation(1, 1, 0, 0, 0, 0, 0));
    }

    function test_AJobThatNeverBegan() public {
        bytes32 job = post(terms(3, 3, 1));
        expire(job);
        checkState(job, State.Cancelled, Reason.TooFewTrainers);
        same(book.deeds(job, requestor), Reputation(1, 0, 0, 0, 0, 0, 0));
    }

    function test_AChallengeWon() public {
        bytes32 job = scored(five(lie(), lie(), truth(), truth(), truth()));
        address filer = protocol.auditors(job)[0];
        file(job, filer, ChallengeKind.Scores, 1);
        judgeScores(job, 6, truth(), lie());
        address[] memory jurors = protocol.jurors(job);
        same(book.deeds(job, filer), Reputation(1, 1, 0, 0, 0, 1, 0));
        same(book.deeds(job, member(job, 0)), Reputation(1, 1, 0, 0, 1, 0, 0)); // lied
        same(book.deeds(job, member(job, 2)), Reputation(1, 1, 0, 0, 0, 0, 0)); // contradicted the liars
        same(book.deeds(job, jurors[0]), Reputation(1, 1, 0, 0, 0, 0, 0));
        same(book.deeds(job, jurors[6]), Reputation(1, 1, 0, 0, 1, 0, 0)); // outside the verdict
        same(book.deeds(job, trainer(0)), Reputation(1, 1, 100, 0, 0, 0, 0)); // as the verdict leaves it
    }

    function test_AChallengeLost() public {
        bytes32 job = scored(alike(truth(), 5));
        file(job, trainer(0), ChallengeKind.Scores, 1);
        judgeScores(job, 7, truth(), truth());
        same(book.deeds(job, trainer(0)), Reputation(1, 1, 100, 0, 0, 0, 1));
    }

    function test_SilentJurors() public {
        bytes32 job = scored(alike(truth(), 5));
        file(job, trainer(0), ChallengeKind.Scores, 1);
        address[] memory jurors = seatJury(job);
        for (uint256 i; i < 5; ++i) {
            commitTo(job, jurors[i], ChallengeKind.Scores, 1, truth(), 0);
        }
        expire(job);
        for (uint256 i; i < 4; ++i) {
            openTo(job, jurors[i], ChallengeKind.Scores, 1, truth(), 0);
        }
        expire(job);
        protocol.poke(job);
        checkState(job, State.Settled, Reason.None);
        same(book.deeds(job, trainer(0)), Reputation(1, 1, 100, 0, 0, 0, 0)); // no verdict
        same(book.deeds(job, jurors[0]), Reputation(1, 1, 0, 0, 0, 0, 0));
        same(book.deeds(job, jurors[4]), Reputation(1, 0, 0, 1, 1, 0, 0));
        same(book.deeds(job, jurors[6]), Reputation(1, 0, 0, 1, 1, 0, 0));
        book.record(job, everybody(job));
        for (uint256 i; i < jurors.length; ++i) {
            vm.assertTrue(book.isRecorded(job, jurors[i]), "jurors have places of their own");
        }
    }

    function test_AVoidJuryWasAskedForNothing() public {
        bytes32 job = scored(alike(truth(), 5));
        file(job, trainer(0), ChallengeKind.Scores, 1);
        othersLeave(job);
        address[] memory jurors = seatJury(job);
        checkState(job, State.Settled, Reason.None);
        vm.assertEq(jurors.length, 2, "too few");
        same(book.deeds(job, jurors[0]), Reputation(1, 0, 0, 0, 0, 0, 0));
        same(book.deeds(job, trainer(0)), Reputation(1, 1, 100, 0, 0, 0, 0));
    }

    function test_ManyTrainers() public {
        enrolMore(20);
        bytes32 job = started(terms(20, 3, 1));
        playRound(job, rising(20, 100, 7));
        expire(job);
        same(book.deeds(job, trainer(15)), Reputation(1, 1, 100 + 15 * 7, 0, 0, 0, 0));
        same(book.deeds(job, trainer(19)), Reputation(1, 1, 100 + 19 * 7, 0, 0, 0, 0));
    }

    // ── ways there ──────────────────────────────────────────────────────────────────────────────────────────────────
    /// Two rounds in which all do their duty.
    function honest() private returns (bytes32 job) {
        job = started(audited(2));
        playRound(job, truth());
        playRound(job, truth());
        expire(job);
        checkState(job, State.Settled, Reason.None);
    }

    /// Of those that could be jurors, only two stay.
    function othersLeave(bytes32 job) private {
        uint256 stay = 2;
        for (uint256 i; i < 8; ++i) {
            stay = leaves(job, validator(i), stay);
        }
        for (uint256 i; i < 5; ++i) {
            stay = leaves(job, challenger(i), stay);
        }
    }

    function leaves(bytes32 job, address node, uint256 stay) private returns (uint256) {
        if (uint256(protocol.part(job, node).role) != 0) return stay;
        if (stay != 0) return stay - 1;
        vm.prank(node);
        protocol.requestWithdrawal();
        return 0;
    }

    function one(address account) private pure returns (address[] memory accounts) {
        accounts = new address[](1);
        accounts[0] = account;
    }

    function two(address a, address b) private pure returns (address[] memory accounts) {
        accounts = new address[](2);
        (accounts[0], accounts[1]) = (a, b);
    }

    function refusedHere(bytes32 job, address[] memory accounts, bytes memory expected) private {
        vm.expectRevert(expected);
        book.record(job, accounts);
    }

    function same(Reputation memory left, Reputation memory right) private pure {
        vm.assertEq(abi.encode(left), abi.encode(right), "deeds");
    }
}
