// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterErrors} from "./IScatterErrors.sol";
import {Lanes} from "./Lanes.sol";

/// @title What words of scores must look like to be opened
library WordRules {
    uint256 private constant MAX_METRIC = 10_000;

    /// @dev So many words, the metric in range, the top bit of every lane zero.
    function check(uint256[] calldata words, uint256 expected) internal pure {
        if (words.length != expected) revert IScatterErrors.WordCountMismatch(expected, words.length);
        if (words[0] & 0xFFFF > MAX_METRIC) revert IScatterErrors.ScoreOutOfRange(0);
        for (uint256 w; w < expected; ++w) {
            if (words[w] & Lanes.TOPS != 0) revert IScatterErrors.ScoreOutOfRange(w);
        }
    }
}
