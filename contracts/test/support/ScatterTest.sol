// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterProtocol} from "../../src/IScatterProtocol.sol";
import {ScatterToken} from "../../src/ScatterToken.sol";
import {
    Durations,
    JobTerms,
    JobView,
    NodeView,
    Parameters,
    Reason,
    Role,
    SeatKind,
    State
} from "../../src/ScatterTypes.sol";
import {vm} from "./Vm.sol";

/// @title A deployment, its actors, and each step of a job as one call
abstract contract ScatterTest {
    uint256 internal constant SCT = 1e18;
    uint256 internal constant TICKET = 25_000 * SCT;
    uint256 internal constant SUPPLY = 1_000_000_000 * SCT;
    bytes32 internal constant SALT = "salt";
    uint24 internal constant HOUR = 3600;

    ScatterToken internal token;
    IScatterProtocol internal protocol;
    address internal requestor = address(0x1001);
    uint256 private topics;

    function setUp() public virtual {
        token = ScatterToken(deploy("ScatterToken", abi.encode(address(this), SUPPLY)));
        address randomness = deploy("SeededRandomness", abi.encode(keccak256("seed")));
        protocol = IScatterProtocol(deploy("ScatterProtocol", abi.encode(parameters(randomness))));
        vm.warp(1_700_000_000);
        vm.roll(1000);
        enrol(requestor, Role.Requestor);
    }

    /// The artifact that ships, not a compilation of its own.
    function deploy(string memory name, bytes memory arguments) internal returns (address) {
        return vm.deployCode(artifact(name), arguments);
    }

    function artifact(string memory name) internal pure returns (string memory) {
        return string.concat("../src/scatter/chain/artifacts/", name, ".json");
    }

    function parameters(address randomness) internal view returns (Parameters memory) {
        return Parameters({
            token: address(token),
            randomness: randomness,
            validatorTicket: uint96(TICKET),
            challengerTicket: uint96(20_000 * SCT),
            lockBps: 2000,
            slashBase: uint96(200 * SCT),
            trainersBps: 7000,
            membersBps: 2000,
            minSeatPay: uint96(5 * SCT),
            withdrawalDelay: 14 days,
            minimumDuration: HOUR
        });
    }

    // ── actors ──────────────────────────────────────────────────────────────────────────────────────────────────────
    function trainer(uint256 i) internal pure returns (address) {
        return address(uint160(0x2000 + i));
    }

    function validator(uint256 i) internal pure returns (address) {
        return address(uint160(0x3000 + i));
    }

    function enrol(address account, Role role) internal {
        token.transfer(account, 200_000 * SCT);
        vm.prank(account);
        token.approve(address(protocol), type(uint256).max);
        vm.prank(account);
        protocol.register(role, bytes32(uint256(uint160(account))), keccak256(abi.encode(account)));
    }

    function enrolValidators(uint256 n) internal {
        for (uint256 i; i < n; ++i) {
            enrol(validator(i), Role.Validator);
            vm.prank(validator(i));
            protocol.depositTicket();
        }
    }

    function enrolTrainers(uint256 n) internal {
        for (uint256 i; i < n; ++i) {
            enrol(trainer(i), Role.Trainer);
        }
    }

    // ── a job, step by step ─────────────────────────────────────────────────────────────────────────────────────────
    function terms(uint256 trainers, uint256 members, uint256 rounds) internal pure returns (JobTerms memory) {
        return JobTerms({
            trainingJob: "training",
            evaluationJob: "evaluation",
            jobKeyHash: keccak256("job key"),
            roundPool: uint96(1000 * SCT),
            slotStake: uint96(500 * SCT),
            rounds: uint8(rounds),
            members: uint8(members),
            auditors: 0,
            minTrainers: 1,
            maxTrainers: uint8(trainers),
            rule: 0,
            minJury: 0,
            faultBps: 5000,
            maxShareBps: 5000,
            tau: 10,
            durations: Durations(HOUR, HOUR, HOUR, HOUR, HOUR, HOUR, HOUR, HOUR, HOUR)
        });
    }

    function shardKey(uint256 round) internal pure returns (bytes32) {
        return keccak256(abi.encode("shard", round));
    }

    function shardKeyHashes(uint256 rounds) internal pure returns (bytes32[] memory hashes) {
        hashes = new bytes32[](rounds);
        for (uint256 r; r < rounds; ++r) {
            hashes[r] = keccak256(abi.encode(shardKey(r + 1)));
        }
    }

    function post(JobTerms memory t) internal returns (bytes32) {
        bytes32 topic = bytes32(++topics);
        vm.prank(requestor);
        return protocol.post(topic, t, shardKeyHashes(t.rounds), new bytes32[](t.rounds));
    }

    function join(bytes32 job, uint256 trainers) internal {
        for (uint256 i; i < trainers; ++i) {
            vm.prank(trainer(i));
            protocol.join(job);
        }
    }

    function draw(bytes32 job) internal {
        while (protocol.job(job).state == State.Drawing) {
            vm.roll(vm.getBlockNumber() + 2);
            protocol.poke(job);
        }
    }

    /// A job of `trainers`, `members` and `rounds` in Training of round 1.
    function started(JobTerms memory t) internal returns (bytes32 job) {
        job = post(t);
        join(job, t.maxTrainers);
        draw(job);
        vm.prank(requestor);
        protocol.publishKeys(job, "bundle");
    }

    /// Trainers in the mask publish; when some are silent the deadline passes.
    function publish(bytes32 job, uint256 mask) internal {
        JobView memory j = protocol.job(job);
        for (uint256 i; i < j.trainers; ++i) {
            if ((mask >> i) & 1 == 0) continue;
            vm.prank(trainer(i));
            protocol.publishUpdate(job, j.round, keccak256(abi.encode("update", i, j.round)));
        }
        JobView memory k = protocol.job(job);
        if (k.state == State.Training && k.round == j.round) expire(job);
    }

    function reveal(bytes32 job) internal {
        uint8 round = protocol.job(job).round;
        vm.prank(requestor);
        protocol.revealShardKey(job, round, shardKey(round));
    }

    function commitment(bytes32 job, uint8 round, address member, uint256[] memory words)
        internal
        view
        returns (bytes32)
    {
        bytes32 hash = keccak256(abi.encodePacked(words));
        return keccak256(abi.encode(block.chainid, address(protocol), SeatKind.Member, job, round, member, hash, SALT));
    }

    function commit(bytes32 job, address member, uint256[] memory words) internal {
        uint8 round = protocol.job(job).round;
        bytes32 c = commitment(job, round, member, words);
        vm.prank(member);
        protocol.commitScores(job, round, c);
    }

    function open(bytes32 job, address member, uint256[] memory words) internal {
        uint8 round = protocol.job(job).round;
        vm.prank(member);
        protocol.openScores(job, round, words, SALT);
    }

    /// Every member commits to and opens its own words; with more than 15 trainers they are passed back to settle.
    function score(bytes32 job, uint256[][] memory words) internal {
        address[] memory members = protocol.seats(job);
        for (uint256 i; i < members.length; ++i) {
            commit(job, members[i], words[i]);
        }
        for (uint256 i; i < members.length; ++i) {
            open(job, members[i], words[i]);
        }
        if (protocol.job(job).trainers > 15) protocol.settleRound(job, protocol.job(job).round, words);
    }

    function aggregate(bytes32 job, bytes32 digest) internal {
        address[] memory members = protocol.seats(job);
        uint8 round = protocol.job(job).round;
        for (uint256 i; i < members.length / 2 + 1; ++i) {
            vm.prank(members[i]);
            protocol.postAggregate(job, round, digest);
        }
    }

    /// One whole round in which all do their duty and all members score alike.
    function playRound(bytes32 job, uint256[] memory words) internal {
        publish(job, type(uint256).max);
        reveal(job);
        score(job, alike(words, protocol.job(job).seated));
        if (protocol.job(job).state == State.Aggregating) aggregate(job, "model");
    }

    function alike(uint256[] memory words, uint256 members) internal pure returns (uint256[][] memory all) {
        all = new uint256[][](members);
        for (uint256 i; i < members; ++i) {
            all[i] = words;
        }
    }

    function expire(bytes32 job) internal {
        vm.warp(uint256(protocol.job(job).deadline) + 1);
        protocol.poke(job);
    }

    // ── scores ──────────────────────────────────────────────────────────────────────────────────────────────────────
    /// The metric, and one stored lane for each trainer.
    function pack(uint256 metric, uint256[] memory lanes) internal pure returns (uint256[] memory words) {
        words = new uint256[](lanes.length / 16 + 1);
        words[0] = metric;
        for (uint256 t; t < lanes.length; ++t) {
            words[(t + 1) / 16] |= lanes[t] << (16 * ((t + 1) % 16));
        }
    }

    /// All trainers with contributions +first, +first + step, …
    function rising(uint256 trainers, uint256 first, uint256 step) internal pure returns (uint256[] memory) {
        uint256[] memory lanes = new uint256[](trainers);
        for (uint256 t; t < trainers; ++t) {
            lanes[t] = 16_384 + first + step * t;
        }
        return pack(5000, lanes);
    }

    // ── claims ──────────────────────────────────────────────────────────────────────────────────────────────────────
    function claim(bytes32 job, address account) internal returns (uint256 paid, uint256 penalty, uint256 pooled) {
        uint256[] memory none;
        return claim(job, account, none);
    }

    /// Claim for one account; what `owed` says is what happens, and what leaves the protocol.
    function claim(bytes32 job, address account, uint256[] memory words)
        internal
        returns (uint256 paid, uint256 penalty, uint256 pooled)
    {
        (paid, penalty, pooled) = protocol.owed(job, account, words);
        uint256 balance = token.balanceOf(account);
        uint256 pool = protocol.challengePool();
        address[] memory accounts = new address[](1);
        accounts[0] = account;
        protocol.claim(job, accounts, words);
        vm.assertEq(token.balanceOf(account) - balance, paid, "what owed says is paid");
        vm.assertEq(protocol.challengePool() - pool, pooled, "what owed says reaches the challenge pool");
    }

    function stakes() internal view returns (uint256 sum) {
        uint256 n = protocol.poolLength(Role.Validator);
        for (uint256 i; i < n; ++i) {
            sum += protocol.node(protocol.poolNode(Role.Validator, i)).stake;
        }
    }

    /// Claim everything of a job, and check that every unit of its escrow went somewhere and nothing else moved.
    function settleAccounts(bytes32 job) internal {
        address[] memory members = protocol.seats(job);
        address[] memory trainers = protocol.trainers(job);
        for (uint256 i; i < members.length; ++i) {
            claim(job, members[i]);
        }
        claim(job, requestor);
        for (uint256 i; i < trainers.length; ++i) {
            claim(job, trainers[i]);
        }
        vm.assertEq(
            token.balanceOf(address(protocol)),
            stakes() + protocol.challengePool(),
            "only stakes and the challenge pool stay"
        );
    }

    // ── refusals ────────────────────────────────────────────────────────────────────────────────────────────────────
    /// The call is refused with exactly this error.
    function refused(address sender, bytes memory data, bytes memory expected) internal {
        vm.prank(sender);
        (bool done, bytes memory answer) = address(protocol).call(data);
        vm.assertTrue(!done, "refused");
        vm.assertEq(answer, expected, "with this error");
    }

    function checkState(bytes32 job, State state, Reason reason) internal view {
        JobView memory j = protocol.job(job);
        vm.assertEq(uint256(j.state), uint256(state), "state");
        vm.assertEq(uint256(j.reason), uint256(reason), "reason");
    }
}
