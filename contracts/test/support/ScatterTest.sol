// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterProtocol} from "../../src/IScatterProtocol.sol";
import {ScatterToken} from "../../src/ScatterToken.sol";
import {
    Durations,
    Immutables,
    JobTerms,
    JobView,
    NodeView,
    Parameters,
    PartView,
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
    uint256 internal constant CHALLENGER_TICKET = 20_000 * SCT;
    uint256 internal constant BOND = 500 * SCT;
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
        protocol = deployProtocol(immutables(randomness), parameters());
        vm.warp(1_700_000_000);
        vm.roll(1000);
        enrol(requestor, Role.Requestor);
    }

    /// The artifact that ships, not a compilation of its own; tools/mutants.py puts others in its place, tools/covered.py what forge
    /// has just compiled.
    function deploy(string memory name, bytes memory arguments) internal returns (address) {
        string memory pattern = vm.envOr("SCATTER_ARTIFACTS", "../src/scatter/chain/artifacts/{}.json");
        return vm.deployCode(vm.replace(pattern, "{}", name), arguments);
    }

    function deployProtocol(Immutables memory i, Parameters memory p) internal returns (IScatterProtocol) {
        address claims = deploy("ScatterClaims", abi.encode(i));
        address disputes = deploy("ScatterDisputes", abi.encode(i));
        return IScatterProtocol(deploy("ScatterProtocol", abi.encode(i, p, claims, disputes)));
    }

    /// The test is the owner.
    function immutables(address randomness) internal view returns (Immutables memory) {
        return Immutables({
            token: address(token),
            randomness: randomness,
            owner: address(this),
            withdrawalDelay: 14 days,
            minimumDuration: HOUR
        });
    }

    function parameters() internal pure returns (Parameters memory) {
        return Parameters({
            validatorTicket: uint88(TICKET),
            challengerTicket: uint88(CHALLENGER_TICKET),
            lockBps: 2000,
            trainersBps: 7000,
            membersBps: 2000,
            jurorFeeBps: 100,
            slashBase: uint88(200 * SCT),
            challengeBond: uint88(BOND),
            minSeatPay: uint80(5 * SCT)
        });
    }

    // ── actors ──────────────────────────────────────────────────────────────────────────────────────────────────────
    function trainer(uint256 i) internal pure returns (address) {
        return address(uint160(0x2000 + i));
    }

    function validator(uint256 i) internal pure returns (address) {
        return address(uint160(0x3000 + i));
    }

    function challenger(uint256 i) internal pure returns (address) {
        return address(uint160(0x4000 + i));
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

    function enrolChallengers(uint256 n) internal {
        for (uint256 i; i < n; ++i) {
            enrol(challenger(i), Role.Challenger);
            vm.prank(challenger(i));
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
            parameters: 0,
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

    function commitment(bytes32 job, uint8 round, address seat, uint256[] memory words)
        internal
        view
        returns (bytes32)
    {
        bytes32 hash = keccak256(abi.encodePacked(words));
        SeatKind kind = protocol.part(job, seat).kind;
        return keccak256(abi.encode(block.chainid, address(protocol), kind, job, round, seat, hash, SALT));
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

    /// Members, then auditors.
    function allSeats(bytes32 job) internal view returns (address[] memory all) {
        address[] memory members = protocol.seats(job);
        address[] memory auditors = protocol.auditors(job);
        all = new address[](members.length + auditors.length);
        for (uint256 i; i < all.length; ++i) {
            all[i] = i < members.length ? members[i] : auditors[i - members.length];
        }
    }

    /// Every seat commits to and opens its own words; with more than 15 trainers they are passed back to settle.
    function score(bytes32 job, uint256[][] memory words) internal {
        address[] memory all = allSeats(job);
        for (uint256 i; i < all.length; ++i) {
            commit(job, all[i], words[i]);
        }
        for (uint256 i; i < all.length; ++i) {
            open(job, all[i], words[i]);
        }
        if (protocol.job(job).trainers > 15) protocol.settleRound(job, protocol.job(job).round, words);
    }

    /// The panel's seats post it until the round closes.
    function aggregate(bytes32 job, bytes32 digest) internal {
        address[] memory all = allSeats(job);
        uint8 round = protocol.job(job).round;
        uint256 panel = protocol.round(job, round).panel;
        for (uint256 i; protocol.job(job).state == State.Aggregating; ++i) {
            if ((panel >> i) & 1 == 0) continue;
            vm.prank(all[i]);
            protocol.postAggregate(job, round, digest);
        }
    }

    /// One whole round in which all do their duty and all seats score alike.
    function playRound(bytes32 job, uint256[] memory words) internal {
        publish(job, type(uint256).max);
        reveal(job);
        score(job, alike(words, allSeats(job).length));
        if (protocol.job(job).state == State.Aggregating) aggregate(job, "model");
    }

    function alike(uint256[] memory words, uint256 members) internal pure returns (uint256[][] memory all) {
        all = new uint256[][](members);
        for (uint256 i; i < members; ++i) {
            all[i] = words;
        }
    }

    /// What a seat or juror opens that lacks what it needs.
    function abstention() internal pure returns (uint256[] memory words) {
        words = new uint256[](1);
        words[0] = type(uint256).max;
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

    /// All stakes. (In these tests nobody is in two pools.)
    function stakes() internal view returns (uint256) {
        return stakesOf(Role.Validator) + stakesOf(Role.Challenger);
    }

    function stakesOf(Role role) private view returns (uint256 sum) {
        uint256 n = protocol.poolLength(role);
        for (uint256 i; i < n; ++i) {
            sum += protocol.node(protocol.poolNode(role, i)).stake;
        }
    }

    /// The trainers by slot: the test's actors that have a part as one.
    function trainersOf(bytes32 job) internal view returns (address[] memory accounts) {
        accounts = new address[](protocol.job(job).trainers);
        uint256 found;
        for (uint256 i; found < accounts.length; ++i) {
            PartView memory part = protocol.part(job, trainer(i));
            if (part.role != Role.Trainer) continue;
            accounts[part.index] = trainer(i);
            ++found;
        }
    }

    /// Everybody with a part in the job: seats, jurors, requestor, trainers.
    function everybody(bytes32 job) internal view returns (address[] memory all) {
        address[] memory seats = allSeats(job);
        address[] memory jurors = protocol.jurors(job);
        address[] memory trainers = trainersOf(job);
        all = new address[](seats.length + jurors.length + trainers.length + 1);
        uint256 n;
        for (uint256 i; i < seats.length; ++i) {
            all[n++] = seats[i];
        }
        for (uint256 i; i < jurors.length; ++i) {
            all[n++] = jurors[i];
        }
        all[n++] = requestor;
        for (uint256 i; i < trainers.length; ++i) {
            all[n++] = trainers[i];
        }
    }

    /// Claim everything of a job that is not claimed yet, and check that every unit of its escrow went somewhere and nothing
    /// else moved.
    function settleAccounts(bytes32 job) internal {
        address[] memory all = everybody(job);
        for (uint256 i; i < all.length; ++i) {
            if (!protocol.part(job, all[i]).claimed) claim(job, all[i]);
        }
        vm.assertEq(
            token.balanceOf(address(protocol)), stakes() + protocol.challengePool(), "only stakes and the challenge pool stay"
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
