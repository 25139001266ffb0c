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
        /// seats that contradict the verdict in a changed lane
        uint256 lost;
        /// jurors near the verdict in all lanes in which it counts, if it counts anywhere; of the others those that contradict it
        uint256 agreed;
        uint256 outside;
    }

    /// What a word of the verdict is found by.
    struct Bounds {
        uint256 w;
        uint256 tops;
        uint256 tau;
        uint256 needed;
        uint256 counted;
    }

    /// @param seats seats[w][i]: what the i-th seat with numbers opened; jurors likewise
    /// @param settled the round's settled words
    /// @param published bit t: trainer slot t published in this round; other lanes, and the metric, are not judged
    /// @param needed jurors that must be near the verdict in a lane for it to count there
    /// @param counted the seats that were not left out when the round settled
    function judge(
        uint256[][] memory seats,
        uint256[][] memory jurors,
        uint256[] memory settled,
        uint256 published,
        uint256 tau,
        uint256 needed,
        uint256 counted
    ) internal pure returns (Verdict memory v) {
        v.lanes = settled;
        uint256 unheard;
        for (uint256 w; w < settled.length; ++w) {
            uint256 tops = Settlement.lanesOf(published, w);
            if (jurors[w].length != 0) unheard |= _judgeWord(v, seats[w], jurors[w], Bounds(w, tops, tau, needed, counted));
            uint256 numbers = tops & ~Lanes.special(v.lanes[w]);
            v.positiveSum += Lanes.sum(Lanes.positive(v.lanes[w]) & Lanes.full(numbers));
        }
        if (v.counts) v.agreed = Masks.all(jurors[0].length) & ~v.outside;
        v.outside &= ~unheard;
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

    /// @dev Returns the jurors that differ from the verdict by what they could read, so that their numbers mean something else.
    function _judgeWord(Verdict memory v, uint256[] memory seats, uint256[] memory jurors, Bounds memory b)
        private
        pure
        returns (uint256 unheard)
    {
        uint256 median = Lanes.median(jurors);
        (uint256 low, uint256 high) = Lanes.around(median, b.tau);
        uint256 counting = Lanes.agreed(jurors, Masks.all(jurors.length), low, high, b.needed) & b.tops;
        if (counting == 0) return 0;
        v.counts = true;
        uint256 outside;
        (outside, unheard) = _outside(jurors, low, high, counting, Lanes.unreadable(median));
        v.outside |= outside;
        uint256 changing = counting & ~Lanes.between(v.lanes[b.w], low, high);
        if (changing == 0) return unheard;
        v.changed = true;
        uint256 struck = Lanes.special(median);
        if ((struck ^ Lanes.special(v.lanes[b.w])) & changing != 0) v.restruck = true;
        v.lost |= _contradicting(seats, low, high, changing, struck, b.counted);
        uint256 lanes = Lanes.full(changing);
        v.lanes[b.w] = (v.lanes[b.w] & ~lanes) | (median & lanes);
    }

    /// @dev Jurors that are not near the verdict in some lane in which it counts, and those of them that lack what it is about, or
    /// have what it lacks.
    function _outside(uint256[] memory jurors, uint256 low, uint256 high, uint256 counting, uint256 missing)
        private
        pure
        returns (uint256 outside, uint256 unheard)
    {
        unchecked {
            for (uint256 i; i < jurors.length; ++i) {
                uint256 word = jurors[i];
                uint256 far = counting & ~Lanes.between(word, low, high);
                if (far == 0) continue;
                outside |= 1 << i;
                if (far & (missing | Lanes.unreadable(word)) != 0) unheard |= 1 << i;
            }
        }
    }

    /// @dev Seats that are not near the verdict in some changed lane. Not what they could not read, which nobody can prove that they
    /// could; and of those that were left out not their numbers, which counted for nothing and were measured against other updates.
    function _contradicting(
        uint256[] memory seats,
        uint256 low,
        uint256 high,
        uint256 changing,
        uint256 struck,
        uint256 counted
    ) private pure returns (uint256 entries) {
        unchecked {
            for (uint256 i; i < seats.length; ++i) {
                uint256 word = seats[i];
                uint256 far = changing & ~Lanes.between(word, low, high);
                if (far == 0) continue;
                if ((counted >> i) & 1 == 0) far &= struck | Lanes.special(word);
                if (far & ~Lanes.unreadable(word) != 0) entries |= 1 << i;
            }
        }
    }
}
