// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterErrors} from "../src/IScatterErrors.sol";
import {IScatterClaims} from "../src/IScatterClaims.sol";
import {JobTerms, NodeView, Parameters, Reason, Role, State} from "../src/ScatterTypes.sol";
import {JobInState} from "./support/JobInState.sol";
import {vm} from "./support/Vm.sol";

/// Every row of the money table. A round's pool is 1000 SCT: 700 for the trainers, 100 for each of three members.
contract MoneyTest is JobInState {
    uint256 private constant ZERO = 16_384;
    uint256 private constant STAKE = 500 * SCT;

    // ── trainers ────────────────────────────────────────────────────────────────────────────────────────────────────
    function test_SharesByContribution() public {
        bytes32 job = settled(lanes(ZERO + 100, ZERO + 200, ZERO + 200));
        trainerGets(job, 0, 140 * SCT, 0);
        trainerGets(job, 1, 280 * SCT, 0);
        trainerGets(job, 2, 280 * SCT, 0);
        requestorGets(job, 1000 * SCT, uint256(300 * SCT) % 3);
    }

    function test_ShareIsCapped() public {
        bytes32 job = settled(lanes(ZERO + 10, ZERO + 90, ZERO - 50));
        trainerGets(job, 0, 70 * SCT, 0);
        trainerGets(job, 1, 350 * SCT, 0);
        trainerGets(job, 2, 0, 0);
        requestorGets(job, 1000 * SCT, 280 * SCT);
    }

    function test_DustGoesToTheChallengePool() public {
        bytes32 job = settled(lanes(ZERO + 1, ZERO + 1, ZERO + 1));
        trainerGets(job, 0, uint256(700 * SCT) / 3, 0);
        requestorGets(job, 1000 * SCT, 700 * SCT - uint256(700 * SCT) / 3 * 3);
    }

    function test_NobodyAcceptedReturnsTheTrainersPart() public {
        bytes32 job = settled(lanes(ZERO, ZERO - 1, 0));
        for (uint256 i; i < 3; ++i) {
            trainerGets(job, i, 0, 0);
            seatGets(job, i, 100 * SCT, 0);
        }
        requestorGets(job, 1700 * SCT, 0);
    }

    function test_SilentAndStruckTrainersPay() public {
        bytes32 job = started(terms(3, 3, 2));
        playRound(job, lanes(ZERO + 100, 0x7FFF, ZERO + 100));
        publish(job, 3);
        reveal(job);
        score(job, alike(lanes(ZERO + 100, 0x7FFE, 0), 3));
        aggregate(job, "model");
        expire(job);
        trainerGets(job, 0, 700 * SCT, 0);
        trainerGets(job, 1, 0, STAKE);
        trainerGets(job, 2, 350 * SCT, 50 * SCT);
        requestorGets(job, 1000 * SCT, 350 * SCT);
    }

    function test_SilenceInAnEmptyRoundCounts() public {
        bytes32 job = started(terms(3, 3, 2));
        playRound(job, lanes(ZERO + 100, ZERO + 100, ZERO + 100));
        expire(job);
        expire(job);
        trainerGets(job, 0, uint256(700 * SCT) / 3, 50 * SCT);
        requestorGets(job, 2000 * SCT, 700 * SCT - uint256(700 * SCT) / 3 * 3);
    }

    function test_NeverAcceptedInThreeRoundsIsAFault() public {
        bytes32 job = started(terms(3, 3, 3));
        for (uint256 r; r < 3; ++r) {
            playRound(job, lanes(ZERO + 100, ZERO, r == 2 ? ZERO + 1 : ZERO - 9));
        }
        expire(job);
        trainerGets(job, 1, 0, STAKE / 2);
        (,uint256 penalty,) = claim(job, trainer(2));
        vm.assertEq(penalty, 0, "accepted once is enough");
    }

    function test_NoFaultInRoundsThatAcceptedNobody() public {
        bytes32 job = started(terms(3, 3, 3));
        playRound(job, lanes(ZERO + 100, ZERO, ZERO));
        playRound(job, lanes(ZERO + 100, ZERO, ZERO));
        playRound(job, lanes(ZERO, ZERO, ZERO));
        expire(job);
        trainerGets(job, 1, 0, 0);
    }

    function test_PenaltiesNeverExceedTheStake() public {
        bytes32 job = started(terms(3, 3, 3));
        for (uint256 r; r < 3; ++r) {
            playRound(job, lanes(ZERO + 100, 0x7FFF, ZERO));
        }
        expire(job);
        // Three thirds of the stake, rounded down, and half of it for the fault.
        trainerGets(job, 1, 0, STAKE);
    }

    function test_DroppedTrainersGetTheirStakeBack() public {
        bytes32 job = started(terms(3, 3, 2));
        publish(job, 3);
        reveal(job);
        score(job, alike(lanes(ZERO + 100, ZERO + 100, 0), 3));
        aggregate(job, "model");
        publish(job, 3);
        expire(job);
        expire(job);
        trainerGets(job, 2, 0, 0);
    }

    // ── seats ───────────────────────────────────────────────────────────────────────────────────────────────────────
    function test_SeatPayFallsWithDistance() public {
        bytes32 job = inCommitting(1);
        uint256[][] memory words = new uint256[][](3);
        words[0] = lanes(ZERO + 100, ZERO + 100, ZERO + 100);
        words[1] = lanes(ZERO + 103, ZERO + 100, ZERO + 97);
        words[2] = lanes(ZERO + 100, ZERO + 110, ZERO + 100);
        score(job, words);
        finish(job);
        seatGets(job, 0, 100 * SCT, 0);
        seatGets(job, 1, 80 * SCT, 0);
        seatGets(job, 2, uint256(100 * SCT) * 20 / 30, 0);
    }

    function test_FarOffEarnsNothingAndDeviates() public {
        bytes32 job = inCommitting(1);
        uint256[][] memory words = alike(lanes(ZERO + 100, ZERO + 100, ZERO + 100), 3);
        words[1] = lanes(ZERO + 130, ZERO + 100, ZERO + 100);
        score(job, words);
        finish(job);
        seatGets(job, 1, 0, 200 * SCT);
        seatGets(job, 0, 100 * SCT, 0);
    }

    function test_LeftOutIsUnpaidAndNotSlashed() public {
        bytes32 job = inCommitting(1);
        uint256[][] memory words = alike(lanes(ZERO + 100, ZERO + 100, ZERO + 100), 3);
        words[2] = lanes(0x7FFF, ZERO + 100, ZERO + 100);
        score(job, words);
        vm.assertEq(protocol.round(job, 1).leftOut, 4, "left out");
        finish(job);
        seatGets(job, 2, 0, 0);
    }

    function test_AllStruckPaysTheWholePart() public {
        bytes32 job = settled(lanes(0x7FFF, 0x7FFF, 0x7FFF));
        seatGets(job, 0, 100 * SCT, 0);
        trainerGets(job, 0, 0, STAKE);
        requestorGets(job, 1700 * SCT, 0);
    }

    function test_SlashesDoubleUpToTheLock() public {
        uint256 stake = TICKET;
        for (uint256 n; n < 8; ++n) {
            uint256 expected = n < 5 ? (200 * SCT) << n : 5000 * SCT;
            bytes32 job = stoppedBySilence();
            // Below half a ticket nobody is drawn.
            if (2 * stake < TICKET) {
                checkState(job, State.Cancelled, Reason.NoCommittee);
                return;
            }
            (uint256 paid, uint256 penalty, uint256 pooled) = claim(job, validator(0));
            vm.assertEq(paid, 0, "nothing is paid");
            vm.assertEq(penalty, expected, "doubled");
            vm.assertEq(pooled, expected, "into the challenge pool");
            stake -= expected;
            NodeView memory node = protocol.node(validator(0));
            vm.assertEq(node.stake, stake, "out of the stake");
            vm.assertEq(node.locked, 0, "unlocked");
            vm.assertEq(node.slashes, n + 1, "counted");
            claim(job, validator(1));
            claim(job, validator(2));
        }
        vm.assertTrue(false, "must have become undrawable");
    }

    function test_SlashesCountAtTheDraw() public {
        bytes32 first = silenced();
        bytes32 second = silenced();
        (, uint256 one,) = claim(first, validator(0));
        (, uint256 two,) = claim(second, validator(0));
        vm.assertEq(one, 200 * SCT, "drawn before any slash");
        vm.assertEq(two, 200 * SCT, "drawn before any slash too");
        vm.assertEq(protocol.node(validator(0)).slashes, 2, "but both count");
    }

    function test_StakeAtZeroLosesTheRole() public {
        // A job so large that a seat locks the whole ticket, and a silence that costs all of it.
        JobTerms memory t = terms(1, 1, 1);
        t.roundPool = uint96(TICKET * 10 / 7 + 1);
        protocol = deployProtocol(immutables(deploy("SeededRandomness", abi.encode(keccak256("seed")))), expensive());
        for (uint256 i; i < 3; ++i) {
            reenrol(i == 0 ? requestor : i == 1 ? trainer(0) : validator(0), Role(i + 1));
        }
        vm.prank(validator(0));
        protocol.depositTicket();
        bytes32 job = started(t);
        publish(job, 1);
        reveal(job);
        expire(job);
        expire(job);
        claim(job, validator(0));
        vm.assertEq(protocol.node(validator(0)).stake, 0, "all of it");
        vm.assertEq(uint256(protocol.node(validator(0)).role), uint256(Role.None), "no ticket, no role");
        vm.prank(validator(0));
        protocol.register(Role.Validator, "p", "s");
        vm.prank(validator(0));
        protocol.depositTicket();
        vm.assertEq(protocol.poolLength(Role.Validator), 1, "back in the pool it was in");
    }

    // ── ends ────────────────────────────────────────────────────────────────────────────────────────────────────────
    function test_CancelledReturnsAll() public {
        bytes32 job = started(terms(3, 3, 2));
        expire(job);
        checkState(job, State.Cancelled, Reason.NoTrainerLeft);
        trainerGets(job, 0, 0, 0);
        requestorGets(job, 3000 * SCT, 0);
        seatGets(job, 0, 0, 0);
    }

    function test_NoKeysGivesTheBondToTheTrainers() public {
        bytes32 job = post(terms(3, 3, 2));
        join(job, 3);
        draw(job);
        expire(job);
        trainerGets(job, 0, uint256(1000 * SCT) / 3, 0);
        requestorGets(job, 2000 * SCT, 1);
        seatGets(job, 0, 0, 0);
    }

    function test_NoShardKeyPaysWhoPublished() public {
        bytes32 job = started(terms(3, 3, 2));
        publish(job, 3);
        expire(job);
        checkState(job, State.Defaulted, Reason.NoShardKey);
        trainerGets(job, 0, 350 * SCT + 500 * SCT, 0);
        trainerGets(job, 2, 0, 0);
        requestorGets(job, 1300 * SCT, 0);
        seatGets(job, 0, 0, 0);
    }

    function test_NoShardKeyLaterPaysClosedRoundsToo() public {
        bytes32 job = started(terms(3, 3, 3));
        playRound(job, lanes(ZERO + 100, ZERO + 100, ZERO + 200));
        publish(job, 3);
        expire(job);
        expire(job);
        checkState(job, State.Settled, Reason.NoShardKey);
        trainerGets(job, 0, 175 * SCT + 350 * SCT + 500 * SCT, 0);
        trainerGets(job, 2, 350 * SCT, STAKE * 2000 / 10_000 / 3);
        requestorGets(job, 300 * SCT + 1000 * SCT, 0);
        seatGets(job, 0, 100 * SCT, 0);
    }

    function test_StoppedPaysClosedRounds() public {
        bytes32 job = started(terms(3, 3, 2));
        playRound(job, lanes(ZERO + 100, ZERO + 100, ZERO + 200));
        publish(job, ALL);
        reveal(job);
        expire(job);
        expire(job);
        expire(job);
        checkState(job, State.Settled, Reason.TooFewOpened);
        trainerGets(job, 0, 175 * SCT, 0);
        seatGets(job, 0, 100 * SCT, 200 * SCT);
        requestorGets(job, 2000 * SCT, 0);
    }

    // ── claims ──────────────────────────────────────────────────────────────────────────────────────────────────────
    function test_ClaimRefusals() public {
        bytes32 job = inAggregating(1);
        address[] memory accounts = new address[](2);
        accounts[0] = requestor;
        accounts[1] = address(this);
        uint256[] memory none;
        bytes memory data = abi.encodeCall(IScatterClaims.claim, (job, accounts, none));
        refused(address(this), data, wrongState(State.Aggregating));
        finish(job);
        refused(address(this), data, by(IScatterErrors.NoPart.selector, address(this)));
        accounts[1] = requestor;
        data = abi.encodeCall(IScatterClaims.claim, (job, accounts, none));
        refused(address(this), data, by(IScatterErrors.AlreadyClaimed.selector, requestor));
        accounts[1] = trainer(0);
        data = abi.encodeCall(IScatterClaims.claim, (job, accounts, new uint256[](1)));
        refused(address(this), data, abi.encodeWithSelector(IScatterErrors.WordCountMismatch.selector, 0, 1));
        protocol.claim(job, accounts, none);
        refused(
            address(this),
            abi.encodeCall(IScatterClaims.owed, (job, requestor, none)),
            by(IScatterErrors.AlreadyClaimed.selector, requestor)
        );
    }

    function test_LargeJobsClaimWithTheirWords() public {
        enrolMore(16);
        bytes32 job = started(terms(16, 3, 2));
        uint256[] memory words = rising(16, 10, 1);
        playRound(job, words);
        playRound(job, words);
        expire(job);
        address m = member(job, 1);
        address[] memory accounts = new address[](1);
        accounts[0] = m;
        bytes memory data = abi.encodeCall(IScatterClaims.claim, (job, accounts, words));
        refused(address(this), data, abi.encodeWithSelector(IScatterErrors.WordCountMismatch.selector, 4, 2));
        uint256[] memory both = new uint256[](4);
        (both[0], both[1], both[2], both[3]) = (words[0], words[1], words[0], words[1] + 1);
        data = abi.encodeCall(IScatterClaims.claim, (job, accounts, both));
        refused(address(this), data, abi.encodeWithSelector(IScatterErrors.OpenedWordsMismatch.selector, 1));
        both[3] = words[1];
        (uint256 paid,,) = claim(job, m, both);
        vm.assertEq(paid, 200 * SCT, "two rounds");
    }

    // ── steps ───────────────────────────────────────────────────────────────────────────────────────────────────────
    function lanes(uint256 a, uint256 b, uint256 c) private pure returns (uint256[] memory) {
        uint256[] memory all = new uint256[](3);
        (all[0], all[1], all[2]) = (a, b, c);
        return pack(5000, all);
    }

    /// A job of one round in which all score alike.
    function settled(uint256[] memory words) private returns (bytes32 job) {
        job = started(terms(3, 3, 1));
        playRound(job, words);
        expire(job);
    }

    function finish(bytes32 job) private {
        if (protocol.job(job).state == State.Aggregating) aggregate(job, "model");
        expire(job);
    }

    /// A job whose members never act: they are slashed for silence.
    function silenced() private returns (bytes32 job) {
        job = inCommitting(1);
        expire(job);
        expire(job);
        checkState(job, State.Cancelled, Reason.TooFewOpened);
    }

    /// The same, as far as it gets.
    function stoppedBySilence() private returns (bytes32 job) {
        job = post(terms(3, 3, 1));
        join(job, 3);
        draw(job);
        if (protocol.job(job).state == State.Cancelled) return job;
        vm.prank(requestor);
        protocol.publishKeys(job, "bundle");
        publish(job, ALL);
        reveal(job);
        expire(job);
        expire(job);
    }

    /// A protocol in which the first slash takes all that a seat locks.
    function expensive() private pure returns (Parameters memory p) {
        p = parameters();
        p.slashBase = uint88(2 * TICKET);
    }

    function reenrol(address account, Role role) private {
        vm.prank(account);
        token.approve(address(protocol), type(uint256).max);
        vm.prank(account);
        protocol.register(role, "p", "s");
    }

    function trainerGets(bytes32 job, uint256 i, uint256 earned, uint256 penalty) private {
        (uint256 paid, uint256 taken, uint256 pooled) = claim(job, trainer(i));
        vm.assertEq(taken, penalty, "the trainer's penalty");
        vm.assertEq(paid, STAKE - penalty + earned, "what the trainer earned");
        vm.assertEq(pooled, penalty, "penalties go to the challenge pool");
    }

    function seatGets(bytes32 job, uint256 seat, uint256 earned, uint256 penalty) private {
        (uint256 paid, uint256 taken,) = claim(job, member(job, seat));
        vm.assertEq(paid, earned, "the seat's pay");
        vm.assertEq(taken, penalty, "the seat's penalty");
    }

    function requestorGets(bytes32 job, uint256 returned, uint256 pooled) private {
        (uint256 paid,, uint256 left) = claim(job, requestor);
        vm.assertEq(paid, returned, "what comes back");
        vm.assertEq(left, pooled, "what nobody earned");
    }
}
