// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Settlement} from "../src/Settlement.sol";
import {Reference} from "./support/Reference.sol";
import {vm} from "./support/Vm.sol";

/// Settling packed words against the rules written plainly.
contract SettlementTest {
    uint256 private constant COPY = 0x7FFE;

    function testFuzz_EqualsTheRules(uint256 seed, uint8 trainers_, uint8 openers, uint64 published, uint16 tau_)
        public
        pure
    {
        uint256 trainers = uint256(trainers_) % 63 + 1;
        uint256 tau = uint256(tau_) % 60 + 1;
        uint256[][] memory opened = random(seed, uint256(openers) % 31 + 1, trainers);
        check(opened, trainers, published & ((1 << trainers) - 1), tau);
    }

    function testFuzz_FewOpenersAndWideTau(uint256 seed, uint8 openers, uint16 tau) public pure {
        check(random(seed, uint256(openers) % 4 + 1, 6), 6, 63, uint256(tau) % 32_767 + 1);
    }

    function test_NobodyLeft() public pure {
        // Both openers strike out another trainer: the lower median strikes nobody, and both are left out.
        uint256[][] memory opened = new uint256[][](2);
        opened[0] = one(7000, 0x7FFF, 16_500);
        opened[1] = one(8000, 16_500, 0x7FFF);
        Settlement.Result memory r = Settlement.settle(columns(opened), 3, 10);
        vm.assertEq(r.leftOut, 3, "both are left out");
        vm.assertEq(r.settled[0], one(0, 16_384, 16_384)[0], "nothing is known");
        vm.assertEq(r.positiveSum + r.deviating, 0, "nobody is accepted, nobody deviates");
    }

    function test_StruckLaneStaysStruck() public pure {
        uint256[][] memory opened = new uint256[][](3);
        opened[0] = one(5000, COPY, 16_484);
        opened[1] = one(5000, 0x7FFF, 16_484);
        opened[2] = one(9000, 16_000, 16_900);
        Settlement.Result memory r = Settlement.settle(columns(opened), 3, 10);
        vm.assertEq(r.leftOut, 4, "who gave a number where the others struck out is left out");
        vm.assertEq(r.settled[0], one(5000, COPY, 16_484)[0], "the struck lane keeps its median");
        vm.assertEq(r.positiveSum, 100, "only the other trainer is accepted");
    }

    function test_OneLiarOfThreeDeviates() public pure {
        uint256[][] memory opened = new uint256[][](3);
        opened[0] = one(5000, 16_384 + 100, 16_384);
        opened[1] = one(5000, 16_384 + 110, 16_384);
        opened[2] = one(5000, 16_384 + 121, 16_384);
        Settlement.Result memory r = Settlement.settle(columns(opened), 3, 10);
        vm.assertEq(r.deviating, 4, "11 away from 110, where two of three lie within 10");
        opened[1] = one(5000, 16_384 + 140, 16_384);
        r = Settlement.settle(columns(opened), 3, 10);
        vm.assertEq(r.deviating, 0, "no two thirds agree, so nobody deviates");
    }

    function check(uint256[][] memory opened, uint256 trainers, uint256 published, uint256 tau) private pure {
        Reference.Outcome memory o = Reference.settle(opened, trainers, published, tau);
        Settlement.Result memory r = Settlement.settle(columns(opened), published, tau);
        for (uint256 k; k < 16 * r.settled.length; ++k) {
            vm.assertEq(Reference.lane(r.settled, k), k <= trainers ? o.lanes[k] : 0, "settled lane");
        }
        for (uint256 i; i < opened.length; ++i) {
            vm.assertEq((r.leftOut >> i) & 1, o.leftOut[i] ? 1 : 0, "left out");
            vm.assertEq((r.deviating >> i) & 1, o.deviating[i] ? 1 : 0, "deviating");
        }
        vm.assertEq(r.positiveSum, o.positiveSum, "positive sum");
        vm.assertEq((r.leftOut | r.deviating) >> opened.length, 0, "nobody else");
    }

    /// Scores about a common truth, some openers far off, some special, and junk in lanes that do not count.
    function random(uint256 seed, uint256 n, uint256 trainers) private pure returns (uint256[][] memory opened) {
        opened = new uint256[][](n);
        for (uint256 i; i < n; ++i) {
            opened[i] = new uint256[](trainers / 16 + 1);
            opened[i][0] = uint256(keccak256(abi.encode(seed, "metric", i))) % 10_001;
            for (uint256 k = 1; k < 16 * opened[i].length; ++k) {
                opened[i][k / 16] |= randomLane(seed, i, k) << (16 * (k % 16));
            }
        }
    }

    function randomLane(uint256 seed, uint256 i, uint256 k) private pure returns (uint256) {
        uint256 truth = uint256(keccak256(abi.encode(seed, k)));
        uint256 noise = uint256(keccak256(abi.encode(seed, k, i)));
        if (truth % 11 == 0 && noise % 8 != 0) return COPY + noise % 2;
        if (noise % 97 == 0) return COPY;
        if (noise % 13 == 0) return (noise >> 32) % 0x7FFE;
        return 16_384 - 300 + (truth >> 32) % 600 + (noise >> 64) % 30;
    }

    function columns(uint256[][] memory opened) private pure returns (uint256[][] memory all) {
        all = new uint256[][](opened[0].length);
        for (uint256 w; w < all.length; ++w) {
            all[w] = new uint256[](opened.length);
            for (uint256 i; i < opened.length; ++i) {
                all[w][i] = opened[i][w];
            }
        }
    }

    function one(uint256 metric, uint256 first, uint256 second) private pure returns (uint256[] memory words) {
        words = new uint256[](1);
        words[0] = metric | (first << 16) | (second << 32);
    }
}
