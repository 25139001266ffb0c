// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Masks} from "./Masks.sol";

/// @title Which aggregate each seat of a panel posted
/// @dev Byte k of a word: 1 + the place, among the different aggregates, of what the k-th seat of the panel posted; 0: nothing.
/// Honest seats all post the first one: who did is kept as a mask, in a word that is written anyway, and only others are in the
/// word of votes.
library Votes {
    /// @dev All in one word.
    function joined(uint256 others, uint256 firstVoters, uint256 panel) internal pure returns (uint256 votes) {
        uint256 first = Masks.gather(firstVoters, panel);
        votes = others;
        for (uint256 k; first >> k != 0; ++k) {
            if (Masks.has(first, k)) votes |= 1 << (8 * k);
        }
    }

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
