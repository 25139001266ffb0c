// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterErrors} from "./IScatterErrors.sol";
import {Lanes} from "./Lanes.sol";

/// @title What words of scores must look like to be opened
library WordRules {
    uint256 private constant MAX_METRIC = 10_000;
    /// the only word of whoever lacks what it needs; no word of scores has the top bit of a lane set
    uint256 private constant ABSTENTION = type(uint256).max;

    /// @dev Whether these words say: neither numbers nor a refusal.
    function abstains(uint256[] calldata words) internal pure returns (bool) {
        return words.length == 1 && words[0] == ABSTENTION;
    }

    /// @dev Whether they are scores, which then look as they must; else they refuse (none) or abstain.
    function areScores(uint256[] calldata words, uint256 expected) internal pure returns (bool) {
        if (words.length == 0 || abstains(words)) return false;
        _check(words, expected);
        return true;
    }

    /// @dev So many words, the metric in range, the top bit of every lane zero.
    function _check(uint256[] calldata words, uint256 expected) private pure {
        if (words.length != expected) revert IScatterErrors.WordCountMismatch(expected, words.length);
        if (words[0] & 0xFFFF > MAX_METRIC) revert IScatterErrors.ScoreOutOfRange(0);
        for (uint256 w; w < expected; ++w) {
            if (words[w] & Lanes.TOPS != 0) revert IScatterErrors.ScoreOutOfRange(w);
        }
    }
}
