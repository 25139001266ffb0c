// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterClaims} from "../src/IScatterClaims.sol";
import {IScatterDisputes} from "../src/IScatterDisputes.sol";
import {IScatterJobs} from "../src/IScatterJobs.sol";
import {ScatterReputation} from "../src/ScatterReputation.sol";
import {ChallengeKind, JobTerms, JudgingPhase, Reason, SeatKind, State} from "../src/ScatterTypes.sol";
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
        vm.assertLe(spent, 2_400_000, "6 trainers, 3 members, 1 round");
    }

    function test_AuditedJobInAll() public {
        enrolValidators(3);
        enrolChallengers(2);
        enrolTrainers(6);
        JobTerms memory t = terms(6, 3, 1);
        t.auditors = 2;
        playWholeJob(t);
        vm.assertLe(spent, 2_700_000, "6 trainers, 3 members, 2 auditors, 1 round");
    }

    function test_LargestJobFitsEveryTransaction() public {
        enrolValidators(50);
        enrolChallengers(24);
        enrolTrainers(63);
        JobTerms memory t = terms(63, 31, 8);
        t.auditors = 7;
        t.minJury = 31;
        playWholeJob(t);
        vm.assertLe(largest, MOST, largestName);
    }

    /// Of the most rounds, with the most items that one job can have.
    function test_LongestDisputedJobFitsEveryTransaction() public {
        enrolValidators(50);
        enrolChallengers(24);
        enrolTrainers(63);
        JobTerms memory t = terms(63, 31, 32);
        t.auditors = 7;
        t.minJury = 31;
        playWholeJob(t);
        bytes32 job = keccak256(abi.encode(requestor, bytes32("gas")));
        vm.assertEq(protocol.challenges(job).length, 64, "all items");
        vm.assertLe(largest, MOST, largestName);
        ScatterReputation book = ScatterReputation(deploy("ScatterReputation", abi.encode(protocol)));
        address[] memory accounts = new address[](1);
        accounts[0] = protocol.jurors(job)[0];
        bytes memory data = abi.encodeCall(ScatterReputation.record, (job, accounts));
        spent = 0;
        sendTo(address(book), "record one", accounts[0], data);
        vm.assertLe(spent, 1_275_000, "recording one's deeds reads all of it");
    }

    function test_MostDisputedSmallJobFitsEveryTransaction() public {
        enrolValidators(12);
        enrolChallengers(8);
        enrolTrainers(15);
        JobTerms memory t = terms(15, 7, 8);
        t.auditors = 2;
        t.minJury = 11;
        playWholeJob(t);
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
        send("poke", address(this), abi.encodeCall(IScatterJobs.poke, (job)));
        send("poke", address(this), abi.encodeCall(IScatterJobs.poke, (job)));
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
            send("poke", address(this), abi.encodeCall(IScatterJobs.poke, (job)));
        }
        checkState(job, State.Cancelled, Reason.NoCommittee);
        vm.assertLe(largest, MOST, largestName);
    }

    /// What a reputation costs, beside the job: one's own, and everybody's at once.
    function test_RecordingDeeds() public {
        enrolValidators(3);
        enrolChallengers(2);
        enrolTrainers(6);
        JobTerms memory t = terms(6, 3, 1);
        t.auditors = 2;
        playWholeJob(t);
        bytes32 job = keccak256(abi.encode(requestor, bytes32("gas")));
        ScatterReputation book = ScatterReputation(deploy("ScatterReputation", abi.encode(protocol)));
        address[] memory all = everybody(job);
        address[] memory accounts = new address[](1);
        accounts[0] = all[0];
        spent = 0;
        sendTo(address(book), "record one", all[0], abi.encodeCall(ScatterReputation.record, (job, accounts)));
        vm.assertLe(spent, 107_000, "one");
        for (uint256 i; i + 1 < all.length; ++i) {
            all[i] = all[i + 1];
        }
        assembly ("memory-safe") {
            mstore(all, sub(mload(all), 1))
        }
        spent = 0;
        sendTo(address(book), "record all", all[0], abi.encodeCall(ScatterReputation.record, (job, all)));
        vm.assertLe(spent, 448_000, "eleven more");
    }

    // ── a whole job, every call counted ─────────────────────────────────────────────────────────────────────────────
    function playWholeJob(JobTerms memory t) private {
        bytes32 job = keccak256(abi.encode(requestor, bytes32("gas")));
        bytes32[] memory digests = new bytes32[](t.rounds);
        for (uint256 r; r < t.rounds; ++r) {
            digests[r] = keccak256(abi.encode("digest", r));
        }
        send("post", requestor, abi.encodeCall(IScatterJobs.post, ("gas", t, shardKeyHashes(t.rounds), digests)));
        for (uint256 i; i < t.maxTrainers; ++i) {
            send("join", trainer(i), abi.encodeCall(IScatterJobs.join, (job)));
        }
        vm.roll(vm.getBlockNumber() + 2);
        while (protocol.job(job).state == State.Drawing) {
            send("draw", address(this), abi.encodeCall(IScatterJobs.poke, (job)));
        }
        send("publishKeys", requestor, abi.encodeCall(IScatterJobs.publishKeys, (job, keccak256("bundle"))));
        for (uint8 r = 1; r <= t.rounds; ++r) {
            playCountedRound(job, r, t);
        }
        if (t.minJury != 0) challengeEverything(job, t);
        vm.warp(uint256(protocol.job(job).deadline) + 1);
        send("end", address(this), abi.encodeCall(IScatterJobs.poke, (job)));
        if (t.minJury != 0) judgeEverything(job, t);
        checkState(job, State.Settled, Reason.None);
        claimCounted(job, t);
    }

    function playCountedRound(bytes32 job, uint8 r, JobTerms memory t) private {
        address[] memory members = allSeats(job);
        for (uint256 i; i < t.maxTrainers; ++i) {
            bytes32 update = keccak256(abi.encode(r, i));
            send("publishUpdate", trainer(i), abi.encodeCall(IScatterJobs.publishUpdate, (job, r, update)));
        }
        send("reveal", requestor, abi.encodeCall(IScatterJobs.revealShardKey, (job, r, shardKey(r))));
        uint256[][] memory words = alike(rising(t.maxTrainers, 100, 7), members.length);
        for (uint256 i; i < members.length; ++i) {
            words[i] = scoresOf(i, t);
            bytes32 c = commitment(job, r, members[i], words[i]);
            send("commitScores", members[i], abi.encodeCall(IScatterJobs.commitScores, (job, r, c)));
        }
        for (uint256 i; i < members.length; ++i) {
            send("openScores", members[i], abi.encodeCall(IScatterJobs.openScores, (job, r, words[i], SALT)));
        }
        if (t.maxTrainers > 15) {
            send("settleRound", address(this), abi.encodeCall(IScatterJobs.settleRound, (job, r, words)));
        }
        bytes32 model = keccak256(abi.encode("model", r));
        uint256 panel = protocol.round(job, r).panel;
        for (uint256 i; protocol.job(job).state == State.Aggregating; ++i) {
            if ((panel >> i) & 1 == 0) continue;
            send("postAggregate", members[i], abi.encodeCall(IScatterJobs.postAggregate, (job, r, model)));
        }
    }

    // ── all that can be disputed ────────────────────────────────────────────────────────────────────────────────────
    function challengeEverything(bytes32 job, JobTerms memory t) private {
        for (uint8 i; i < 2 * t.rounds; ++i) {
            (ChallengeKind kind, uint8 r) = (ChallengeKind(i % 2), i / 2 + 1);
            for (uint256 k; k < 2; ++k) {
                send("challenge", trainer(k), abi.encodeCall(IScatterDisputes.challenge, (job, kind, r)));
            }
        }
    }

    /// Jurors overturn everything, in which a few differ from the others; in every second round also what is struck out.
    function judgeEverything(bytes32 job, JobTerms memory t) private {
        vm.roll(vm.getBlockNumber() + 2);
        while (protocol.job(job).phase == JudgingPhase.Drawing) {
            send("draw jury", address(this), abi.encodeCall(IScatterJobs.poke, (job)));
        }
        address[] memory jurors = protocol.jurors(job);
        for (uint8 i; i < 2 * t.rounds; ++i) {
            for (uint256 k; k < jurors.length; ++k) {
                commitCounted(job, jurors[k], ChallengeKind(i % 2), i / 2 + 1, k, t);
            }
        }
        for (uint8 i; i < 2 * t.rounds; ++i) {
            for (uint256 k; k < jurors.length; ++k) {
                (uint256[] memory words, bytes32 aggregate_) = verdictOf(ChallengeKind(i % 2), i / 2 + 1, k, t);
                bytes memory data = abi.encodeCall(
                    IScatterDisputes.openVerdict, (job, ChallengeKind(i % 2), i / 2 + 1, words, aggregate_, SALT)
                );
                send("openVerdict", jurors[k], data);
            }
        }
        // Aggregates first where scores need words: the last tally also ends the job.
        for (uint8 r = 1; r <= t.rounds; ++r) {
            send("poke tally", address(this), abi.encodeCall(IScatterJobs.poke, (job)));
        }
        if (t.maxTrainers <= 15) {
            for (uint8 r = 1; r <= t.rounds; ++r) {
                send("poke tally", address(this), abi.encodeCall(IScatterJobs.poke, (job)));
            }
            return;
        }
        for (uint8 r = 1; r <= t.rounds; ++r) {
            uint256[][] memory words = tallyWords(job, r, jurors.length, t);
            send("tally", address(this), abi.encodeCall(IScatterDisputes.tally, (job, ChallengeKind.Scores, r, words)));
        }
    }

    function commitCounted(bytes32 job, address juror, ChallengeKind kind, uint8 r, uint256 k, JobTerms memory t)
        private
    {
        (uint256[] memory words, bytes32 aggregate_) = verdictOf(kind, r, k, t);
        bytes32 hash = keccak256(abi.encodePacked(words, aggregate_));
        bytes32 c = keccak256(
            abi.encode(block.chainid, address(protocol), SeatKind.Juror, job, uint256(kind) << 8 | r, juror, hash, SALT)
        );
        send("commitVerdict", juror, abi.encodeCall(IScatterDisputes.commitVerdict, (job, kind, r, c)));
    }

    function verdictOf(ChallengeKind kind, uint8 r, uint256 k, JobTerms memory t)
        private
        pure
        returns (uint256[] memory words, bytes32 aggregate_)
    {
        if (kind == ChallengeKind.Aggregate) return (words, k % 4 == 3 ? keccak256(abi.encode(k)) : keccak256("right"));
        words = rising(t.maxTrainers, 200 + k % 5, 9);
        if ((k % 4 == 3) == (r % 2 == 0)) words[0] |= 0x7FFF << 16;
    }

    function tallyWords(bytes32 job, uint8 r, uint256 jurors, JobTerms memory t)
        private
        view
        returns (uint256[][] memory words)
    {
        uint256 n = allSeats(job).length;
        words = new uint256[][](n + jurors);
        for (uint256 i; i < n; ++i) {
            words[i] = scoresOf(i, t);
        }
        for (uint256 k; k < jurors; ++k) {
            (words[n + k],) = verdictOf(ChallengeKind.Scores, r, k, t);
        }
    }

    /// Everybody a little different, some far off, and some left out, so that medians are taken twice.
    function scoresOf(uint256 seat, JobTerms memory t) private pure returns (uint256[] memory words) {
        words = rising(t.maxTrainers, 100 + (seat % 7 == 4 ? 50 : seat % 3), 7);
        if (seat % 3 == 2) words[0] |= 0x7FFF << 16;
    }

    /// Small jobs in one call, large ones seat by seat.
    function claimCounted(bytes32 job, JobTerms memory t) private {
        address[] memory trainers = trainersOf(job);
        address[] memory members = protocol.seats(job);
        uint256 seats = t.maxTrainers > 15 || t.rounds > 1 ? 0 : members.length;
        uint256 first = t.rounds > 1 ? 4 : trainers.length;
        address[] memory accounts = new address[](first + seats);
        for (uint256 i; i < accounts.length; ++i) {
            accounts[i] = i < first ? trainers[i] : members[i - first];
        }
        uint256[] memory none;
        send("claim many", address(this), abi.encodeCall(IScatterClaims.claim, (job, accounts, none)));
        accounts = new address[](1);
        accounts[0] = requestor;
        send("claim requestor", address(this), abi.encodeCall(IScatterClaims.claim, (job, accounts, none)));
        if (seats != 0) return;
        accounts[0] = members[0];
        uint256[] memory word = rising(t.maxTrainers, 100, 7);
        uint256 paid = t.minJury == 0 ? t.rounds : uint256(t.rounds) / 2;
        uint256[] memory words = new uint256[](t.maxTrainers > 15 ? word.length * paid : 0);
        for (uint256 i; i < words.length; ++i) {
            words[i] = word[i % word.length];
        }
        send("claim seat", address(this), abi.encodeCall(IScatterClaims.claim, (job, accounts, words)));
        if (t.minJury == 0) return;
        accounts[0] = protocol.jurors(job)[0];
        send("claim juror", address(this), abi.encodeCall(IScatterClaims.claim, (job, accounts, none)));
    }

    function send(string memory name, address sender, bytes memory data) private {
        sendTo(address(protocol), name, sender, data);
    }

    function sendTo(address target, string memory name, address sender, bytes memory data) private {
        vm.cool(target);
        vm.cool(address(protocol));
        vm.cool(address(token));
        vm.prank(sender);
        (bool done,) = target.call(data);
        uint256 gas = vm.lastCallGas().gasTotalUsed + 21_000;
        vm.assertTrue(done, name);
        for (uint256 i; i < data.length; ++i) {
            gas += data[i] == 0 ? 4 : 16;
        }
        spent += gas;
        if (gas > largest) (largest, largestName) = (gas, string.concat(name, " ", vm.toString(gas)));
    }

}
