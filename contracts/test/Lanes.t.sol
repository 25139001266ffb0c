// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Lanes} from "../src/Lanes.sol";
import {Masks} from "../src/Masks.sol";
import {Reference} from "./support/Reference.sol";
import {vm} from "./support/Vm.sol";

/// Sixteen lanes at once against one lane at a time.
contract LanesTest {
    uint256 private constant VALUES = ~Lanes.TOPS;

    function lane(uint256 word, uint256 k) private pure returns (uint256) {
        return (word >> (16 * k)) & 0xFFFF;
    }

    function testFuzz_MedianEqualsSorting(uint256 seed, uint8 size, uint8 spread) public pure {
        uint256 n = uint256(size) % 31 + 1;
        // Narrow values make ties, wide ones use every bit.
        uint256 kept = Lanes.ONES * ((1 << (uint256(spread) % 15 + 1)) - 1);
        uint256[] memory words = new uint256[](n);
        for (uint256 i; i < n; ++i) {
            words[i] = uint256(keccak256(abi.encode(seed, i))) & kept;
        }
        uint256 median = Lanes.median(words);
        uint256[] memory column = new uint256[](n);
        for (uint256 k; k < 16; ++k) {
            for (uint256 i; i < n; ++i) {
                column[i] = lane(words[i], k);
            }
            vm.assertEq(lane(median, k), Reference.lowerMedian(column), "median");
        }
    }

    function testFuzz_LaneByLane(uint256 a, uint256 b) public pure {
        a &= VALUES;
        b &= VALUES;
        uint256 sum;
        for (uint256 k; k < 16; ++k) {
            uint256 x = lane(a, k);
            uint256 y = lane(b, k);
            vm.assertEq(lane(Lanes.atLeast(a, b), k), x >= y ? 0x8000 : 0, "atLeast");
            vm.assertEq(lane(Lanes.distance(a, b), k), Reference.distance(x, y), "distance");
            vm.assertEq(lane(Lanes.special(a), k), x >= 0x7FFE ? 0x8000 : 0, "special");
            vm.assertEq(lane(Lanes.positive(a), k), x > 16_384 ? x - 16_384 : 0, "positive");
            sum += x;
        }
        vm.assertEq(Lanes.sum(a), sum, "sum");
    }

    function test_SpecialValues() public pure {
        uint256 word = 0x7FFF | (0x7FFE << 16) | (0x7FFD << 32);
        vm.assertEq(Lanes.special(word), 0x8000 | (0x8000 << 16), "only the two highest are special");
        vm.assertEq(Lanes.sum(VALUES), 16 * 0x7FFF, "the largest sum fits");
    }

    function testFuzz_Spread(uint16 bits) public pure {
        uint256 tops = Lanes.spread(bits);
        uint256 count;
        for (uint256 k; k < 16; ++k) {
            uint256 bit = (uint256(bits) >> k) & 1;
            vm.assertEq(lane(tops, k), bit << 15, "spread");
            vm.assertEq(lane(Lanes.full(tops), k), bit * 0x7FFF, "full");
            count += bit;
        }
        vm.assertEq(Lanes.count(tops), count, "count");
        vm.assertEq(Masks.size(bits), count, "size");
    }

    function test_TwoThirds() public pure {
        uint256[7] memory expected = [uint256(0), 1, 2, 2, 3, 4, 4];
        for (uint256 n; n < 7; ++n) {
            vm.assertEq(Masks.twoThirds(n), expected[n], "two thirds, rounded up");
        }
    }
}
