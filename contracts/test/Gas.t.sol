// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterAccounts} from "../src/IScatterAccounts.sol";
import {IScatterActions} from "../src/IScatterActions.sol";
import {JobTerms, JobView, Reason, Role, SeatKind, State} from "../src/ScatterTypes.sol";
import {ScatterTest} from "./support/ScatterTest.sol";
import {vm} from "./support/Vm.sol";

/// What transactions cost, intrinsic gas and calldata included. Each call runs cold, as in a transaction of its own.
contract GasTest is ScatterTest {
    uint256 private constant MOST = 1_200_000;

    uint256 private spent;
    uint256 private largest;
    string private largestName;

    function test_SmallJobInAll() public {
        enrolValidators(3);
        enrolTrainers(6);
        playWholeJob(terms(6, 3, 1));
        vm.assertLe(spent, 2_600_000, "6 trainers, 3 members, 1 round");
    }

    function test_LargestJobFitsEveryTransaction() public {
        enrolValidators(31);
        enrolTrainers(63);
        playWholeJob(terms(63, 31, 8));
        vm.assertLe(largest, MOST, largestName);
    }

    function test_LongestJobFitsEveryTransaction() public {
        enrolValidators(1);
        enrolTrainers(63);
        playWholeJob(terms(63, 1, 32));
        vm.assertLe(largest, MOST, largestName);
    }

    function test_FullestDrawFitsATransaction() public {
        enrolValidators(40);
        enrolTrainers(1);
        bytes32 job = post(terms(1, 31, 1));
        join(job, 1);
        vm.roll(vm.getBlockNumber() + 2);
        send("poke", address(this), abi.encodeCall(IScatterActions.poke, (job)));
        send("poke", address(this), abi.encodeCall(IScatterActions.poke, (job)));
        checkState(job, State.Keying, Reason.None);
        vm.assertLe(largest, MOST, largestName);
    }

    function test_LateDrawFitsATransaction() public {
        enrolTrainers(1);
        enrolValidators(1100);
        for (uint256 i; i < 1100; ++i) {
            vm.prank(validator(i));
            protocol.requestWithdrawal();
        }
        bytes32 job = post(terms(1, 31, 1));
        join(job, 1);
        vm.roll(vm.getBlockNumber() + 2);
        while (protocol.job(job).state == State.Drawing) {
            send("poke", address(this), abi.encodeCall(IScatterActions.poke, (job)));
        }
        checkState(job, State.Cancelled, Reason.NoCommittee);
        vm.assertEq(protocol.job(job).drawCursor, 1024, "the walk is bounded");
        vm.assertLe(largest, MOST, largestName);
    }

    // ── a whole job, every call counted ─────────────────────────────────────────────────────────────────────────────
    function playWholeJob(JobTerms memory t) private {
        bytes32 job = keccak256(abi.encode(requestor, bytes32("gas")));
        bytes32[] memory digests = new bytes32[](t.rounds);
        for (uint256 r; r < t.rounds; ++r) {
            digests[r] = keccak256(abi.encode("digest", r));
        }
        send("post", requestor, abi.encodeCall(IScatterActions.post, ("gas", t, shardKeyHashes(t.rounds), digests)));
        for (uint256 i; i < t.maxTrainers; ++i) {
            send("join", trainer(i), abi.encodeCall(IScatterActions.join, (job)));
        }
        vm.roll(vm.getBlockNumber() + 2);
        while (protocol.job(job).state == State.Drawing) {
            send("draw", address(this), abi.encodeCall(IScatterActions.poke, (job)));
        }
        send("publishKeys", requestor, abi.encodeCall(IScatterActions.publishKeys, (job, keccak256("bundle"))));
        for (uint8 r = 1; r <= t.rounds; ++r) {
            playCountedRound(job, r, t);
        }
        vm.warp(uint256(protocol.job(job).deadline) + 1);
        send("end", address(this), abi.encodeCall(IScatterActions.poke, (job)));
        claimCounted(job, t);
    }

    function playCountedRound(bytes32 job, uint8 r, JobTerms memory t) private {
        address[] memory members = protocol.seats(job);
        for (uint256 i; i < t.maxTrainers; ++i) {
            bytes32 update = keccak256(abi.encode(r, i));
            send("publishUpdate", trainer(i), abi.encodeCall(IScatterActions.publishUpdate, (job, r, update)));
        }
        send("reveal", requestor, abi.encodeCall(IScatterActions.revealShardKey, (job, r, shardKey(r))));
        uint256[][] memory words = alike(rising(t.maxTrainers, 100, 7), members.length);
        for (uint256 i; i < members.length; ++i) {
            // Everybody a little different, and some left out, so that medians are taken twice.
            words[i] = rising(t.maxTrainers, 100 + i % 3, 7);
            if (i % 3 == 2) words[i][0] |= 0x7FFF << 16;
            bytes32 c = commitment(job, r, members[i], words[i]);
            send("commitScores", members[i], abi.encodeCall(IScatterActions.commitScores, (job, r, c)));
        }
        for (uint256 i; i < members.length; ++i) {
            send("openScores", members[i], abi.encodeCall(IScatterActions.openScores, (job, r, words[i], SALT)));
        }
        if (t.maxTrainers > 15) {
            send("settleRound", address(this), abi.encodeCall(IScatterActions.settleRound, (job, r, words)));
        }
        for (uint256 i; i <= members.length / 2; ++i) {
            bytes32 model = keccak256(abi.encode("model", r));
            send("postAggregate", members[i], abi.encodeCall(IScatterActions.postAggregate, (job, r, model)));
        }
    }

    /// Small jobs in one call, large ones seat by seat.
    function claimCounted(bytes32 job, JobTerms memory t) private {
        address[] memory trainers = protocol.trainers(job);
        address[] memory members = protocol.seats(job);
        uint256 seats = t.maxTrainers > 15 ? 0 : members.length;
        uint256 first = t.maxTrainers > 15 ? 4 : trainers.length;
        address[] memory accounts = new address[](first + seats);
        for (uint256 i; i < accounts.length; ++i) {
            accounts[i] = i < first ? trainers[i] : members[i - first];
        }
        uint256[] memory none;
        send("claim many", address(this), abi.encodeCall(IScatterAccounts.claim, (job, accounts, none)));
        accounts = new address[](1);
        accounts[0] = requestor;
        send("claim requestor", address(this), abi.encodeCall(IScatterAccounts.claim, (job, accounts, none)));
        if (seats != 0) return;
        accounts[0] = members[0];
        uint256[] memory word = rising(t.maxTrainers, 100, 7);
        uint256[] memory words = new uint256[](word.length * t.rounds);
        for (uint256 i; i < words.length; ++i) {
            words[i] = word[i % word.length];
        }
        send("claim seat", address(this), abi.encodeCall(IScatterAccounts.claim, (job, accounts, words)));
    }

    function send(string memory name, address sender, bytes memory data) private {
        vm.cool(address(protocol));
        vm.cool(address(token));
        vm.prank(sender);
        uint256 before = gasleft();
        (bool done,) = address(protocol).call(data);
        uint256 gas = before - gasleft() + 21_000;
        vm.assertTrue(done, name);
        for (uint256 i; i < data.length; ++i) {
            gas += data[i] == 0 ? 4 : 16;
        }
        spent += gas;
        if (gas > largest) (largest, largestName) = (gas, string.concat(name, " ", vm.toString(gas)));
    }
}
