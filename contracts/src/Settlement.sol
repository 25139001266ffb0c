// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Lanes} from "./Lanes.sol";
import {Masks} from "./Masks.sol";

/// @title From opened scores to settled ones
/// @dev docs/protocol.md has the rules and protocol/scores.py the same arithmetic in Python. Lane 0 is the metric; lane t+1 counts
/// when trainer slot t published. Masks have bit i for opener i. Unchecked: there are at most 63 trainers and 31 openers.
library Settlement {
    struct Result {
        uint256[] settled;
        uint256 positiveSum;
        uint256 leftOut;
        uint256 deviating;
    }

    /// @param columns columns[w][i] is word w of opener i; changed: lanes that do not count become 0
    /// @param published bit t: trainer slot t published in this round
    function settle(uint256[][] memory columns, uint256 published, uint256 tau)
        internal
        pure
        returns (Result memory result)
    {
        unchecked {
            uint256 width = columns.length;
            result.settled = new uint256[](width);
            uint256[] memory counted = new uint256[](width);
            for (uint256 w; w < width; ++w) {
                uint256 tops = lanesOf(published, w);
                _mask(columns[w], Lanes.full(w == 0 ? tops | 0x8000 : tops));
                uint256 median = Lanes.median(columns[w]);
                uint256 struck = Lanes.special(median) & tops;
                result.settled[w] = median;
                counted[w] = tops & ~struck;
                result.leftOut |= _disagreeing(columns[w], tops, struck);
            }
            uint256 remaining = Masks.all(columns[0].length) & ~result.leftOut;
            uint256 n = Masks.size(remaining);
            for (uint256 w; w < width; ++w) {
                if (result.leftOut != 0) {
                    result.settled[w] = _again(columns[w], remaining, n, result.settled[w], counted[w], w);
                }
                result.positiveSum += Lanes.sum(Lanes.positive(result.settled[w]) & Lanes.full(counted[w]));
                result.deviating |= _deviating(columns[w], remaining, n, result.settled[w], counted[w], tau);
            }
        }
    }

    /// @dev Top bits of the lanes of word w whose trainers are in the set.
    function lanesOf(uint256 slots, uint256 w) internal pure returns (uint256) {
        unchecked {
            return Lanes.spread((slots << 1) >> (16 * w));
        }
    }

    function _mask(uint256[] memory column, uint256 lanes) private pure {
        for (uint256 i; i < column.length; ++i) {
            column[i] &= lanes;
        }
    }

    /// @dev Openers whose special lanes are not exactly the struck ones.
    function _disagreeing(uint256[] memory column, uint256 tops, uint256 struck)
        private
        pure
        returns (uint256 openers)
    {
        for (uint256 i; i < column.length; ++i) {
            if (Lanes.special(column[i]) & tops != struck) openers |= 1 << i;
        }
    }

    /// @dev The settled word over the remaining openers: struck lanes keep what struck them; without anybody left a
    /// contribution is 0.
    function _again(uint256[] memory column, uint256 remaining, uint256 n, uint256 first, uint256 counted, uint256 w)
        private
        pure
        returns (uint256)
    {
        unchecked {
            uint256 lanes = Lanes.full(w == 0 ? counted | 0x8000 : counted);
            uint256 kept = first & ~lanes;
            if (n == 0) return kept | (Lanes.ONES * Lanes.ZERO & Lanes.full(counted));
            uint256[] memory rest = new uint256[](n);
            uint256 k;
            for (uint256 i; i < column.length; ++i) {
                if (Masks.has(remaining, i)) rest[k++] = column[i];
            }
            return kept | (Lanes.median(rest) & lanes);
        }
    }

    /// @dev Remaining openers farther than tau from the settled value in a lane in which two thirds of them are not.
    function _deviating(
        uint256[] memory column,
        uint256 remaining,
        uint256 n,
        uint256 settled,
        uint256 counted,
        uint256 tau
    ) private pure returns (uint256 openers) {
        unchecked {
            uint256 near;
            for (uint256 i; i < column.length; ++i) {
                if (Masks.has(remaining, i)) near += _within(column[i], settled, tau) >> 15;
            }
            uint256 agreed = Lanes.atLeast(near, Lanes.ONES * Masks.twoThirds(n)) & counted;
            for (uint256 i; i < column.length; ++i) {
                if (Masks.has(remaining, i) && _within(column[i], settled, tau) & agreed != agreed) openers |= 1 << i;
            }
        }
    }

    function _within(uint256 word, uint256 settled, uint256 tau) private pure returns (uint256) {
        return Lanes.atLeast(Lanes.ONES * tau, Lanes.distance(word, settled));
    }
}
