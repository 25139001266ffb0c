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
        uint256 panel;
        uint256 leftOut;
        uint256 deviating;
    }

    /// @param columns columns[w][i] is word w of opener i, members first; changed: lanes that do not count become 0
    /// @param size seats of a full panel: the first so many openers are the first panel, the others may replace who is left out
    /// @param published bit t: trainer slot t published in this round
    function settle(uint256[][] memory columns, uint256 size, uint256 published, uint256 tau)
        internal
        pure
        returns (Result memory result)
    {
        uint256 width = columns.length;
        uint256 openers = columns[0].length;
        uint256 first = Masks.all(openers < size ? openers : size);
        result.settled = new uint256[](width);
        uint256[] memory counted = new uint256[](width);
        for (uint256 w; w < width; ++w) {
            uint256 tops = lanesOf(published, w);
            _mask(columns[w], Lanes.full(w == 0 ? tops | 0x8000 : tops));
            uint256 median = Lanes.median(_chosen(columns[w], first));
            uint256 struck = Lanes.special(median) & tops;
            result.settled[w] = median;
            counted[w] = tops & ~struck;
            result.leftOut |= disagreeing(columns[w], tops, struck);
        }
        uint256 agreeing = Masks.all(openers) & ~result.leftOut;
        result.panel = Masks.first(agreeing, size);
        uint256 needed = Masks.twoThirds(Masks.size(result.panel));
        for (uint256 w; w < width; ++w) {
            if (result.panel != first) result.settled[w] = _again(columns[w], result.panel, result.settled[w], counted[w], w);
            result.positiveSum += Lanes.sum(Lanes.positive(result.settled[w]) & Lanes.full(counted[w]));
            result.deviating |= apart(columns[w], result.settled[w], counted[w], tau, result.panel, needed) & agreeing;
        }
    }

    /// @dev Openers that lie farther than tau from a word in one of these lanes in which as many of the panel do not.
    function apart(
        uint256[] memory column,
        uint256 settled,
        uint256 counted,
        uint256 tau,
        uint256 panel,
        uint256 needed
    ) internal pure returns (uint256) {
        (uint256 low, uint256 high) = Lanes.around(settled, tau);
        return Lanes.apart(column, low, high, Lanes.agreed(column, panel, low, high, needed) & counted);
    }

    /// @dev Openers whose special lanes are not exactly the struck ones.
    function disagreeing(uint256[] memory column, uint256 tops, uint256 struck) internal pure returns (uint256 openers) {
        unchecked {
            for (uint256 i; i < column.length; ++i) {
                if (Lanes.special(Lanes.at(column, i)) & tops != struck) openers |= 1 << i;
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
        unchecked {
            for (uint256 i; i < column.length; ++i) {
                Lanes.put(column, i, Lanes.at(column, i) & lanes);
            }
        }
    }

    /// @dev The settled word over the final panel: struck lanes keep what struck them; without anybody on it a contribution is 0.
    function _again(uint256[] memory column, uint256 panel, uint256 settled, uint256 counted, uint256 w)
        private
        pure
        returns (uint256)
    {
        uint256 lanes = Lanes.full(w == 0 ? counted | 0x8000 : counted);
        uint256 kept = settled & ~lanes;
        if (panel == 0) return kept | (Lanes.ONES * Lanes.ZERO & Lanes.full(counted));
        return kept | (Lanes.median(_chosen(column, panel)) & lanes);
    }

    /// @dev The words of the openers in the mask.
    function _chosen(uint256[] memory column, uint256 mask) private pure returns (uint256[] memory chosen) {
        if (mask == Masks.all(column.length)) return column;
        chosen = new uint256[](Masks.size(mask));
        unchecked {
            uint256 k;
            for (uint256 i; i < column.length; ++i) {
                if (Masks.has(mask, i)) Lanes.put(chosen, k++, Lanes.at(column, i));
            }
        }
    }
}
