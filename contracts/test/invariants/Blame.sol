// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Masks} from "../../src/Masks.sol";
import {ChallengeKind, ChallengeView, JobView, Outcome, RoundView} from "../../src/ScatterTypes.sol";
import {Reference} from "../support/Reference.sol";
import {vm} from "../support/Vm.sol";
import {Mark} from "./Reached.sol";
import {Truths} from "./Truths.sol";

/// @title Who loses something by verdicts, lane by lane as the page says: nobody by what it could not read (invariant 4)
abstract contract Blame is Truths {
    /// A job was judged, and has ended.
    function checkBlame(bytes32 job) internal {
        ChallengeView[] memory items = protocol.challenges(job);
        uint256 lost;
        for (uint256 i; i < items.length; ++i) {
            vm.assertEq(lost & items[i].lost, 0, "4: L is lost once");
            vm.assertEq(items[i].lost & protocol.round(job, items[i].round).abstained, 0, "4: who abstains loses no L");
            lost |= items[i].lost;
        }
        uint256 outside;
        uint256 silent;
        for (uint256 i; i < items.length; ++i) {
            if (items[i].outcome == Outcome.Pending) return;
            silent |= ~uint256(items[i].opened) & Masks.all(protocol.job(job).jurors);
            outside |= outsideOf(job, items[i]);
            if (items[i].kind == ChallengeKind.Scores && items[i].outcome == Outcome.Changed) {
                checkSeats(job, items[i], lost);
            }
        }
        vm.assertEq(protocol.job(job).slashableJurors, silent | outside, "4: jurors pay for silence and for contradicting a verdict");
    }

    // ── seats ───────────────────────────────────────────────────────────────────────────────────────────────────────
    function checkSeats(bytes32 job, ChallengeView memory c, uint256 lost) private {
        RoundView memory before = settledAs[job][c.round];
        RoundView memory r = protocol.round(job, c.round);
        address[] memory all = allSeats(job);
        for (uint256 i; i < all.length; ++i) {
            bool numbers = Masks.has(r.opened & ~(r.refused | r.abstained), i);
            bool wrong = numbers && contradicts(job, before, r.scores, i, openings[job][c.round][all[i]]);
            if (wrong) vm.assertTrue(Masks.has(lost, i), "4: who contradicts a verdict loses L");
            else vm.assertTrue(!Masks.has(c.lost, i), "4: nobody else loses L by it");
        }
        markStruck(job, before, r);
    }

    /// In a lane that the verdict changed the seat said something else, and not only that it could not read it. One that was left
    /// out has measured other updates: its numbers contradict no numbers.
    function contradicts(
        bytes32 job,
        RoundView memory before,
        uint256[] memory scores,
        uint256 seat,
        uint256[] memory opened
    ) private returns (bool wrong) {
        uint256 tau = protocol.terms(job).tau;
        bool spared;
        for (uint256 k = 1; k <= protocol.job(job).trainers; ++k) {
            (uint256 value, uint256 said_) = (Reference.lane(scores, k), Reference.lane(opened, k));
            if (!Masks.has(before.published, k - 1) || near(value, Reference.lane(before.scores, k), tau)) continue;
            if (near(value, said_, tau)) continue;
            bool leftOut = Masks.has(before.leftOut, seat) && value < SPECIAL && said_ < SPECIAL;
            if (said_ != UNREADABLE && !leftOut) wrong = true;
            else spared = true;
            reachIf(leftOut, Mark.SparedForBeingLeftOut);
        }
        reachIf(spared && !wrong, Mark.SparedForWhatItCouldNotRead);
    }

    function near(uint256 a, uint256 b, uint256 tau) private pure returns (bool) {
        if (a >= SPECIAL || b >= SPECIAL) return a >= SPECIAL && b >= SPECIAL;
        return Reference.distance(a, b) <= tau;
    }

    function markStruck(bytes32 job, RoundView memory before, RoundView memory r) private {
        for (uint256 k = 1; k <= protocol.job(job).trainers; ++k) {
            if (!Masks.has(before.published, k - 1)) continue;
            (uint256 was, uint256 is_) = (Reference.lane(before.scores, k), Reference.lane(r.scores, k));
            reachIf(was >= SPECIAL && is_ < SPECIAL, Mark.UpdateRestored);
            reachIf(was < SPECIAL && is_ >= SPECIAL, Mark.UpdateStruckOut);
        }
    }

    // ── jurors ──────────────────────────────────────────────────────────────────────────────────────────────────────
    function outsideOf(bytes32 job, ChallengeView memory c) private returns (uint256 outside) {
        if (c.outcome == Outcome.NoVerdict) return 0;
        address[] memory jurors = protocol.jurors(job);
        uint256 item = uint256(c.kind) << 8 | c.round;
        if (c.kind == ChallengeKind.Scores) return outsideOfScores(job, c, item, jurors);
        for (uint256 k; k < jurors.length; ++k) {
            Said storage s = said[job][item][jurors[k]];
            // A digest where there is another, numbers where there are none, none where there are numbers.
            bool takesPart = c.kind == ChallengeKind.Aggregate ? s.aggregate != 0 : !isAbstention(s.words);
            if (s.opened && takesPart && !Masks.has(c.agreed, k)) outside |= 1 << k;
        }
    }

    function outsideOfScores(bytes32 job, ChallengeView memory c, uint256 item, address[] memory jurors)
        private
        returns (uint256 outside)
    {
        uint256 agreed;
        uint256 spared;
        for (uint256 k; k < jurors.length; ++k) {
            if (gives(said[job][item][jurors[k]])) agreed |= 1 << k;
        }
        uint256 published = settledAs[job][c.round].published;
        for (uint256 k = 1; k <= protocol.job(job).trainers; ++k) {
            if (!Masks.has(published, k - 1)) continue;
            (uint256 far, uint256 cannot) = farFrom(job, item, jurors, k);
            outside |= far;
            spared |= cannot;
        }
        vm.assertEq(c.agreed, agreed & ~outside, "4: jurors that agree are near in every lane that counts");
        reachIf(outside & spared != 0, Mark.JurorSpared);
        return outside & ~spared;
    }

    /// Jurors that are not near the verdict in a lane, and those of them that lack what it is about or have what it lacks; none where
    /// the verdict does not count.
    function farFrom(bytes32 job, uint256 item, address[] memory jurors, uint256 lane)
        private
        view
        returns (uint256 far, uint256 cannot)
    {
        uint256[] memory values = new uint256[](jurors.length);
        uint256 n;
        for (uint256 k; k < jurors.length; ++k) {
            Said storage s = said[job][item][jurors[k]];
            if (gives(s)) values[n++] = Reference.lane(s.words, lane);
        }
        assembly ("memory-safe") {
            mstore(values, n)
        }
        uint256 median = Reference.lowerMedian(values);
        uint256 tau = protocol.terms(job).tau;
        uint256 agreeing;
        for (uint256 k; k < jurors.length; ++k) {
            Said storage s = said[job][item][jurors[k]];
            if (!gives(s)) continue;
            uint256 value = Reference.lane(s.words, lane);
            if (near(median, value, tau)) ++agreeing;
            else far |= 1 << k;
            if (!near(median, value, tau) && (median == UNREADABLE || value == UNREADABLE)) cannot |= 1 << k;
        }
        if (agreeing < Masks.twoThirds(jurors.length)) return (0, 0);
    }
}
