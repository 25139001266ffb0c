// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IScatterErrors} from "../../src/IScatterErrors.sol";
import {IScatterJobs} from "../../src/IScatterJobs.sol";
import {Masks} from "../../src/Masks.sol";
import {ChallengeKind, JobView, Reason, RoundView, State} from "../../src/ScatterTypes.sol";
import {Reference} from "../support/Reference.sol";
import {vm} from "../support/Vm.sol";
import {Books} from "./Books.sol";
import {Mark} from "./Reached.sol";

/// @title Members and auditors score, refuse, lie, post aggregates and challenge, as their job's temper is
abstract contract Seats is Books {
    mapping(bytes32 job => mapping(uint256 round => mapping(uint256 seat => bool))) private copied;

    function seatsAct(uint256 seed) external acts(seed) {
        bytes32 job = jobIn(State.Committing, State.Aggregating);
        if (job == 0) return otherwise();
        seatsOf(job);
    }

    function seatsOf(bytes32 job) internal {
        JobView memory j = protocol.job(job);
        if (clock > j.deadline) return;
        if (j.state == State.Committing) commitSome(job, j);
        else if (j.state == State.Opening) openSome(job, j);
        else postSome(job, j);
    }

    function commitSome(bytes32 job, JobView memory j) private {
        address[] memory all = allSeats(job);
        uint256 mask = some(all.length) & ~uint256(protocol.round(job, j.round).committed);
        if (ghosts[job].temper == Temper.Absent && chance(2)) mask &= dice(1 << all.length) & dice(1 << all.length);
        for (uint256 i; i < all.length; ++i) {
            if (!Masks.has(mask, i)) continue;
            if (chance(25) && copyOne(job, j.round, all, i)) continue;
            (uint256[] memory words, bool truthful) = wordsFor(job, j, i);
            openings[job][j.round][all[i]] = words;
            if (truthful) honest[job][j.round] |= 1 << i;
            commit(job, all[i], words);
        }
        noted(job);
    }

    function wordsFor(bytes32 job, JobView memory j, uint256 seat)
        private
        returns (uint256[] memory words, bool truthful)
    {
        Temper temper = ghosts[job].temper;
        if (chance(25)) return (oddly(job), false);
        if (temper == Temper.Unserved && isUnserved(job, j.round, seat)) return (abstention(), false);
        bool lies = temper == Temper.MinorityLies && seat % 4 == 1
            || temper == Temper.MajorityLies && seat < j.members && seat % 3 != 2;
        if (lies) return (scoresOf(job, j.round, true), false);
        if (temper == Temper.RefusesWithoutCause && seat % 4 != 3 && uint256(job) % 3 < j.round) return (words, false);
        if (unscorable(job, j.round)) return (words, true);
        words = scoresOf(job, j.round, false);
        if (temper != Temper.LateUpdate) return (words, true);
        if (seat % 4 != 2) unread(words, lateSlot(job));
        else if (chance(2)) return (among(job, words), false);
        return (words, true);
    }

    /// Numbers as they are among more updates than the others could read.
    function among(bytes32 job, uint256[] memory words) private view returns (uint256[] memory) {
        JobView memory j = protocol.job(job);
        for (uint256 k = 1; k <= j.trainers; ++k) {
            if (Reference.lane(words, k) < SPECIAL) words[k / 16] += 3 * uint256(protocol.terms(job).tau) << (16 * (k % 16));
        }
        return words;
    }

    /// Any numbers, a refusal or an abstention.
    function oddly(bytes32 job) private returns (uint256[] memory words) {
        uint256 kind = dice(4);
        if (kind == 0) return abstention();
        return kind == 1 ? words : wildScores(job);
    }

    /// A third of the seats, or two, in some rounds.
    function isUnserved(bytes32 job, uint8 round, uint256 seat) private pure returns (bool) {
        uint256 hash = uint256(keccak256(abi.encode(job, round, "unserved")));
        return hash % 2 == 0 && (seat + (hash >> 8)) % 3 <= (hash >> 16) % 2;
    }

    function openSome(bytes32 job, JobView memory j) private {
        address[] memory all = allSeats(job);
        RoundView memory r = protocol.round(job, j.round);
        uint256 mask = some(all.length) & r.committed & ~uint256(r.opened);
        for (uint256 i; i < all.length; ++i) {
            if (!Masks.has(mask, i)) continue;
            if (copied[job][j.round][i]) {
                cannotOpen(job, j.round, all[i]);
                continue;
            }
            open(job, all[i], openings[job][j.round][all[i]]);
            reachIf(isAbstention(openings[job][j.round][all[i]]), Mark.SeatAbstained);
        }
        noted(job);
    }

    /// Instead of scoring, a seat commits to what another one committed to, in the hope that it can open it, too.
    function copyOne(bytes32 job, uint8 round, address[] memory all, uint256 seat) private returns (bool) {
        uint256 other = dice(all.length);
        if (other == seat || !Masks.has(protocol.round(job, round).committed, other) || copied[job][round][other]) return false;
        uint256[] memory words = openings[job][round][all[other]];
        openings[job][round][all[seat]] = words;
        copied[job][round][seat] = true;
        bytes32 c = commitment(job, round, all[other], words);
        vm.prank(all[seat]);
        protocol.commitScores(job, round, c);
        return true;
    }

    /// Invariant 8.
    function cannotOpen(bytes32 job, uint8 round, address seat) private {
        bytes memory data = abi.encodeCall(IScatterJobs.openScores, (job, round, openings[job][round][seat], SALT));
        refused(seat, data, abi.encodeWithSelector(IScatterErrors.CommitmentMismatch.selector));
        reach(Mark.RefusedCopied);
    }

    function postSome(bytes32 job, JobView memory j) private {
        address[] memory all = allSeats(job);
        uint256 mask = some(all.length) & protocol.round(job, j.round).panel;
        bool wrong = chance(4);
        for (uint256 i; i < all.length && ghosts[job].state == State.Aggregating; ++i) {
            if (!Masks.has(mask, i) || ghosts[job].round != j.round || posted[job][j.round][i] != 0) continue;
            bytes32 digest = chance(9) ? bytes32(i + 1) : wrong ? bytes32("wrong") : model(job, j.round);
            posted[job][j.round][i] = digest;
            vm.prank(all[i]);
            protocol.postAggregate(job, j.round, digest);
            noted(job);
        }
    }

    // ── challenges ──────────────────────────────────────────────────────────────────────────────────────────────────
    /// Seats and trainers challenge what there is, right or wrong.
    function challengersAct(uint256 seed) external acts(seed) {
        bytes32 job = jobIn(State.Challenging);
        if (job == 0) return otherwise();
        for (uint256 n = 1 + dice(4); n != 0; --n) {
            challengeOne(job);
        }
    }

    function challengeOne(bytes32 job) internal {
        Ghost storage g = ghosts[job];
        address[] memory all = partsOf(job);
        ChallengeKind kind = ChallengeKind(dice(3));
        if (g.reason == Reason.Refused && !chance(4)) kind = ChallengeKind.Refusal;
        file(job, all[dice(all.length)], kind, kind == ChallengeKind.Refusal ? g.round : uint8(1 + dice(g.round)));
    }

    function file(bytes32 job, address account, ChallengeKind kind, uint8 round) internal virtual;
}
