// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Which aggregate each seat of a panel posted
/// @dev Byte k of a word: 1 + the place, among the different aggregates, of what the k-th seat of the panel posted; 0: nothing.
library Votes {
    function choiceOf(uint256 votes, uint256 k) internal pure returns (uint256) {
        return (votes >> (8 * k)) & 0xFF;
    }

    /// @dev How many posted this one, and how many posted anything.
    function count(uint256 votes, uint256 choice) internal pure returns (uint256 same, uint256 posted) {
        for (; votes != 0; votes >>= 8) {
            uint256 vote = votes & 0xFF;
            if (vote == choice) ++same;
            if (vote != 0) ++posted;
        }
    }
}
