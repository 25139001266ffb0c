// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Lanes} from "./Lanes.sol";
import {Masks} from "./Masks.sol";
import {Settlement} from "./Settlement.sol";

/// @title From the scores that jurors opened to a verdict
/// @dev docs/protocol.md has the rules. A word is *near* another in a lane as `Lanes.around` says. Masks have bit i for column entry i.
library Judgement {
    struct Verdict {
        /// the settled words as the verdict leaves them
        uint256[] lanes;
        uint256 positiveSum;
        /// in some lane the verdict counts; in some such lane it is not near the settled word
        bool counts;
        bool changed;
        /// it changes which lanes are struck out
        bool restruck;
        /// seats not near the verdict in a changed lane
        uint256 lost;
        /// jurors not near the verdict in a lane in which it counts; the other ones, if it counts anywhere
        uint256 outside;
        uint256 agreed;
    }

    /// @param seats seats[w][i]: what the i-th seat with numbers opened; jurors likewise
    /// @param settled the round's settled words
    /// @param published bit t: trainer slot t published in this round; other lanes, and the metric, are not judged
    /// @param needed jurors that must be near the verdict in a lane for it to count there
    function judge(
        uint256[][] memory seats,
        uint256[][] memory jurors,
        uint256[] memory settled,
        uint256 published,
        uint256 tau,
        uint256 needed
    ) internal pure returns (Verdict memory v) {
        v.lanes = settled;
        for (uint256 w; w < settled.length; ++w) {
            uint256 tops = Settlement.lanesOf(published, w);
            if (jurors[w].length != 0) _judgeWord(v, seats[w], jurors[w], w, tops, tau, needed);
            uint256 numbers = tops & ~Lanes.special(v.lanes[w]);
            v.positiveSum += Lanes.sum(Lanes.positive(v.lanes[w]) & Lanes.full(numbers));
        }
        if (v.counts) v.agreed = Masks.all(jurors[0].length) & ~v.outside;
    }

    /// @dev Seats whose special lanes are the struck ones.
    function fitting(uint256[][] memory seats, uint256[] memory lanes, uint256 published)
        internal
        pure
        returns (uint256 entries)
    {
        for (uint256 w; w < lanes.length; ++w) {
            uint256 tops = Settlement.lanesOf(published, w);
            entries |= Settlement.disagreeing(seats[w], tops, Lanes.special(lanes[w]) & tops);
        }
        entries = Masks.all(seats[0].length) & ~entries;
    }

    /// @dev Seats that lie farther than tau from a contribution from which two thirds of the panel do not.
    function apart(uint256[][] memory seats, uint256[] memory lanes, uint256 published, uint256 tau, uint256 panel)
        internal
        pure
        returns (uint256 entries)
    {
        uint256 needed = Masks.twoThirds(Masks.size(panel));
        for (uint256 w; w < lanes.length; ++w) {
            uint256 counted = Settlement.lanesOf(published, w) & ~Lanes.special(lanes[w]);
            entries |= Settlement.apart(seats[w], lanes[w], counted, tau, panel, needed);
        }
    }

    function _judgeWord(
        Verdict memory v,
        uint256[] memory seats,
        uint256[] memory jurors,
        uint256 w,
        uint256 tops,
        uint256 tau,
        uint256 needed
    ) private pure {
        uint256 median = Lanes.median(jurors);
        (uint256 low, uint256 high) = Lanes.around(median, tau);
        uint256 counting = Lanes.agreed(jurors, Masks.all(jurors.length), low, high, needed) & tops;
        if (counting == 0) return;
        v.counts = true;
        v.outside |= Lanes.apart(jurors, low, high, counting);
        uint256 changing = counting & ~Lanes.between(v.lanes[w], low, high);
        if (changing == 0) return;
        v.changed = true;
        if ((Lanes.special(median) ^ Lanes.special(v.lanes[w])) & changing != 0) v.restruck = true;
        v.lost |= Lanes.apart(seats, low, high, changing);
        uint256 lanes = Lanes.full(changing);
        v.lanes[w] = (v.lanes[w] & ~lanes) | (median & lanes);
    }
}
