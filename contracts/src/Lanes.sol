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

    /// @dev words[i] of an i that is known to be in bounds.
    function at(uint256[] memory words, uint256 i) internal pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(add(words, 32), shl(5, i)))
        }
    }

    /// @dev words[i] = word, likewise.
    function put(uint256[] memory words, uint256 i, uint256 word) internal pure {
        assembly ("memory-safe") {
            mstore(add(add(words, 32), shl(5, i)), word)
        }
    }

    /// @dev Sixteen bits, bit k → top bit of lane k.
    function spread(uint256 bits) internal pure returns (uint256 tops) {
        tops = bits & 0xFFFF;
        // slither-disable-start too-many-digits (masks of whole words, whose lanes show in their digits)
        tops = (tops | (tops << 120)) & (0xFF | (0xFF << 128));
        tops = (tops | (tops << 60)) & 0x000000000000000F000000000000000F000000000000000F000000000000000F;
        tops = (tops | (tops << 30)) & 0x0000000300000003000000030000000300000003000000030000000300000003;
        // slither-disable-end too-many-digits
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

    /// @dev Top bits of the lanes that say: unreadable.
    function unreadable(uint256 word) internal pure returns (uint256) {
        return atLeast(word, ~TOPS);
    }

    /// @dev |a - b| in every lane.
    function distance(uint256 a, uint256 b) internal pure returns (uint256) {
        unchecked {
            uint256 larger = full(atLeast(a, b));
            return ((a & larger) - (b & larger)) + ((b & ~larger) - (a & ~larger));
        }
    }

    /// @dev What is near a word in every lane: numbers within tau of its number, special words where it is special.
    function around(uint256 word, uint256 tau) internal pure returns (uint256 low, uint256 high) {
        unchecked {
            uint256 reach = ONES * tau;
            uint256 larger = full(atLeast(word, reach));
            low = (word & larger) - (reach & larger);
            high = word + reach;
            uint256 over = full((high & TOPS) | special(high & ~TOPS));
            uint256 struck = full(special(word));
            low = (low & ~struck) | (ONES * SPECIAL & struck);
            high = (high & ~over) | (ONES * (SPECIAL - 1) & over) | struck;
        }
    }

    /// @dev Top bits of the lanes in which low <= word <= high.
    function between(uint256 word, uint256 low, uint256 high) internal pure returns (uint256) {
        unchecked {
            return ((word | TOPS) - low) & ((high | TOPS) - word) & TOPS;
        }
    }

    /// @dev Top bits of the lanes in which at least `needed` of the words in the mask lie between the bounds.
    function agreed(uint256[] memory words, uint256 mask, uint256 low, uint256 high, uint256 needed)
        internal
        pure
        returns (uint256)
    {
        unchecked {
            uint256 near;
            for (uint256 i; i < words.length; ++i) {
                if ((mask >> i) & 1 == 1) near += between(at(words, i), low, high) >> 15;
            }
            return atLeast(near, ONES * needed);
        }
    }

    /// @dev The words (bit i: word i) that do not lie between the bounds in all of these lanes.
    function apart(uint256[] memory words, uint256 low, uint256 high, uint256 tops)
        internal
        pure
        returns (uint256 mask)
    {
        unchecked {
            for (uint256 i; i < words.length; ++i) {
                if (between(at(words, i), low, high) & tops != tops) mask |= 1 << i;
            }
        }
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
            // slither-disable-next-line too-many-digits (a one for each pair of lanes)
            return (word * 0x0000000100000001000000010000000100000001000000010000000100000001) >> 224;
        }
    }

    /// @dev How many top bits are set.
    function count(uint256 tops) internal pure returns (uint256) {
        return sum(tops >> 15);
    }

    /// @dev The lower median of every lane: what index (n-1)/2 holds when each lane's n >= 1 values are sorted. Bisects all
    /// sixteen lanes together, from the highest of the fifteen bits down: a bit is 1 when too few values lie below it.
    function median(uint256[] memory words) internal pure returns (uint256 result) {
        unchecked {
            uint256 needed = ONES * ((words.length - 1) / 2 + 1);
            uint256[] memory padded = _padded(words);
            for (uint256 bit = 1 << 14; bit != 0; bit >>= 1) {
                uint256 atMost = _countAtMost(padded, result | (ONES * (bit - 1)) | TOPS);
                result |= (ONES * bit) & ~full(atLeast(atMost, needed));
            }
        }
    }

    /// @dev The words, and as many of the largest value as make their number a multiple of four. No bound that `median` asks for
    /// reaches that value, so it is never counted.
    function _padded(uint256[] memory words) private pure returns (uint256[] memory padded) {
        unchecked {
            uint256 n = words.length;
            padded = new uint256[]((n + 3) & ~uint256(3));
            for (uint256 i; i < padded.length; ++i) {
                put(padded, i, i < n ? at(words, i) : ~TOPS);
            }
        }
    }

    /// @dev How many words are at most the bound, in every lane; the bound has the top bits set. Settling spends most on this
    /// loop, so it takes four words at a time.
    function _countAtMost(uint256[] memory padded, uint256 bound) private pure returns (uint256 counts) {
        uint256 ones = ONES;
        assembly ("memory-safe") {
            let word := add(padded, 32)
            for { let end := add(word, mul(mload(padded), 32)) } lt(word, end) { word := add(word, 128) } {
                counts := add(counts, and(shr(15, sub(bound, mload(word))), ones))
                counts := add(counts, and(shr(15, sub(bound, mload(add(word, 32)))), ones))
                counts := add(counts, and(shr(15, sub(bound, mload(add(word, 64)))), ones))
                counts := add(counts, and(shr(15, sub(bound, mload(add(word, 96)))), ones))
            }
        }
    }
}
