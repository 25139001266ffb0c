// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Role, RoundView, SeatKind, State} from "../src/ScatterTypes.sol";
import {RandomDisputes} from "./support/RandomDisputes.sol";
import {vm} from "./support/Vm.sol";

/// Whole jobs with random behaviour, disputes included: at every step the protocol holds exactly stakes, escrow and challenge
/// pool; time and `poke` (above 15 trainers: `settleRound` and `tally`) alone end every job; then every unit is claimed, in any
/// order. (An L that a verdict takes belongs to the escrow once the seat is claimed; until then what others got of it is owed.)
contract ConservationTest is RandomDisputes {
    uint256 private constant TRAINERS = 18;
    uint256 private constant VALIDATORS = 9;
    uint256 private constant CHALLENGERS = 6;

    function setUp() public override {
        super.setUp();
        enrolTrainers(TRAINERS);
        enrolValidators(VALIDATORS);
        enrolChallengers(CHALLENGERS);
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
        vm.assertEq(uint256(escrow), 0, "nothing is left of the job");
    }

    /// forge-config: test.fuzz.runs = 40
    function testFuzz_TwoJobsDoNotTouchOneAnother(uint256 seed) public {
        entropy = seed;
        bytes32 first = posted(1 + dice(4));
        bytes32 second = posted(1 + dice(4));
        check();
        while (protocol.job(first).state < State.Settled || protocol.job(second).state < State.Settled) {
            if (protocol.job(first).state < State.Settled) step(first);
            if (protocol.job(second).state < State.Settled) step(second);
            check();
        }
        claimAll(second);
        claimAll(first);
        vm.assertEq(uint256(escrow), 0, "nothing is left of either job");
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

    // ── accounts ────────────────────────────────────────────────────────────────────────────────────────────────────
    function check() private view {
        vm.assertEq(
            token.balanceOf(address(protocol)),
            uint256(int256(stakes() + protocol.challengePool()) + escrow),
            "the protocol holds stakes, escrow and challenge pool"
        );
    }

    /// Claim every part, in an order that the dice choose.
    function claimAll(bytes32 job) private {
        address[] memory accounts = everybody(job);
        for (uint256 remaining = accounts.length; remaining > 0; --remaining) {
            uint256 k = dice(remaining);
            claimOne(job, accounts[k]);
            accounts[k] = accounts[remaining - 1];
            check();
        }
    }

    function claimOne(bytes32 job, address account) private {
        bool seat = protocol.part(job, account).role >= Role.Validator;
        uint256 staked = protocol.node(account).stake;
        uint256 locked = protocol.node(account).locked;
        uint256[] memory words;
        if (seat && protocol.job(job).trainers > 15) words = wordsOf(job, account);
        (uint256 paid, uint256 penalty, uint256 pooled) = claim(job, account, words);
        if (seat) {
            vm.assertEq(staked - protocol.node(account).stake, penalty, "a seat's penalty leaves its stake");
            vm.assertLe(penalty, locked - protocol.node(account).locked, "at most what it locked");
        }
        escrow -= int256(paid + pooled) - int256(seat ? penalty : 0);
    }

    function wordsOf(bytes32 job, address account) private view returns (uint256[] memory words) {
        if (protocol.part(job, account).kind == SeatKind.Juror) return words;
        uint8 last = protocol.job(job).round;
        uint256 seat = protocol.part(job, account).index;
        if (protocol.part(job, account).kind == SeatKind.Auditor) seat += protocol.job(job).members;
        uint256 width = protocol.job(job).trainers / 16 + 1;
        words = new uint256[](width * last);
        uint256 n;
        for (uint8 round = 1; round <= last; ++round) {
            RoundView memory r = protocol.round(job, round);
            if (!r.settled || ((r.opened & ~r.refused & ~r.abstained & ~r.leftOut) >> seat) & 1 == 0) continue;
            for (uint256 w; w < width; ++w) {
                words[n++] = openings[job][round][account][w];
            }
        }
        assembly ("memory-safe") {
            mstore(words, n)
        }
    }

    function balances(bytes32 job) private view returns (bytes32 all) {
        address[] memory accounts = everybody(job);
        all = keccak256(abi.encode(protocol.challengePool()));
        for (uint256 i; i < accounts.length; ++i) {
            all = keccak256(abi.encode(all, token.balanceOf(accounts[i]), protocol.node(accounts[i]).stake));
        }
    }
}
