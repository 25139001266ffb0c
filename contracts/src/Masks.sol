// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Sets of trainers or seats, bit i for number i
library Masks {
    /// @dev {0, …, n-1}
    function all(uint256 n) internal pure returns (uint256) {
        unchecked {
            return (1 << n) - 1;
        }
    }

    /// @dev How many are in the set, which is not all of 256: sums of bits in pairs, of pairs in nibbles, of those in bytes.
    function size(uint256 mask) internal pure returns (uint256) {
        unchecked {
            // slither-disable-start divide-before-multiply (255 divides it: 0x0101…01, a one for each byte)
            uint256 bytes_ = type(uint256).max / 0xFF;
            mask -= (mask >> 1) & (bytes_ * 0x55);
            mask = (mask & (bytes_ * 0x33)) + ((mask >> 2) & (bytes_ * 0x33));
            mask = (mask + (mask >> 4)) & (bytes_ * 0x0F);
            return (mask * bytes_) >> 248;
            // slither-disable-end divide-before-multiply
        }
    }

    /// @dev The lowest number in the set, which is not empty.
    function least(uint256 mask) internal pure returns (uint256) {
        unchecked {
            return size((mask & (0 - mask)) - 1);
        }
    }

    /// @dev The lowest n of the set; all of it when it has fewer.
    function first(uint256 mask, uint256 n) internal pure returns (uint256 lowest) {
        unchecked {
            for (; n != 0 && mask != 0; --n) {
                uint256 rest = mask & (mask - 1);
                lowest |= mask ^ rest;
                mask = rest;
            }
        }
    }

    /// @dev A mask that counts the members of `set` in order → the same by their numbers.
    function spread(uint256 mask, uint256 set) internal pure returns (uint256 numbers) {
        unchecked {
            for (; mask != 0; mask >>= 1) {
                uint256 rest = set & (set - 1);
                if (mask & 1 == 1) numbers |= set ^ rest;
                set = rest;
            }
        }
    }

    /// @dev The other way round: a mask of numbers that are all in `set` → the same by their places in it.
    function gather(uint256 mask, uint256 set) internal pure returns (uint256 places) {
        unchecked {
            for (uint256 place = 1; mask != 0; place <<= 1) {
                uint256 rest = set & (set - 1);
                if (mask & ~rest & set != 0) places |= place;
                mask &= rest;
                set = rest;
            }
        }
    }

    function has(uint256 mask, uint256 i) internal pure returns (bool) {
        return (mask >> i) & 1 == 1;
    }

    /// @dev ⌈2n/3⌉
    function twoThirds(uint256 n) internal pure returns (uint256) {
        unchecked {
            return (2 * n + 2) / 3;
        }
    }
}
