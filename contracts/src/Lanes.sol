// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Arithmetic on sixteen 16-bit lanes of a word at once
/// @dev Lanes hold values up to 0x7FFF, so the top bit of each lane is free: with it set in the minuend a subtraction cannot
/// borrow from the next lane, and it is still set afterwards exactly when minuend >= subtrahend. Lane k lies at bit 16 * k.
library Lanes {
    /// 1 in every lane
    uint256 internal constant ONES = 0x0001000100010001000100010001000100010001000100010001000100010001;
    /// the top bit of every lane
    uint256 internal constant TOPS = ONES << 15;
    /// values from here on are special: 0x7FFE a copy, 0x7FFF unreadable
    uint256 internal constant SPECIAL = 0x7FFE;
    /// the lane that stands for a contribution of 0
    uint256 internal constant ZERO = 16384;

    /// @dev Sixteen bits, bit k → top bit of lane k.
    function spread(uint256 bits) internal pure returns (uint256 tops) {
        tops = bits & 0xFFFF;
        tops = (tops | (tops << 120)) & (0xFF | (0xFF << 128));
        tops = (tops | (tops << 60)) & 0x000000000000000F000000000000000F000000000000000F000000000000000F;
        tops = (tops | (tops << 30)) & 0x0000000300000003000000030000000300000003000000030000000300000003;
        tops = ((tops | (tops << 15)) & ONES) << 15;
    }

    /// @dev Top bits → all fifteen value bits of those lanes.
    function full(uint256 tops) internal pure returns (uint256) {
        unchecked {
            return tops - (tops >> 15);
        }
    }

    /// @dev Top bits of the lanes in which a >= b.
    function atLeast(uint256 a, uint256 b) internal pure returns (uint256) {
        unchecked {
            return ((a | TOPS) - b) & TOPS;
        }
    }

    /// @dev Top bits of the lanes that hold a special value.
    function special(uint256 word) internal pure returns (uint256) {
        return atLeast(word, ONES * SPECIAL);
    }

    /// @dev |a - b| in every lane.
    function distance(uint256 a, uint256 b) internal pure returns (uint256) {
        unchecked {
            uint256 larger = full(atLeast(a, b));
            return ((a & larger) - (b & larger)) + ((b & ~larger) - (a & ~larger));
        }
    }

    /// @dev Top bits of the lanes in which a and b lie within tau of each other.
    function within(uint256 a, uint256 b, uint256 tau) internal pure returns (uint256) {
        return atLeast(ONES * tau, distance(a, b));
    }

    /// @dev max(0, word - ZERO) in every lane.
    function positive(uint256 word) internal pure returns (uint256) {
        unchecked {
            uint256 larger = full(atLeast(word, ONES * ZERO));
            return (word & larger) - ((ONES * ZERO) & larger);
        }
    }

    /// @dev The sum of all sixteen lanes.
    function sum(uint256 word) internal pure returns (uint256) {
        unchecked {
            uint256 pairs = 0x0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF0000FFFF;
            word = (word & pairs) + ((word >> 16) & pairs);
            return (word * 0x0000000100000001000000010000000100000001000000010000000100000001) >> 224;
        }
    }

    /// @dev How many top bits are set.
    function count(uint256 tops) internal pure returns (uint256) {
        return sum(tops >> 15);
    }

    /// @dev How many words are at most the bound, in every lane; the bound has the top bits set. The loop that settling spends
    /// most on: without the checks of indices that Solidity adds.
    function _countAtMost(uint256[] memory words, uint256 bound) private pure returns (uint256 counts) {
        uint256 tops = TOPS;
        assembly ("memory-safe") {
            let entry := add(words, 32)
            for { let end := add(entry, mul(mload(words), 32)) } lt(entry, end) { entry := add(entry, 32) } {
                counts := add(counts, shr(15, and(sub(bound, mload(entry)), tops)))
            }
        }
    }

    /// @dev The lower median of every lane: what index (n-1)/2 holds when each lane's n >= 1 values are sorted. Bisects all
    /// sixteen lanes together, from the highest of the fifteen bits down: a bit is 1 when too few values lie below it.
    function median(uint256[] memory words) internal pure returns (uint256 result) {
        unchecked {
            uint256 n = words.length;
            uint256 needed = ONES * ((n - 1) / 2 + 1);
            for (uint256 bit = 1 << 14; bit != 0; bit >>= 1) {
                uint256 bound = result | (ONES * (bit - 1)) | TOPS;
                uint256 atMost = _countAtMost(words, bound);
                result |= (ONES * bit) & ~full(atLeast(atMost, needed));
            }
        }
    }
}
