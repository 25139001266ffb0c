// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {BlockRandomness} from "../src/BlockRandomness.sol";
import {IScatterErrors} from "../src/IScatterErrors.sol";
import {IScatterProtocol} from "../src/IScatterProtocol.sol";
import {SeededRandomness} from "../src/SeededRandomness.sol";
import {JobTerms, JobView, Reason, Role, SeatKind, State} from "../src/ScatterTypes.sol";
import {Shuffle} from "../src/Shuffle.sol";
import {ScatterTest} from "./support/ScatterTest.sol";
import {vm} from "./support/Vm.sol";

contract DrawingTest is ScatterTest {
    function setUp() public override {
        super.setUp();
        enrolTrainers(1);
    }

    function testFuzz_ShuffleEqualsThePlainOne(bytes32 seed, uint8 length_) public pure {
        uint256 length = uint256(length_) + 1;
        uint256[] memory order = new uint256[](length);
        for (uint256 i; i < length; ++i) {
            order[i] = i;
        }
        Shuffle.Walk memory walk = Shuffle.begin(seed, SeatKind.Member, length, length);
        for (uint256 i; i < length; ++i) {
            uint256 j = i + uint256(keccak256(abi.encode(seed, uint8(0), i))) % (length - i);
            (order[i], order[j]) = (order[j], order[i]);
            vm.assertEq(Shuffle.next(walk), order[i], "the same order");
        }
    }

    function test_DrawsAreUniform() public pure {
        uint256[10] memory seated;
        for (uint256 s; s < 1000; ++s) {
            Shuffle.Walk memory walk = Shuffle.begin(keccak256(abi.encode(s)), SeatKind.Member, 10, 3);
            for (uint256 i; i < 3; ++i) {
                ++seated[Shuffle.next(walk)];
            }
        }
        // 300 expected, standard deviation 14.5: five of them either way.
        for (uint256 i; i < 10; ++i) {
            vm.assertGe(seated[i], 228, "nobody is disadvantaged");
            vm.assertLe(seated[i], 372, "nobody is preferred");
        }
    }

    function test_SeatsAreDistinctEligibleAndLocked() public {
        enrolValidators(12);
        vm.prank(validator(3));
        protocol.requestWithdrawal();
        vm.prank(validator(7));
        protocol.requestWithdrawal();
        bytes32 job = drawn(terms(1, 10, 1));
        checkState(job, State.Keying, Reason.None);
        address[] memory seats = protocol.seats(job);
        vm.assertEq(seats.length, 10, "all seats");
        for (uint256 i; i < 10; ++i) {
            vm.assertTrue(seats[i] != validator(3) && seats[i] != validator(7), "who leaves is not drawn");
            vm.assertEq(protocol.node(seats[i]).locked, 5000 * SCT, "locked once: distinct");
            vm.assertEq(protocol.part(job, seats[i]).index, i, "knows its seat");
        }
    }

    function test_LockCoversWhatTrainersCanWin() public {
        enrolValidators(2);
        JobTerms memory t = terms(1, 1, 2);
        t.roundPool = uint96(10_000 * SCT);
        bytes32 job = drawn(t);
        vm.assertEq(protocol.node(protocol.seats(job)[0]).locked, 14_000 * SCT, "two rounds of seven thousand");
        t.roundPool = uint96(18_000 * SCT);
        job = drawn(t);
        checkState(job, State.Cancelled, Reason.NoCommittee);
    }

    function test_BusyNodesAreNotDrawn() public {
        enrolValidators(1);
        for (uint256 i; i < 5; ++i) {
            checkState(drawn(terms(1, 1, 1)), State.Keying, Reason.None);
        }
        checkState(drawn(terms(1, 1, 1)), State.Cancelled, Reason.NoCommittee);
    }

    function test_NodesThatComeLaterAreNotDrawn() public {
        enrolValidators(1);
        bytes32 job = post(terms(1, 2, 1));
        join(job, 1);
        enrol(validator(9), Role.Validator);
        vm.prank(validator(9));
        protocol.depositTicket();
        draw(job);
        checkState(job, State.Cancelled, Reason.NoCommittee);
    }

    function test_PokeWaitsForTheBlock() public {
        enrolValidators(1);
        bytes32 job = post(terms(1, 1, 1));
        join(job, 1);
        uint256 block_ = protocol.job(job).drawBlock;
        vm.assertEq(block_, vm.getBlockNumber() + 1, "a block that does not exist yet");
        protocol.poke(job);
        vm.roll(block_);
        protocol.poke(job);
        checkState(job, State.Drawing, Reason.None);
        vm.roll(block_ + 1);
        protocol.poke(job);
        checkState(job, State.Keying, Reason.None);
    }

    function test_ExpiredThreeTimesIsCancelled() public {
        useBlockHashes();
        enrolValidators(1);
        bytes32 job = post(terms(1, 1, 1));
        join(job, 1);
        for (uint256 attempt = 1; attempt <= 3; ++attempt) {
            vm.assertEq(protocol.job(job).drawAttempt, attempt, "attempt");
            vm.roll(protocol.job(job).drawBlock + 257);
            protocol.poke(job);
        }
        checkState(job, State.Cancelled, Reason.DrawExpired);
        settleAccounts(job);
        vm.assertEq(token.balanceOf(requestor), 200_000 * SCT, "all is back");
    }

    function test_DrawsByBlockHash() public {
        useBlockHashes();
        enrolValidators(4);
        bytes32 job = post(terms(1, 2, 1));
        join(job, 1);
        uint256 block_ = protocol.job(job).drawBlock;
        vm.roll(block_ + 3);
        vm.setBlockhash(block_, keccak256("hash"));
        protocol.poke(job);
        checkState(job, State.Keying, Reason.None);
        Shuffle.Walk memory walk =
            Shuffle.begin(keccak256(abi.encode(keccak256("hash"), job)), SeatKind.Member, 4, 2);
        vm.assertEq(protocol.seats(job)[0], validator(Shuffle.next(walk)), "first seat");
        vm.assertEq(protocol.seats(job)[1], validator(Shuffle.next(walk)), "second seat");
    }

    function test_LongWalksGoInPages() public {
        enrolValidators(100);
        for (uint256 i; i < 100; ++i) {
            if (i % 5 == 0) continue;
            vm.prank(validator(i));
            protocol.requestWithdrawal();
        }
        bytes32 job = post(terms(1, 19, 1));
        join(job, 1);
        vm.roll(vm.getBlockNumber() + 2);
        uint256 pages;
        for (; protocol.job(job).state == State.Drawing; ++pages) {
            protocol.poke(job);
        }
        vm.assertGe(pages, 2, "more than one page");
        address[] memory seats = protocol.seats(job);
        vm.assertEq(seats.length, 19, "all seats");
        for (uint256 i; i < 19; ++i) {
            vm.assertEq(protocol.node(seats[i]).withdrawableAt, 0, "eligible");
            vm.assertEq(protocol.node(seats[i]).locked, 5_000 * SCT, "distinct");
        }
    }

    function test_ExhaustedInPagesUnlocksEverybody() public {
        enrolValidators(50);
        for (uint256 i = 2; i < 50; ++i) {
            vm.prank(validator(i));
            protocol.requestWithdrawal();
        }
        bytes32 job = drawn(terms(1, 3, 1));
        checkState(job, State.Cancelled, Reason.NoCommittee);
        vm.assertEq(protocol.seats(job).length, 2, "two were seated in vain");
        settleAccounts(job);
        vm.assertEq(protocol.node(validator(0)).locked + protocol.node(validator(1)).locked, 0, "unlocked");
        vm.assertEq(protocol.node(validator(0)).stake, TICKET, "and not slashed");
    }

    function test_Randomness() public {
        bytes32 seed = keccak256("seed");
        SeededRandomness seeded = new SeededRandomness(seed);
        vm.assertEq(seeded.random(vm.getBlockNumber() - 1, "salt"), keccak256(abi.encode(seed, bytes32("salt"))), "seeded");
        vm.assertEq(seeded.random(vm.getBlockNumber(), "salt"), 0, "not before the block is past");
        BlockRandomness hashes = new BlockRandomness();
        vm.assertEq(hashes.random(vm.getBlockNumber(), "salt"), 0, "no hash yet");
        vm.assertEq(hashes.random(vm.getBlockNumber() + 5, "salt"), 0, "none of the future");
        vm.assertTrue(hashes.random(vm.getBlockNumber() - 1, "a") != hashes.random(vm.getBlockNumber() - 1, "b"), "salted");
        vm.chainId(1);
        vm.expectRevert(abi.encodeWithSelector(SeededRandomness.DevelopmentChainOnly.selector, 1));
        new SeededRandomness(seed);
    }

    function drawn(JobTerms memory t) private returns (bytes32 job) {
        job = post(t);
        join(job, 1);
        draw(job);
    }

    function useBlockHashes() private {
        protocol = deployProtocol(immutables(deploy("BlockRandomness", "")), parameters());
        reenrol(requestor, Role.Requestor);
        reenrol(trainer(0), Role.Trainer);
    }

    function reenrol(address account, Role role) private {
        vm.prank(account);
        token.approve(address(protocol), type(uint256).max);
        vm.prank(account);
        protocol.register(role, "p", "s");
    }
}
