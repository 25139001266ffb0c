// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title The rules of scores written plainly, one lane at a time, to hold the packed arithmetic against
library Reference {
    struct Outcome {
        uint256[] lanes; // 0: the metric, t + 1: trainer t
        bool[] struck;
        bool[] leftOut;
        bool[] deviating;
        uint256 positiveSum;
    }

    function lane(uint256[] memory words, uint256 k) internal pure returns (uint256) {
        return (words[k / 16] >> (16 * (k % 16))) & 0xFFFF;
    }

    function lowerMedian(uint256[] memory values) internal pure returns (uint256) {
        uint256[] memory v = new uint256[](values.length);
        for (uint256 i; i < v.length; ++i) {
            uint256 k = i;
            for (; k > 0 && v[k - 1] > values[i]; --k) {
                v[k] = v[k - 1];
            }
            v[k] = values[i];
        }
        return v[(v.length - 1) / 2];
    }

    function settle(uint256[][] memory opened, uint256 trainers, uint256 published, uint256 tau)
        internal
        pure
        returns (Outcome memory o)
    {
        uint256 n = opened.length;
        o.lanes = new uint256[](trainers + 1);
        o.struck = new bool[](trainers + 1);
        o.leftOut = new bool[](n);
        o.deviating = new bool[](n);
        bool[] memory everybody = new bool[](n);
        for (uint256 k; k <= trainers; ++k) {
            if (k != 0 && (published >> (k - 1)) & 1 == 0) continue;
            o.lanes[k] = medianOf(opened, k, everybody);
            o.struck[k] = k != 0 && o.lanes[k] >= 0x7FFE;
        }
        uint256 remaining = n;
        for (uint256 i; i < n; ++i) {
            for (uint256 k = 1; k <= trainers; ++k) {
                if ((published >> (k - 1)) & 1 == 0) continue;
                if ((lane(opened[i], k) >= 0x7FFE) != o.struck[k]) o.leftOut[i] = true;
            }
            if (o.leftOut[i]) --remaining;
        }
        for (uint256 k; k <= trainers; ++k) {
            if (o.struck[k] || (k != 0 && (published >> (k - 1)) & 1 == 0)) continue;
            if (remaining == 0) o.lanes[k] = k == 0 ? 0 : 16_384;
            else o.lanes[k] = medianOf(opened, k, o.leftOut);
            if (k == 0) continue;
            if (o.lanes[k] > 16_384) o.positiveSum += o.lanes[k] - 16_384;
            markDeviating(o, opened, k, remaining, tau);
        }
    }

    /// Its special lanes are not exactly the struck ones.
    function disagrees(uint256[] memory words, bool[] memory struck) internal pure returns (bool) {
        for (uint256 k = 1; k < struck.length; ++k) {
            if ((lane(words, k) >= 0x7FFE) != struck[k]) return true;
        }
        return false;
    }

    function medianOf(uint256[][] memory opened, uint256 k, bool[] memory without) internal pure returns (uint256) {
        uint256 n;
        for (uint256 i; i < opened.length; ++i) {
            if (!without[i]) ++n;
        }
        uint256[] memory values = new uint256[](n);
        n = 0;
        for (uint256 i; i < opened.length; ++i) {
            if (!without[i]) values[n++] = lane(opened[i], k);
        }
        return lowerMedian(values);
    }

    function markDeviating(Outcome memory o, uint256[][] memory opened, uint256 k, uint256 remaining, uint256 tau)
        internal
        pure
    {
        uint256 near;
        for (uint256 i; i < opened.length; ++i) {
            if (!o.leftOut[i] && distance(lane(opened[i], k), o.lanes[k]) <= tau) ++near;
        }
        if (3 * near < 2 * remaining) return;
        for (uint256 i; i < opened.length; ++i) {
            if (!o.leftOut[i] && distance(lane(opened[i], k), o.lanes[k]) > tau) o.deviating[i] = true;
        }
    }

    function distance(uint256 a, uint256 b) internal pure returns (uint256) {
        return a > b ? a - b : b - a;
    }
}
