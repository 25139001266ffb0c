// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Judgement} from "../src/Judgement.sol";
import {Lanes} from "../src/Lanes.sol";
import {Masks} from "../src/Masks.sol";
import {Reference} from "./support/Reference.sol";
import {vm} from "./support/Vm.sol";

/// Verdicts of packed words against the rules written plainly, one lane at a time.
contract JudgementTest {
    struct Case {
        uint256 trainers;
        uint256 published;
        uint256 tau;
        uint256 needed;
        uint256[][] seats;
        uint256[][] jurors;
        uint256[] settled;
        uint256 counted;
    }

    struct Expected {
        bool counts;
        bool changed;
        uint256 lost;
        uint256 far;
        uint256 unheard;
        uint256 positiveSum;
    }

    function testFuzz_EqualsTheRules(uint256 seed, uint8 trainers, uint8 seats, uint8 jurors, uint64 published) public pure {
        Case memory c;
        c.trainers = uint256(trainers) % 63 + 1;
        c.published = published & ((1 << c.trainers) - 1);
        c.tau = seed % 40 + 1;
        c.seats = random(seed, "seats", uint256(seats) % 38 + 1, c.trainers);
        c.jurors = random(seed, "jurors", uint256(jurors) % 31 + 1, c.trainers);
        c.needed = Masks.twoThirds(c.jurors.length + seed % 3);
        c.settled = masked(c.seats[0], c.published);
        c.counted = seed >> 128;
        check(c);
    }

    function testFuzz_AroundAndBetween(uint256 word, uint256 other, uint16 tau_) public pure {
        uint256 tau = uint256(tau_) % 32_767 + 1;
        word &= ~Lanes.TOPS;
        // Half of the lanes close to one another.
        other = word ^ (other & ~Lanes.TOPS & (seedMask(other) | 0x1F * Lanes.ONES));
        (uint256 low, uint256 high) = Lanes.around(word, tau);
        uint256 near = Lanes.between(other, low, high);
        for (uint256 k; k < 16; ++k) {
            (uint256 a, uint256 b) = ((word >> (16 * k)) & 0xFFFF, (other >> (16 * k)) & 0xFFFF);
            vm.assertEq((near >> (16 * k)) & 0xFFFF, isNear(b, a, tau) ? 0x8000 : 0, "near");
        }
    }

    function test_NoJurorsNoVerdict() public pure {
        uint256[][] memory nothing = new uint256[][](1);
        nothing[0] = new uint256[](0);
        uint256[] memory settled = new uint256[](1);
        settled[0] = 16_484 << 16;
        Judgement.Verdict memory v = Judgement.judge(nothing, nothing, settled, 1, 10, 1, 0);
        vm.assertTrue(!v.counts && !v.changed, "nothing counts");
        vm.assertEq(v.positiveSum, 100, "and the settled sum stands");
        vm.assertEq(v.agreed + v.outside + v.lost, 0, "for nobody");
    }

    function check(Case memory c) private pure {
        Expected memory e;
        uint256[] memory lanes = new uint256[](c.trainers + 1);
        lanes[0] = Reference.lane(c.settled, 0);
        for (uint256 k = 1; k <= c.trainers; ++k) {
            lanes[k] = Reference.lane(c.settled, k);
            if ((c.published >> (k - 1)) & 1 == 0) continue;
            lanes[k] = judgeLane(c, e, k);
            if (lanes[k] > 16_384 && lanes[k] < 0x7FFE) e.positiveSum += lanes[k] - 16_384;
        }
        Judgement.Verdict memory v = Judgement.judge(
            columns(c.seats), columns(c.jurors), c.settled, c.published, c.tau, c.needed, c.counted
        );
        for (uint256 k; k < 16 * v.lanes.length; ++k) {
            vm.assertEq(Reference.lane(v.lanes, k), k <= c.trainers ? lanes[k] : 0, "lane");
        }
        vm.assertTrue(v.counts == e.counts, "counts");
        vm.assertTrue(v.changed == e.changed, "changed");
        vm.assertEq(v.lost, e.lost, "lost");
        vm.assertEq(v.outside, e.far & ~e.unheard, "outside");
        vm.assertEq(v.agreed, e.counts ? Masks.all(c.jurors.length) & ~e.far : 0, "agreed");
        vm.assertEq(v.positiveSum, e.positiveSum, "positive sum");
    }

    /// The lane as the verdict leaves it.
    function judgeLane(Case memory c, Expected memory e, uint256 k) private pure returns (uint256) {
        uint256 settled = Reference.lane(c.settled, k);
        uint256[] memory values = new uint256[](c.jurors.length);
        for (uint256 i; i < values.length; ++i) {
            values[i] = Reference.lane(c.jurors[i], k);
        }
        uint256 verdict = Reference.lowerMedian(values);
        uint256 near;
        for (uint256 i; i < values.length; ++i) {
            if (isNear(Reference.lane(c.jurors[i], k), verdict, c.tau)) ++near;
        }
        if (near < c.needed) return settled;
        e.counts = true;
        for (uint256 i; i < values.length; ++i) {
            if (isNear(values[i], verdict, c.tau)) continue;
            e.far |= 1 << i;
            if (values[i] == 0x7FFF || verdict == 0x7FFF) e.unheard |= 1 << i;
        }
        if (isNear(settled, verdict, c.tau)) return settled;
        e.changed = true;
        for (uint256 i; i < c.seats.length; ++i) {
            if (contradicts(Reference.lane(c.seats[i], k), verdict, c.tau, (c.counted >> i) & 1 == 1)) e.lost |= 1 << i;
        }
        return verdict;
    }

    /// Not what could not be read; of seats that were left out not numbers where the verdict is one.
    function contradicts(uint256 said, uint256 verdict, uint256 tau, bool counted) private pure returns (bool) {
        if (said == 0x7FFF || isNear(said, verdict, tau)) return false;
        return counted || said >= 0x7FFE || verdict >= 0x7FFE;
    }

    function isNear(uint256 a, uint256 b, uint256 tau) private pure returns (bool) {
        if (a >= 0x7FFE || b >= 0x7FFE) return a >= 0x7FFE && b >= 0x7FFE;
        return Reference.distance(a, b) <= tau;
    }

    function random(uint256 seed, bytes32 what, uint256 n, uint256 trainers) private pure returns (uint256[][] memory all) {
        all = new uint256[][](n);
        for (uint256 i; i < n; ++i) {
            all[i] = new uint256[](trainers / 16 + 1);
            for (uint256 k; k < 16 * all[i].length; ++k) {
                uint256 truth = uint256(keccak256(abi.encode(seed, k)));
                uint256 noise = uint256(keccak256(abi.encode(seed, what, k, i)));
                uint256 value = 16_200 + truth % 600 + noise % 12;
                // In some lanes seats are elsewhere; some words are special, some wild.
                if (what == "seats" && (truth >> 32) % 5 == 0) value += 500;
                if ((truth >> 64) % 11 == 0 && noise % 8 != 0) value = 0x7FFE + noise % 2;
                if ((noise >> 32) % 29 == 0) value = (noise >> 64) % 0x8000;
                all[i][k / 16] |= value << (16 * (k % 16));
            }
        }
    }

    /// Only the metric and published lanes.
    function masked(uint256[] memory words, uint256 published) private pure returns (uint256[] memory kept) {
        kept = new uint256[](words.length);
        for (uint256 k; k < 16 * words.length; ++k) {
            if (k != 0 && (published >> (k - 1)) & 1 == 0) continue;
            kept[k / 16] |= Reference.lane(words, k) << (16 * (k % 16));
        }
    }

    function seedMask(uint256 seed) private pure returns (uint256) {
        return Lanes.full(Lanes.spread(uint256(keccak256(abi.encode(seed)))));
    }

    function columns(uint256[][] memory rows) private pure returns (uint256[][] memory all) {
        all = new uint256[][](rows[0].length);
        for (uint256 w; w < all.length; ++w) {
            all[w] = new uint256[](rows.length);
            for (uint256 i; i < rows.length; ++i) {
                all[w][i] = rows[i][w];
            }
        }
    }
}
