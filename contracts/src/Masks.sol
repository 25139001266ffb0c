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

    /// @dev How many are in the set.
    function size(uint256 mask) internal pure returns (uint256 n) {
        unchecked {
            for (; mask != 0; mask &= mask - 1) {
                ++n;
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
