// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {JobTerms, JobView, Role, RoundView, State} from "../src/ScatterTypes.sol";
import {ScatterTest} from "./support/ScatterTest.sol";
import {vm} from "./support/Vm.sol";

/// Whole jobs with random behaviour: at every step the protocol holds exactly stakes, escrow and challenge pool; time and
/// `poke` (above 15 trainers: `settleRound`) alone end every job; then every unit is claimed, in any order.
contract ConservationTest is ScatterTest {
    uint256 private constant TRAINERS = 18;
    uint256 private constant VALIDATORS = 6;

    uint256 private entropy;
    uint256 private escrow;
    /// What each member opened in each round, as the events tell.
    mapping(bytes32 job => mapping(uint256 round => mapping(address member => uint256[]))) private openings;

    function setUp() public override {
        super.setUp();
        enrolTrainers(TRAINERS);
        enrolValidators(VALIDATORS);
    }

    /// forge-config: test.fuzz.runs = 150
    function testFuzz_OneJob(uint256 seed) public {
        entropy = seed;
        bytes32 job = posted(seed % 4 == 0 ? 16 + dice(3) : 1 + dice(6));
        while (protocol.job(job).state < State.Settled) {
            step(job);
            check();
        }
        claimAll(job);
        vm.assertEq(escrow, 0, "nothing is left of the job");
    }

    /// forge-config: test.fuzz.runs = 40
    function testFuzz_TwoJobsDoNotTouchOneAnother(uint256 seed) public {
        entropy = seed;
        bytes32 first = posted(1 + dice(4));
        bytes32 second = posted(1 + dice(4));
        while (protocol.job(first).state < State.Settled || protocol.job(second).state < State.Settled) {
            if (protocol.job(first).state < State.Settled) step(first);
            if (protocol.job(second).state < State.Settled) step(second);
            check();
        }
        claimAll(second);
        claimAll(first);
        vm.assertEq(escrow, 0, "nothing is left of either job");
    }

    /// forge-config: test.fuzz.runs = 40
    function testFuzz_OrderOfClaimsDoesNotMatter(uint256 seed) public {
        entropy = seed;
        bytes32 job = posted(1 + dice(6));
        while (protocol.job(job).state < State.Settled) {
            step(job);
        }
        uint256 fresh = vm.snapshotState();
        claimAll(job);
        bytes32 once = balances(job);
        vm.revertToState(fresh);
        entropy = uint256(keccak256(abi.encode(seed, "another order")));
        claimAll(job);
        vm.assertEq(balances(job), once, "the same to everybody");
    }

    // ── random steps ────────────────────────────────────────────────────────────────────────────────────────────────
    function dice(uint256 sides) private returns (uint256) {
        entropy = uint256(keccak256(abi.encode(entropy)));
        return entropy % sides;
    }

    function likely() private returns (bool) {
        return dice(12) != 0;
    }

    function posted(uint256 trainers) private returns (bytes32 job) {
        JobTerms memory t = terms(trainers, 1 + dice(5), 1 + dice(4));
        t.roundPool = uint96(500 * SCT + dice(2000 * SCT));
        t.slotStake = uint96(dice(900 * SCT));
        t.tau = uint16(1 + dice(40));
        t.faultBps = uint16(dice(10_001));
        t.maxShareBps = uint16(1 + dice(10_000));
        job = post(t);
        join(job, t.maxTrainers);
        escrow += uint256(t.roundPool) * (t.rounds + 1) + uint256(t.slotStake) * trainers;
        check();
    }

    function step(bytes32 job) private {
        JobView memory j = protocol.job(job);
        if (j.state == State.Drawing) {
            vm.roll(vm.getBlockNumber() + 2);
            protocol.poke(job);
            return;
        }
        if (vm.getBlockTimestamp() > j.deadline) {
            pass(job, j);
            return;
        }
        if (j.state == State.Keying && dice(20) != 0) {
            vm.prank(requestor);
            protocol.publishKeys(job, "bundle");
        }
        if (j.state == State.Training) train(job, j);
        if (j.state == State.Revealing && dice(20) != 0) reveal(job);
        if (j.state == State.Committing) commitSome(job, j);
        if (j.state == State.Opening) openSome(job, j);
        if (j.state == State.Aggregating) postSome(job, j);
        JobView memory k = protocol.job(job);
        if (k.state == j.state && k.round == j.round) pass(job, j);
    }

    function pass(bytes32 job, JobView memory j) private {
        if (vm.getBlockTimestamp() <= j.deadline) vm.warp(uint256(j.deadline) + 1);
        protocol.poke(job);
        JobView memory k = protocol.job(job);
        if (k.state == State.Opening && j.state == State.Opening) settleWithWords(job, j.round);
    }

    function train(bytes32 job, JobView memory j) private {
        uint256 active = j.round == 1 ? type(uint256).max : protocol.round(job, 1).published;
        bool strike = dice(15) == 0;
        for (uint256 i; i < j.trainers && inState(job, State.Training); ++i) {
            if (strike || (active >> i) & 1 == 0 || !likely()) continue;
            vm.prank(trainer(i));
            protocol.publishUpdate(job, j.round, keccak256(abi.encode(i)));
        }
    }

    function commitSome(bytes32 job, JobView memory j) private {
        address[] memory members = protocol.seats(job);
        uint256 truth = dice(type(uint256).max);
        for (uint256 i; i < members.length; ++i) {
            if (!likely()) continue;
            uint256[] memory words = randomScores(truth, j.trainers);
            openings[job][j.round][members[i]] = words;
            commit(job, members[i], words);
        }
    }

    function openSome(bytes32 job, JobView memory j) private {
        address[] memory members = protocol.seats(job);
        uint256 committed = protocol.round(job, j.round).committed;
        for (uint256 i; i < members.length; ++i) {
            if ((committed >> i) & 1 == 0 || !likely() || !inState(job, State.Opening)) continue;
            open(job, members[i], openings[job][j.round][members[i]]);
        }
    }

    function settleWithWords(bytes32 job, uint8 round) private {
        address[] memory members = protocol.seats(job);
        uint256 opened = protocol.round(job, round).opened;
        uint256[][] memory words = new uint256[][](members.length);
        uint256 n;
        for (uint256 i; i < members.length; ++i) {
            if ((opened >> i) & 1 == 1) words[n++] = openings[job][round][members[i]];
        }
        assembly ("memory-safe") {
            mstore(words, n)
        }
        protocol.settleRound(job, round, words);
    }

    function postSome(bytes32 job, JobView memory j) private {
        address[] memory members = protocol.seats(job);
        uint256 panel = protocol.round(job, j.round).panel;
        for (uint256 i; i < members.length && inState(job, State.Aggregating); ++i) {
            if ((panel >> i) & 1 == 0 || !likely()) continue;
            bytes32 digest = likely() ? bytes32("model") : bytes32(i + 1);
            vm.prank(members[i]);
            protocol.postAggregate(job, j.round, digest);
        }
    }

    function inState(bytes32 job, State state) private view returns (bool) {
        return protocol.job(job).state == state;
    }

    /// Near a common truth, now and then far off or special.
    function randomScores(uint256 truth, uint256 trainers) private returns (uint256[] memory) {
        uint256[] memory lanes = new uint256[](trainers);
        for (uint256 t; t < trainers; ++t) {
            uint256 about = 16_384 - 200 + uint256(keccak256(abi.encode(truth, t))) % 500;
            lanes[t] = about + dice(6);
            if (dice(25) == 0) lanes[t] = dice(0x8000);
            if (about % 9 == 0 && dice(20) != 0) lanes[t] = 0x7FFE + dice(2);
        }
        return pack(dice(10_001), lanes);
    }

    // ── accounts ────────────────────────────────────────────────────────────────────────────────────────────────────
    function check() private view {
        vm.assertEq(
            token.balanceOf(address(protocol)),
            stakes() + escrow + protocol.challengePool(),
            "the protocol holds stakes, escrow and challenge pool"
        );
    }

    /// Claim every part, in an order that the dice choose.
    function claimAll(bytes32 job) private {
        address[] memory members = protocol.seats(job);
        address[] memory trainers = protocol.trainers(job);
        uint256 n = members.length + trainers.length + 1;
        address[] memory accounts = new address[](n);
        for (uint256 i; i < n; ++i) {
            if (i < members.length) accounts[i] = members[i];
            else if (i + 1 < n) accounts[i] = trainers[i - members.length];
            else accounts[i] = requestor;
        }
        for (uint256 left = n; left > 0; --left) {
            uint256 k = dice(left);
            claimOne(job, accounts[k]);
            accounts[k] = accounts[left - 1];
            check();
        }
    }

    function claimOne(bytes32 job, address account) private {
        bool seat = protocol.part(job, account).role == Role.Validator;
        uint256 staked = protocol.node(account).stake;
        uint256[] memory words;
        if (seat && protocol.job(job).trainers > 15) words = wordsOf(job, account);
        (uint256 paid, uint256 penalty, uint256 pooled) = claim(job, account, words);
        if (seat) vm.assertEq(staked - protocol.node(account).stake, penalty, "a seat's penalty leaves its stake");
        escrow -= paid + pooled - (seat ? penalty : 0);
    }

    function wordsOf(bytes32 job, address account) private view returns (uint256[] memory words) {
        uint8 last = protocol.job(job).round;
        uint8 seat = protocol.part(job, account).index;
        uint256 width = protocol.job(job).trainers / 16 + 1;
        words = new uint256[](width * last);
        uint256 n;
        for (uint8 round = 1; round <= last; ++round) {
            RoundView memory r = protocol.round(job, round);
            if (!r.settled || ((r.opened & ~r.leftOut) >> seat) & 1 == 0) continue;
            for (uint256 w; w < width; ++w) {
                words[n++] = openings[job][round][account][w];
            }
        }
        assembly ("memory-safe") {
            mstore(words, n)
        }
    }

    function balances(bytes32 job) private view returns (bytes32 all) {
        address[] memory members = protocol.seats(job);
        address[] memory trainers = protocol.trainers(job);
        all = keccak256(abi.encode(token.balanceOf(requestor), protocol.challengePool()));
        for (uint256 i; i < members.length; ++i) {
            all = keccak256(abi.encode(all, token.balanceOf(members[i]), protocol.node(members[i]).stake));
        }
        for (uint256 i; i < trainers.length; ++i) {
            all = keccak256(abi.encode(all, token.balanceOf(trainers[i])));
        }
    }
}
